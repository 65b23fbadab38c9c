"""The arithmetic of the benchmark, and how it is shown."""

import re
from xml.etree import ElementTree

import pytest

from tests.bench.load import Run
from tests.bench.measuring import Measurement, Ratio, growth_exponent
from tests.bench.operations import OPERATIONS
from tests.bench.pgbench import run_of
from tests.bench.picture import picture
from tests.bench.report import Report
from tests.bench.verdicts import Goal, Row


def measurement(rate, *, cpu=1.0, latencies=(0.001, 0.002, 0.003)):
    return Measurement(Run(seconds=len(latencies) / rate, latencies=list(latencies)), cpu, cpu)


def report_of(**fields):
    return Report(is_quick=False, rows_of_time=1_000_000, small_rows=10_000, postgres="18.1", **fields)


def rows_of(report):
    return {row.name: (row.verdict, row.cells()[2]) for row in report.all_rows()}


def test_a_ratio_is_the_median_of_the_pairs_and_not_of_the_sides():
    pairs = [(measurement(ours), measurement(theirs)) for ours, theirs in ((10, 20), (40, 40), (300, 100))]
    assert Ratio.of(pairs).rate == pytest.approx(1)
    twice = [(measurement(10, cpu=2), measurement(10, latencies=[0.002, 0.004, 0.006]))]
    assert (Ratio.of(twice).cpu, Ratio.of(twice).p50) == pytest.approx((2, 0.5))


def test_percentiles_are_values_that_were_measured():
    result = Run(latencies=[number / 1000 for number in range(100, 0, -1)])
    assert [result.percentile(percent) for percent in (0, 50, 99, 100)] == [0.001, 0.051, 0.1, 0.1]


def test_growth_is_the_exponent_of_the_rows():
    assert growth_exponent((10_000, 0.001), (1_000_000, 0.001)) == 0
    assert growth_exponent((10_000, 0.001), (1_000_000, 0.1)) == pytest.approx(1)


def test_growth_is_told_from_pairs_of_both_sizes():
    report = report_of()
    # Twice as slow in every pair, while the machine itself becomes three times slower.
    report.add_growth(
        "polls",
        [
            (measurement(1, latencies=[0.002]), measurement(1, latencies=[0.001])),
            (measurement(1, latencies=[0.006]), measurement(1, latencies=[0.003])),
        ],
    )
    assert report.exponents() == {"polls": pytest.approx(0.1505, abs=1e-4)}
    assert rows_of(report) == {"growth of p50 from 10,000 rows on: polls": ("not met", "0.151")}


def test_growth_over_a_small_step_is_not_judged():
    report = Report(is_quick=True, rows_of_time=100_000, small_rows=10_000, growth={"polls": 2})
    assert rows_of(report) == {"growth of p50 from 10,000 rows on: polls": ("–", "0.301")}


@pytest.mark.parametrize(
    ("goal", "value", "is_met"),
    [
        (Goal("rate", 0.45), 0.45, True),
        (Goal("rate", 0.45), 0.44, False),
        (Goal("rows/s", 30_000), 29_999, False),
        (Goal("cpu", 3), 3, True),
        (Goal("p50", 2.5), 2.6, False),
        (Goal("overlaps", 0), 0, True),
        (Goal("overlaps", 0), 1, False),
    ],
)
def test_rates_are_to_be_high_and_everything_else_low(goal, value, is_met):
    assert goal.is_met(value) == is_met


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (Row("rate", 0.5, Goal("rate", 0.45)), ("rate", "≥ 0.45", "0.5", "met", "")),
        (
            Row("rows", 21_234.5, Goal("rows/s", 30_000), "rows/s"),
            ("rows", "≥ 30,000 rows/s", "21,234 rows/s", "not met", ""),
        ),
        (Row("longest", 249.6, Goal("longest", 250), "ms"), ("longest", "≤ 250 ms", "250 ms", "met", "")),
        (Row("5xx", 0, Goal("5xx", 0), remark="of 9"), ("5xx", "0", "0", "met", "of 9")),
        (Row("memory", 105.4, unit="MB"), ("memory", "", "105 MB", "–", "")),
        (Row("few", 0.9, Goal("seconds", 3), "s", is_judged=False), ("few", "≤ 3 s", "0.9 s", "–", "")),
        (Row("pgbench", None, Goal("rate", 1), remark="no pgbench"), ("pgbench", "≥ 1", "not run", "–", "no pgbench")),
    ],
)
def test_a_row_says_goal_figure_and_verdict(row, cells):
    assert row.cells() == cells


