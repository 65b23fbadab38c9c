"""Entering series, cancelling them, and trying their skipped dates again. Moving them is `series_moving`."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import User
from accounts.queries.people import asking_for_people, people_with_ids
from accounts.rules import check_cspace
from classrooms.enums import OccupancyKind
from classrooms.models import Classroom
from classrooms.rules import bookable_faults
from groups.rules import UNKNOWN_GROUP
from groups.services.holding import groups_held, holding_groups
from kernel.campus_time import campus_date
from kernel.db.batch import put_off, send
from kernel.db.expressions import IsAmong
from kernel.db.ids import numbers_in
from kernel.db.locks import locking_rooms
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import Conflict, Invalid
from kernel.facts import Fact, publish, publish_many
from registrations import rules
from registrations.enums import WeekState
from registrations.facts.registrations import RegistrationSummary
from registrations.facts.series import SeriesCancelled, SeriesCreated, SeriesRetried
from registrations.models import Registration, Series
from registrations.queries.series import with_api_relations
from registrations.services.cancelling import set_cancelled
from registrations.services.new_series import new_series_of, series_of
from registrations.services.series_holding import LockedSeries, groups_of_losses, hold_group_of, hold_series
from registrations.services.series_writing import (
    DateRequest,
    SeriesDraft,
    Verdict,
    asking_before_writing,
    date_requests,
    judge,
    judged,
    write_again,
    write_occurrences,
    writing_series,
)
from registrations.services.week_rows import give_up_weeks

REGISTRATION = OccupancyKind.REGISTRATION


class DatesAreTaken(Conflict):
    """Dates of a series are taken and it may not skip them, or all of them are.

    `details.conflicts` names what is in the way on each date; in a request of several items with its `item`, and
    without an id where an earlier item would have taken the date.
    """

    def __init__(self, verdicts: Sequence[Verdict], items: Sequence[int | None] = (None,)) -> None:
        obstacles = [(verdict, row) for verdict in verdicts for row in verdict.in_the_way()]
        registrations = [
            (row.interval.starts_at, row.id) for _, row in obstacles if row.id and row.kind == REGISTRATION
        ]
        super().__init__(
            existing_registration_id=min(registrations)[1] if registrations else None,
            conflicts=(
                ({} if (item := items[verdict.request.item]) is None else {"item": item}) | piece
                for verdict, row in obstacles
                for piece in row.pieces_on(verdict.request.day)
            ),
        )


@dataclass(frozen=True, kw_only=True)
class SeriesRequest:
    """A series to enter, with its room. `item`: its place in a request of several, None in a request for one."""

    draft: SeriesDraft
    classroom: Classroom
    may_skip: bool = False
    item: int | None = None

    def name_of(self, field: str) -> str:
        """How the request calls a field of it."""
        return field if self.item is None else f"items.{self.item}.{field}"


@transactional
def create_series(*, by: User, now: datetime, requests: Sequence[SeriesRequest]) -> list[Series]:
    """Enter series, all or none, each taking what the ones before it have left; in order, with their API relations.

    Where `may_skip`, taken dates are recorded as skipped. Publishes `SeriesCreated`, one for the command.
    A constant number of statements: one batch that locks and reads, and one with the COMMIT.

    Raises:
        PermissionDenied: not cspace.
        Invalid: {field: [sentences]}; of several items `items.<n>.<field>`.
        DatesAreTaken: a series may not skip, or got no date at all.
    """
    check_cspace(by.access)
    check_requests(requests, now)
    drafts = [row.draft for row in requests]
    dates = date_requests(drafts)
    group_rows, _, people, obstacles, *ids = send(
        holding_groups(draft.group_id for draft in drafts),
        locking_rooms(rooms={draft.classroom_id for draft in drafts}),
        asking_for_people(draft.created_by_id for draft in drafts),
        *asking_before_writing(drafts, dates),
    )
    groups, creators = groups_held(group_rows), people_with_ids(people)
    if missing := [row for row in requests if row.draft.group_id not in groups]:
        raise Invalid({row.name_of("group_id"): [UNKNOWN_GROUP] for row in missing})
    verdicts = judged(dates, obstacles)
    _check_placeable(requests, verdicts)
    written, statements = writing_series(drafts, verdicts, *map(numbers_in, ids), now=now)
    put_off(*statements)
    series = [
        series_of(row, groups[row.draft.group_id], request.classroom, creators[row.draft.created_by_id], now)
        for request, row in zip(requests, written, strict=True)
    ]
    new_series = tuple(new_series_of(*pair) for pair in zip(series, written, strict=True))
    publish(SeriesCreated(actor_id=by.pk, occurred_at=now, new_series=new_series))
    return series


def check_requests(requests: Sequence[SeriesRequest], now: datetime) -> None:
    """Raises `Invalid` with everything that is wrong with the wishes themselves."""
    faults: dict[str, list[str]] = {}
    for row in requests:
        faults_of_one = rules.series_faults(
            now=now,
            starts_on=row.draft.starts_on,
            ends_on=row.draft.ends_on,
            on_day=row.draft.day_of_week,
            start_minute=row.draft.start_minute,
            end_minute=row.draft.end_minute,
            room=row.classroom,
            description=row.draft.description,
            attendees=row.draft.attendees,
        )
        faults |= {row.name_of(field): sentences for field, sentences in faults_of_one.items()}
    if faults:
        raise Invalid(faults)


@transactional
def cancel_series(*, series_id: int, by: User, now: datetime, from_day: date | None = None) -> None:
    """Cancel what of a series has not started, from a day on; what was changed by hand stays.

    Publishes `SeriesCancelled` and, untold, a `RegistrationCancelled` for each occurrence; nothing for a no-op.
    Raises: PermissionDenied, SeriesNotFound, Invalid (the day lies after its last).
    """
    check_cspace(by.access)
    locked = hold_series(series_id, now)
    if from_day is not None and from_day > locked.series.ends_on:
        raise Invalid({"from_date": [rules.AFTER_LAST_DAY]})
    cut = max(from_day or campus_date(now), campus_date(now))
    if cut > locked.series.last_on:
        return
    occurrences = [row.summary for row in locked.following(now, cut).values()]
    publish_many(set_series_cancelled([locked.series], occurrences, actor_id=by.pk, now=now, from_day=cut))


def set_series_cancelled(
    cancelled: Sequence[Series],
    occurrences: Sequence[RegistrationSummary],
    *,
    actor_id: int | None,
    now: datetime,
    from_day: date,
    reason: str = "",
) -> list[Fact]:
    """Cancel series from a day on, and these occurrences of theirs; returns the facts to publish.

    The rooms of both are held exclusively. A constant number of statements.
    """
    ids = [series.pk for series in cancelled]
    Series.objects.filter(IsAmong("pk", ids)).update(cancelled_from=from_day)
    give_up_weeks(ids, occurrences, from_day=from_day, actor_id=actor_id)
    ids_of_series: dict[int | None, list[int]] = defaultdict(list)
    for row in occurrences:
        ids_of_series[row.series_id].append(row.id)
    facts: list[Fact] = [*set_cancelled(occurrences, actor_id=actor_id, now=now, reason=reason, has_own_notice=False)]
    return facts + [
        SeriesCancelled(
            actor_id=actor_id,
            occurred_at=now,
            series=series.summary,
            from_day=from_day,
            cancelled_ids=tuple(ids_of_series[series.pk]),
            reason=reason,
        )
        for series in cancelled
    ]


@transactional
def retry_skipped(*, series_id: int, by: User, now: datetime) -> Series:
    """Book the skipped dates ahead that have become free: at the present room and time of the series; those that a
    closure has taken from where somebody had moved them by hand, there.

    Returns it with its API relations. Publishes `SeriesRetried`, nothing where no date has become free.
    Raises: PermissionDenied, SeriesNotFound, SeriesIsOver (its group is archived), Invalid (the room is not open).
    """
    check_cspace(by.access)
    further_groups = groups_of_losses(series_id)
    group = hold_group_of(series_id, *further_groups)
    locked = hold_series(series_id, now)
    series, losses = locked.series, locked.lost(now)
    if series.group_id != group.pk or not further_groups.issuperset(row.group_id for row in losses):
        raise StaleRead
    requests = _skipped_dates(locked, now)
    if requests and (faults := bookable_faults(series.classroom)):
        raise Invalid(faults)
    attainable = [
        row for row in losses if row.occupancy.classroom.is_active and not (row.group and row.group.archived_at)
    ]
    verdicts = judge([*requests, *map(_as_it_was, attainable)])
    write_occurrences(verdicts[: len(requests)], [series.pk], now=now)
    regained = write_again(
        [row for row, verdict in zip(attainable, verdicts[len(requests) :], strict=True) if verdict.is_granted], now=now
    )
    free = [row for row in verdicts[: len(requests)] if row.is_granted]
    if free or regained:
        occurrences = {row.request.day: row.registration_id or 0 for row in free}
        publish(
            SeriesRetried(
                series=series.summary, actor_id=by.pk, occurred_at=now, occurrences=occurrences, regained=regained
            )
        )
    return with_api_relations(Series.objects.all()).get(pk=series.pk)


def _skipped_dates(locked: LockedSeries, now: datetime) -> list[DateRequest]:
    """The skipped dates ahead, where the series is now."""
    slot = locked.series.slot
    return [
        DateRequest(0, slot.classroom_id, day, interval)
        for week in locked.weeks
        if week.state == WeekState.SKIPPED
        and slot.includes(day := slot.day_in(week.begins_on))
        and (interval := slot.interval_on(day))
        and not rules.has_started(interval.starts_at, now)
    ]


def _as_it_was(occurrence: Registration) -> DateRequest:
    room_time = occurrence.occupancy
    return DateRequest(0, room_time.classroom_id, campus_date(room_time.starts_at), occurrence.interval)


def _check_placeable(requests: Sequence[SeriesRequest], verdicts: Sequence[Verdict]) -> None:
    """Raises `DatesAreTaken` with every conflict of the series that may not skip, or have no date at all."""
    with_dates = {verdict.request.item for verdict in verdicts if verdict.is_granted}
    placeable = {item for item, row in enumerate(requests) if row.may_skip and item in with_dates}
    if refused := [row for row in verdicts if row.is_blocked and row.request.item not in placeable]:
        raise DatesAreTaken(refused, [row.item for row in requests])
