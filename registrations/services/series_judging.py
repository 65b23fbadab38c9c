"""Series and the rules of the house: each of their dates is a booking, and the series itself may be too much."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count
from typing import Any

from accounts.models import User
from classrooms.models import Classroom
from groups.models import Group
from kernel.campus_time import Interval, campus_date
from kernel.db.batch import send
from kernel.db.locks import Lock
from policies.enums import Effect, LimitType
from policies.queries.rulebook import Rulebook, kept_rulebook
from policies.rules.checks import Broken
from policies.rules.ledger import ChargesMade, Ledger
from policies.rules.quotas import Charge
from policies.rules.scopes import Deciding, Party, Stay, deciding
from policies.rules.verdicts import Verdict, allows_series, marks
from policies.rules.wishes import BookingWish
from registrations.models import Registration, Series
from registrations.queries.owners import asking_for_owners, ledger_in
from registrations.queries.series_weeks import broken_by_weeks
from registrations.services.judging import (
    PolicyBroken,
    locks_for,
    mark_late,
    party_of,
    place_of,
    too_late_for,
)

BrokenByDate = dict[tuple[int, date], list[dict[str, Any]]]
"""The rules that dates break, by item and date."""


@dataclass(frozen=True, kw_only=True)
class SeriesWish:
    """A series as the rules are asked about it. Minutes of the campus wall; `series_id`: its own, if there is one."""

    group: Group
    person_id: int
    classroom: Classroom
    start_minute: int
    end_minute: int
    attendees: int | None = None
    series_id: int | None = None

    @property
    def party(self) -> Party:
        return party_of(self.group, self.person_id)

    def on(self, day: date, interval: Interval, now: datetime, registration_id: int | None = None) -> BookingWish:
        """One of its dates."""
        stay = Stay(day, self.start_minute, self.end_minute, interval)
        return BookingWish(
            self.party,
            place_of(self.classroom),
            stay,
            now,
            attendees=self.attendees,
            registration_id=registration_id,
        )


def wish_of_series(series: Series) -> SeriesWish:
    """What a series has, as something that could be wished. Loaded before: its group and its room."""
    return SeriesWish(
        group=series.group,
        person_id=series.created_by_id,
        classroom=series.classroom,
        start_minute=series.start_minute,
        end_minute=series.end_minute,
        attendees=series.attendees,
        series_id=series.pk,
    )


def locks_of_series(series_id: int, group: Group, rulebook: Rulebook, *others: Party) -> list[Lock]:
    """What a command that gives a series room time holds before rooms; who has entered a series never changes.

    `others`: whose room time it gives back beside.
    """
    if not rulebook.counts_for_owners:
        return locks_for(rulebook, [])
    creator_id = Series.objects.filter(pk=series_id).values_list("created_by_id", flat=True).first()
    return locks_for(rulebook, [Party(creator_id or 0, group.pk), *others])


class DateJudge:
    """Judges the dates of some series one after the other: each takes of quotas what the ones before have left.

    `wishes`: each item's series. `dates`: every (item, day, interval, registration id) that may be asked about.
    `own`: what those were charged that have given up their room time to be judged. `giving_up`: those that take none
    that they did not have. `attendees`: of those to whom others come than to their series. `returning`: what is given
    back where it was, by item and day. At most one statement.
    """

    def __init__(
        self,
        wishes: Sequence[SeriesWish],
        dates: Sequence[tuple[int, date, Interval | None, int | None]],
        *,
        now: datetime,
        is_overriding: bool = False,
        own: Mapping[int, Sequence[Charge]] | None = None,
        giving_up: Collection[int] = (),
        attendees: Mapping[int, int | None] | None = None,
        returning: Mapping[tuple[int, date], BookingWish] | None = None,
    ) -> None:
        self._rulebook: Rulebook = kept_rulebook()
        self._is_overriding, self._own = is_overriding, own or {}
        numbers = attendees or {}
        self._wishes = {
            (item, day): replace(
                wishes[item].on(day, interval, now, registration_id),
                gives_up=registration_id in giving_up,
                attendees=numbers.get(registration_id or 0, wishes[item].attendees),
            )
            for item, day, interval, registration_id in dates
            if interval is not None and self._rulebook.rules
        }
        if self._rulebook.rules:
            self._wishes |= returning or {}
        question = asking_for_owners(self._rulebook, list(self._wishes.values()))
        self._ledger = Ledger() if question is None else ledger_in(str(send(question)[0][0][0]))
        self._new_ids = count(-1, -1)
        self.verdicts: dict[tuple[int, date], Verdict] = {}

    def judge(self, item: int, day: date) -> Verdict:
        """What the rules say to a date; nothing is wrong with one that they are not asked about."""
        wish = self._wishes.get((item, day))
        verdict = (
            Verdict()
            if wish is None
            else self._ledger_for(wish).judge(self._rulebook.rules, wish, self._rulebook.terms)
        )
        self.verdicts[item, day] = verdict
        return verdict

    def refuses(self, item: int, day: date) -> bool:
        return self.judge(item, day).is_refused and not self._is_overriding

    def take(self, item: int, day: date) -> None:
        """The date is had."""
        if wish := self._wishes.get((item, day)):
            pk = wish.registration_id or next(self._new_ids)
            charges = self._ledger_for(wish).charges_for(wish, self.verdicts[item, day].deciding, pk)
            self._ledger.write(wish, pk, charges)

    def _ledger_for(self, wish: BookingWish) -> Ledger:
        """With what the date itself was charged before."""
        own = self._own.get(wish.registration_id or 0, ())
        if not own:
            return self._ledger
        others = [each for each in self._ledger.charges if each.registration_id != wish.registration_id]
        return replace(self._ledger, charges=ChargesMade([*others, *own]))

    def waits(self, item: int, day: date) -> bool:
        """Whether somebody has to decide on a date, because of the rules that it breaks."""
        verdict = self.verdicts.get((item, day))
        return verdict is not None and verdict.needs_approval and not self._is_overriding

    def broken_by_date(self) -> BrokenByDate:
        return {place: verdict.json for place, verdict in self.verdicts.items() if verdict.broken}

    def broken(self, item: int, day: date) -> list[dict[str, Any]] | None:
        """The rules that a date breaks, as JSON; None for none."""
        verdict = self.verdicts.get((item, day))
        return (verdict.json or None) if verdict else None


def check_none_late(
    rows: Sequence[Registration], *, by: User, now: datetime, is_overriding: bool
) -> list[dict[str, Any]]:
    """Each date that a series gives up is given up as if it were alone: else nobody would cancel one by itself. The
    rules that it is too late for, with their dates, which cspace goes over; marks are given. Raises: PolicyBroken.
    """
    late = {row.pk: broken for row in rows if (broken := too_late_for(row, now))}
    concerned = [row for row in rows if row.pk in late]
    refused = {
        (0, campus_date(row.occupancy.starts_at)): [each.json for each in late[row.pk] if not marks(each.rule)]
        for row in concerned
    }
    broken_rules = broken_on_dates(refused)
    if broken_rules and not is_overriding:
        raise PolicyBroken(broken_rules)
    for row in concerned if not is_overriding else ():
        mark_late(row, late[row.pk], by=by, now=now)
    return broken_rules


def broken_on_dates(
    by_date: Mapping[tuple[int, date], Sequence[Mapping[str, Any]]], items: Sequence[int | None] = (None,)
) -> list[dict[str, Any]]:
    """The rules that dates break, each once for each item, with its first numbers and all its dates."""
    rules = dict[tuple[int, int], dict[str, Any]]()
    for (item, day), broken in sorted(by_date.items()):
        for rule in broken:
            place = {} if items[item] is None else {"item": items[item]}
            entry = rules.setdefault((item, rule["rule_id"]), {**rule, **place, "dates": []})
            entry["dates"].append(day.isoformat())
    order = [of_type.value for of_type in LimitType]
    return sorted(rules.values(), key=lambda rule: (rule.get("item", 0), order.index(rule["type"]), rule["rule_id"]))


def may_have_series(wish: SeriesWish, first: date, interval: Interval, now: datetime) -> bool:
    """Whether a rule lets members have weekly series there."""
    return allows_series(_deciding_on(wish.on(first, interval, now)))


def _deciding_on(wish: BookingWish) -> Deciding:
    rulebook = kept_rulebook()
    return deciding(rulebook.rules, wish.party, wish.place, wish.stay, rulebook.terms)


def judge_series(
    wish: SeriesWish, dates: Mapping[date, Interval], now: datetime, others: Sequence[Collection[date]] = ()
) -> list[Broken]:
    """The rules that the series as such breaks. `others`: the weeks in which each other series of its group runs
    (`weeks_of_groups`), and those before it in the same request."""
    if not dates or not kept_rulebook().limits_series:
        return []
    first = min(dates)
    return broken_by_weeks(_deciding_on(wish.on(first, dates[first], now)), dates, others)


def check_series(broken: Sequence[Broken], *, is_overriding: bool) -> bool:
    """Whether the whole series has to be decided on. Raises: PolicyBroken."""
    if is_overriding or not broken:
        return False
    if any(each.rule.effect == Effect.REFUSE for each in broken):
        raise PolicyBroken([each.json for each in broken])
    return True
