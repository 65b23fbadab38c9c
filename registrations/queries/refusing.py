"""What booking rules say to somebody about many rooms: rooms that are alike to the rules are judged once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from classrooms.queries.refusing import Booker, RoomSketch, RuleAnswer, RuleSource, WantedSlot
from classrooms.rules import Buffers
from kernel.db.batch import Statement
from kernel.db.pipeline import ResultRows
from policies.enums import Effect, LimitType
from policies.queries.rulebook import ASKING_FOR_VERSION, rulebook_in_force
from policies.rules.checks import CHECKS
from policies.rules.ledger import ChargesMade, Ledger
from policies.rules.scopes import Party, Place, PolicyRule, Stay, deciding
from policies.rules.verdicts import Verdict, allows_series, buffer_minutes, may_be_individual
from policies.rules.wishes import BookingWish, Known
from registrations.queries.owners import asking_for_owners, ledger_in
from registrations.queries.series_weeks import asking_for_weeks, broken_by_weeks, weeks_in

NOT_ALONE = "This room is booked by groups only"
NO_SERIES = "Weekly series in this room are entered by cspace only"
NOWHERE = Place(0, "", 0, 0)
ValueT = TypeVar("ValueT")


class LocalRules(NamedTuple):
    """The rules that hold in some rooms, and their ids."""

    ids: tuple[int, ...]
    rules: tuple[PolicyRule, ...]


class JudgeOfBookings:
    """Judges single registrations by the rules in force. Slots are judged one after the other: each takes of what the
    owner may have what the ones before have left. `as_series`: they are the dates of a weekly series."""

    def __init__(self, booker: Booker, slots: Sequence[WantedSlot], now: datetime, as_series: bool) -> None:
        group = booker.group
        self._party = (
            Party(booker.person_id)
            if group is None
            else Party(booker.person_id, group.pk, group.kind, frozenset(group.tag_keys))
        )
        self._attendees, self._now = booker.attendees, now
        self._book, self._ledger = rulebook_in_force(), Ledger()
        self._rules = [rule for rule in self._book.rules if rule.who.includes(self._party)]
        self._rooms_named = {rule.where.classroom_id for rule in self._rules}
        self._rooms_had = set[int]()
        """Where the owner has bookings that others of his keep away from."""
        self._rules_by_place = dict[object, LocalRules]()
        self._enough_by_capacity = dict[int, tuple[bool, ...]]()
        self._of_owner = asking_for_owners(self._book, [self._wish(NOWHERE, slot) for slot in slots])
        # A person alone has no series: his weeks are single bookings, and so are those of a group of which no rule
        # says that its members may enter any.
        self._has_series = as_series and group is not None and any(map(_is_about_series, self._rules))
        self._is_cspace, self._weeks_of_others = booker.is_cspace, list[set[date]]()
        group_ids = [self._party.group_id] if self._has_series and self._party.group_id else []
        self._of_series = asking_for_weeks(self._book, group_ids, now)
        self.questions: Sequence[Statement] = [each for each in (self._of_owner, self._of_series) if each is not None]

    def hear(self, answers: Sequence[ResultRows]) -> None:
        """What the owner has, as `questions` have found it: it need not be asked again."""
        rest, self.questions = list(answers), []
        if self._of_owner is not None:
            self._ledger = ledger_in(str(rest.pop(0)[0][0]))
            self._rooms_had = {each.classroom_id for each in self._ledger.bookings.get(self._party.owner, ())}
        if self._of_series is not None:
            self._weeks_of_others = weeks_in(rest[0])[self._party.group_id or 0]

    def answer(self, room: RoomSketch, slot: WantedSlot) -> RuleAnswer:
        """What the rules say to one wish."""
        verdict = self._ledger.judge(self._rules, self._wish(_place_of(room), slot), self._book.terms)
        return RuleAnswer(verdict.json, self._refusal(verdict))

    def refusals(self, rooms: Iterable[RoomSketch], slots: Sequence[WantedSlot]) -> dict[int, str]:
        """{id of a room that cannot be had: why}."""
        return self._of_each(rooms, slots, lambda place, rules: self._first_refusal(place, rules, slots))

    def buffers(self, rooms: Iterable[RoomSketch], slots: Sequence[WantedSlot]) -> dict[int, tuple[Buffers, ...]]:
        """{id of a room: the buffers around each of the slots}, where there are any."""
        if not any(rule.limit.type == LimitType.BUFFER for rule in self._rules):
            return {}

        def around(place: Place, rules: Sequence[PolicyRule]) -> tuple[Buffers, ...]:
            of_each = tuple(self._buffers(self._wish(place, slot), rules) for slot in slots)
            return of_each if any(of_each) else ()

        return self._of_each(rooms, slots, around)

    def _buffers(self, wish: BookingWish, rules: Sequence[PolicyRule]) -> Buffers:
        about = [rule for rule in rules if rule.limit.type == LimitType.BUFFER]
        return Buffers(*buffer_minutes(deciding(about, wish.party, wish.place, wish.stay, self._book.terms)))

    def _first_refusal(self, place: Place, rules: Sequence[PolicyRule], slots: Sequence[WantedSlot]) -> str:
        if self._has_series and (refusal := self._refusal_of_series(self._wish(place, slots[0]), rules, slots)):
            return refusal
        ledger = self._copied_ledger() if len(slots) > 1 else self._ledger
        for new_id, slot in enumerate(slots, -len(slots)):
            wish = self._wish(place, slot)
            verdict = ledger.judge(rules, wish, self._book.terms)
            if refusal := self._refusal(verdict):
                return refusal
            if len(slots) > 1:
                ledger.write(wish, new_id, ledger.charges_for(wish, verdict.deciding, new_id))
        return ""

    def _refusal_of_series(self, first: BookingWish, rules: Sequence[PolicyRule], slots: Sequence[WantedSlot]) -> str:
        decide = deciding(rules, first.party, first.place, first.stay, self._book.terms)
        if not self._is_cspace and not allows_series(decide):
            return NO_SERIES
        broken = broken_by_weeks(decide, [slot.day for slot in slots], self._weeks_of_others)
        return next((each.rule.sentence for each in broken if each.rule.effect == Effect.REFUSE), "")

    def _copied_ledger(self) -> Ledger:
        """One to be written into."""
        bookings = {owner: list(of_owner) for owner, of_owner in self._ledger.bookings.items()}
        return replace(self._ledger, bookings=defaultdict(list, bookings), charges=ChargesMade(self._ledger.charges))

    def _refusal(self, verdict: Verdict) -> str:
        """Why it is refused, by the first rule that does so, or an empty text."""
        for each in verdict.broken:
            if each.rule.effect == Effect.REFUSE:
                return each.rule.sentence
        is_individual = self._party.group_id is None
        return NOT_ALONE if is_individual and not may_be_individual(verdict.deciding) else ""

    def _wish(self, place: Place, slot: WantedSlot) -> BookingWish:
        stay = Stay(slot.day, slot.start_minute, slot.end_minute, slot.interval)
        return BookingWish(self._party, place, stay, self._now, attendees=self._attendees)

    def _of_each(
        self,
        rooms: Iterable[RoomSketch],
        slots: Sequence[WantedSlot],
        say: Callable[[Place, Sequence[PolicyRule]], ValueT],
    ) -> dict[int, ValueT]:
        """{id: what is said of a room, where that is anything}, by the rules that hold there; said once of all rooms
        that are alike: the same rules hold there, enough come for them, and the owner has nothing there."""
        of_each, sayings = dict[int, ValueT](), dict[object, ValueT]()
        for room in rooms if slots else ():
            place = _place_of(room)
            rules = self._rules_at(place)
            own_id = room.id if room.id in self._rooms_had else 0
            likeness = (rules.ids, self._is_enough(self._wish(place, slots[0])), own_id)
            if likeness not in sayings:
                sayings[likeness] = say(place, rules.rules)
            if value := sayings[likeness]:
                of_each[room.id] = value
        return of_each

    def _rules_at(self, place: Place) -> LocalRules:
        """The rules that hold in a room."""
        where = (place.building, place.floor, place.classroom_id if place.classroom_id in self._rooms_named else 0)
        if where not in self._rules_by_place:
            rules = tuple(rule for rule in self._rules if rule.where.includes(place))
            self._rules_by_place[where] = LocalRules(tuple(rule.id for rule in rules), rules)
        return self._rules_by_place[where]

    def _is_enough(self, wish: BookingWish) -> tuple[bool, ...]:
        """For each rule about how many come, whether these are enough for a room of this size."""
        capacity = wish.place.capacity
        if capacity not in self._enough_by_capacity:
            check = CHECKS[LimitType.ATTENDEES]
            self._enough_by_capacity[capacity] = tuple(
                check(rule, "min_percent", wish, Known()) is None
                for rule in self._rules
                if rule.limit.type == LimitType.ATTENDEES
            )
        return self._enough_by_capacity[capacity]


def _is_about_series(rule: PolicyRule) -> bool:
    return rule.limit.type == LimitType.SERIES


def _place_of(room: RoomSketch) -> Place:
    return Place(room.id, room.building, room.floor, room.capacity)


BOOKING_RULES = RuleSource(question=ASKING_FOR_VERSION, judge=JudgeOfBookings)
