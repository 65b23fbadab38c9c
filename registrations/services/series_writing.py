"""The set-based core of series: what is in the way of which date, and the rows of many series at once.

A constant number of statements, whatever the number of series and weeks: the draw writes a thousand winners
with it, a batch five hundred items, a command to one series its future.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from classrooms.enums import OccupancyKind
from classrooms.queries.obstacles import Obstacle, asking_for_obstacles_of_each, earlier_places, obstacles_by_place
from classrooms.rules import NO_BUFFERS, Buffers, are_too_close
from classrooms.services.room_time import ROOM_TIME, occupying_many
from kernel.campus_time import Interval, clamped_interval, week_of, weekly_dates
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.db.ids import next_ids, numbers_in, taking_ids
from kernel.db.pipeline import ResultRows
from policies.queries.rulebook import is_kept, rulebook_version
from registrations.enums import RegistrationStatus, SkipReason, Source, WeekState
from registrations.facts.registrations import RegistrationSummary
from registrations.models import Registration
from registrations.services.buffering import Placement, buffers_of_each
from registrations.services.charging import charge_written
from registrations.services.registration_rows import inserting_again, inserting_occurrences
from registrations.services.series_judging import DateJudge
from registrations.services.week_rows import WeekRow, writing_weeks

SERIES = "registrations_series"


@dataclass(frozen=True, kw_only=True)
class SeriesDraft:
    """A series that is wanted. Minutes since midnight on the campus wall; both dates are included.

    `dates`: the dates to try, ascending; None = all in the range that fall on the day of the week.
    """

    group_id: int
    classroom_id: int
    day_of_week: int
    start_minute: int
    end_minute: int
    starts_on: date
    ends_on: date
    created_by_id: int
    description: str = ""
    attendees: int | None = None
    source: Source = Source.ADMIN
    event_id: int | None = None
    dates: tuple[date, ...] | None = None

    def dates_to_try(self) -> Sequence[date]:
        return weekly_dates(self.starts_on, self.ends_on, self.day_of_week) if self.dates is None else self.dates


@dataclass(frozen=True)
class DateRequest:
    """One date that a series asks for; `item` numbers its draft. No interval: a DST gap swallows it."""

    item: int
    classroom_id: int
    day: date
    interval: Interval | None
    buffers: Buffers = NO_BUFFERS


@dataclass
class Verdict:
    """What becomes of a wanted date: taken, or skipped with a reason.

    In the way is what stands in `obstacles`, by time; or else `earlier`, taken before it in the same call.
    """

    request: DateRequest
    why: SkipReason | None = None
    obstacles: Sequence[Obstacle] = ()
    earlier: "Verdict | None" = None
    registration_id: int | None = None
    """Of a taken date its registration, once written."""
    broken_rules: list[dict[str, Any]] | None = None
    """The rules that refuse it, or for which somebody has to decide on it."""
    status: RegistrationStatus = RegistrationStatus.APPROVED
    """Of a taken date."""

    @property
    def is_granted(self) -> bool:
        return self.why is None

    @property
    def is_blocked(self) -> bool:
        """Something is in the way; a DST gap is nobody's."""
        return self.why in (SkipReason.BOOKED, SkipReason.CLOSED)

    @property
    def has_to_wait(self) -> bool:
        """Somebody has to decide on it."""
        return self.is_granted and self.status == RegistrationStatus.PENDING

    @property
    def is_refused(self) -> bool:
        """A rule of the house refuses it."""
        return self.why == SkipReason.POLICY

    def in_the_way(self) -> Sequence[Obstacle]:
        """By time; what `earlier` has taken only exists if all of this is written, and has no id here."""
        if self.earlier is None or self.earlier.request.interval is None:
            return self.obstacles
        return [Obstacle(None, OccupancyKind.REGISTRATION, self.earlier.request.interval)]

    @property
    def existing_registration_id(self) -> int | None:
        """The registration in the way, if it is one."""
        if self.earlier:
            return self.earlier.registration_id
        return next((row.id for row in self.obstacles if row.main_kind == OccupancyKind.REGISTRATION), None)


@dataclass(frozen=True)
class WrittenSeries:
    """A written series, with the verdicts on the dates that it got and on those that it skips, by date."""

    id: int
    draft: SeriesDraft
    granted: tuple[Verdict, ...]
    skipped: tuple[Verdict, ...]

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


def date_requests(drafts: Sequence[SeriesDraft], *, is_overriding: bool = False) -> list[DateRequest]:
    """Every date of the drafts, in order, as instants; with their buffers, unless rules are overridden."""
    instants = cache(clamped_interval)
    requests = [
        DateRequest(item, draft.classroom_id, day, instants(day, draft.start_minute, draft.end_minute))
        for item, draft in enumerate(drafts)
        for day in draft.dates_to_try()
    ]
    if is_overriding:
        return requests
    return with_buffers(requests, [(draft.group_id, draft.created_by_id) for draft in drafts])


