"""What keeps the time of dates that clearing removes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from calendars.rules.clearing import EPOCH, MICROSECOND, ClearingDecision, Removal, RoomClaim, rank
from calendars.rules.timelines import Span, Timelines

ClaimKey = tuple[bool, int]


def kept_claims(claims: Sequence[RoomClaim], decision: ClearingDecision) -> Mapping[int, Sequence[RoomClaim]]:
    """{a claim that is removed: those that it overlaps and that have their room in the end}, by rank: the one that it
    lost to comes first."""
    staying = sorted(_staying(claims, decision), key=rank)
    spans = {number: _span(claim) for number, claim in enumerate(staying)}
    places = [(room, number) for number, claim in enumerate(staying) for room in claim.rooms]
    timelines = Timelines(spans, places)
    return {
        removal.claim.id: _others(removal.claim, [staying[number] for number in _numbers(timelines, removal.claim)])
        for removal in decision.losers
    }


def lost_by_priority(removal: Removal) -> bool:
    """Whether it would have the room if nobody had priority over it."""
    claim, winner = removal.claim, removal.winner
    return not winner.is_foreign and claim.priority < winner.priority and _order(claim) < _order(winner)


def _order(claim: RoomClaim) -> tuple[Any, ...]:
    return (claim.is_tentative, claim.created, claim.uid, claim.recurrence)


def _staying(claims: Sequence[RoomClaim], decision: ClearingDecision) -> Iterator[RoomClaim]:
    promoted = {claim.id for claim in decision.promoted}
    gone = {removal.claim.id for removal in decision.losers} | {claim.id for claim in decision.demoted}
    for claim in claims:
        if claim.is_foreign:  # its number may be that of a date, too
            is_staying = claim.is_live
        else:
            is_staying = claim.id in promoted or (claim.is_live and claim.id not in gone)
        if is_staying:
            yield claim


def _numbers(timelines: Timelines[int], claim: RoomClaim) -> list[int]:
    return sorted({number for room in claim.rooms for number in timelines.meeting(room, _span(claim))})


def _others(claim: RoomClaim, claims: Sequence[RoomClaim]) -> list[RoomClaim]:
    """Those of other events; a foreign use, which has a claim for each room that it is in, once."""
    unique: dict[ClaimKey, RoomClaim] = {}
    for other in claims:
        if not claim.is_sibling_of(other):
            unique.setdefault((other.is_foreign, other.id), other)
    return list(unique.values())


def _span(claim: RoomClaim) -> Span:
    return (claim.starts_at - EPOCH) // MICROSECOND, (claim.ends_at - EPOCH) // MICROSECOND
