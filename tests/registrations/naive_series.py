"""A series as a plain dictionary of weeks, written from the contract and not from the code."""

import datetime as dt
from dataclasses import dataclass, replace

FIRST_WEEK = dt.date(2026, 2, 1)
"""A Sunday; the series runs in the three weeks from there on, at first on Mondays."""
STARTS_ON = dt.date(2026, 2, 2)
ENDS = [dt.date(2026, 2, 9), dt.date(2026, 2, 16), dt.date(2026, 2, 18), dt.date(2026, 2, 24), dt.date(2026, 3, 1)]
TODAY = dt.date(2026, 1, 20)
ROOMS, GROUPS, STARTS, WORDS = ("Room A", "Room B"), ("g1", "g2"), (10, 13), ("", "Choir", "Opera")
WEEKS = [FIRST_WEEK + dt.timedelta(weeks=ahead) for ahead in range(5)]


@dataclass(frozen=True)
class Date:
    """What an occurrence is."""

    day: dt.date
    room: str
    hour: int
    group: str
    words: str


@dataclass
class Week:
    state: str | None = None  # None: never seen
    date: Date | None = None
    is_rejected: bool = False
    own_words: str | None = None
    skipped_day: dt.date | None = None
    why: str = ""


@dataclass(frozen=True)
class Rule:
    weekday: int = 2
    room: str = ROOMS[0]
    hour: int = STARTS[0]
    group: str = GROUPS[0]
    words: str = "Choir"
    ends_on: dt.date = ENDS[1]
    cancelled_from: dt.date | None = None

    @property
    def last(self):
        return min(self.ends_on, (self.cancelled_from or dt.date.max) - dt.timedelta(days=1))

    def day(self, sunday):
        return sunday + dt.timedelta(days=self.weekday - 1)

    def date(self, sunday, words=None):
        return Date(self.day(sunday), self.room, self.hour, self.group, self.words if words is None else words)

    def fits(self, sunday):
        return STARTS_ON <= self.day(sunday) <= self.last


class Naive:
    """The series as a plain dictionary. A command returns the status it expects."""

    def __init__(self):
        self.rule, self.closed_rooms, self.closures = Rule(), set(), set()
        self.beside: dict[dt.date, Week] = {}  # another series, to which no command is given
        self.weeks = {sunday: Week() for sunday in WEEKS}
        for sunday in WEEKS[:3]:
            if self.rule.fits(sunday):
                self.weeks[sunday] = Week("held", self.rule.date(sunday))

    def live(self, week):
        return week.date is not None and not week.is_rejected and week.state in ("held", "settled")

    def all_weeks(self):
        return [*self.weeks.values(), *self.beside.values()]

    def taken(self, date, but=None):
        """Nothing, "closed" or "booked"."""
        if any(week is not but and self.live_at(week, date) for week in self.all_weeks()):
            return "booked"
        return "closed" if (date.room, date.day) in self.closures else ""

    def live_at(self, week, date):
        return self.live(week) and self.same(week.date, date)

    @staticmethod
    def same(one, other):
        return (one.room, one.day, one.hour) == (other.room, other.day, other.hour)

    def change(self, cut, **values):
        old, new = self.rule, replace(self.rule, **values)
        slot_named = {"weekday", "room", "hour"} & values.keys()
        is_new_slot = (old.weekday, old.room, old.hour) != (new.weekday, new.room, new.hour)
        longer = new.ends_on > old.ends_on
        last = new.last if new.ends_on == old.ends_on else new.ends_on
        if new.room in self.closed_rooms and (is_new_slot or longer):
            return 400
        if cut > last:
            return 409 if last < TODAY else 400
        if new.ends_on != old.ends_on and old.cancelled_from is not None and last >= old.cancelled_from:
            return 409
        plan, in_place, moving = {}, 0, 0
        drop, give_up = [], []
        if slot_named or new.ends_on != old.ends_on:
            for sunday, week in self.weeks.items():
                if sunday + dt.timedelta(days=6) < cut:
                    continue
                here = week.date.day if week.state == "held" and week.date else week.skipped_day
                if week.state == "settled" or (week.state == "held" and (week.is_rejected or here < cut)):
                    continue
                gone, fits = new.day(sunday) < cut, new.fits(sunday)
                cut_off = here is not None and here > new.last and (here <= old.last or sunday > new.last)
                if week.state == "held" and not slot_named:
                    if here > new.last:
                        give_up.append(sunday)
                elif fits and not gone:
                    if week.state == "held" and self.same(week.date, new.date(sunday)):
                        in_place += 1
                    elif week.state != "skipped" or week.why == "outside" or is_new_slot:
                        plan[sunday] = new.date(sunday, week.own_words)
                        moving += week.state == "held"
                elif week.state in ("held", "skipped"):
                    if cut_off:
                        give_up.append(sunday)
                    elif not gone:
                        drop.append(sunday)
            following = [w for s, w in self.weeks.items() if self.follows(w, cut)]
            if is_new_slot and following and not plan and not in_place:
                return 400
            if plan and new.room in self.closed_rooms:
                return 400
        leaving = {id(self.weeks[s]) for s in (*plan, *drop, *give_up) if self.weeks[s].state == "held"}
        refused = {}
        for sunday, date in plan.items():
            others = [w for w in self.all_weeks() if id(w) not in leaving and self.live_at(w, date)]
            is_closed = (date.room, date.day) in self.closures
            if others or is_closed:
                refused[sunday] = "closed" if is_closed and not others else "booked"
        if refused and len(refused) == len(plan) and not in_place and moving:
            return 409
        self.rule = new
        for sunday, date in plan.items():
            week = self.weeks[sunday]
            if sunday in refused:
                self.weeks[sunday] = Week("skipped", None, False, week.own_words, date.day, refused[sunday])
            elif week.state == "held":
                week.date = replace(week.date, day=date.day, room=date.room, hour=date.hour)
            else:
                self.weeks[sunday] = Week("held", date, False, week.own_words)
        for sunday in drop:
            self.weeks[sunday] = Week("skipped", None, False, self.weeks[sunday].own_words, new.day(sunday), "outside")
        for sunday in give_up:
            self.weeks[sunday] = Week("given_up", None, False, self.weeks[sunday].own_words)
        for week in self.weeks.values():
            if self.follows(week, cut, moved=True):
                if "group" in values:
                    week.date = replace(week.date, group=new.group)
                if "words" in values and week.own_words is None:
                    week.date = replace(week.date, words=new.words)
        return 200

    def follows(self, week, cut, moved=False):
        return week.state == "held" and not week.is_rejected and week.date.day >= cut

    def cancel_series(self, cut):
        if cut > self.rule.ends_on:
            return 400
        if cut > self.rule.last:
            return 204
        for sunday, week in self.weeks.items():
            is_skipped = week.state == "skipped" and week.skipped_day >= cut
            if self.follows(week, cut) or is_skipped:
                self.weeks[sunday] = Week("given_up", None, False, week.own_words)
        self.rule = replace(self.rule, cancelled_from=cut)
        return 204

    def retry(self):
        tries = {
            s: self.rule.date(s, w.own_words)
            for s, w in self.weeks.items()
            if w.state == "skipped" and self.rule.fits(s)
        }
        if tries and self.rule.room in self.closed_rooms:
            return 400
        answers = {sunday: self.taken(date) for sunday, date in tries.items()}
        for sunday, date in tries.items():
            own = self.weeks[sunday].own_words
            why = answers[sunday]
            self.weeks[sunday] = (
                Week("skipped", None, False, own, date.day, why) if why else Week("held", date, False, own)
            )
        return 200

    def by_hand(self, sunday, **values):
        week = self.weeks[sunday]
        date = replace(week.date, **values)
        if not self.same(date, week.date):
            if date.room in self.closed_rooms:
                return 400
            if self.taken(date, but=week):
                return 409
        if date.words != week.date.words:
            week.own_words = date.words
        if (date.day, date.room, date.hour, date.group) != (
            week.date.day,
            week.date.room,
            week.date.hour,
            week.date.group,
        ):
            week.state = "settled"
        week.date = date
        return 200

    def cancel(self, sunday):
        self.weeks[sunday].state, self.weeks[sunday].date = "settled", None
        return 204

    def reject(self, sunday):
        self.weeks[sunday].is_rejected = True
        return 200

    def approve(self, sunday):
        week = self.weeks[sunday]
        if not week.is_rejected:
            return 200
        date = week.date
        if week.state == "held":
            if date.day > self.rule.last or not self.rule.fits(sunday):
                return 409
            date = self.rule.date(sunday, week.own_words)
        if date.room in self.closed_rooms or self.taken(date, but=week):
            return 409
        week.date, week.is_rejected = date, False
        return 200

    def close(self, room, day, cancelling):
        over = [
            (weeks, sunday)
            for weeks in (self.weeks, self.beside)
            for sunday, week in weeks.items()
            if self.live(week) and (week.date.room, week.date.day) == (room, day)
        ]
        if over and not cancelling:
            return 409
        for weeks, sunday in over:
            week = weeks[sunday]
            if week.state == "held":
                weeks[sunday] = Week("skipped", None, False, week.own_words, day, "closed")
            else:
                week.date = None
        self.closures.add((room, day))
        return 201


