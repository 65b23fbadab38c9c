"""Booking rules judged as literally and as slowly as the contract says them (policy §1–§3), written from it and not
from the code: minutes are walked one by one, days are walked one by one, scopes are compared pair by pair.

Of the code only the values are shared in which rules and wishes are written.
"""

from zoneinfo import ZoneInfo

from tests.policies.naive_scopes import (
    is_for,
    is_in,
    is_more_specific,
    is_same_scope,
    lifts,
    quota_kind,
    speaks_of,
    touches,
)
from tests.policies.naive_time import DAY, MINUTE, days_between, first_instant, weekday_of

TABLE = (
    ("no_booking", ()),
    ("individual", ()),
    ("opening_hours", ()),
    ("notice", ("min_minutes", "max_days")),
    ("cancel", ()),
    ("length", ("min_minutes", "max_minutes")),
    ("grid", ()),
    ("attendees", ("min", "min_percent")),
    ("series", ("max_weeks", "max_per_week")),
    ("concurrent", ()),
    ("gap", ()),
    ("quota", ()),
    ("standing", ()),
    ("buffer", ("before_minutes", "after_minutes")),
)
"""The types in the contract's order, and the bounds that are kinds of their own."""


class Oracle:
    """What rules say on a campus in a time zone, with some semesters."""

    def __init__(self, rules, terms=(), zone="Europe/Berlin"):
        self.rules, self.terms, self.zone = rules, terms, ZoneInfo(zone)

    def broken(self, wish, known):
        """[(type, rule id, limit, used, wanted)] of every broken rule, in the order of the table, then by id."""
        found = []
        for of_type, bounds in TABLE:
            first_bound = {}
            for kind in self.kinds(of_type, bounds):
                rules = self.limiting(kind, wish)
                for rule in rules if self.is_asked(of_type, wish) else ():
                    if numbers := self.numbers(rule, rules, kind, wish, known):
                        first_bound.setdefault(rule.id, numbers)
            found += [(of_type, rule_id, *first_bound[rule_id]) for rule_id in sorted(first_bound)]
        return found

    def kinds(self, of_type, bounds):
        """(type,), (type, bound) or (quota, unit, per, counts, of)."""
        if of_type == "quota":
            return dict.fromkeys(quota_kind(rule.limit) for rule in self.rules if rule.limit.type == "quota")
        return [(of_type, bound) for bound in bounds] or [(of_type,)]

    def decide(self, kind, wish):
        """Of the rules of a kind that apply, those that no other is more specific than."""
        applying = [rule for rule in self.rules if speaks_of(rule.limit, kind) and self.applies(rule, wish)]
        return [rule for rule in applying if not any(is_more_specific(other, rule) for other in applying)]

    def limiting(self, kind, wish):
        return [rule for rule in self.decide(kind, wish) if not lifts(rule.limit)]

    def is_asked(self, of_type, wish):
        """Re-approving is a matter of quotas alone; who only gives up room time is asked what a booking looks like,
        and whether it moves into a period that is full."""
        if wish.reclaimed_from is not None:
            return of_type == "quota"
        return not wish.gives_up or of_type in ("length", "grid", "attendees", "quota")

    # Scopes

    def applies(self, rule, wish):
        return (
            is_for(rule.who, wish.party)
            and is_in(rule.where, wish.place)
            and (rule.during is None or self.is_during(rule.during, wish.stay.day))
            and (rule.at is None or touches(rule.at, wish.stay))
        )

    def is_during(self, during, day):
        if during.first is not None and day < during.first:
            return False
        if during.last is not None and day > during.last:
            return False
        return during.period is None or during.period == self.period(day)

    def semester(self, day):
        for term in self.terms:
            if day in days_between(term.starts_on, term.ends_on):
                return term

    def period(self, day):
        term = self.semester(day)
        if term is None:
            return "break"
        if any(day in days_between(first, last) for first, last in term.exam_dates):
            return "exam"
        return "break" if day in term.break_dates else "term"

    # What a rule says: None if it is kept, else (limit, used, wanted)

    def numbers(self, rule, rules, kind, wish, known):
        return getattr(self, kind[0])(rule, rules, kind[-1], wish, known)

    def no_booking(self, rule, rules, bound, wish, known):
        return (None, None, None)

    def individual(self, rule, rules, bound, wish, known):
        return (None, None, None) if wish.party.group_id is None and not rule.limit.allowed else None

    def opening_hours(self, rule, rules, bound, wish, known):
        union = [other.limit for other in rules if is_same_scope(other, rule)]
        for minute in range(wish.stay.start_minute, wish.stay.end_minute):
            if not any(
                weekday_of(wish.stay.day) in hours.weekdays and hours.from_minute <= minute < hours.until_minute
                for hours in union
            ):
                return (None, None, None)

    def notice(self, rule, rules, bound, wish, known):
        left = wish.stay.interval.starts_at - wish.now
        if bound == "min_minutes":
            if left < rule.limit.min_minutes * MINUTE:
                return (rule.limit.min_minutes, None, max(0, int(left.total_seconds() // 60)))
            return None
        wall = wish.now.astimezone(self.zone)
        ahead = (wish.stay.day - wall.date()).days
        if ahead > rule.limit.max_days:
            return (rule.limit.max_days, None, ahead)
        opens = rule.limit.opens_at
        if ahead == rule.limit.max_days and opens is not None and (wall.hour, wall.minute) < divmod(opens, 60):
            return (rule.limit.max_days, None, ahead)

    def length(self, rule, rules, bound, wish, known):
        minutes = len(range(wish.stay.start_minute, wish.stay.end_minute))
        if bound == "min_minutes":
            return (rule.limit.min_minutes, None, minutes) if minutes < rule.limit.min_minutes else None
        return (rule.limit.max_minutes, None, minutes) if minutes > rule.limit.max_minutes else None

    def grid(self, rule, rules, bound, wish, known):
        begins, ends = wish.stay.start_minute, wish.stay.end_minute
        if rule.limit.periods:
            starts_on_it = begins in [period.from_minute for period in rule.limit.periods]
            ends_on_it = ends in [period.until_minute for period in rule.limit.periods]
        else:
            lines = [hour * 60 + rule.limit.offset + step for hour in range(-1, 25) for step in range(60)]
            lines = [line for line in lines if (line - rule.limit.offset) % 60 % rule.limit.minutes == 0]
            starts_on_it, ends_on_it = begins in lines, ends in lines
        return None if starts_on_it and ends_on_it else (None, None, None)

    def attendees(self, rule, rules, bound, wish, known):
        come = wish.attendees or 0
        if bound == "min":
            return (rule.limit.min, None, come) if come < rule.limit.min else None
        needed = 0
        while needed * 100 < rule.limit.min_percent * wish.place.capacity:
            needed += 1
        return (needed, None, come) if come < needed else None

    def concurrent(self, rule, rules, bound, wish, known):
        most, instant = 0, wish.stay.interval.starts_at
        while instant < wish.stay.interval.ends_at:
            live = [
                booking
                for booking in known.bookings
                if booking.id != wish.registration_id
                and booking.interval.starts_at <= instant < booking.interval.ends_at
            ]
            most, instant = max(most, len(live)), instant + MINUTE
        return (rule.limit.max, most, 1) if most + 1 > rule.limit.max else None

    def gap(self, rule, rules, bound, wish, known):
        mine = wish.stay.interval
        for booking in known.bookings:
            if booking.id == wish.registration_id or booking.classroom_id != wish.place.classroom_id:
                continue
            theirs = booking.interval
            apart = max(mine.starts_at - theirs.ends_at, theirs.starts_at - mine.ends_at)
            if apart < rule.limit.minutes * MINUTE:
                return (rule.limit.minutes, None, None)

    def standing(self, rule, rules, bound, wish, known):
        limit, most = rule.limit, 0
        for last in known.marks:
            is_felt = last.given_at <= wish.now < last.given_at + limit.effect_days * DAY
            together = [
                mark.points
                for mark in known.marks
                if mark.given_at <= last.given_at and last.given_at - mark.given_at < limit.within_days * DAY
            ]
            most = max(most, sum(together)) if is_felt else most
        return (limit.points, most, None) if most >= limit.points else None

    def quota(self, rule, rules, bound, wish, known):
        """The first window in which more would be used than before, and more than there is."""
        quota, owner = rule.limit, ("person", wish.party.person_id)
        if quota.of == "group" and wish.party.group_id is not None:
            owner = ("group", wish.party.group_id)
        charges = [one for one in known.charges if one.rule_id == rule.id and (one.owner.kind, one.owner.id) == owner]
        amount = wish.stay.end_minute - wish.stay.start_minute if quota.unit == "minutes" else 1
        by_booking = quota.counts == "booked_in" and quota.per != "future"
        own = [one for one in charges if one.registration_id == wish.registration_id]
        others = [one for one in charges if one.registration_id != wish.registration_id]
        for has in self.windows(quota, self.counting_moment(quota, wish), wish.now):
            before = sum(one.amount for one in own if has(one.counts_at))
            if by_booking:  # what it has stays where it is; what is added counts now
                added = amount - sum(one.amount for one in own)
                used = before + sum(one.amount for one in others if has(one.counts_at))
                is_more = added > 0
            else:  # it moves as a whole
                added = amount
                used = sum(one.amount for one in others if has(one.counts_at))
                is_more = added > before
            if is_more and used + added > quota.amount:
                return (quota.amount, used, added)

    # What is judged elsewhere than at booking

    def asked_elsewhere(self, rule, rules, bound, wish, known):
        return None

    cancel = series = buffer = asked_elsewhere

    def late(self, wish):
        """[(rule id, limit, minutes left)] of a cancellation or a move now."""
        left = wish.stay.interval.starts_at - wish.now
        return [
            (rule.id, rule.limit.min_minutes, max(0, int(left.total_seconds() // 60)))
            for rule in sorted(self.limiting(("cancel",), wish), key=lambda rule: rule.id)
            if wish.now > wish.stay.interval.starts_at - rule.limit.min_minutes * MINUTE
        ]

    def allows_individual(self, wish):
        rules = self.limiting(("individual",), wish)
        return bool(rules) and all(rule.limit.allowed or rule.effect == "approval" for rule in rules)

    def allows_series(self, wish):
        return any(rule.limit.type == "series" and self.applies(rule, wish) for rule in self.rules)

    def broken_by_series(self, wish, weeks, beside):
        found = {}
        for rule in self.limiting(("series", "max_weeks"), wish):
            if weeks > rule.limit.max_weeks:
                found[rule.id] = (rule.id, rule.limit.max_weeks, None, weeks)
        for rule in self.limiting(("series", "max_per_week"), wish):
            if beside + 1 > rule.limit.max_per_week and rule.id not in found:
                found[rule.id] = (rule.id, rule.limit.max_per_week, beside, 1)
        return [found[rule_id] for rule_id in sorted(found)]

    def buffers(self, wish):
        """All that are equally specific hold: the longest."""
        return tuple(
            max([0, *(getattr(rule.limit, bound) for rule in self.limiting(("buffer", bound), wish))])
            for bound in ("before_minutes", "after_minutes")
        )

    # Time

    def counting_moment(self, quota, wish):
        if quota.per == "future":
            return wish.stay.interval.ends_at
        booked_at = wish.now if wish.reclaimed_from is None else wish.reclaimed_from
        return booked_at if quota.counts == "booked_in" else wish.stay.interval.starts_at

    def windows(self, quota, moment, now):
        """The windows that a moment belongs to, each as what says whether an instant lies in it."""
        day = self.day(moment)
        match quota.per:
            case "future":
                return [lambda instant: instant > now]
            case "day":
                return [lambda instant: self.day(instant) == day]
            case "week":
                begins = self.week_begins(moment, quota.anchor)
                return [lambda instant: self.week_begins(instant, quota.anchor) == begins]
            case "month":
                return [lambda instant: (self.day(instant).year, self.day(instant).month) == (day.year, day.month)]
            case "term":
                term = self.semester(day)
                days = [] if term is None else days_between(term.starts_on, term.ends_on)
                return [lambda instant: self.day(instant) in days] if days else []
            case "days":
                all_firsts = [day + ahead * DAY for ahead in range(-quota.days - 1, 3)]
                windows = [[first + ahead * DAY for ahead in range(quota.days)] for first in all_firsts]
                held = [days for days in windows if day in days]
                return [lambda instant, days=days: self.day(instant) in days for days in reversed(held)]

    def day(self, instant):
        return instant.astimezone(self.zone).date()

    def week_begins(self, instant, anchor):
        """The last day at whose anchored time a week began."""
        weekday, minute = (2, 0) if anchor is None else (anchor.weekday, anchor.minute)
        day = self.day(instant)
        while weekday_of(day) != weekday or first_instant(self.zone, day, minute) > instant:
            day -= DAY
        return day
