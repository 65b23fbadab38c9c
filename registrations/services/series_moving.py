"""Changing a series: its future is laid out anew, in one step or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.rules import bookable_faults
from classrooms.services.room_time import move_many, release
from groups.models import Group
from groups.queries.recipients import cspace_people
from groups.services.holding import hold_group
from kernel.campus_time import Interval, campus_date, format_minute
from kernel.changes import Changes, changes_between
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import Invalid
from kernel.facts import publish_many
from policies.queries.rulebook import is_kept, kept_rulebook, rulebook_version
from registrations import rules
from registrations.enums import SkipReason, WeekState
from registrations.facts.registrations import RegistrationCancelled
from registrations.facts.series import SeriesChanged, Skips
from registrations.models import Registration, Series, SeriesWeek
from registrations.queries.series import with_api_relations
from registrations.rules import Layout, PresentWeek
from registrations.services.cancelling import set_cancelled
from registrations.services.charging import Charges, charge_changed, charge_written, charged_to
from registrations.services.handing_on import HANDED_ON, check_seats, hand_on, own_attendees
from registrations.services.new_series import skips_of
from registrations.services.series import check_dates
from registrations.services.series_changes import SHIFTING, SeriesChange, attendees_after, check_change
from registrations.services.series_dates import DateRequest, judge, let_all_wait, with_buffers
from registrations.services.series_holding import LockedSeries, hold_group_of, hold_series
from registrations.services.series_judging import (
    DateJudge,
    broken_on_dates,
    check_none_late,
    locks_of_series,
    wish_of_series,
)
from registrations.services.series_judging_again import (
    AsAWhole,
    Rejudged,
    RulesInJson,
    decide_again,
    judge_as_a_whole,
    judge_staying,
)
from registrations.services.series_writing import write_occurrences
from registrations.services.week_rows import WeekRow


@dataclass
class Relayout:
    """What laying the future out anew has done; the facts are those of the occurrences it has cancelled."""

    moved_ids: Sequence[int] = ()
    added_ids: Sequence[int] = ()
    cancelled: Sequence[RegistrationCancelled] = ()
    skips: Skips = ()
    rejudged: Rejudged = field(default_factory=Rejudged)
    late: RulesInJson = ()


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
        PolicyBroken: a rule of the house refuses the series as it is to be, or dates that keep their place as they
            are to be; or dates, and it may not skip.
        DatesAreTaken: it may not skip, or no date at all is free; everything stays as it was.
    """
    check_cspace(by.access)
    rulebook = kept_rulebook()
    own_group = hold_group_of(series_id) if change.group_id is None else None
    group = own_group or hold_group(change.group_id or 0)
    more_rooms = [change.classroom.pk] if change.classroom else []
    locked = hold_series(series_id, now, *more_rooms, after=locks_of_series(series_id, group, rulebook))
    if not is_kept(rulebook_version(), rulebook):
        raise StaleRead
    series = locked.series
    if own_group and series.group_id != own_group.pk:
        raise StaleRead
    cut = max(change.from_day or campus_date(now), campus_date(now))
    check_change(change, series, cut, now)
    before, former_slot, former_last = _readable(series), series.slot, series.last_on
    _apply(change, series, group)
    changes = changes_between(before, _readable(series))
    if changes:
        series.has_moved = series.has_moved or bool(changes.keys() & SHIFTING)
        series.save()
    following, layout, outcome = locked.following(now, cut), None, Relayout()
    own = charged_to([row.pk for row in following.values()])
    handed_on = [name for name in HANDED_ON if getattr(change, name) is not None]
    if change.names_slot or "end_date" in changes:
        layout = _layout(locked, following, change, changes, cut=cut, now=now, former_last=former_last)
    check_seats(locked, following, layout or Layout(), handed_on)
    as_a_whole = judge_as_a_whole(series, former_slot, changes, now=now, is_overriding=change.is_overriding)
    staying = _staying(following, layout)
    in_place = judge_staying(locked, staying, changes, as_a_whole, now=now, is_overriding=change.is_overriding)
    if "group" in changes and rulebook.quotas:  # its own, and charged to it, before others are judged
        charge_changed(hand_on(locked, staying, ["group_id"]), own, now=now)
    if layout:
        outcome = _carry_out(layout, locked, following, change, own, as_a_whole, by=by, now=now)
    lost = {fact.registration.id for fact in outcome.cancelled}
    staying = {week: row for week, row in following.items() if row.pk not in lost}
    changed = {*outcome.moved_ids, *hand_on(locked, staying, handed_on)}
    charge_changed(changed, own, now=now)
    charge_written(outcome.added_ids)
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
            overridden=(*outcome.late, *_gone_over(as_a_whole.broken, in_place, outcome.rejudged))
            if change.is_overriding
            else None,
            waiting=(waiting := in_place.waiting + outcome.rejudged.waiting),
            deciders=cspace_people() if waiting else (),
        )
        publish_many([*outcome.cancelled, fact])
    return with_api_relations(Series.objects.all()).get(pk=series.pk)


