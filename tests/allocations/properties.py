"""The guarantees of the draw, each a sentence that can be checked for any manifest, seed and implementation.

`lottery` is the module under test: the real one, or a mutant of it. What they say of dates and of overlapping is
written out here, so that a mutant cannot be its own judge.
"""

import random
from dataclasses import replace
from datetime import date, timedelta
from types import ModuleType
from typing import Any

from tests.allocations.manifests import A_SUNDAY, overlap


class Drawn:
    """One draw with what the properties ask of it."""

    def __init__(self, lottery: ModuleType, manifest: Any, seed: bytes) -> None:
        self.manifest = manifest
        try:
            self.result = lottery.draw(manifest, seed, "")
        except lottery.DrawError as error:
            raise AssertionError("a sound manifest is drawn") from error
        self.key = lottery.key(seed, manifest.event_id, "")
        self.entries = {entry.id: entry for entry in manifest.entries}
        self.winners = [self.entries[win.entry_id] for win in self.result.wins]
        self.losers = {self.entries[loss.entry_id]: loss for loss in self.result.losses}
        self.position = {win.entry_id: win.position for win in self.result.wins}
        self.before = {win.entry_id: win.used_before for win in self.result.wins}
        self.ticket = lambda kind, number: lottery.ticket(self.key, kind, number)

    def amount(self, entry: Any) -> int:
        return 1 if self.manifest.params.balance == "entries" else entry.end_minute - entry.start_minute

    def weighed(self, group_id: int, amount: int) -> int:
        return amount * 840 // self.manifest.weights.get(group_id, 1)

    def served(self, group_id: int) -> int:
        """After the draw."""
        return self.weighed(group_id, sum(self.amount(e) for e in self.winners if e.group_id == group_id))

    def served_before(self, entry: Any) -> int:
        """The winner's group, when it won this."""
        return self.weighed(entry.group_id, self.before[entry.id])

    def is_full(self, group_id: int) -> bool:
        most = self.manifest.params.max_wins
        return most > 0 and sum(entry.group_id == group_id for entry in self.winners) >= most


def open_dates(manifest: Any, entry: Any) -> list[date]:
    span = (manifest.target_ends_on - manifest.target_starts_on).days
    dates = [manifest.target_starts_on + timedelta(days=n) for n in range(span + 1)]
    closed = {on for room_id, on in manifest.closed if room_id in (0, entry.room_id)}
    return [on for on in dates if (on - A_SUNDAY).days % 7 == entry.day - 1 and on not in closed]


def meets_a_booking(manifest: Any, entry: Any, on: date) -> bool:
    lines = [line for line in manifest.booked if (line.room_id, line.date) == (entry.room_id, on)]
    return any(line.start_minute < entry.end_minute and entry.start_minute < line.end_minute for line in lines)


def is_available(manifest: Any, entry: Any) -> bool:
    is_open = open_dates(manifest, entry)
    kept = [on for on in is_open if not meets_a_booking(manifest, entry, on)]
    least = 100 if manifest.params.conflict == "reject" else manifest.params.min_percent
    return bool(kept) and 100 * len(kept) >= least * len(is_open)


