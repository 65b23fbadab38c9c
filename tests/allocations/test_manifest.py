"""One manifest, one sequence of bytes."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from allocations import draw as lottery
from allocations.draw import Booked, Entry, Manifest
from tests.allocations.manifests import A_SUNDAY, corpus

GOLDEN = Path(__file__).with_name("golden").joinpath("manifest.tsv").read_bytes()
MONDAY = A_SUNDAY + timedelta(days=1)


def line(number):
    return GOLDEN.split(b"\n")[number - 1]


def complaint(data):
    with pytest.raises(lottery.ManifestError) as raised:
        lottery.read_manifest(data)
    return str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (b"cspace-draw/v1", b"cspace-draw/v2",
         "Manifest line 1 is 'cspace-draw/v2', but 'cspace-draw/v1' belongs there."),
        (b"event\t1\t", b"event\t0\t", "Manifest line 2: the id of an event starts at 1."),
        (b"2026-02-22", b"2026-02-30", "Manifest line 2: '2026-02-30' is no date."),
        (b"2026-02-22", b"2026-06-13", "Manifest line 2: the target range ends before it starts."),
        (b"balance\tminutes", b"balance\thours", "Manifest line 3: balance is minutes or entries, not 'hours'."),
        (b"max_wins\t0", b"max_wins\t-1", "Manifest line 5: max_wins is not negative."),
        (b"min_percent\t50", b"min_percent\t101", "Manifest line 6: min_percent is 1 to 100, not 101."),
        (b"tie\tticket", b"luck\tticket", "Manifest line 7: there is no param 'luck'."),
        (b"closed\t0", b"weight\t1\t9\nclosed\t0",
         "Manifest line 8: a weight is 1 to 8, not 9, and of a group from 1."),
        (b"closed\t0", b"closed\t-1", "Manifest line 8: a closed line names a room, or 0 for all."),
        (b"booked\t2\t2026-02-27\t10:00\t12:00", b"booked\t2\t2026-02-27\t12:00\t12:00",
         "Manifest line 10: a booked time ends before it starts."),
        (b"09:10\t10:20", b"09:10\t24:01", "Manifest line 19: '24:01' is no time from 00:00 to 24:00."),
        (b"09:10\t10:20", b"9:10\t10:20", "Manifest line 19: '9:10' is no time from 00:00 to 24:00."),
        (b"\t1\t0\tR", b"\t0\t0\tR", "Manifest line 29: ids and ranks of an entry start at 1, choice sets at 0."),
        (b"\t1\t0\tR", b"\t1\t0\tX", "Manifest line 29: the state of an entry is P, A or R, not 'X'."),
        (b"entry\t210\t5\t2\t7", b"entry\t210\t5\t2\t8",
         "Manifest line 29: the day of an entry is 1 (Sunday) to 7, not 8."),
        (b"entry\t210", b"entry\t209", "Manifest line 29: entry 209 is there twice."),
        (b"entry\t210", b"entry\tx",
         r"Manifest line 29 has a field that is no number: 'entry\tx\t5\t2\t7\t10:00\t11:00\t1\t0\tR'."),
        (b"entry\t210", b"wish\t210",
         r"Manifest line 29: no kind of line looks like 'wish\t210\t5\t2\t7\t10:00\t11:00\t1\t0\tR'."),
        (b"entry\t210", b"entry\t\xc3\xa9", "Manifest line 29 has a byte that is not ASCII."),
    ],
)  # fmt: skip
def test_a_malformed_line_is_named(old, new, sentence):
    assert GOLDEN.count(old) == 1
    assert complaint(GOLDEN.replace(old, new)) == sentence


@pytest.mark.parametrize("number", [8, 263, 264, 519, 520, 607])
@pytest.mark.parametrize(
    ("rotten", "sentence"),
    [
        ("entry\t{id}\t1\t1\t2\t10:00\t11:00\tx\t0\tP", " has a field that is no number: "),
        ("entry\t{id}\t1\t1\t2\t10:00\t11:00\t1\t0", ": no kind of line looks like "),
        ("entry\t{id}\t1\t1\t2\t10:00\t11:00\t1\t0\tP\t", ": no kind of line looks like "),
        ("entry\t700\t1\t1\t2\t11:00\t11:00\t1\t0\tP", ": an entry ends before it starts."),
    ],
)
def test_one_wrong_line_among_hundreds_is_named(number, rotten, sentence):
    """They are read together; only where that fails one after the other."""
    rows = lottery.write_manifest(
        Manifest(1, A_SUNDAY, MONDAY, entries=tuple(Entry(entry_id, 1, 1, 2, 600, 660) for entry_id in range(1, 601)))
    ).split(b"\n")
    rows[number - 1] = rotten.format(id=number).encode()

    assert complaint(b"\n".join(rows)).startswith(f"Manifest line {number}{sentence}")


def test_two_entries_of_one_id_far_apart_are_named():
    entries = tuple(Entry(number, 1, 1, 2, 600, 660) for number in range(1, 601))
    rows = lottery.write_manifest(Manifest(1, A_SUNDAY, MONDAY, entries=entries)).split(b"\n")
    rows[599] = rows[7]

    assert complaint(b"\n".join(rows)) == "Manifest line 600: entry 1 is there twice."


def test_windows_line_ends_are_refused():
    assert complaint(GOLDEN.replace(b"\n", b"\r\n")) == (
        r"Manifest line 1 is 'cspace-draw/v1\r', but 'cspace-draw/v1' belongs there."
    )
    assert (
        complaint(GOLDEN.replace(b"R\n", b"R\r\n"))
        == r"Manifest line 29: the state of an entry is P, A or R, not 'R\r'."
    )


def test_a_missing_final_line_feed_is_refused():
    assert complaint(GOLDEN[:-1]) == "Manifest line 29 has no line feed at its end."
    assert complaint(b"") == "Manifest line 1 is '', but 'cspace-draw/v1' belongs there."
    assert complaint(b"cspace-draw/v1\n") == "Manifest line 2 is no event line."


@pytest.mark.parametrize("number", range(2, 29))
def test_two_lines_in_the_wrong_order_are_refused(number):
    lines = GOLDEN.split(b"\n")
    lines[number - 1], lines[number] = lines[number], lines[number - 1]

    assert complaint(b"\n".join(lines)) == (
        f"Manifest line {number} is out of place: it is {line(number + 1).decode() + chr(10)!a},"
        f" but {line(number).decode() + chr(10)!a} belongs there."
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"entry\t210", b"entry\t0210"),
        (b"entry\t210", b"entry\t+210"),
        (b"entry\t210", b"entry\t 210"),
        (b"entry\t210", b"entry\t2_10"),
        (b"closed\t0", b"weight\t1\t1\nclosed\t0"),
        (b"closed\t0\t2026-04-03", b"closed\t0\t20260403"),
        (b"closed\t2\t2026-04-06", b"closed\t3\t2026-04-06"),
        (b"closed\t2\t2026-04-06", b"closed\t2\t2026-04-06\nclosed\t2\t2026-07-06"),
        (b"booked\t2\t2026-04-10", b"booked\t2\t2026-04-03"),
        (b"param\tmax_wins\t0\n", b""),
    ],
)
def test_another_way_to_write_the_same_is_refused(old, new):
    assert GOLDEN.count(old) == 1
    assert " is out of place: it is " in complaint(GOLDEN.replace(old, new))


def test_midnight_is_an_end():
    late = Entry(1, 1, 1, 2, 1380, 1440)
    manifest = Manifest(1, A_SUNDAY, MONDAY, booked=(Booked(1, MONDAY, 600, 1440),), entries=(late,))
    data = lottery.write_manifest(manifest)

    assert data.endswith(b"booked\t1\t2026-02-23\t10:00\t24:00\nentry\t1\t1\t1\t2\t23:00\t24:00\t1\t0\tP\n")
    assert lottery.read_manifest(data) == manifest


def test_what_the_definition_leaves_out_is_left_out():
    entry = Entry(7, 1, 4, 2, 600, 660)
    manifest = Manifest(
        3,
        A_SUNDAY,
        MONDAY,
        weights={2: 1, 1: 8},
        closed=((4, MONDAY), (4, MONDAY), (5, MONDAY), (0, A_SUNDAY), (4, date(2027, 1, 1))),
        booked=(
            Booked(4, MONDAY, 0, 10),
            Booked(4, A_SUNDAY, 0, 10),
            Booked(5, MONDAY, 0, 10),
            Booked(4, date(2020, 1, 6), 0, 10),
        ),
        entries=(entry,),
    )

    assert lottery.write_manifest(manifest).splitlines()[7:] == [
        b"weight\t1\t8",
        b"closed\t0\t2026-02-22",
        b"closed\t4\t2026-02-23",
        b"entry\t7\t1\t4\t2\t10:00\t11:00\t1\t0\tP",
    ]


def test_numbers_are_sorted_as_numbers_and_joint_lectures_stay_two_lines():
    entries = tuple(Entry(number, 1, number, 2, 600, 660) for number in (10, 9, 100))
    joint = (Booked(9, MONDAY, 60, 120),) * 2
    manifest = Manifest(1, A_SUNDAY, MONDAY, booked=(Booked(10, MONDAY, 0, 60), *joint), entries=entries)
    data = lottery.write_manifest(manifest)

    assert [row.split(b"\t")[1] for row in data.splitlines()[7:]] == [b"9", b"9", b"10", b"9", b"10", b"100"]
    assert lottery.read_manifest(data).booked == (*joint, Booked(10, MONDAY, 0, 60))


def test_what_is_read_writes_the_same_bytes():
    for manifest, _ in corpus(200):
        data = lottery.write_manifest(manifest)
        assert lottery.write_manifest(lottery.read_manifest(data)) == data


def test_a_manifest_in_memory_is_checked_like_one_on_paper():
    with pytest.raises(lottery.ManifestError, match=r"^an entry ends before it starts$"):
        Entry(1, 1, 1, 1, 600, 600)
    with pytest.raises(lottery.ManifestError, match=r"^entry 1 is there twice$"):
        Manifest(1, A_SUNDAY, MONDAY, entries=(Entry(1, 1, 1, 1, 0, 60), Entry(1, 2, 1, 1, 60, 90)))


def test_dates_of_a_wish_that_is_not_filed_yet():
    weeks = [MONDAY + timedelta(weeks=n) for n in range(4)]
    manifest = Manifest(
        1,
        A_SUNDAY,
        weeks[-1],
        closed=((0, weeks[0]), (5, weeks[1]), (6, weeks[2])),
        booked=(Booked(5, weeks[2], 659, 700), Booked(5, weeks[3], 660, 700), Booked(5, weeks[0], 600, 660)),
    )
    wish = Entry(1, 1, 5, 2, 600, 660)

    assert lottery.open_and_kept_dates(manifest, wish) == (weeks[2:], weeks[3:])
    assert lottery.skipped_dates(manifest, wish) == [(weeks[0], "closed"), (weeks[1], "closed"), (weeks[2], "booked")]
