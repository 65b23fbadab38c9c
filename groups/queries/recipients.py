"""Whom a notice goes to, as a query: the database fills in who they are when it is written."""

from functools import cache

from groups.models import UserGroup
from kernel.facts import PeopleQuery

MEMBERS = """
SELECT place.user_id FROM groups_usergroup AS place JOIN accounts_user AS person ON person.id = place.user_id
 WHERE place.group_id = %s AND person.is_active
"""


@cache
def cspace_people() -> PeopleQuery:
    """The active members of the system group, as recipients of a notice."""
    return PeopleQuery.of(UserGroup.objects.in_cspace().user_ids())


def members_of(group_id: int) -> PeopleQuery:
    """The active members of a group, archived or not, as recipients of a notice."""
    return PeopleQuery(MEMBERS, (group_id,))
