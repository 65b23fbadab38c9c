"""Whom a notice goes to, as a query: the database fills in who they are when it is written."""

from functools import cache

from groups.models import UserGroup
from kernel.facts import PeopleQuery


@cache
def cspace_people() -> PeopleQuery:
    """The active members of the system group, as recipients of a notice."""
    return PeopleQuery.of(UserGroup.objects.in_cspace().user_ids())
