"""The dates that series want, and what becomes of each: taken, or skipped with a reason. No statement for each date."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from classrooms.enums import OccupancyKind
from classrooms.queries.obstacles import Obstacle, asking_for_obstacles_of_each, earlier_places, obstacles_by_place
from classrooms.rules import NO_BUFFERS, Buffers, are_too_close
from kernel.campus_time import Interval, clamped_interval, weekly_dates
from kernel.db.batch import Statement, send
from kernel.db.pipeline import ResultRows
from registrations.enums import RegistrationStatus, SkipReason, Source
from registrations.services.buffering import Placement, buffers_of_each
from registrations.services.series_judging import DateJudge


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
class DateVerdict:
    """What becomes of a wanted date: taken, or skipped with a reason.

    In the way is what stands in `obstacles`, by time; or else `earlier`, taken before it in the same call.
    """

    request: DateRequest
    why: SkipReason | None = None
    obstacles: Sequence[Obstacle] = ()
    earlier: "DateVerdict | None" = None
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


def judge(requests: Sequence[DateRequest], rules: DateJudge | None = None) -> list[DateVerdict]:
    """What becomes of each wanted date: an earlier one that is taken stands in the way of a later one. One query.

    `rules`: what the rules of the house say to them; None, where they do not bind."""
    return judged(requests, send(asking_for_obstacles_to(requests))[0], rules)


def asking_for_obstacles_to(requests: Sequence[DateRequest]) -> Statement:
    """The question for `judged`."""
    real = [row for row in requests if row.interval is not None]
    places = [(row.classroom_id, row.interval) for row in real if row.interval is not None]
    return asking_for_obstacles_of_each(places, buffers=[row.buffers for row in real], with_each_other=True)


def judged(requests: Sequence[DateRequest], rows: ResultRows, rules: DateJudge | None = None) -> list[DateVerdict]:
    """The same from what is in the way of them."""
    real = [place for place, row in enumerate(requests) if row.interval is not None]
    in_the_way = {real[position]: obstacles for position, obstacles in obstacles_by_place(rows).items()}
    elsewhere = {
        real[position]: [real[earlier] for earlier in places] for position, places in earlier_places(rows).items()
    }
    granted: dict[tuple[int, date], list[DateVerdict]] = defaultdict(list)
    reach = (0, -1, 1) if any(row.buffers for row in requests) else (0,)  # buffers may reach into another day
    verdicts = list[DateVerdict]()
    for place, row in enumerate(requests):
        if rules is not None and row.interval is not None and rules.refuses(row.item, row.day):
            verdicts.append(DateVerdict(row, SkipReason.POLICY, broken_rules=rules.broken(row.item, row.day)))
            continue
        near = [one for days in reach for one in granted[row.classroom_id, row.day + timedelta(days=days)]]
        near += [verdicts[earlier] for earlier in elsewhere.get(place, ()) if verdicts[earlier].is_granted]
        verdict = _verdict(row, in_the_way.get(place, ()), near)
        if verdict.is_granted:
            granted[row.classroom_id, row.day].append(verdict)
            if rules is not None:
                _take(verdict, rules)
        verdicts.append(verdict)
    return verdicts


def _take(verdict: DateVerdict, rules: DateJudge) -> None:
    item, day = verdict.request.item, verdict.request.day
    rules.take(item, day)
    if rules.waits(item, day):
        verdict.status, verdict.broken_rules = RegistrationStatus.PENDING, rules.broken(item, day)


def let_all_wait(verdicts: Iterable[DateVerdict], rules: Sequence[Mapping[str, Any]]) -> None:
    """Somebody decides on each of them: a series as a whole breaks the rules, or (none) may not approve itself."""
    for row in verdicts:
        row.status = RegistrationStatus.PENDING
        row.broken_rules = [*map(dict, rules), *(row.broken_rules or [])] or None


def _verdict(request: DateRequest, obstacles: Sequence[Obstacle], granted: Iterable[DateVerdict]) -> DateVerdict:
    if request.interval is None:
        return DateVerdict(request, SkipReason.DST)
    if obstacles:
        is_closed = all(row.kind == OccupancyKind.CLOSURE for row in obstacles)
        return DateVerdict(request, SkipReason.CLOSED if is_closed else SkipReason.BOOKED, obstacles)
    for earlier in granted:
        if earlier.request.interval and are_too_close(
            (request.interval, request.buffers), (earlier.request.interval, earlier.request.buffers)
        ):
            return DateVerdict(request, SkipReason.BOOKED, earlier=earlier)
    return DateVerdict(request)
