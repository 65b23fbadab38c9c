"""Changing a series: its future is laid out anew, in one step or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.models import Classroom
from classrooms.rules import bookable_faults, past_faults, time_faults
from classrooms.services.room_time import move_many, release
from groups.models import Group
from groups.services.holding import hold_group
from kernel.campus_time import campus_date, format_minute
from kernel.changes import Changes, changes_between
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import Invalid
from kernel.facts import publish_many
from registrations import rules
from registrations.enums import SkipReason, WeekState
from registrations.facts.registrations import RegistrationCancelled
from registrations.facts.series import SeriesChanged, Skips
from registrations.models import Registration, Series, SeriesWeek
from registrations.queries.series import with_api_relations
from registrations.rules import Layout, PresentWeek
from registrations.services.cancelling import set_cancelled
from registrations.services.handing_on import HANDED_ON, hand_on
from registrations.services.new_series import skips_of
from registrations.services.series import DatesAreTaken
from registrations.services.series_holding import (
    LockedSeries,
    SeriesIsCutOff,
    SeriesIsOver,
    hold_group_of,
    hold_series,
)
from registrations.services.series_writing import DateRequest, judge, write_occurrences
from registrations.services.week_rows import WeekRow

SHIFTING = frozenset({"classroom", "day_of_week", "start_time", "end_time"})


@dataclass(frozen=True, kw_only=True)
class SeriesChange:
    """A change to a series; None = stays as it is. It holds from `from_day` on, or from now. `attendees`: 0 = not known
    any more."""

    group_id: int | None = None
    classroom: Classroom | None = None
    day_of_week: int | None = None
    start_minute: int | None = None
    end_minute: int | None = None
    ends_on: date | None = None
    description: str | None = None
    attendees: int | None = None
    from_day: date | None = None
    may_skip: bool = True

    @property
    def names_slot(self) -> bool:
        """Whether it says where or when: then the dates from its first day on follow, also if the series is there."""
        return any(part is not None for part in (self.classroom, self.day_of_week, self.start_minute, self.end_minute))


@dataclass
class Relayout:
    """What laying the future out anew has done; the facts are those of the occurrences it has cancelled."""

    moved_ids: Sequence[int] = ()
    added_ids: Sequence[int] = ()
    cancelled: Sequence[RegistrationCancelled] = ()
    skips: Skips = ()


@transactional
def change_series(*, series_id: int, by: User, now: datetime, change: SeriesChange) -> Series:
    """Change what of a series has not started; past occurrences and what was settled by hand stay.

    A room, day or time that is named: every occurrence ahead goes there, and if it is new, every skipped week is
    tried with it. Refused dates are recorded as skipped, and their occurrences cancelled. A new last day: weeks are
    added or given up. What is decided for each week says `rules.lay_out`.
    Returns the series with its API relations. Publishes `SeriesChanged` and, untold, a `RegistrationCancelled`
    for each occurrence that is lost; nothing for a no-op. A constant number of statements.

    Raises:
        PermissionDenied, SeriesNotFound, SeriesIsOver, SeriesIsCutOff
        Invalid: a changed value breaks a rule, or the room is not open; {field: [sentences]}.
        DatesAreTaken: it may not skip, or no date at all is free; everything stays as it was.
    """
    check_cspace(by.access)
    own_group = hold_group_of(series_id) if change.group_id is None else None
    group = own_group or hold_group(change.group_id or 0)
    locked = hold_series(series_id, now, *([change.classroom.pk] if change.classroom else []))
    series = locked.series
    if own_group and series.group_id != own_group.pk:
        raise StaleRead
    cut = max(change.from_day or campus_date(now), campus_date(now))
    check_change(change, series, cut, now)
    before, former_last = _readable(series), series.last_on
    _apply(change, series, group)
    changes = changes_between(before, _readable(series))
    if changes:
        series.has_moved = series.has_moved or bool(changes.keys() & SHIFTING)
        series.save()
    following, outcome = locked.following(now, cut), Relayout()
    if change.names_slot or "end_date" in changes:
        layout = _layout(locked, following, change, changes, cut=cut, now=now, former_last=former_last)
        outcome = _carry_out(layout, series, following, by=by, now=now, may_skip=change.may_skip)
    lost = {fact.registration.id for fact in outcome.cancelled}
    staying = {week: row for week, row in following.items() if row.pk not in lost}
    handed_on = [name for name in HANDED_ON if getattr(change, name) is not None]
    changed = {*outcome.moved_ids, *hand_on(locked, staying, handed_on)}
    if changes or changed or outcome.added_ids or lost:
        fact = SeriesChanged(
            actor_id=by.pk,
            occurred_at=now,
            series=series.summary,
            changes=changes,
            from_day=cut,
            dates_ahead=len(staying) + len(outcome.added_ids),
            changed_ids=tuple(sorted(changed)),
            added_ids=tuple(outcome.added_ids),
            cancelled_ids=tuple(sorted(lost)),
            skips=outcome.skips,
        )
        publish_many([*outcome.cancelled, fact])
    return with_api_relations(Series.objects.all()).get(pk=series.pk)


def check_change(change: SeriesChange, series: Series, cut: date, now: datetime) -> None:
    """Raises: Invalid, with every changed value that breaks a rule; SeriesIsCutOff, where it is to end behind its
    cancellation; SeriesIsOver, where nothing lies ahead."""
    faults: dict[str, list[str]] = {}
    is_new_end = change.ends_on is not None and change.ends_on != series.ends_on
    if is_new_end:
        faults = _end_faults(change, series, now)
    faults |= time_faults(
        series.start_minute if change.start_minute is None else change.start_minute,
        series.end_minute if change.end_minute is None else change.end_minute,
    )
    classroom = change.classroom or series.classroom
    if classroom.pk != series.classroom_id or _takes_time(change, series):
        faults |= bookable_faults(classroom)
    faults |= rules.description_faults(change.description or "")
    attendees = _attendees_after(change, series)
    if classroom.pk != series.classroom_id or attendees != series.attendees:
        faults |= rules.attendees_faults(attendees, classroom)
    last_on = change.ends_on if is_new_end and change.ends_on else series.last_on
    if not faults and campus_date(now) <= last_on < cut:
        faults["from_date"] = [rules.AFTER_LAST_DAY]
    if faults:
        raise Invalid(faults)
    if is_new_end and series.cancelled_from is not None and last_on >= series.cancelled_from:
        raise SeriesIsCutOff(series.cancelled_from)
    if last_on < cut:
        raise SeriesIsOver


def _attendees_after(change: SeriesChange, series: Series) -> int | None:
    return series.attendees if change.attendees is None else change.attendees or None


def _takes_time(change: SeriesChange, series: Series) -> bool:
    """Whether it asks for room time that the series does not have."""
    is_longer = change.ends_on is not None and change.ends_on > series.ends_on
    return is_longer or any(
        value is not None and value != getattr(series, name)
        for name, value in (
            ("day_of_week", change.day_of_week),
            ("start_minute", change.start_minute),
            ("end_minute", change.end_minute),
        )
    )


def _end_faults(change: SeriesChange, series: Series, now: datetime) -> dict[str, list[str]]:
    faults = rules.range_faults(now=now, starts_on=series.starts_on, ends_on=change.ends_on)
    sentences = [sentence for of_one_field in faults.values() for sentence in of_one_field]
    if not sentences and change.ends_on is not None:
        sentences = past_faults(change.ends_on, now)
    return {"end_date": sentences} if sentences else {}


def _apply(change: SeriesChange, series: Series, group: Group) -> None:
    series.group, series.classroom = group, change.classroom or series.classroom
    series.attendees = _attendees_after(change, series)
    for name in ("day_of_week", "start_minute", "end_minute", "ends_on", "description"):
        value = getattr(change, name)
        if value is not None:
            setattr(series, name, value)


def _layout(
    locked: LockedSeries,
    following: Mapping[date, Registration],
    change: SeriesChange,
    changes: Changes,
    *,
    cut: date,
    now: datetime,
    former_last: date,
) -> Layout:
    """What the change wants of each week. Raises: Invalid."""
    series, is_shifted = locked.series, bool(changes.keys() & SHIFTING)
    most = locked.most_attendees_alone(following, cut) if "classroom" in changes else None
    if faults := rules.attendees_faults(most, series.classroom):
        raise Invalid(faults)
    layout = rules.lay_out(
        {week.begins_on: _present(week, is_movable=week.begins_on in following) for week in locked.weeks},
        series.slot,
        cut=cut,
        now=now,
        former_last=former_last,
        moves_occurrences=change.names_slot,
        tries_skipped=is_shifted,
    )
    if is_shifted and following and not (layout.in_place or layout.to_take):
        raise Invalid({"day_of_week": ["This day does not occur between now and the last day of the series"]})
    if layout.to_take and (faults := bookable_faults(series.classroom)):
        raise Invalid(faults)
    return layout


def _present(week: SeriesWeek, *, is_movable: bool) -> PresentWeek:
    registration = week.registration
    return PresentWeek(
        state=WeekState(week.state),
        day=week.date if registration is None else campus_date(registration.occupancy.starts_at),
        why=week.why,
        is_movable=is_movable,
        place=(registration.occupancy.classroom_id, registration.interval) if registration and is_movable else None,
    )


def _carry_out(
    layout: Layout, series: Series, following: Mapping[date, Registration], *, by: User, now: datetime, may_skip: bool
) -> Relayout:
    """Free what moves, see what is in the way, take what is free, give up the rest."""
    moving = {day: following[week] for week, day in layout.to_take.items() if week in following}
    leaving = [following[week] for week in (*layout.outside, *layout.given_up) if week in following]
    release([row.pk for row in (*moving.values(), *leaving)])
    slot = series.slot
    verdicts = judge(
        [DateRequest(0, series.classroom_id, day, slot.interval_on(day)) for day in layout.to_take.values()]
    )
    free = {row.request.day: row for row in verdicts if row.is_granted}
    refused = [row for row in verdicts if not row.is_granted]
    keeps_some = bool(free or layout.in_place or not moving)
    if (blocked := [row for row in refused if row.is_blocked]) and not (may_skip and keeps_some):
        raise DatesAreTaken(blocked)
    moved = {
        row.pk: (series.classroom_id, free[day].request.interval or row.interval)
        for day, row in moving.items()
        if day in free
    }
    move_many(moved)
    added = [row for day, row in free.items() if day not in moving]
    write_occurrences([*added, *refused], [series.pk], now=now, further_weeks=_weeks_without(layout, series, by))
    return Relayout(
        list(moved),
        [row.registration_id for row in added if row.registration_id is not None],
        set_cancelled(
            [row.summary for row in (*leaving, *moving.values()) if row.pk not in moved],
            actor_id=by.pk,
            now=now,
            has_own_notice=False,
        ),
        (*skips_of(refused), *((day, SkipReason.OUTSIDE.value) for day in layout.outside.values())),
    )


def _weeks_without(layout: Layout, series: Series, by: User) -> list[WeekRow]:
    return [
        *(
            WeekRow(series.pk, week, WeekState.SKIPPED, day=day, why=SkipReason.OUTSIDE)
            for week, day in layout.outside.items()
        ),
        *(WeekRow(series.pk, week, WeekState.GIVEN_UP, given_up_by_id=by.pk) for week in layout.given_up),
    ]


def _readable(series: Series) -> dict[str, Any]:
    return {
        "group": series.group.name,
        "classroom": series.classroom.name,
        "day_of_week": series.day_of_week,
        "start_time": format_minute(series.start_minute),
        "end_time": format_minute(series.end_minute),
        "end_date": series.ends_on.isoformat(),
        "description": series.description,
        "attendees": series.attendees,
    }
