"""Changing a series: its future is laid out anew, in one step or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.models import Classroom
from classrooms.rules import bookable_faults, past_faults, time_faults
from classrooms.services.room_time import move_many, release
from groups.models import Group
from groups.services.holding import hold_group
from kernel.campus_time import campus_date, clamped_interval, format_minute, week_number, weekly_dates
from kernel.changes import Changes, changes_between
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import Invalid
from kernel.facts import publish_many
from registrations import rules
from registrations.facts.registrations import RegistrationCancelled
from registrations.facts.series import SeriesChanged
from registrations.models import Registration, Series, SkippedDate
from registrations.queries.series import with_api_relations
from registrations.rules import Layout, lay_out
from registrations.services.changing import set_cancelled
from registrations.services.series import DatesAreTaken, skips_of
from registrations.services.series_holding import LockedSeries, SeriesIsOver, hold_group_of, hold_series
from registrations.services.series_writing import DateRequest, Verdict, judge, write_occurrences, write_skipped

SHIFTING = frozenset({"classroom", "day_of_week", "start_time", "end_time"})
LAYING_OUT = SHIFTING | {"end_date"}
REWORDING = frozenset({"group", "description"})


@dataclass(frozen=True, kw_only=True)
class SeriesChange:
    """A change to a series; None = stays as it is. It holds from `from_day` on, or from now."""

    group_id: int | None = None
    classroom: Classroom | None = None
    day_of_week: int | None = None
    start_minute: int | None = None
    end_minute: int | None = None
    ends_on: date | None = None
    description: str | None = None
    from_day: date | None = None
    may_skip: bool = True


@dataclass
class Relayout:
    """What laying the future out anew has done; the facts are those of the occurrences given up."""

    refused: Sequence[Verdict] = ()
    moved_ids: Sequence[int] = ()
    added_ids: Sequence[int] = ()
    given_up: Sequence[RegistrationCancelled] = ()


@transactional
def change_series(*, series_id: int, by: User, now: datetime, change: SeriesChange) -> Series:
    """Change what of a series has not started; past occurrences and those changed by hand stay.

    A new room, day or time: every week ahead that has an occurrence or a skipped date is tried with it; where the
    new time has gone by already, the week keeps what it has. Refused dates are recorded as skipped, and their
    occurrences cancelled. A new last day: weeks are added or given up.
    Returns the series with its API relations. Publishes `SeriesChanged` and, untold, a `RegistrationCancelled`
    for each occurrence given up; nothing for a no-op. A constant number of statements.

    Raises:
        PermissionDenied, SeriesNotFound, SeriesIsOver
        Invalid: a changed value breaks a rule; {field: [sentences]}.
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
    before, old_last = _readable(series), series.last_on
    _apply(change, series, group)
    changes = changes_between(before, _readable(series))
    if changes:
        series.has_moved = series.has_moved or bool(changes.keys() & SHIFTING)
        series.save()
        following, outcome = locked.following(now, cut), Relayout()
        if changes.keys() & LAYING_OUT:
            is_shifted = bool(changes.keys() & SHIFTING)
            layout = _layout(locked, following, cut=cut, now=now, old_last=old_last, is_shifted=is_shifted)
            outdated = Q(date__gte=cut) if is_shifted else Q(date__gt=series.last_on)
            SkippedDate.objects.filter(outdated, series=series).delete()
            outcome = _carry_out(layout, locked, by=by, now=now, may_skip=change.may_skip)
        _reword(series, following, outcome, changes, by=by, now=now, cut=cut)
    return with_api_relations(Series.objects.all()).get(pk=series.pk)


def check_change(change: SeriesChange, series: Series, cut: date, now: datetime) -> None:
    """Raises `Invalid` with every changed value that breaks a rule; `SeriesIsOver` where nothing lies ahead."""
    faults: dict[str, list[str]] = {}
    is_new_end = change.ends_on is not None and change.ends_on != series.ends_on
    if is_new_end:
        faults = _end_faults(change, series, now)
    faults |= time_faults(
        series.start_minute if change.start_minute is None else change.start_minute,
        series.end_minute if change.end_minute is None else change.end_minute,
    )
    if change.classroom is not None and change.classroom.pk != series.classroom_id:
        faults |= bookable_faults(change.classroom)
    faults |= rules.description_faults(change.description or "")
    last_on = change.ends_on if is_new_end and change.ends_on else series.last_on
    if not faults and campus_date(now) <= last_on < cut:
        faults["from_date"] = ["Must not be after the last day of the series"]
    if faults:
        raise Invalid(faults)
    if last_on < cut or (is_new_end and series.cancelled_from is not None):
        raise SeriesIsOver


