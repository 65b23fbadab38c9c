"""Which dates go when calendars are cleared (contract Room Booking §6).

Claims are walked through from the first in rank to the last. One is *in* if it has room time in the end.

- A claim that clashes with one that is in has lost; its winner is the best-ranked of those. It is removed, unless it is
  left alone: it lies in a calendar that is not cleared, or its winner has the same priority above 0. Then it waits.
- Dates of one series do not collide. One that clashes with another that is in waits, and is not listed for that. It can
  still lose to others.
- A claim that clashes with none of those is in if it is live, or if all the live ones that it clashes with can be made
  to go. Those that it leaves alone cannot, be they dates of its own series, and of two that clash one at most has room
  time. So where the lesser one is live and is left alone, it keeps its room, and the better one is kept out and waits.
  Nothing is lost; the lesser one is listed as ignored, and the better one as its winner.
- Who waits has no room, so it beats nobody: neither one that has lost, nor one that is kept out. Who is in beats all
  that come after it, even if it is itself listed as ignored.

Foreign uses (registrations, lectures, closures, …) come first, never lose, and may overlap each other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from calendars.rules.timelines import Span, Timelines

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
OTHERS = 0
"""In place of a priority: dates in calendars that are not cleared."""
ClaimRank = tuple[bool, int, bool, datetime, str, datetime, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomClaim:
    """A date of an event, or a foreign use of a room, that wants its rooms from one instant to another, half-open.

    `id`: of the occurrence; of a foreign use, that of its occupancy.
    `rooms`: all of which it uses some part; a calendar without a room has a negative number instead.
    `event_id`: None of a foreign use. Those that are not live take no part.
    `is_chosen`: whether it lies in a calendar that is cleared. `created`: to the microsecond.
    """

    id: int
    rooms: frozenset[int]
    starts_at: datetime
    ends_at: datetime
    event_id: int | None
    is_repeated: bool
    is_chosen: bool
    priority: int
    is_tentative: bool
    created: datetime
    uid: str
    recurrence: datetime
    is_live: bool

    @property
    def is_foreign(self) -> bool:
        return self.event_id is None

    def is_sibling_of(self, other: "RoomClaim") -> bool:
        """Whether both are dates of one series."""
        return self.event_id is not None and self.event_id == other.event_id


@dataclass(frozen=True, slots=True)
class Removal:
    """A claim that has lost, and the best-ranked one that it lost to."""

    claim: RoomClaim
    winner: RoomClaim


@dataclass(frozen=True, kw_only=True, slots=True)
class ClearingDecision:
    """What is to be done; each list by the rank of its claims. First `losers` and `demoted` give up their room time.

    `losers`: to be deleted or, where `is_repeated`, cancelled; their winners are live in the end. `ignored`: left
    alone, if either side is chosen; the winner is the best-ranked one that is in, else the best-ranked one kept out.
    `promoted`: waited until now, become live. `demoted`: live until now, wait for an earlier date of their own series.
    """

    losers: list[Removal] = field(default_factory=list)
    ignored: list[Removal] = field(default_factory=list)
    promoted: list[RoomClaim] = field(default_factory=list)
    demoted: list[RoomClaim] = field(default_factory=list)


def rank(claim: RoomClaim) -> ClaimRank:
    """By this claims are sorted: whoever comes first has the room."""
    return (
        not claim.is_foreign,
        -claim.priority,
        claim.is_tentative,
        claim.created,
        claim.uid,
        claim.recurrence,
        claim.id,
    )


def decide(claims: Iterable[RoomClaim]) -> ClearingDecision:
    """Who goes, who stays, who comes in. Of claims that clash one at most is live, unless they are foreign.

    In whatever order they are given. The time it takes grows as n log n.
    """
    return _Walk(sorted((each for each in claims if each.is_live or not each.is_foreign), key=rank)).decision


def _is_left_alone(loser: RoomClaim, winner: RoomClaim) -> bool:
    has_same_priority = loser.priority == winner.priority > 0 and not winner.is_foreign
    return not loser.is_chosen or has_same_priority


class _Walk:
    """Claims are known by their number in the order of rank."""

    def __init__(self, ordered: list[RoomClaim]) -> None:
        self._ordered = ordered
        spans = {number: _span(claim) for number, claim in enumerate(ordered)}
        own = [(number, claim) for number, claim in enumerate(ordered) if not claim.is_foreign]
        left_alone = [(place, number) for number, claim in own for place in _places(claim)]
        self._spans = spans
        self._to_come = Timelines(spans, [(room, number) for number, claim in own for room in claim.rooms])
        """Those whose turn has not come and who have lost to nobody."""
        self._staying = Timelines(spans, [each for each in left_alone if ordered[each[1]].is_live])
        """The live ones that some leave alone, as long as nobody has made them go."""
        self._unlisted = Timelines(spans, left_alone)
        """Those whose turn has not come, that some leave alone, and that are not listed."""
        self._winners: dict[int, RoomClaim] = {}
        self._behind_siblings: set[int] = set()
        self._ignored: dict[int, RoomClaim] = {}
        self.decision = ClearingDecision()
        for number, claim in enumerate(ordered):
            self._judge(number, claim)
        for number, winner in sorted(self._ignored.items()):
            self.decision.ignored.append(Removal(ordered[number], winner))

    def _judge(self, number: int, claim: RoomClaim) -> None:
        self._to_come.drop(number)
        self._unlisted.drop(number)
        winner = self._winners.get(number)
        if winner is not None and not _is_left_alone(claim, winner):
            self.decision.losers.append(Removal(claim, winner))
            self._ignored.pop(number, None)
        elif winner is not None or number in self._behind_siblings:
            if winner is not None and (claim.is_chosen or winner.is_chosen):
                self._ignored[number] = winner
            if claim.is_live:
                self.decision.demoted.append(claim)
        elif claim.is_live or not self._is_kept_out(number, claim):
            self._let_in(number, claim)
        else:
            self._list_those_left_alone(number, claim)

    def _let_in(self, number: int, claim: RoomClaim) -> None:
        if not claim.is_live:
            self.decision.promoted.append(claim)
        for room in claim.rooms:
            for other in self._to_come.meeting(room, self._spans[number]):
                self._staying.drop(other)
                if claim.is_sibling_of(self._ordered[other]):
                    self._behind_siblings.add(other)
                else:
                    self._winners[other] = claim
                    self._to_come.drop(other)

    def _is_kept_out(self, number: int, claim: RoomClaim) -> bool:
        """By a live one of a lesser rank that it cannot make go."""
        return any(self._staying.has_meeting(place, self._spans[number]) for place in _reach(claim))

    def _list_those_left_alone(self, number: int, claim: RoomClaim) -> None:
        """It is kept out. What others have among themselves is not listed."""
        for place in _reach(claim):
            if place[1] == OTHERS and not claim.is_chosen:
                continue
            for other in self._unlisted.meeting(place, self._spans[number]):
                if not claim.is_sibling_of(self._ordered[other]):
                    self._ignored[other] = claim
                    self._unlisted.drop(other)


def _span(claim: RoomClaim) -> Span:
    return (claim.starts_at - EPOCH) // MICROSECOND, (claim.ends_at - EPOCH) // MICROSECOND


def _places(claim: RoomClaim) -> Iterator[tuple[int, int]]:
    """Where it is to be found by those that leave it alone: (room, their priority, or OTHERS: by all)."""
    if not claim.is_chosen:
        yield from ((room, OTHERS) for room in claim.rooms)
    elif claim.priority > 0:
        yield from ((room, claim.priority) for room in claim.rooms)


def _reach(claim: RoomClaim) -> Iterator[tuple[int, int]]:
    """The places where those are that it leaves alone."""
    for room in claim.rooms:
        yield (room, OTHERS)
        if claim.priority > 0:
            yield (room, claim.priority)