class NaiveDrawn(Naive):
    """A series that a draw has given, and the wish that lost to it: for the same slot, by the other group."""

    def __init__(self):
        super().__init__()
        self.is_withdrawn = self.has_moved = False

    def change(self, cut, **values):
        before = self.slot
        status = super().change(cut, **values)
        self.has_moved |= self.slot != before
        return status

    @property
    def slot(self):
        return self.rule.weekday, self.rule.room, self.rule.hour

    def withdraw(self):
        if not self.is_withdrawn:
            self.is_withdrawn = True
            self.rule = replace(self.rule, ends_on=max(self.rule.ends_on, TODAY), cancelled_from=None)
            self.cancel_series(TODAY)
        return 200

    def holds_its_slot(self):
        is_whole = not self.has_moved and self.rule.last >= ENDS[1] and not self.is_withdrawn
        return is_whole and any(self.follows(week, TODAY) for week in self.weeks.values())

    def promote(self):
        drawn = Rule(group=GROUPS[1])
        dates = {sunday: drawn.date(sunday) for sunday in WEEKS if drawn.fits(sunday)}
        taken = {sunday: self.taken(date) for sunday, date in dates.items()}
        is_closed = {
            s: drawn.room in self.closed_rooms or (drawn.room, d.day) in self.closures for s, d in dates.items()
        }
        free = [sunday for sunday in dates if not taken[sunday] and not is_closed[sunday]]
        still_open = [sunday for sunday in dates if not is_closed[sunday]]
        if self.beside or self.holds_its_slot() or not free or 2 * len(free) < len(still_open):
            return 200
        for sunday, date in dates.items():
            self.beside[sunday] = (
                Week("skipped", None, False, None, date.day, taken[sunday]) if taken[sunday] else Week("held", date)
            )
        return 200


def state_of(naive, weeks=None):
    return {
        sunday: (week.state, week.date if naive.live(week) else None, week.skipped_day, week.why)
        for sunday, week in (naive.weeks if weeks is None else weeks).items()
        if week.state is not None
    }
