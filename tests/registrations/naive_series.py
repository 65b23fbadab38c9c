"""A series as a plain dictionary of weeks, written from the contract and not from the code."""

import datetime as dt
from dataclasses import dataclass, field, replace

FIRST_WEEK = dt.date(2026, 2, 1)
"""A Sunday; the series runs in the three weeks from there on, at first on Mondays."""
STARTS_ON = dt.date(2026, 2, 2)
TODAY = dt.date(2026, 1, 20)
ENDS = [dt.date(2026, 2, 9), dt.date(2026, 2, 16), dt.date(2026, 2, 18), dt.date(2026, 2, 24), dt.date(2026, 3, 1)]
TARGET_ENDS_ON = ENDS[1]
"""The last day of the draw that the series comes from."""
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
    lost: Date | None = None
    """What a closure has taken from where it had been moved by hand."""


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


@dataclass
class Entry:
    """Another wish of the same draw, for Mondays at ten."""

    room: str
    group: str
    status: str = "lost"
    days: set[dt.date] = field(default_factory=set)
    """Of what it has, live."""


MONDAYS = [day for week in WEEKS if STARTS_ON <= (day := week + dt.timedelta(days=1)) <= TARGET_ENDS_ON]


def entries():
    """All wishes but that of the series, which has won Mondays at ten in the first room."""
    first, second = ROOMS
    return {
        "w2": Entry(second, "w2", "won", set(MONDAYS)),
        "l1": Entry(first, "l1"),
        "l2": Entry(first, "l2"),
        "l3": Entry(second, "l3"),
    }


class Naive:
    """The series as a plain dictionary. A command returns the status it expects."""

    def __init__(self, order):
        """`order`: the groups of the losers as the draw's tickets have them."""
        self.entries, self.order, self.status, self.has_moved = entries(), order, "won", False
        self.rule, self.closed_rooms, self.closures = Rule(), set(), set()
        self.weeks = {sunday: Week() for sunday in WEEKS}
        for sunday in WEEKS[:3]:
            if self.rule.fits(sunday):
                self.weeks[sunday] = Week("held", self.rule.date(sunday))

    def live(self, week):
        return week.date is not None and not week.is_rejected and week.state in ("held", "settled")

    def taken(self, date, but=None):
        """Nothing, "closed" or "booked"."""
        if any(week is not but and self.live_at(week, date) for week in self.weeks.values()) or self.entry_at(date):
            return "booked"
        return "closed" if (date.room, date.day) in self.closures else ""

    def live_at(self, week, date):
        return self.live(week) and self.same(week.date, date)

    def entry_at(self, date):
        """Whether another entry of the draw has this time."""
        rows = self.entries.values()
        return date.hour == STARTS[0] and any(row.room == date.room and date.day in row.days for row in rows)

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
            others = [
                w for w in self.weeks.values() if id(w) not in leaving and self.live(w) and self.same(w.date, date)
            ]
            others += [date] if self.entry_at(date) else []
            is_closed = (date.room, date.day) in self.closures
            if others or is_closed:
                refused[sunday] = "closed" if is_closed and not others else "booked"
        if refused and len(refused) == len(plan) and not in_place and moving:
            return 409
        self.rule, self.has_moved = new, self.has_moved or is_new_slot
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
        for week in self.weeks.values():
            if week.lost is not None and week.lost.room not in self.closed_rooms and not self.taken(week.lost):
                week.date, week.is_rejected, week.lost = week.lost, False, None
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
        over = [s for s, w in self.weeks.items() if self.live(w) and (w.date.room, w.date.day) == (room, day)]
        entries_over = [row for row in self.entries.values() if row.room == room and day in row.days]
        if (over or entries_over) and not cancelling:
            return 409
        for row in entries_over:
            row.days.discard(day)
        for sunday in over:
            week = self.weeks[sunday]
            if week.state == "held":
                self.weeks[sunday] = Week("skipped", None, False, week.own_words, day, "closed")
            else:
                week.date, week.lost = None, week.date
        self.closures.add((room, day))
        return 201

    def give_back(self, name, word):
        """`withdraw` or `reject` an entry after the draw."""
        entry = self if name == "w1" else self.entries[name]
        if entry.status == "withdrawn":
            return 200 if word == "withdraw" else 409
        if entry.status == "won" and name == "w1":
            for sunday, week in self.weeks.items():
                if self.follows(week, TODAY) or week.state == "skipped":
                    self.weeks[sunday] = Week("given_up", None, False, week.own_words)
            self.rule = replace(self.rule, cancelled_from=TODAY)
        elif entry.status == "won":
            entry.days.clear()
        entry.status = {"withdraw": "withdrawn", "reject": "refused"}[word]
        return 200

    def holders(self):
        """The rooms whose Mondays at ten are held as a whole, by one that has them as they were drawn."""
        holding = [row.room for row in self.entries.values() if row.status == "won" and row.days]
        is_as_drawn = not self.has_moved and self.rule.last >= TARGET_ENDS_ON
        if self.status == "won" and is_as_drawn and any(self.follows(week, TODAY) for week in self.weeks.values()):
            holding.append(ROOMS[0])
        return {room for room in holding if holding.count(room) == 1}

    def promote(self):
        """The groups that get something, in order."""
        gainers = []
        for name in self.order:
            entry, held = self.entries[name], self.holders()
            wish = Date(STARTS_ON, entry.room, STARTS[0], name, "")
            if entry.status != "lost" or entry.room in held | self.closed_rooms:
                continue
            open_days = [day for day in MONDAYS if (entry.room, day) not in self.closures]
            kept = {day for day in open_days if not self.taken(replace(wish, day=day))}
            if kept and 100 * len(kept) >= 50 * len(open_days):
                entry.status, entry.days = "won", kept
                gainers.append(name)
        return gainers


def state_of(naive):
    return {
        sunday: (
            week.state,
            week.date if naive.live(week) else None,
            week.lost.day if week.lost else week.skipped_day,
            "closed" if week.lost else week.why,
        )
        for sunday, week in naive.weeks.items()
        if week.state is not None
    } | {name: (entry.status, sorted(entry.days)) for name, entry in naive.entries.items()}
