"""Series that are there already and meet the rules of the house again: changed as a whole, or in what dates keep."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from kernel.campus_time import campus_date, weekly_dates
from kernel.changes import Changes
from policies.enums import LimitType
from policies.rules.verdicts import GIVING_UP, TYPE_ORDER
from registrations.enums import RegistrationStatus
from registrations.models import Registration, Series
from registrations.queries.series_weeks import weeks_of_groups
from registrations.rules import WeeklySlot
from registrations.services.handing_on import own_attendees
from registrations.services.judging import PolicyBroken
from registrations.services.registration_rows import let_wait
from registrations.services.series_holding import LockedSeries
from registrations.services.series_judging import (
    BrokenByDate,
    DateJudge,
    broken_on_dates,
    check_series,
    judge_series,
    wish_of_series,
)

RulesInJson = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Rejudged:
    """The rules that dates of a changed series break. `waiting`: how many dates have to be decided on by that."""

    by_date: BrokenByDate = field(default_factory=dict)
    waiting: int = 0


@dataclass(frozen=True)
class AsAWhole:
    """The rules that a changed series breaks as a whole; `waiting_for`: those for which somebody has to decide on what
    it takes by the change."""

    was_asked: bool = False
    broken: RulesInJson = ()
    waiting_for: RulesInJson = ()


def judge_as_a_whole(
    series: Series, former: WeeklySlot, changes: Changes, *, now: datetime, is_overriding: bool
) -> AsAWhole:
    """What the rules say to the series as it is to be; not asked is one that only gives up room time.

    `former`: where and when it was. Raises: PolicyBroken.
    """
    if not ("group" in changes or _takes_more(former, series.slot)):
        return AsAWhole()
    days = weekly_dates(series.starts_on, series.last_on, series.day_of_week)
    dates = {day: interval for day in days if (interval := series.slot.interval_on(day)) is not None}
    others = weeks_of_groups([series.group_id], now, except_for=series.pk)[series.group_id]
    broken = judge_series(wish_of_series(series), dates, now, others)
    in_json = [each.json for each in broken]
    return AsAWhole(True, in_json, in_json if check_series(broken, is_overriding=is_overriding) else ())


def _takes_more(former: WeeklySlot, slot: WeeklySlot) -> bool:
    return (
        (former.classroom_id, former.day_of_week) != (slot.classroom_id, slot.day_of_week)
        or slot.start_minute < former.start_minute
        or slot.end_minute > former.end_minute
        or slot.last_on > former.last_on
    )


def judge_staying(
    locked: LockedSeries,
    staying: Mapping[date, Registration],
    changes: Changes,
    as_a_whole: AsAWhole,
    *,
    now: datetime,
    is_overriding: bool,
) -> Rejudged:
    """What the rules say to occurrences that stay where they are and become another group's, or have more or fewer
    people come; what they send to approval waits from here on.

    Raises: PolicyBroken, with the dates: they are not given up for it, whether the change may skip or not.
    """
    is_handed_over = "group" in changes
    rows = _asked_again(locked, staying, is_handed_over=is_handed_over, has_new_number="attendees" in changes)
    if not rows:
        return Rejudged()
    days = {campus_date(row.occupancy.starts_at): row for row in rows}
    dates = [(0, day, row.interval, row.pk) for day, row in days.items()]
    judge = DateJudge(
        [wish_of_series(locked.series)],
        dates,
        now=now,
        is_overriding=is_overriding,
        giving_up=() if is_handed_over else {row.pk for row in rows},
        attendees=own_attendees(locked, staying),
    )
    refused = dict[tuple[int, date], RulesInJson]()
    for day in days:
        if judge.refuses(0, day):
            refused[0, day] = judge.broken(0, day) or ()
        else:
            judge.take(0, day)
    if refused:
        raise PolicyBroken(broken_on_dates(refused))
    broken = {row.pk: (judge.broken(0, day) or ()) if judge.waits(0, day) else () for day, row in days.items()}
    giving_up, room = () if is_handed_over else broken.keys(), locked.series.classroom
    waiting = decide_again(rows, broken, as_a_whole, giving_up=giving_up, auto_approve=room.auto_approve)
    return Rejudged(by_date=judge.broken_by_date(), waiting=waiting)


def decide_again(
    rows: Collection[Registration],
    broken: Mapping[int, RulesInJson],
    as_a_whole: AsAWhole,
    *,
    giving_up: Collection[int],
    auto_approve: bool,
) -> int:
    """Have somebody decide on occurrences that are as judged, for the rules that send them there: `broken`, by id, and,
    unless they only give up time, those of the series; how many. Whoever waited and needs no more is as his room says.

    What they have been waiting for, and were not asked again, they wait for still. At most one statement.
    """
    outcome = dict[int, RulesInJson]()
    for row in rows:
        gives_up = row.pk in giving_up
        still = [
            rule
            for rule in (row.broken_rules or [] if row.status == RegistrationStatus.PENDING else [])
            if not _is_asked_again(rule["type"], as_a_whole, gives_up=gives_up)
        ]
        rules = [*still, *broken.get(row.pk, ()), *(() if gives_up else as_a_whole.waiting_for)]
        if rules or row.broken_rules:
            outcome[row.pk] = sorted(rules, key=lambda rule: (TYPE_ORDER[rule["type"]], rule["rule_id"]))
    let_wait(outcome, auto_approve=auto_approve)
    return sum(bool(rules) for rules in outcome.values())


def _is_asked_again(of_type: str, as_a_whole: AsAWhole, *, gives_up: bool) -> bool:
    if of_type == LimitType.SERIES:
        return as_a_whole.was_asked and not gives_up
    return not gives_up or of_type in GIVING_UP


def _asked_again(
    locked: LockedSeries, staying: Mapping[date, Registration], *, is_handed_over: bool, has_new_number: bool
) -> Collection[Registration]:
    """Those that become another group's; or those that have the number of the series, and not one of their own."""
    if is_handed_over:
        return staying.values()
    if not has_new_number:
        return ()
    own = own_attendees(locked, staying)
    return [row for row in staying.values() if row.pk not in own]
