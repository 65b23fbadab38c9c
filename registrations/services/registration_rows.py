"""How the rows of registrations get into their table: one at a time, or all occurrences of many series at once.

Written as SQL: a booking is the busiest INSERT of the house, and the ORM doubles its price (`make bench`).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson

from accounts.models import User
from classrooms.services.room_time import OCCUPIED
from groups.services.holding import GROUP_ACTED_FOR
from kernel.db.arrays import NULL, Word, array_of
from kernel.db.batch import Statement, send
from policies.rules.quotas import Charge
from policies.services.charges import CHARGE, charge_columns
from registrations.enums import Origin, RegistrationStatus, WeekState
from registrations.models import Registration
from registrations.services.week_rows import INSERT as INSERT_WEEK
from registrations.services.week_rows import OVER_WHAT_STOOD_THERE

COLUMNS = (
    "occupancy_id",
    "group_id",
    "created_by_id",
    "description",
    "status",
    "created_at",
    "series_id",
    "is_closed_over",
    "attendees",
    "broken_rules",
    "origin",
    "uid",
)
"""All columns but those that PostgreSQL keeps or begins: a new one is given its value here, and in both statements."""
INSERT = f"INSERT INTO registrations_registration ({', '.join(COLUMNS)})"
ATTENDEES_IN_WEEK = (
    "CASE WHEN week.own_attendees IS NULL THEN series.attendees"
    " WHEN week.own_attendees <= (SELECT capacity FROM classrooms_classroom WHERE id = series.classroom_id)"
    " THEN nullif(week.own_attendees, 0) ELSE series.attendees END"
)
"""What was said for the week alone, if its series has not gone meanwhile where so many find no seat."""
INSERT_ONE = (
    f"{INSERT} SELECT CASE WHEN acted.is_individual OR acted.group_id IS NOT NULL THEN {OCCUPIED} END, acted.group_id,"  # noqa: S608
    " %s::bigint, %s::text, %s, %s::timestamptz, NULL, false, %s::int, %s::jsonb, %s, %s::uuid"
    f" FROM (SELECT %s::boolean AS is_individual, {GROUP_ACTED_FOR} AS group_id) AS acted"
)
INSERT_CHARGED = f"WITH charged AS ({CHARGE.format(registration_id=OCCUPIED)}) {INSERT_ONE}"
"""What it is charged travels with it."""
INSERT_OCCURRENCES = (
    "WITH placed AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::text[], %s::jsonb[])"  # noqa: S608
    " AS placed (id, series_id, week, status, broken_rules)),"
    f" written AS ({INSERT} SELECT placed.id, series.group_id, series.created_by_id,"
    " coalesce(week.own_description, series.description), placed.status, %s::timestamptz, series.id, false,"
    f" {ATTENDEES_IN_WEEK}, placed.broken_rules, '{Origin.CSPACE}', gen_random_uuid() FROM placed"
    " JOIN registrations_series AS series ON series.id = placed.series_id"
    " LEFT JOIN registrations_seriesweek AS week ON week.series_id = series.id AND week.begins_on = placed.week)"
    f" {INSERT_WEEK} SELECT series_id, week, %s::text, id, NULL, '', NULL, NULL FROM placed {OVER_WHAT_STOOD_THERE}"
)
"""Registrations and their weeks in one statement: 16,000 rows are sent once, not twice."""
INSERT_AGAIN = (
    "WITH placed AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS placed (id, former_id)),"  # noqa: S608
    f" written AS ({INSERT} SELECT placed.id, former.group_id, former.created_by_id, former.description, %s::text,"
    " %s::timestamptz, former.series_id, false, former.attendees, NULL, former.origin,"
    " gen_random_uuid() FROM placed"
    " JOIN registrations_registration AS former ON former.occupancy_id = placed.former_id)"
    " UPDATE registrations_seriesweek SET registration_id = placed.id FROM placed"
    " WHERE registration_id = placed.former_id"
)


def inserting(registration: Registration, *, by: User, charges: Sequence[Charge] = ()) -> Statement:
    """What writes a single registration and its charges, for a batch that adds its occupancy and holds its group.

    It looks for both, and for the place in the group, once more: where one is gone, a column is missing
    (`missing_column`).
    """
    group, pk = registration.group, registration.occupancy_id
    id_and_name = (None, None) if group is None else (group.pk, group.name)
    row = (registration.created_by_id, registration.description, registration.status, registration.created_at)
    more = (
        registration.attendees,
        as_json(registration.broken_rules),
        registration.origin,
        registration.uid,
    )
    values = (pk, *row, *more, group is None, *id_and_name, by.access.is_cspace, by.pk)
    if not charges:
        return Statement(INSERT_ONE, values)
    return Statement(INSERT_CHARGED, (pk, *charge_columns(charges), *values))


def as_json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def updating(registration: Registration) -> Statement:
    """What writes group, description, status, attendees and broken rules, as they stand in the model, into the row."""
    return Statement(UPDATE, _updated(registration))


def cancelling(registration: Registration) -> Statement:
    """The same of one that is cancelled, and whether it stays charged."""
    return Statement(CANCEL, (registration.is_still_charged, *_updated(registration)))


def _updated(registration: Registration) -> tuple[Any, ...]:
    row = (registration.group_id, registration.description, registration.status, registration.attendees)
    return (*row, as_json(registration.broken_rules), registration.pk)


SET = "UPDATE registrations_registration SET"
VALUES = (
    "group_id = %s, description = %s, status = %s, attendees = %s, broken_rules = %s::jsonb WHERE occupancy_id = %s"
)
UPDATE, CANCEL = f"{SET} {VALUES}", f"{SET} is_still_charged = %s, {VALUES}"


def inserting_occurrences(
    occupancy_ids: Sequence[int],
    series_ids: Sequence[int],
    weeks: Sequence[date],
    decisions: Sequence[tuple[RegistrationStatus, Any]],
    *,
    now: datetime,
) -> Statement:
    """What writes a registration for each room time, of the series and the week in the same place, which it is to stand
    for, with the status and the broken rules (JSON or None) in the same place.

    Group and creator are those of the series' row; so are description and attendees, where none were written for the
    week alone.
    """
    statuses = array_of(Word(status.value) for status, _ in decisions)
    broken: Any = array_of(NULL for _ in decisions)
    if any(rules is not None for _, rules in decisions):
        broken = [as_json(rules) for _, rules in decisions]
    columns = [array_of(occupancy_ids), array_of(series_ids), array_of(weeks), statuses, broken]
    return Statement(INSERT_OCCURRENCES, (*columns, now, WeekState.HELD.value))


def let_wait(broken: Mapping[int, Any], *, auto_approve: bool) -> None:
    """Have somebody decide on live registrations again, {id: the rules they break}; those that break none are
    approved, if their room does that by itself, or stay as they are. One statement, none for none."""
    if broken:
        in_json = [as_json(rules) if rules else None for rules in broken.values()]
        send(Statement(LET_WAIT, (auto_approve, array_of(broken), in_json)))


LET_WAIT = (
    "UPDATE registrations_registration SET broken_rules = waiting.rules,"
    " status = CASE WHEN waiting.rules IS NOT NULL THEN 'pending' WHEN %s THEN 'approved' ELSE status END"
    " FROM unnest(%s::bigint[], %s::jsonb[]) AS waiting (id, rules) WHERE occupancy_id = waiting.id"
)


def inserting_again(occupancy_ids: Sequence[int], former_ids: Sequence[int], *, now: datetime) -> Statement:
    """What writes an approved registration for each room time, like the cancelled occurrence in the same place, for
    whose week it stands from now on."""
    columns = array_of(occupancy_ids), array_of(former_ids)
    return Statement(INSERT_AGAIN, (*columns, RegistrationStatus.APPROVED.value, now))
