"""Each guarantee holds for the draw, and each mutant of the draw breaks the guarantee named beside it."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocations import draw as lottery
from tests.allocations import properties
from tests.allocations.manifests import A_SUNDAY, corpus, crowded, seed_of

SOURCE = Path(lottery.__file__)

MUTANTS = {
    "touching_wishes_clash": (
        "return _FIRST[end_minute] ^ _FIRST[start_minute]",
        "return _FIRST[min(end_minute + 1, DAY_MINUTES)] ^ _FIRST[start_minute]",
        properties.draw_is_maximal,
    ),
    "touching_winner_is_blamed": (
        "other_start < end and start < other_end",
        "other_start <= end and start <= other_end",
        properties.reasons_are_true,
    ),
    "last_minute_may_overlap": (
        "return _FIRST[end_minute] ^ _FIRST[start_minute]",
        "return _FIRST[end_minute - 10] ^ _FIRST[start_minute]",
        properties.winners_are_disjoint,
    ),
    "closures_of_a_room_forgotten": (
        "self._closed.get(entry.room_id, set()) | self._closed.get(EVERY_ROOM, set())",
        "self._closed.get(EVERY_ROOM, set())",
        properties.winners_are_disjoint,
    ),
    "closures_of_a_room_leave_it_available": (
        "self._closed.get(entry.room_id, set()) | self._closed.get(EVERY_ROOM, set())",
        "self._closed.get(EVERY_ROOM, set())",
        properties.unavailable_is_what_has_too_few_dates,
    ),
    "closures_of_the_campus_forgotten": (
        "self._closed.get(entry.room_id, set()) | self._closed.get(EVERY_ROOM, set())",
        "self._closed.get(entry.room_id, set())",
        properties.unavailable_is_what_has_too_few_dates,
    ),
    "ties_of_a_group_by_entry_id": (
        'entry.rank), hmac(b"entry:%d" % entry.id))',
        "entry.rank), entry.id)",
        properties.own_order_is_kept,
    ),
    "ties_of_groups_by_entry_id": (
        'key=lambda group_id: hmac(b"group:%d" % group_id)',
        "key=lambda group_id: min(e.id for e in seeking if e.group_id == group_id)",
        properties.who_got_nothing_lost_to_first_slots,
    ),
    "order_by_entry_ticket_instead_of_group_ticket": (
        'key=lambda group_id: hmac(b"group:%d" % group_id)',
        'key=lambda group_id: min(hmac(b"entry:%d" % e.id) for e in seeking if e.group_id == group_id)',
        properties.filing_more_does_not_move_a_ticket,
    ),
    "random_order_over_entries": (
        "served = board.served(group_id)",
        "served = int.from_bytes(ticket(bytes(32), 'entry', entry.id), 'big')",
        properties.draw_is_balanced,
    ),
    "weights_ignored": (
        "(SCALE // self.weights.get(group_id, 1))",
        "1",
        properties.least_served_goes_next,
    ),
    "balance_ignored": (
        "1 if self.counts_entries else end - start",
        "end - start",
        properties.least_served_goes_next,
    ),
    "approved_minutes_not_counted": (
        "levels[board.served(group_id)].append(place)",
        "levels[0].append(place)",
        properties.least_served_goes_next,
    ),
    "choice_ignored": (
        "if choice and (group_id, choice) in self.won_choices:",
        "if False:",
        properties.limits_hold,
    ),
    "choice_shared_between_groups": (
        "self.won_choices.add((group_id, choice))",
        "self.won_choices.update((other, choice) for other in range(1, 9))",
        properties.draw_is_maximal,
    ),
    "one_win_too_many": (
        "self.won[group_id] < self.max_wins",
        "self.won[group_id] <= self.max_wins",
        properties.limits_hold,
    ),
    "one_win_too_few": (
        "self.won[group_id] < self.max_wins",
        "self.won[group_id] + 1 < self.max_wins",
        properties.draw_is_maximal,
    ),
    "rank_ignored": (
        "ranks.get(entry.id, entry.rank)",
        "ranks.get(entry.id, 1)",
        properties.own_order_is_kept,
    ),
    "own_entries_count_as_rivals": (
        "everybody[e.id] - overlapping(e, e.room_id, e.day, e.group_id)",
        "everybody[e.id]",
        properties.own_order_is_kept,
    ),
    "touching_rivals_count": (
        "bisect_right(ends, entry.start_minute)",
        "bisect_left(ends, entry.start_minute)",
        properties.own_order_is_kept,
    ),
    "exact_percentage_refused": (
        "100 * kept >= self._params.min_percent",
        "100 * kept > self._params.min_percent",
        properties.unavailable_is_what_has_too_few_dates,
    ),
    "reject_as_lenient_as_skip": (
        'if self._params.conflict == "reject":',
        "if False:",
        properties.unavailable_is_what_has_too_few_dates,
    ),
    "rejected_entries_take_part": (
        "if e.state == PENDING and",
        "if e.state != APPROVED and",
        properties.reasons_are_true,
    ),
    "a_clash_ends_the_group": (
        "entry = next(filter(board.fits, wishes[group_id]), None)",
        "entry = next((e for e in [next(wishes[group_id], None)] if e and board.fits(e)), None)",
        properties.draw_is_maximal,
    ),
    "row_order_matters": (
        "sorted(manifest.entries)",
        "manifest.entries",
        properties.order_of_rows_means_nothing,
    ),
    "list_of_entries_in_the_key": (
        'approved = [(0, entry)',
        'seed = sha256(seed + bytes([len(manifest.entries)])).digest()\n    approved = [(0, entry)',
        properties.withdrawing_a_loser_changes_nothing,
    ),
    "later_wishes_first": (
        "iter(wishes) for",
        "reversed(wishes) for",
        properties.one_more_last_wish_costs_no_win,
    ),
}  # fmt: skip


def mutated(old: str, new: str) -> ModuleType:
    source = SOURCE.read_text(encoding="utf-8")
    assert source.count(old) == 1, old
    module = ModuleType("mutant")
    sys.modules["mutant"] = module
    exec(compile(source.replace(old, new), "mutant.py", "exec"), module.__dict__)
    return module


def hold_on_the_corpus(guarantee, module):
    for manifest, seed in corpus(400):
        guarantee(module, manifest, seed)


@pytest.mark.parametrize("guarantee", properties.GUARANTEES, ids=lambda guarantee: guarantee.__name__)
@given(chance=st.randoms(use_true_random=False))
def test_guarantee(guarantee, chance):
    guarantee(lottery, crowded(chance), seed_of(chance))


@pytest.mark.parametrize("guarantee", properties.GUARANTEES, ids=lambda guarantee: guarantee.__name__)
def test_guarantee_on_the_corpus(guarantee):
    hold_on_the_corpus(guarantee, lottery)


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_killed(name):
    old, new, guarantee = MUTANTS[name]
    mutant = mutated(old, new)

    with pytest.raises(AssertionError):
        hold_on_the_corpus(guarantee, mutant)


def test_every_guarantee_kills_a_mutant():
    assert {guarantee for _, _, guarantee in MUTANTS.values()} == set(properties.GUARANTEES)


def test_process_and_locale_mean_nothing(tmp_path):
    golden = Path(__file__).with_name("golden")
    command = [sys.executable, SOURCE, "draw", golden / "manifest.tsv", golden / "draw.json"]
    for hash_seed, locale, zone in (("0", "C", "UTC"), ("1", "tr_TR.UTF-8", "Asia/Taipei"), ("77", "C.UTF-8", "")):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "LC_ALL": locale, "TZ": zone}
        run = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, timeout=60, check=True)
        assert run.stdout == (golden / "result.tsv").read_bytes()


def test_group_tickets_make_the_first_pick_fair():
    """Three groups want one hour: over many seeds each is first about as often."""
    wishes = [lottery.Entry(9 - group, group, 1, 3, 600, 660) for group in (1, 2, 3)]
    manifest = lottery.Manifest(1, A_SUNDAY, A_SUNDAY + timedelta(weeks=9), entries=tuple(wishes))
    wins = [0, 0, 0]
    for number in range(3000):
        wins[lottery.draw(manifest, number.to_bytes(32, "big"), "").wins[0].group_id - 1] += 1
    # Five standard deviations of 25.8.
    assert all(abs(won - 1000) < 130 for won in wins)
