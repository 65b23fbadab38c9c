"""Entering series, cancelling them, and trying their skipped dates again. Moving them is `series_moving`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.enums import OccupancyKind
from classrooms.models import Classroom
from classrooms.rules import bookable_faults
from groups.models import Group
from groups.rules import UNKNOWN_GROUP
from groups.services.holding import hold_groups
from kernel.campus_time import campus_date, clamped_interval
from kernel.db.locks import lock_rooms
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import Conflict, Invalid
from kernel.facts import Fact, publish, publish_many
from registrations import rules
from registrations.facts.series import NewSeries, SeriesCancelled, SeriesCreated, SeriesRetried, SeriesSummary, Skips
from registrations.models import Registration, Series, SkippedDate
from registrations.queries.series import with_api_relations
from registrations.services.changing import set_cancelled
from registrations.services.series_holding import hold_group_of, hold_series
from registrations.services.series_writing import (
    DateRequest,
    SeriesDraft,
    Verdict,
    WrittenSeries,
    judge,
    judge_drafts,
    write_occurrences,
    write_series,
)

REGISTRATION = OccupancyKind.REGISTRATION


class DatesAreTaken(Conflict):
    """Dates of a series are taken and it may not skip them, or all of them are.

    `details.conflicts` names what is in the way on each date; in a request of several items with its `item`, and
    without an id where an earlier item would have taken the date.
    """

    def __init__(self, taken: Sequence[Verdict], items: Sequence[int | None] = (None,)) -> None:
        found = [(verdict, row) for verdict in taken for row in verdict.in_the_way()]
        known = [(row.interval.starts_at, row.id) for _, row in found if row.id and row.kind == REGISTRATION]
        super().__init__(
            details={
                "existing_registration_id": min(known)[1] if known else None,
                "conflicts": [
                    ({} if (item := items[verdict.wanted.item]) is None else {"item": item}) | piece
                    for verdict, row in found
                    for piece in row.pieces_on(verdict.wanted.day)
                ],
            }
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
def create_series(*, by: User, now: datetime, wanted: Sequence[SeriesRequest]) -> list[Series]:
    """Enter series, all or none, each taking what the ones before it have left; in order, with their API relations.

    Where `may_skip`, taken dates are recorded as skipped. Publishes `SeriesCreated`, one for the command.
    A constant number of statements.

    Raises:
        PermissionDenied: not cspace.
        Invalid: {field: [sentences]}; of several items `items.<n>.<field>`.
        DatesAreTaken: a series may not skip, or got no date at all.
    """
    check_cspace(by.access)
    check_requests(wanted, now)
    drafts = [row.draft for row in wanted]
    groups = hold_groups(draft.group_id for draft in drafts)
    if missing := [row for row in wanted if row.draft.group_id not in groups]:
        raise Invalid({row.name_of("group_id"): [UNKNOWN_GROUP] for row in missing})
    lock_rooms(draft.classroom_id for draft in drafts)
    verdicts = judge_drafts(drafts)
    _check_placeable(wanted, verdicts)
    placed = write_series(drafts, verdicts, now=now)
    publish(
        SeriesCreated(
            actor_id=by.pk,
            occurred_at=now,
            new_series=tuple(_new_series(*row, groups) for row in zip(wanted, placed, strict=True)),
        )
    )
    found = with_api_relations(Series.objects.all()).in_bulk([row.id for row in placed])
    return [found[row.id] for row in placed]


def check_requests(wanted: Sequence[SeriesRequest], now: datetime) -> None:
    """Raises `Invalid` with everything that is wrong with the wishes themselves."""
    faults: dict[str, list[str]] = {}
    for row in wanted:
        found = rules.series_faults(
            now=now,
            starts_on=row.draft.starts_on,
            ends_on=row.draft.ends_on,
            on_day=row.draft.day_of_week,
            start_minute=row.draft.start_minute,
            end_minute=row.draft.end_minute,
            room=row.classroom,
            description=row.draft.description,
        )
        faults |= {row.name_of(field): sentences for field, sentences in found.items()}
    if faults:
        raise Invalid(faults)


@transactional
def cancel_series(*, series_id: int, by: User, now: datetime, from_day: date | None = None) -> None:
    """Cancel what of a series has not started, from a day on; what was changed by hand stays.

    Publishes `SeriesCancelled` and, untold, a `RegistrationCancelled` for each occurrence; nothing for a no-op.
    Raises: PermissionDenied, SeriesNotFound.
    """
    check_cspace(by.access)
    held = hold_series(series_id, now)
    cut = max(from_day or campus_date(now), campus_date(now))
    if cut > held.series.last_on:
        return
    publish_many(set_series_cancelled([held.series], held.following(now, cut), actor_id=by.pk, now=now, from_day=cut))


def set_series_cancelled(
    found: Sequence[Series],
    occurrences: Sequence[Registration],
    *,
    actor_id: int | None,
    now: datetime,
    from_day: date,
    reason: str = "",
) -> list[Fact]:
    """Cancel series from a day on, and these occurrences of theirs; returns the facts to publish.

    The rooms of both are held exclusively. A constant number of statements.
    """
    Series.objects.filter(pk__in=[series.pk for series in found]).update(cancelled_from=from_day)
    facts: list[Fact] = [*set_cancelled(occurrences, actor_id=actor_id, now=now, reason=reason, is_told=False)]
    return facts + [
        SeriesCancelled(
            actor_id=actor_id,
            occurred_at=now,
            series=series.summary,
            from_day=from_day,
            cancelled_ids=tuple(row.pk for row in occurrences if row.series_id == series.pk),
            reason=reason,
        )
        for series in found
    ]


@transactional
def retry_skipped(*, series_id: int, by: User, now: datetime) -> Series:
    """Book the skipped dates ahead that have become free, at the present room and time of the series.

    Returns it with its API relations. Publishes `SeriesRetried`, nothing where no date has become free.
    Raises: PermissionDenied, SeriesNotFound, SeriesIsOver (its group is archived), Invalid (the room is not open).
    """
    check_cspace(by.access)
    group = hold_group_of(series_id)
    held = hold_series(series_id, now)
    series = held.series
    if series.group_id != group.pk:
        raise StaleRead
    wanted = [
        DateRequest(0, series.classroom_id, day, interval)
        for day in held.skipped_days
        if day <= series.last_on
        and (interval := clamped_interval(day, series.start_minute, series.end_minute))
        and interval.starts_at > now
    ]
    if wanted and (faults := bookable_faults(series.classroom)):
        raise Invalid(faults)
    if taken := [verdict for verdict in judge(wanted) if verdict.is_taken]:
        write_occurrences(taken, [series.pk], now=now)
        SkippedDate.objects.filter(series=series, date__in=[row.wanted.day for row in taken]).delete()
        occurrences = {row.wanted.day: row.registration_id or 0 for row in taken}
        publish(SeriesRetried(series=series.summary, actor_id=by.pk, occurred_at=now, occurrences=occurrences))
    return with_api_relations(Series.objects.all()).get(pk=series.pk)


def _check_placeable(wanted: Sequence[SeriesRequest], verdicts: Sequence[Verdict]) -> None:
    """Raises `DatesAreTaken` with every conflict of the series that may not skip, or have no date at all."""
    with_dates = {verdict.wanted.item for verdict in verdicts if verdict.is_taken}
    placeable = {item for item, row in enumerate(wanted) if row.may_skip and item in with_dates}
    if taken := [row for row in verdicts if row.is_blocked and row.wanted.item not in placeable]:
        raise DatesAreTaken(taken, [row.item for row in wanted])


def _new_series(request: SeriesRequest, written: WrittenSeries, groups: dict[int, Group]) -> NewSeries:
    draft = written.draft
    series = SeriesSummary(
        id=written.id,
        created_by_id=draft.created_by_id,
        group=groups[draft.group_id].name,
        classroom=request.classroom.name,
        day_of_week=draft.day_of_week,
        start_minute=draft.start_minute,
        end_minute=draft.end_minute,
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
    )
    registration_ids = tuple(written.occurrences.values())
    return NewSeries(series=series, registration_ids=registration_ids, skips=skips_of(written.skipped))


def skips_of(verdicts: Iterable[Verdict]) -> Skips:
    return tuple((row.wanted.day, row.why.value) for row in verdicts if row.why)
