"""Approved entries, and what happens after the draw."""

from dataclasses import replace
from datetime import timedelta

import pytest

from allocations import draw as lottery
from allocations.draw import Booked, Entry, Loss, Manifest, Params, Result, Win
from tests.allocations.manifests import A_SUNDAY, corpus, overlap

SEED = bytes(range(32))
KEY = lottery.key(SEED, 1, "")


def event(*entries, **more):
    return Manifest(1, A_SUNDAY, A_SUNDAY + timedelta(days=27), entries=entries, **more)


def by_ticket(*groups):
    return sorted(groups, key=lambda group: lottery.ticket(KEY, "group", group))


def test_approved_entries_that_overlap_are_refused():
    with pytest.raises(lottery.DrawError, match=r"^Approved entries 3 and 4 overlap.$"):
        lottery.draw(event(Entry(4, 1, 1, 1, 600, 660, state="A"), Entry(3, 2, 1, 1, 659, 700, state="A")), SEED, "")


def test_approved_entries_stand_even_where_unavailable_and_count_as_served():
    sundays = [A_SUNDAY + timedelta(weeks=n) for n in range(4)]
    manifest = event(
        Entry(1, 1, 1, 1, 600, 660, choice=1, state="A"),
        Entry(2, 1, 1, 1, 660, 690, choice=1, state="A"),
        Entry(3, 1, 2, 2, 600, 660, choice=1),
        Entry(4, 1, 2, 2, 660, 700),
        Entry(5, 2, 2, 2, 680, 700),
        Entry(6, 2, 1, 1, 600, 630),
        params=Params(max_wins=3),
        booked=tuple(Booked(1, on, 600, 690) for on in sundays),
    )

    assert lottery.draw(manifest, SEED, "") == Result(
        (Win(0, 1, 1, 0), Win(0, 2, 1, 60), Win(1, 5, 2, 0)),
        (Loss(3, "OTHER_CHOICE_WON"), Loss(4, "LOST", 5), Loss(6, "UNAVAILABLE")),
    )


def test_approved_entries_count_as_wins():
    manifest = event(Entry(1, 1, 1, 1, 0, 60, state="A"), Entry(2, 1, 1, 1, 60, 90), params=Params(max_wins=1))
    assert lottery.draw(manifest, SEED, "") == Result((Win(0, 1, 1, 0),), (Loss(2, "MAX_WINS"),))


def test_nothing_to_draw_is_an_empty_result():
    assert lottery.draw(event(), SEED, "") == Result((), ())


def test_freed_time_goes_to_the_least_served_loser():
    first, second, third = by_ticket(1, 2, 3)
    manifest = event(
        Entry(10, first, 1, 1, 600, 720),
        Entry(20, second, 1, 1, 600, 720),
        Entry(21, second, 1, 2, 600, 660),
        Entry(30, third, 1, 1, 600, 660),
    )
    drawn = lottery.draw(manifest, SEED, "")
    assert [win.entry_id for win in drawn.wins] == [10, 21]

    addendum = lottery.promote(manifest, drawn, KEY, [10])

    # Second has been served already, so third goes first, and second's entry no longer fits.
    assert addendum == Result((Win(3, 30, third, 0),), (Loss(20, "LOST", 30),))


def test_giving_back_is_no_way_to_win_more():
    first, second = by_ticket(1, 2)
    manifest = event(
        Entry(10, first, 1, 1, 600, 660, choice=1),
        Entry(11, first, 1, 1, 600, 660, rank=2, choice=1),
        Entry(12, first, 1, 1, 630, 660, rank=3),
        Entry(20, second, 1, 1, 650, 700),
    )
    drawn = lottery.draw(manifest, SEED, "")

    assert lottery.promote(manifest, drawn, KEY, [10]) == Result(
        (Win(2, 20, second, 0),), (Loss(11, "OTHER_CHOICE_WON"), Loss(12, "LOST", 20))
    )


def test_promotion_sees_what_is_booked_or_approved_since():
    first, second, third = by_ticket(1, 2, 3)
    manifest = event(
        Entry(10, first, 1, 1, 600, 720), Entry(20, second, 1, 1, 600, 660), Entry(30, third, 1, 1, 660, 720)
    )
    drawn = lottery.draw(manifest, SEED, "")
    sundays = [A_SUNDAY + timedelta(weeks=n) for n in range(4)]
    later = replace(manifest, target_starts_on=sundays[2], booked=tuple(Booked(1, on, 600, 610) for on in sundays[2:]))
    assert lottery.promote(later, drawn, KEY, [10]) == Result((Win(2, 30, third, 0),), (Loss(20, "UNAVAILABLE"),))

    granted = tuple(e._replace(state="A") if e.id == 30 else e for e in manifest.entries)
    after = lottery.promote(replace(manifest, entries=granted), drawn, KEY, [10])
    assert after == Result((Win(2, 20, second, 0),), ())
    both = Result(drawn.wins + after.wins, after.losses)
    assert lottery.promote(replace(manifest, entries=granted), both, KEY, [10, 20]) == Result((), ())


def test_promoting_with_nothing_freed_changes_nothing():
    for manifest, seed in corpus(200):
        drawn = lottery.draw(manifest, seed, "")
        key = lottery.key(seed, manifest.event_id, "")
        assert lottery.promote(manifest, drawn, key, []) == Result((), drawn.losses)


def test_promotion_is_disjoint_and_maximal():
    for manifest, seed in corpus(200):
        drawn = lottery.draw(manifest, seed, "")
        freed = {win.entry_id for win in drawn.wins[::2]}
        addendum = lottery.promote(manifest, drawn, lottery.key(seed, manifest.event_id, ""), freed)
        entries = {entry.id: entry for entry in manifest.entries}
        holding = [entries[win.entry_id] for win in (*drawn.wins, *addendum.wins) if win.entry_id not in freed]
        assert not any(overlap(one, other) for n, one in enumerate(holding) for other in holding[:n])
        for loss in addendum.losses:
            is_taken = any(overlap(entries[loss.entry_id], holder) for holder in holding)
            assert is_taken == (loss.reason == "LOST") or loss.reason in (
                "UNAVAILABLE", "OTHER_CHOICE_WON", "REJECTED_BY_ADMIN",
            )  # fmt: skip


@pytest.mark.parametrize("freed", [99, 20])
def test_freeing_what_has_not_won_is_refused(freed):
    first, second = by_ticket(1, 2)
    manifest = event(Entry(10, first, 1, 1, 600, 720), Entry(20, second, 1, 1, 600, 660))
    with pytest.raises(
        lottery.DrawError, match=rf"^Entry {freed} is freed without having won, or not in the manifest.$"
    ):
        lottery.promote(manifest, lottery.draw(manifest, SEED, ""), KEY, [freed])