def winners_are_disjoint(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """1. From each other, and on every kept date from what is booked or closed."""
    drawn = Drawn(lottery, manifest, seed)
    for number, one in enumerate(drawn.winners):
        assert not any(overlap(one, other) for other in drawn.winners[:number])
        is_open, kept = lottery.open_and_kept_dates(manifest, one)
        assert is_open == open_dates(manifest, one)
        assert kept == [on for on in is_open if not meets_a_booking(manifest, one, on)]


def unavailable_is_what_has_too_few_dates(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """No pending winner is unavailable, and no available loser is called so."""
    drawn = Drawn(lottery, manifest, seed)
    assert all(is_available(manifest, entry) for entry in drawn.winners if entry.state == "P")
    for entry, loss in drawn.losers.items():
        assert (loss.reason == "UNAVAILABLE") == (entry.state == "P" and not is_available(manifest, entry))


def draw_is_maximal(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """2. No losing, available entry could still fit."""
    drawn = Drawn(lottery, manifest, seed)
    for entry in drawn.losers:
        if entry.state == "P" and is_available(manifest, entry):
            is_chosen = any(choice_set(entry) == choice_set(winner) for winner in drawn.winners)
            is_taken = any(overlap(entry, winner) for winner in drawn.winners)
            assert (entry.choice and is_chosen) or is_taken or drawn.is_full(entry.group_id)


def limits_hold(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """One win per choice set, and no win beyond max_wins; only approval by hand may go further."""
    drawn = Drawn(lottery, manifest, seed)
    for number, entry in enumerate(drawn.winners):
        if entry.state == "P":
            earlier = [other for other in drawn.winners[:number] if other.group_id == entry.group_id]
            assert not entry.choice or entry.choice not in {other.choice for other in earlier}
            assert not manifest.params.max_wins or len(earlier) < manifest.params.max_wins


def choice_set(entry: Any) -> tuple[int, int]:
    return entry.group_id, entry.choice


def reasons_are_true(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """Everything is won or lost once, as approved or rejected by hand; LOST names the first winner that overlaps."""
    drawn = Drawn(lottery, manifest, seed)
    assert sorted([*drawn.position, *(loss.entry_id for loss in drawn.losers.values())]) == sorted(drawn.entries)
    assert {e.id for e in drawn.winners if drawn.position[e.id] == 0} == {
        e.id for e in manifest.entries if e.state == "A"
    }
    assert not any(entry.state == "R" for entry in drawn.winners)
    for entry, loss in drawn.losers.items():
        overlapping = sorted((drawn.position[w.id], w.id) for w in drawn.winners if overlap(w, entry))
        assert (loss.reason == "REJECTED_BY_ADMIN") == (entry.state == "R")
        if loss.reason == "LOST":
            assert loss.by == overlapping[0][1]
        else:
            assert loss.by == 0
        if loss.reason == "MAX_WINS":
            assert drawn.is_full(entry.group_id)
            assert overlapping == []
        if loss.reason == "OTHER_CHOICE_WON":
            assert choice_set(entry) in {choice_set(winner) for winner in drawn.winners}


def least_served_goes_next(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """The rule: of all who still win something, each winner was served least, or had the better ticket."""
    drawn = Drawn(lottery, manifest, seed)
    served: dict[int, int] = {}
    for number, winner in enumerate(drawn.winners):
        assert drawn.before[winner.id] == served.get(winner.group_id, 0)
        if winner.state == "P":
            waiting = {later.group_id for later in drawn.winners[number:]}
            assert winner.group_id == min(
                waiting, key=lambda group: (drawn.weighed(group, served.get(group, 0)), drawn.ticket("group", group))
            )
        served[winner.group_id] = served.get(winner.group_id, 0) + drawn.amount(winner)


def draw_is_balanced(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """3. A loser lost to an approved entry, or to a group served no more then than the loser ended up.

    A group that has reached max_wins could not have taken the time anyway.
    """
    drawn = Drawn(lottery, manifest, seed)
    for entry, loss in drawn.losers.items():
        if loss.reason == "LOST" and drawn.position[loss.by] > 0 and not drawn.is_full(entry.group_id):
            assert drawn.served_before(drawn.entries[loss.by]) <= drawn.served(entry.group_id)


def who_got_nothing_lost_to_first_slots(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """3. With a better ticket, of other groups; or to time that was approved or unavailable."""
    drawn = Drawn(lottery, manifest, seed)
    served = {winner.group_id for winner in drawn.winners}
    for entry, loss in drawn.losers.items():
        if entry.group_id not in served:
            assert loss.reason in ("LOST", "UNAVAILABLE", "REJECTED_BY_ADMIN")
            if loss.reason == "LOST" and drawn.position[loss.by] > 0:
                winner = drawn.entries[loss.by]
                assert drawn.before[winner.id] == 0
                assert drawn.ticket("group", winner.group_id) < drawn.ticket("group", entry.group_id)


def own_order_is_kept(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """A group's wins come by (rank, ticket of the entry); under `spread` the less contended come first."""
    drawn = Drawn(lottery, manifest, seed)
    seeking = [e for e in manifest.entries if e.state == "P" and is_available(manifest, e)]

    def order(entry: Any) -> tuple[int, bytes]:
        rivals = [e for e in seeking if e.group_id != entry.group_id and overlap(e, entry)]
        rank = len(rivals) if manifest.params.tie == "spread" else entry.rank
        return rank, drawn.ticket("entry", entry.id)

    for group in {entry.group_id for entry in drawn.winners}:
        own = [order(entry) for entry in drawn.winners if entry.group_id == group and entry.state == "P"]
        assert own == sorted(own)


def filing_more_does_not_move_a_ticket(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """4. However much a group files elsewhere, first slots are taken in the same order of groups."""

    def first_slots(drawn: Drawn) -> list[int]:
        first = [entry.group_id for entry in drawn.winners if drawn.position[entry.id] and not drawn.before[entry.id]]
        assert first == sorted(first, key=lambda group: drawn.ticket("group", group))
        return first

    base = replace(manifest, params=replace(manifest.params, tie="ticket", max_wins=0))
    once = first_slots(Drawn(lottery, base, seed))
    for group in once:
        more = [lottery.Entry(900 + n, group, 99, 1, 60 * n, 60 * n + 60, rank=9) for n in range(5)]
        assert first_slots(Drawn(lottery, replace(base, entries=base.entries + tuple(more)), seed)) == once


def withdrawing_a_loser_changes_nothing(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """5. All else wins and loses as before."""
    manifest = replace(manifest, params=replace(manifest.params, tie="ticket"))
    drawn = Drawn(lottery, manifest, seed)
    for gone, loss in drawn.losers.items():
        rest = tuple(entry for entry in manifest.entries if entry is not gone)
        without = lottery.draw(replace(manifest, entries=rest), seed, "")
        assert without.wins == drawn.result.wins
        assert without.losses == tuple(other for other in drawn.result.losses if other is not loss)


def one_more_last_wish_costs_no_win(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """5. The group that adds an entry ranked after its others still wins all that it won, in the same order."""
    manifest = replace(manifest, params=replace(manifest.params, tie="ticket"))
    drawn = Drawn(lottery, manifest, seed)
    for model in manifest.entries[:5]:
        added = model._replace(id=500, rank=99, state="P", start_minute=545, end_minute=700)
        more = Drawn(lottery, replace(manifest, entries=(*manifest.entries, added)), seed)
        won = [entry.id for entry in drawn.winners if entry.group_id == added.group_id]
        assert [e.id for e in more.winners if e.group_id == added.group_id and e.id != 500] == won


def order_of_rows_means_nothing(lottery: ModuleType, manifest: Any, seed: bytes) -> None:
    """6. The same manifest in any order gives the same bytes, written, read again or not."""
    chance = random.Random(seed)

    def shuffled(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(rows, len(rows)))

    other = replace(
        manifest,
        weights=dict(shuffled(tuple(manifest.weights.items()))),
        closed=shuffled(manifest.closed),
        booked=shuffled(manifest.booked),
        entries=shuffled(manifest.entries),
    )
    data = lottery.write_manifest(manifest)
    assert lottery.write_manifest(other) == data
    drawn = lottery.draw(manifest, seed, "")
    assert lottery.draw(other, seed, "") == drawn
    assert lottery.draw(lottery.read_manifest(data), seed, "") == drawn


GUARANTEES = (
    winners_are_disjoint,
    unavailable_is_what_has_too_few_dates,
    draw_is_maximal,
    limits_hold,
    reasons_are_true,
    least_served_goes_next,
    draw_is_balanced,
    who_got_nothing_lost_to_first_slots,
    own_order_is_kept,
    filing_more_does_not_move_a_ticket,
    withdrawing_a_loser_changes_nothing,
    one_more_last_wish_costs_no_win,
    order_of_rows_means_nothing,
)
