"""The set-based core of series: what is in the way of which date, and the rows of many series at once.

A constant number of statements, whatever the number of series and weeks: the draw writes a thousand winners
with it, a batch five hundred items, a command to one series its future.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from classrooms.enums import OccupancyKind
from classrooms.services.room_time import ROOM_TIME, occupying_many
from kernel.campus_time import Interval, week_of
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.db.ids import next_ids, numbers_in, taking_ids
from policies.queries.rulebook import is_kept, rulebook_version
from registrations.enums import SkipReason, WeekState
from registrations.facts.registrations import RegistrationSummary
from registrations.models import Registration
from registrations.services.charging import charge_written
from registrations.services.registration_rows import inserting_again, inserting_occurrences
from registrations.services.series_dates import (
    DateRequest,
    DateVerdict,
    SeriesDraft,
    asking_for_obstacles_to,
    date_requests,
    judged,
)
from registrations.services.week_rows import WeekRow, writing_weeks

SERIES = "registrations_series"


@dataclass(frozen=True)
class WrittenSeries:
    """A written series, with the verdicts on the dates that it got and on those that it skips, by date."""

    id: int
    draft: SeriesDraft
    granted: tuple[DateVerdict, ...]
    skipped: tuple[DateVerdict, ...]

    @property
    def occurrences(self) -> dict[date, int]:
        """{date: registration id}"""
        return {row.request.day: row.registration_id for row in self.granted if row.registration_id}


def place_series(drafts: Sequence[SeriesDraft], *, now: datetime) -> list[WrittenSeries]:
    """Write series, taking every date that is free, in the order of the drafts. Eight statements, in three round trips.

    The caller is in a transaction, holds the groups (`hold_groups`) and has locked the
    rooms behind the rules (`lock_rooms`).
    Publishes nothing: the command does. Where no date of a draft is free, its series has no occurrences.
    """
    is_kept(rulebook_version())
    requests = date_requests(drafts)
    obstacles, *ids = send(*asking_before_writing(drafts, requests))
    written, statements = writing_series(drafts, judged(requests, obstacles), *map(numbers_in, ids), now=now)
    send(*statements)
    charge_written([pk for series in written for pk in series.occurrences.values()])
    return written


def asking_before_writing(drafts: Sequence[SeriesDraft], requests: Sequence[DateRequest]) -> list[Statement]:
    """For a batch in which the rooms are locked before: the question for `judged`, and what takes the ids of the
    series and of the room time that `writing_series` may need."""
    return [asking_for_obstacles_to(requests), taking_ids(SERIES, len(drafts)), taking_ids(ROOM_TIME, len(requests))]


def writing_series(
    drafts: Sequence[SeriesDraft],
    verdicts: Sequence[DateVerdict],
    series_ids: Sequence[int],
    room_time_ids: Sequence[int],
    *,
    now: datetime,
) -> tuple[list[WrittenSeries], list[Statement]]:
    """The series as they will stand with the dates that the verdicts grant them, and the others as skipped; and what
    writes them. Of the ids as many are taken as are needed; each verdict is given its `registration_id`."""
    statements = [
        _inserting_series(drafts, series_ids, now),
        *writing_occurrences(verdicts, series_ids, room_time_ids, now=now),
    ]
    of_item: dict[int, list[DateVerdict]] = defaultdict(list)
    for verdict in verdicts:
        of_item[verdict.request.item].append(verdict)
    written = [
        WrittenSeries(
            series_id,
            draft,
            tuple(row for row in of_item[item] if row.is_granted),
            tuple(row for row in of_item[item] if not row.is_granted),
        )
        for item, (series_id, draft) in enumerate(zip(series_ids, drafts, strict=True))
    ]
    return written, statements


def write_occurrences(
    verdicts: Sequence[DateVerdict], series_ids: Sequence[int], *, now: datetime, further_weeks: Sequence[WeekRow] = ()
) -> None:
    """Write an approved registration for each taken date and set its `registration_id`, and what has become of the
    weeks of all of them, and of `further_weeks`. Four statements at most.

    `series_ids`: the series of each item; see `inserting_occurrences` for what they have of it.
    """
    count = sum(row.is_granted for row in verdicts)
    ids = next_ids(ROOM_TIME, count) if count else []
    if statements := writing_occurrences(verdicts, series_ids, ids, now=now, further_weeks=further_weeks):
        send(*statements)


def writing_occurrences(
    verdicts: Sequence[DateVerdict],
    series_ids: Sequence[int],
    room_time_ids: Sequence[int],
    *,
    now: datetime,
    further_weeks: Sequence[WeekRow] = (),
) -> list[Statement]:
    """The same for a batch: at least as many ids as there are dates to take."""
    granted, places = list[DateVerdict](), list[tuple[int, Interval]]()
    for row in verdicts:
        if row.is_granted and row.request.interval is not None:
            granted.append(row)
            places.append((row.request.classroom_id, row.request.interval))
    ids, buffers = room_time_ids[: len(granted)], [row.request.buffers for row in granted]
    for row, registration_id in zip(granted, ids, strict=True):
        row.registration_id = registration_id
    skipped_weeks = [_skipped_week(row, row.why, series_ids[row.request.item]) for row in verdicts if row.why]
    statements = writing_weeks([*skipped_weeks, *further_weeks])
    if granted:
        owners, weeks = [series_ids[row.request.item] for row in granted], [week_of(row.request.day) for row in granted]
        decisions = [(row.status, row.broken_rules) for row in granted]
        occupying = occupying_many(ids, places, kind=OccupancyKind.REGISTRATION, buffers=buffers)
        statements = [occupying, inserting_occurrences(ids, owners, weeks, decisions, now=now), *statements]
    return statements


def write_again(losses: Sequence[Registration], *, now: datetime) -> tuple[RegistrationSummary, ...]:
    """Write an approved registration where and as each of these cancelled occurrences was, which stands for its week
    from now on; in order. Their rooms are held and free there. Three statements, none for none."""
    if not losses:
        return ()
    places = [(row.occupancy.classroom_id, row.interval) for row in losses]
    ids = next_ids(ROOM_TIME, len(losses))
    send(
        occupying_many(ids, places, kind=OccupancyKind.REGISTRATION, buffers=[row.occupancy.buffers for row in losses]),
        inserting_again(ids, [row.pk for row in losses], now=now),
    )
    return tuple(replace(row.summary, id=pk) for row, pk in zip(losses, ids, strict=True))


def _skipped_week(verdict: DateVerdict, why: SkipReason, series_id: int) -> WeekRow:
    day, blocked_by_id = verdict.request.day, verdict.existing_registration_id
    return WeekRow(series_id, week_of(day), WeekState.SKIPPED, day=day, why=why, blocked_by_id=blocked_by_id)


def _inserting_series(drafts: Sequence[SeriesDraft], ids: Sequence[int], now: datetime) -> Statement:
    """What writes the rows of the series, under ids in the order of the drafts."""
    columns = (list(column) for column in zip(*map(_values, drafts), strict=True))
    return Statement(INSERT_SERIES, (now, array_of(ids), *columns))


INSERT_SERIES = (
    "INSERT INTO registrations_series (id, group_id, classroom_id, day_of_week, start_minute, end_minute,"
    " starts_on, ends_on, created_by_id, description, source, event_id, attendees, created_at)"
    " SELECT *, %s::timestamptz FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::smallint[], %s::smallint[],"
    " %s::smallint[], %s::date[], %s::date[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::int[])"
)


def _values(draft: SeriesDraft) -> tuple[Any, ...]:
    return (
        draft.group_id,
        draft.classroom_id,
        draft.day_of_week,
        draft.start_minute,
        draft.end_minute,
        draft.starts_on,
        draft.ends_on,
        draft.created_by_id,
        draft.description,
        draft.source.value,
        draft.event_id,
        draft.attendees,
    )
