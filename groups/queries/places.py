"""Places in groups: what a person may do by them, asked again on the way of a command; and one, as it is shown."""

from collections.abc import Iterable

from accounts.models import User
from accounts.queries import people
from accounts.rules import Access, Membership
from groups.enums import Permissions
from groups.models import Group, UserGroup
from kernel.db.batch import Statement, ask
from kernel.db.loading import columns_of, instance_of, instances_in
from kernel.db.pipeline import ResultRow, ResultRows

PLACES = """
SELECT place.group_id, place.permissions, team.is_system
  FROM groups_usergroup AS place JOIN groups_group AS team ON team.id = place.group_id AND team.archived_at IS NULL
 WHERE place.user_id = %s
"""
PLACE = ("id", "group_id", "user_id", "permissions")
GROUP = ("id", "name", "is_system", "tags", "tag_keys", "kind", "code")
"""What is read of a group that is named."""
PERSON = (*people.PERSON, "is_active")
TABLES = (("place", UserGroup, PLACE), ("team", Group, GROUP), ("person", User, PERSON))
BY_ID = f"""
SELECT {columns_of(TABLES)}
  FROM groups_usergroup AS place
  JOIN groups_group AS team ON team.id = place.group_id AND team.archived_at IS NULL
  JOIN accounts_user AS person ON person.id = place.user_id
 WHERE place.id = %s
"""  # noqa: S608  # constants of ours
OTHERS = """
SELECT EXISTS (SELECT FROM groups_usergroup AS other
                WHERE other.group_id = place.group_id AND other.id <> place.id),
       EXISTS (SELECT FROM groups_usergroup AS other JOIN accounts_user AS person ON person.id = other.user_id
                WHERE other.group_id = place.group_id AND other.id <> place.id
                  AND other.permissions = %s AND person.is_active)
  FROM groups_usergroup AS place WHERE place.id = %s
"""
CANDIDATE = f"""
SELECT EXISTS (SELECT FROM groups_usergroup AS place WHERE place.group_id = %s AND place.user_id = person.id),
       {", ".join(f"person.{column}" for column in PERSON)}
  FROM accounts_user AS person WHERE person.username = %s
"""  # noqa: S608  # constants of ours


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


def asking_for_place(user_group_id: int) -> Statement:
    """The question for `place_with_id`."""
    return Statement(BY_ID, (user_group_id,))


def place_with_id(user_group_id: int) -> UserGroup | None:
    """A place in a living group with its API relations, or None."""
    return place_in(ask(asking_for_place(user_group_id)))


def place_in(rows: ResultRows) -> UserGroup | None:
    """The place that the question was answered with."""
    if not rows:
        return None
    place: UserGroup
    place, place.group, place.user = instances_in(rows[0], TABLES)
    return place


def group_of_place(user_group_id: int) -> Statement:
    """The query of the id of its group, for `locking_group`."""
    return Statement("SELECT group_id FROM groups_usergroup WHERE id = %s", (user_group_id,))


def in_system_group(user_group_id: int) -> Statement:
    """The query that has a row if the place is in the system group."""
    group = group_of_place(user_group_id)
    return Statement(f"SELECT FROM groups_group WHERE is_system AND id = ({group.sql})", group.parameters)


def asking_for_own_place(user: User, group: Statement) -> Statement:
    """The query of (id, level) of a person's place in the group whose id a query names."""
    sql = f"SELECT id, permissions FROM groups_usergroup WHERE user_id = %s AND group_id = ({group.sql})"  # noqa: S608
    return Statement(sql, (user.pk, *group.parameters))


def asking_for_others(user_group_id: int) -> Statement:
    """The query of (whether its group has other members, whether it has other admins who are active)."""
    return Statement(OTHERS, (Permissions.ADMIN.value, user_group_id))


def asking_for_candidate(group_id: int, username: str) -> Statement:
    """The question for `candidate_in`."""
    return Statement(CANDIDATE, (group_id, username))


def candidate_in(rows: ResultRows) -> tuple[User | None, bool]:
    """Who has the username, if anybody, and whether he is in the group."""
    if not rows:
        return None, False
    is_member, *values = rows[0]
    return instance_of(User, dict(zip(PERSON, values, strict=True))), is_member
