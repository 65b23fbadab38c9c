"""What a person may do by his places in groups, asked again on the way of a command."""

from collections.abc import Iterable

from accounts.models import User
from accounts.rules import Access, Membership
from groups.enums import Permissions
from kernel.db.batch import Statement
from kernel.db.pipeline import ResultRow

PLACES = """
SELECT place.group_id, place.permissions, team.is_system
  FROM groups_usergroup AS place JOIN groups_group AS team ON team.id = place.group_id AND team.archived_at IS NULL
 WHERE place.user_id = %s
"""


def asking_for_places(user: User) -> Statement:
    """The question for `renew_access`."""
    return Statement(PLACES, (user.pk,))


def renew_access(user: User, rows: Iterable[ResultRow]) -> None:
    """What was read of a person before is forgotten: this is what he may do now."""
    user.access = Access.of(
        user.pk,
        is_superuser=user.is_superuser,
        memberships=[Membership(group, level == Permissions.ADMIN, is_system) for group, level, is_system in rows],
    )
