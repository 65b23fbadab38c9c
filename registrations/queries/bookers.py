"""Who has booked: of live registrations, by their ids."""

from collections.abc import Iterable
from dataclasses import dataclass

from kernel.db.arrays import array_of
from kernel.db.batch import Statement, ask
from registrations.enums import Origin

BOOKERS = """
SELECT registration.occupancy_id, person.username, team.name, team.code, registration.origin
  FROM registrations_registration AS registration
  JOIN accounts_user AS person ON person.id = registration.created_by_id
  LEFT JOIN groups_group AS team ON team.id = registration.group_id
 WHERE registration.occupancy_id = ANY(%s::bigint[])
"""


@dataclass(frozen=True)
class BookerOfRoom:
    """A person, perhaps for a group."""

    username: str
    group: str | None = None
    """Its name."""
    group_code: str | None = None
    is_by_token: bool = False
    """Whoever had the key of the group has booked it, and not the person who once asked for that key."""


def bookers_of(registration_ids: Iterable[int]) -> dict[int, BookerOfRoom]:
    """Who has booked each, by id. One query, none for none."""
    ids = sorted(set(registration_ids))
    if not ids:
        return {}
    rows = ask(Statement(BOOKERS, (array_of(ids),)))
    return {pk: BookerOfRoom(person, team, code, origin == Origin.SOCIETY) for pk, person, team, code, origin in rows}
