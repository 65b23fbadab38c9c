"""Who can run the campus: active superusers, and active admins of the system group."""

from django.db.models import Q

from accounts.models import User


def has_campus_admin() -> bool:
    """Whether anybody active is an admin of cspace. One query.

    Through the reverse relation: groups stand above this app.
    """
    of_group = Q(user_groups__group__is_system=True, user_groups__permissions="admin")
    return User.objects.filter(Q(is_superuser=True) | of_group, is_active=True).exists()
