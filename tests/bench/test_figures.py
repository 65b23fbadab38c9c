"""The arithmetic of the benchmark, and how it is shown."""

import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import cycle
from xml.etree import ElementTree

import pytest

from tests.bench.load import Run, request, run
from tests.bench.measuring import Measurement, Ratio, growth_exponent
from tests.bench.operations import OPERATIONS, Goal
from tests.bench.report import Report


def measurement(rate, *, cpu=1.0, latencies=(0.001, 0.002, 0.003)):
    return Measurement(Run(seconds=len(latencies) / rate, latencies=list(latencies)), cpu, cpu)


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


@pytest.mark.parametrize(
    ("goal", "value", "is_met"),
    [
        (Goal("rate", 0.45), 0.45, True),
        (Goal("rate", 0.45), 0.44, False),
        (Goal("cpu", 3), 3, True),
        (Goal("p50", 2.5), 2.6, False),
    ],
)
def test_rates_are_to_be_high_and_times_low(goal, value, is_met):
    assert goal.is_met(value) == is_met


def test_the_report_says_what_was_measured_in_three_ways(tmp_path):
    report = Report(rows=1_000_000, small_rows=10_000, is_quick=False, memory=123_000_000)
    name, (_, goals) = next(iter(OPERATIONS[0].baselines.items()))
    report.add(OPERATIONS[0], name, goals, [(measurement(50), measurement(100))])
    report.growth, report.waits = {"create booking": (0.001, 0.002)}, {"create booking": 2}
    report.write(tmp_path)

    page = (tmp_path / "benchmarks.md").read_text()
    for shown in (report.as_text(), page):
        assert re.search(r"create booking ÷ bare \+ INSERT\s*\|?\s*0\.50", shown)
        assert "rate ≥ 0.45 ✓, cpu ≤ 3 ✓" in shown
        assert "create booking +0.151 ✗" in shown
        assert "create booking 2." in shown
    picture = ElementTree.parse(tmp_path / "benchmarks.svg").getroot()  # of our own
    texts = [element.text for element in picture.iter() if element.tag.endswith("text")]
    assert texts == ["create booking ÷ bare + INSERT", "0.50"]


class InTurn(BaseHTTPRequestHandler):
    """A long answer with its length, then a short one in chunks."""

    protocol_version = "HTTP/1.1"
    answers = cycle([(200, b"x" * 300_000), (409, None)])

    def do_GET(self):
        status, content = next(self.answers)
        self.send_response(status)
        name, value = ("Content-Length", str(len(content))) if content else ("Transfer-Encoding", "chunked")
        self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content or b"2\r\n{}\r\n0\r\n\r\n")

    def log_message(self, *_):
        pass


def test_the_load_counts_every_answer_by_its_status():
    with HTTPServer(("127.0.0.1", 0), InTurn) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            load = run(server.server_port, cycle([request("GET", "/")]), clients=1, seconds=30, most=20)
        finally:
            server.shutdown()
            thread.join(10)
    assert load.statuses == {200: 10, 409: 10}
    assert len(load.latencies) == 20