def test_what_must_never_happen_is_named():
    report = report_of()
    report.rows += [
        Row("overlaps", 2, Goal("overlaps", 0)),
        Row("deadlocks", 0, Goal("deadlocks", 0)),
        Row("slow", 9, Goal("s", 3)),
    ]
    assert report.broken() == ["overlaps: 2"]


def test_what_pgbench_logs_is_a_run():
    lines = ["0 1 2000 0 100 500000", "1 1 1000 0 100 499000", "0 2 500000 0 101 0"]
    result = run_of(lines)
    assert result.latencies == [0.002, 0.001, 0.5]
    assert result.seconds == pytest.approx(0.502)  # from the first that began to the last that ended


def filled_report():
    report = report_of()
    name, (_, goals) = next(iter(OPERATIONS[0].baselines.items()))
    report.add(f"create booking ÷ {name}", goals, [(measurement(50), measurement(100))])
    report.growth, report.waits = {"create booking": 2.0}, {"create booking": 2, "availability": 2}
    report.reads = frozenset({"availability"})
    report.add_memory((10, 90.2), (100_000, 123.4))
    return report


def test_each_goal_has_a_row_and_the_cpu_stands_beside_a_rate():
    report = filled_report()
    assert rows_of(report) == {
        "create booking ÷ bare + INSERT, rps": ("met", "0.5"),
        "create booking ÷ bare + INSERT, CPU": ("met", "1"),
        "waits for PostgreSQL: create booking": ("met", "2"),
        "waits for PostgreSQL: availability": ("not met", "2"),
        "growth of p50 from 10,000 rows on: create booking": ("not met", "0.151"),
        "memory of a worker after 100,000 requests": ("–", "123 MB"),
    }
    assert report.all_rows()[0].remark == "CPU × 1.00"


def test_the_report_says_what_was_measured_on_a_page_and_in_a_terminal(tmp_path):
    report = filled_report()
    report.write(tmp_path)

    page = (tmp_path / "benchmarks.md").read_text()
    for text in (report.as_text(), page):
        assert re.search(r"create booking ÷ bare \+ INSERT, rps[ |]+≥ 0\.45[ |]+0\.5[ |]+met[ |]+CPU × 1\.00", text)
        assert "1,000,000 rows of room time" in text
    assert re.search(
        r"on \d{4}-\d\d-\d\d; commit [0-9a-f]{7,}; \d+ cores \(\w+\), Python 3\.\d+\.\d+, PostgreSQL 18\.1\.", page
    )
    assert "](benchmarks.svg)" in page
    assert ElementTree.parse(tmp_path / "benchmarks.svg").getroot().tag.endswith("svg")  # of our own


def bars_of(svg):
    """{its class: [(left, right)]} of the bars."""
    bars = {}
    for element in ElementTree.fromstring(svg).iter():
        if element.tag.endswith("rect"):
            left, width = float(element.get("x")), float(element.get("width"))
            bars.setdefault(element.get("class"), []).append((left, left + width))
    return bars


def test_the_picture_has_a_bar_for_each_ratio_in_the_colour_of_its_verdict():
    svg = picture([("one <b>", 0.5, 0.45), ("two", 0.2, 0.3), ("three", 4.0, None)], [("polls", 1.02)], 1.15)
    bars = bars_of(svg)
    assert {kind: len(places) for kind, places in bars.items()} == {"met": 2, "unmet": 1, "plain": 1}
    (unmet,), (plain,) = bars["unmet"], bars["plain"]
    assert unmet[1] < bars["met"][0][1] < plain[1]
    assert all(left <= right for places in bars.values() for left, right in places)
    texts = [element.text for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]
    assert {"one <b>", "0.50", "4.00", "polls", "1.02"} <= set(texts)
    assert "prefers-color-scheme: dark" in svg


def test_a_ratio_beyond_every_tick_still_has_its_place():
    svg = picture([("slow", 0.001, None), ("fast", 500.0, 3)], [("flat", 0.9)], 1.15)
    width = float(ElementTree.fromstring(svg).get("width"))
    assert all(0 <= left <= right <= width for places in bars_of(svg).values() for left, right in places)
