"""Who can run the campus: active superusers, and active admins of the system group."""

from django.db.models import Q

from accounts.models import User
from kernel.db.batch import Statement, send
from kernel.db.pipeline import ResultRows
from kernel.db.querysets import statement_of


def has_campus_admin() -> bool:
    """Whether anybody active is an admin of cspace. One query."""
    return is_any(*send(asking_for_campus_admin()))


def asking_for_campus_admin() -> Statement:
    """The question for `is_any`.

    Through the reverse relation: groups stand above this app.
    """
    of_group = Q(user_groups__group__is_system=True, user_groups__permissions="admin")
    admins = User.objects.filter(Q(is_superuser=True) | of_group, is_active=True)
    return statement_of(admins.order_by().values_list("pk")[:1])


def is_any(rows: ResultRows) -> bool:
    """Whether the question has an answer."""
    return bool(rows)