def _end_faults(change: SeriesChange, series: Series, now: datetime) -> dict[str, list[str]]:
    faults = rules.range_faults(now=now, starts_on=series.starts_on, ends_on=change.ends_on)
    sentences = [sentence for of_one_field in faults.values() for sentence in of_one_field]
    if not sentences and change.ends_on is not None:
        sentences = past_faults(change.ends_on, now)
    return {"end_date": sentences} if sentences else {}


def _apply(change: SeriesChange, series: Series, group: Group) -> None:
    series.group, series.classroom = group, change.classroom or series.classroom
    for name in ("day_of_week", "start_minute", "end_minute", "ends_on", "description"):
        value = getattr(change, name)
        if value is not None:
            setattr(series, name, value)


def _layout(
    locked: LockedSeries,
    following: Sequence[Registration],
    *,
    cut: date,
    now: datetime,
    old_last: date,
    is_shifted: bool,
) -> Layout:
    """Which occurrence goes to which date. Only a shift tries skipped dates again; else they stay skipped."""
    series = locked.series
    moving = {row.pk: campus_date(row.occupancy.starts_at) for row in following}
    days_by_hand = [campus_date(row.occupancy.starts_at) for row in locked.occurrences if row.pk not in moving]
    reopened = {week_number(day) for day in locked.skipped_days if day >= cut and is_shifted}
    settled_weeks = {
        week_number(day) for day in [*locked.skipped_days, *(day for day in days_by_hand if day <= old_last)]
    }
    dates: list[date] = []
    too_late: list[date] = []
    for day in weekly_dates(series.starts_on, series.last_on, series.day_of_week):
        interval = clamped_interval(day, series.start_minute, series.end_minute)
        has_gone = day < cut or (interval is not None and interval.starts_at <= now)
        (too_late if has_gone else dates).append(day)
    layout = lay_out(dates=dates, occurrences=moving, settled_weeks=settled_weeks - reopened, too_late=too_late)
    if is_shifted and following and not (layout.moved or layout.added):
        raise Invalid({"day_of_week": ["This day does not occur between now and the last day of the series"]})
    if not is_shifted:
        layout.moved = {}  # they are where they belong
    return layout


def _carry_out(layout: Layout, locked: LockedSeries, *, by: User, now: datetime, may_skip: bool) -> Relayout:
    """Free what moves, see what is in the way, take what is free, give up the rest."""
    series = locked.series
    release([*layout.moved.values(), *layout.dropped])
    verdicts = judge(
        [
            DateRequest(0, series.classroom_id, day, clamped_interval(day, series.start_minute, series.end_minute))
            for day in sorted([*layout.moved, *layout.added])
        ]
    )
    free = [row for row in verdicts if row.is_granted]
    refused = [row for row in verdicts if not row.is_granted]
    if (blocked := [row for row in refused if row.is_blocked]) and not (may_skip and (free or not layout.moved)):
        raise DatesAreTaken(blocked)
    added = [row for row in free if row.request.day not in layout.moved]
    moved = {
        layout.moved[row.request.day]: (series.classroom_id, row.request.interval)
        for row in free
        if row.request.day in layout.moved and row.request.interval
    }
    move_many(moved)
    write_occurrences(added, [series.pk], now=now)
    write_skipped(refused, [series.pk])
    lost = {*layout.dropped, *layout.moved.values()} - moved.keys()
    given_up = [row for row in locked.occurrences if row.pk in lost]
    return Relayout(
        refused,
        list(moved),
        [row.registration_id for row in added if row.registration_id is not None],
        set_cancelled(given_up, actor_id=by.pk, now=now, has_own_notice=False),
    )


def _reword(
    series: Series,
    following: Sequence[Registration],
    outcome: Relayout,
    changes: Changes,
    *,
    by: User,
    now: datetime,
    cut: date,
) -> None:
    """Give the occurrences that are left the group and the description of the series, and publish."""
    lost = {fact.registration.id for fact in outcome.given_up}
    kept_ids = [row.pk for row in following if row.pk not in lost]
    if changes.keys() & REWORDING:
        Registration.objects.filter(pk__in=kept_ids).update(group=series.group, description=series.description)
    publish_many(
        [
            *outcome.given_up,
            SeriesChanged(
                actor_id=by.pk,
                occurred_at=now,
                series=series.summary,
                changes=changes,
                from_day=cut,
                dates_ahead=len(kept_ids) + len(outcome.added_ids),
                changed_ids=tuple(kept_ids if changes.keys() & REWORDING else outcome.moved_ids),
                added_ids=tuple(outcome.added_ids),
                cancelled_ids=tuple(sorted(lost)),
                skips=skips_of(outcome.refused),
            ),
        ]
    )


def _readable(series: Series) -> dict[str, Any]:
    return {
        "group": series.group.name,
        "classroom": series.classroom.name,
        "day_of_week": series.day_of_week,
        "start_time": format_minute(series.start_minute),
        "end_time": format_minute(series.end_minute),
        "end_date": series.ends_on.isoformat(),
        "description": series.description,
    }
