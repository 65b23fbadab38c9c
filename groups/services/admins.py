"""The first admin of a campus."""

from datetime import datetime

from accounts.models import User
from accounts.services.people import create_user
from groups.enums import Permissions
from groups.models import Group
from groups.services.members import add_member
from kernel.db.transactions import transactional


@transactional
def make_admin(*, now: datetime, username: str, password: str, display_name: str = "") -> User:
    """A superuser who is also an admin of the system group, made by the command line.

    Publishes `UserCreated` and `MemberAdded`. Raises: UsernameIsTaken.
    """
    admin = create_user(
        by=None, now=now, username=username, password=password, display_name=display_name, is_superuser=True
    )
    system = Group.objects.get(is_system=True)
    add_member(group_id=system.pk, by=admin, now=now, username=username, permissions=Permissions.ADMIN)
    return admin
