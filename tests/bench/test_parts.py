"""The parts of a run come in their order, say their seconds, and end."""

import signal
import threading

import pytest

from tests.bench.parts import GRACE_SECONDS, Part, within, work_through
from tests.bench.plan import parts_for


def test_each_part_works_on_the_stage_and_says_its_seconds():
    lines, stage = [], []
    parts = [Part(name, lambda work, name=name: work.append(name), 10, 2) for name in ("one", "two")]
    work_through(parts, stage, is_quick=True, say=lines.append)
    assert stage == ["one", "two"]
    assert [line.split() for line in lines] == [
        ["[", "1/2]", "one", "0.0", "s", "of", "2"],
        ["[", "2/2]", "two", "0.0", "s", "of", "2"],
    ]


def test_a_part_that_does_not_end_is_stopped_with_a_clear_word():
    handler = signal.getsignal(signal.SIGALRM)
    message = "hanging has not ended after 0 s, so the run is stopped"
    with pytest.raises(TimeoutError, match=message), within(0.01, "hanging"):
        threading.Event().wait(30)
    assert signal.getsignal(signal.SIGALRM) is handler


def test_the_next_part_does_not_begin_after_one_that_was_stopped():
    begun = []
    parts = [
        Part("hanging", lambda _: threading.Event().wait(30), 0, 0),
        Part("next", lambda _: begun.append("next"), 1, 1),
    ]
    with pytest.raises(TimeoutError):
        work_through(parts, None, is_quick=False, say=begun.append, grace=0.01)
    assert begun == []
    assert GRACE_SECONDS > 0


@pytest.mark.parametrize(("rows", "is_quick", "seconds"), [(1_000_000, False, 300), (100_000, True, 60)])
def test_a_run_is_planned_within_its_bound(rows, is_quick, seconds):
    of_a_run = [part for part in parts_for(rows) if not part.is_extra]
    assert sum(part.planned(is_quick=is_quick) for part in of_a_run) <= seconds


def test_ten_times_the_rows_may_take_ten_times_as_long_to_fill_and_no_longer_otherwise():
    few, many = ({part.name: part.seconds for part in parts_for(rows)} for rows in (1_000_000, 10_000_000))
    assert many.pop("filling") == pytest.approx(10 * few.pop("filling"))
    assert many == few