def with_buffers(requests: Sequence[DateRequest], owners: Sequence[tuple[int, int]]) -> list[DateRequest]:
    """The requests with the buffers that they are to have; `owners`: the group and the creator of each item."""
    placements = [
        Placement(row.classroom_id, *owners[row.item], row.interval) for row in requests if row.interval is not None
    ]
    buffers = iter(buffers_of_each(placements))
    return [
        replace(row, buffers=of_row) if row.interval is not None and (of_row := next(buffers)) else row
        for row in requests
    ]


def judge(requests: Sequence[DateRequest], rules: DateJudge | None = None) -> list[Verdict]:
    """What becomes of each wanted date: an earlier one that is taken stands in the way of a later one. One query.

    `rules`: what the rules of the house say to them; None, where they do not bind."""
    return judged(requests, send(asking_for_obstacles_to(requests))[0], rules)


def asking_for_obstacles_to(requests: Sequence[DateRequest]) -> Statement:
    """The question for `judged`."""
    real = [row for row in requests if row.interval is not None]
    places = [(row.classroom_id, row.interval) for row in real if row.interval is not None]
    return asking_for_obstacles_of_each(places, buffers=[row.buffers for row in real], with_each_other=True)


def judged(requests: Sequence[DateRequest], rows: ResultRows, rules: DateJudge | None = None) -> list[Verdict]:
    """The same from what is in the way of them."""
    real = [place for place, row in enumerate(requests) if row.interval is not None]
    in_the_way = {real[position]: obstacles for position, obstacles in obstacles_by_place(rows).items()}
    elsewhere = {
        real[position]: [real[earlier] for earlier in places] for position, places in earlier_places(rows).items()
    }
    granted: dict[tuple[int, date], list[Verdict]] = defaultdict(list)
    verdicts = list[Verdict]()
    for place, row in enumerate(requests):
        if rules is not None and row.interval is not None and rules.refuses(row.item, row.day):
            verdicts.append(Verdict(row, SkipReason.POLICY, broken_rules=rules.broken(row.item, row.day)))
            continue
        near = [verdict for day in _days_near(row) for verdict in granted[row.classroom_id, day]]
        near += [verdicts[earlier] for earlier in elsewhere.get(place, ()) if verdicts[earlier].is_granted]
        verdict = _verdict(row, in_the_way.get(place, ()), near)
        if verdict.is_granted:
            granted[row.classroom_id, row.day].append(verdict)
            if rules is not None:
                _take(verdict, rules)
        verdicts.append(verdict)
    return verdicts


def _take(verdict: Verdict, rules: DateJudge) -> None:
    item, day = verdict.request.item, verdict.request.day
    rules.take(item, day)
    if rules.waits(item, day):
        verdict.status, verdict.broken_rules = RegistrationStatus.PENDING, rules.broken(item, day)


def _days_near(request: DateRequest) -> Sequence[date]:
    """On which an earlier request could meet this one: buffers may reach into another day."""
    return [request.day + timedelta(days=number) for number in (0, -1, 1)] if request.buffers else [request.day]


def _verdict(request: DateRequest, obstacles: Sequence[Obstacle], granted: Iterable[Verdict]) -> Verdict:
    if request.interval is None:
        return Verdict(request, SkipReason.DST)
    if obstacles:
        is_closed = all(row.kind == OccupancyKind.CLOSURE for row in obstacles)
        return Verdict(request, SkipReason.CLOSED if is_closed else SkipReason.BOOKED, obstacles)
    for earlier in granted:
        if earlier.request.interval and are_too_close(
            (request.interval, request.buffers), (earlier.request.interval, earlier.request.buffers)
        ):
            return Verdict(request, SkipReason.BOOKED, earlier=earlier)
    return Verdict(request)


def writing_series(
    drafts: Sequence[SeriesDraft],
    verdicts: Sequence[Verdict],
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
    of_item: dict[int, list[Verdict]] = defaultdict(list)
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
    verdicts: Sequence[Verdict], series_ids: Sequence[int], *, now: datetime, further_weeks: Sequence[WeekRow] = ()
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
    verdicts: Sequence[Verdict],
    series_ids: Sequence[int],
    room_time_ids: Sequence[int],
    *,
    now: datetime,
    further_weeks: Sequence[WeekRow] = (),
) -> list[Statement]:
    """The same for a batch: at least as many ids as there are dates to take."""
    granted, places = list[Verdict](), list[tuple[int, Interval]]()
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


def _skipped_week(verdict: Verdict, why: SkipReason, series_id: int) -> WeekRow:
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
