"""How the rows of the weeks of series are written: set by set, whatever the number of weeks and series."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from django.db.models import Q

from kernel.db.batch import Statement, send
from kernel.db.expressions import IsAmong
from registrations.enums import SkipReason, WeekState
from registrations.facts.registrations import RegistrationSummary
from registrations.models import Registration, SeriesWeek

COLUMNS = "state, registration_id, date, why, blocked_by_id, given_up_by_id"
INSERT = f"INSERT INTO registrations_seriesweek (series_id, begins_on, {COLUMNS})"
OVER_WHAT_STOOD_THERE = (
    "ON CONFLICT (series_id, begins_on) DO UPDATE SET"
    f" {', '.join(f'{column} = excluded.{column}' for column in COLUMNS.split(', '))}"
)
UPSERT = (
    f"{INSERT} SELECT * FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::bigint[], %s::date[], %s::text[],"  # noqa: S608
    f" %s::bigint[], %s::bigint[]) {OVER_WHAT_STOOD_THERE}"
)


class WeekRow(NamedTuple):
    """What is to stand in the row of a week, in the order in which `write_weeks` hands it to PostgreSQL."""

    series_id: int
    begins_on: date
    state: WeekState
    registration_id: int | None = None
    day: date | None = None
    """Of a skipped week: the date that could not be had."""
    why: SkipReason | str = ""
    blocked_by_id: int | None = None
    given_up_by_id: int | None = None


def write_weeks(rows: Sequence[WeekRow]) -> None:
    """Write what has become of weeks, over what stood there; what was written for a week by hand stays. One statement,
    none for no rows. The weeks of new occurrences are written with them: `registration_rows`."""
    if statements := writing_weeks(rows):
        send(*statements)


def writing_weeks(rows: Sequence[WeekRow]) -> list[Statement]:
    """The same for a batch."""
    return [Statement(UPSERT, tuple(list(column) for column in zip(*rows, strict=True)))] if rows else []


def settle_weeks(registrations: Iterable[RegistrationSummary]) -> None:
    """Somebody has decided by hand on these: if they are occurrences, commands to their series leave them alone from
    now on. One statement, none where no series is concerned."""
    if ids := [row.id for row in registrations if row.series_id is not None]:
        SeriesWeek.objects.held().filter(IsAmong("registration", ids)).update(state=WeekState.SETTLED)


def settling_week(registration: Registration) -> list[Statement]:
    """The same for one, for a batch."""
    if registration.series_id is None:
        return []
    return [Statement(SETTLE, (WeekState.SETTLED.value, registration.pk, WeekState.HELD.value))]


def keeping_own_description(registration: Registration) -> Statement:
    """Its description was written for this week alone: a new one of the series leaves it alone."""
    return Statement(KEEP_DESCRIPTION, (registration.description, registration.pk))


def keeping_own_attendees(registration: Registration) -> Statement:
    """Its attendees were said for this week alone; the same holds for them."""
    return Statement(KEEP_ATTENDEES, (registration.attendees or 0, registration.pk))


SETTLE = "UPDATE registrations_seriesweek SET state = %s WHERE registration_id = %s AND state = %s"
KEEP_DESCRIPTION = "UPDATE registrations_seriesweek SET own_description = %s WHERE registration_id = %s"
KEEP_ATTENDEES = "UPDATE registrations_seriesweek SET own_attendees = %s WHERE registration_id = %s"


def give_up_weeks(
    series_ids: Sequence[int], registrations: Iterable[RegistrationSummary], *, from_day: date, actor_id: int | None
) -> None:
    """A command cancels series from a day on: the weeks of these occurrences of theirs are given up, and those whose
    skipped date lies on or after the day. One statement."""
    SeriesWeek.objects.filter(
        Q(IsAmong("registration", [row.id for row in registrations]))
        | Q(IsAmong("series", series_ids), state=WeekState.SKIPPED, date__gte=from_day)
    ).update(state=WeekState.GIVEN_UP, registration=None, date=None, why="", blocked_by=None, given_up_by=actor_id)