def _apply(change: SeriesChange, series: Series, group: Group) -> None:
    series.group, series.classroom = group, change.classroom or series.classroom
    series.attendees = attendees_after(change, series)
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


def _staying(following: Mapping[date, Registration], layout: Layout | None) -> dict[date, Registration]:
    """The occurrences that keep their place."""
    going = {*layout.to_take, *layout.outside, *layout.given_up} if layout else set[date]()
    return {week: row for week, row in following.items() if week not in going}


def _gone_over(as_a_whole: RulesInJson, *rejudged: Rejudged) -> tuple[Mapping[str, Any], ...]:
    """The rules that a change of cspace breaks all the same."""
    by_date = {place: rules for part in rejudged for place, rules in part.by_date.items()}
    return (*as_a_whole, *broken_on_dates(by_date))


def _carry_out(
    layout: Layout,
    locked: LockedSeries,
    following: Mapping[date, Registration],
    change: SeriesChange,
    own: Charges,
    as_a_whole: AsAWhole,
    *,
    by: User,
    now: datetime,
) -> Relayout:
    """Free what moves, see what is in the way, take what is free, give up the rest. What takes room time that it did
    not have is decided on, if the series breaks rules as a whole that say so."""
    series = locked.series
    moving = {day: following[week] for week, day in layout.to_take.items() if week in following}
    leaving = [following[week] for week in (*layout.outside, *layout.given_up) if week in following]
    late = check_none_late([*moving.values(), *leaving], by=by, now=now, is_overriding=change.is_overriding)
    release([row.pk for row in (*moving.values(), *leaving)])
    slot = series.slot
    # What the series has comes first: what is charged for it is not free for dates that it has not, whichever comes
    # earlier in the year.
    days = sorted(layout.to_take.values(), key=lambda day: (day not in moving, day))
    requests = [DateRequest(0, series.classroom_id, day, slot.interval_on(day)) for day in days]
    own_ids = {day: row.pk for day, row in moving.items()}
    dates = [(row.item, row.day, row.interval, own_ids.get(row.day)) for row in requests]
    giving_up = {row.pk for day, row in moving.items() if _gives_up(row, series, slot.interval_on(day))}
    rules_of_house = DateJudge(
        [wish_of_series(series)],
        dates,
        now=now,
        is_overriding=change.is_overriding,
        own=own,
        giving_up=giving_up,
        attendees=own_attendees(locked, following),
    )
    owner = (series.group_id, series.created_by_id)
    verdicts = judge(requests if change.is_overriding else with_buffers(requests, [owner]), rules_of_house)
    free = {row.request.day: row for row in verdicts if row.is_granted}
    refused = sorted((row for row in verdicts if not row.is_granted), key=lambda row: row.request.day)
    keeps_some = bool(free or layout.in_place or not moving)
    if not (change.may_skip and keeps_some):
        check_dates(refused)
    moved = {
        row.pk: (series.classroom_id, free[day].request.interval or row.interval)
        for day, row in moving.items()
        if day in free
    }
    move_many(moved, buffers=[free[day].request.buffers for day in moving if day in free])
    waiting = decide_again(
        [row for day, row in moving.items() if day in free],
        {own_ids[day]: row.broken_rules or () for day, row in free.items() if day in own_ids and row.has_to_wait},
        as_a_whole,
        giving_up=giving_up,
        auto_approve=series.classroom.auto_approve,
    )
    added = [row for day, row in sorted(free.items()) if day not in moving]
    if as_a_whole.waiting_for:
        let_all_wait(added, as_a_whole.waiting_for)
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
        Rejudged(by_date=rules_of_house.broken_by_date(), waiting=waiting + sum(row.has_to_wait for row in added)),
        late,
    )


def _gives_up(row: Registration, series: Series, interval: Interval | None) -> bool:
    """Whether an occurrence takes no room time that its group does not have."""
    if interval is None or row.group_id != series.group_id:
        return False
    return not rules.takes_more_time((row.occupancy.classroom_id, row.interval), (series.classroom_id, interval))


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
