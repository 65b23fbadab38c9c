"""The load generator, against a server that answers in every way."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import cycle

import pytest

from tests.bench.load import asking_whether_it_holds, exchange, request, run
from tests.bench.stage import check_statuses


class InTurn(BaseHTTPRequestHandler):
    """A long answer with its length, then a short one in chunks."""

    protocol_version = "HTTP/1.1"
    answers: Iterator

    def do_GET(self):
        status, content = next(self.answers)
        self.send_response(status)
        name, value = ("Content-Length", str(len(content))) if content else ("Transfer-Encoding", "chunked")
        self.send_header(name, value)
        self.send_header("ETag", self.headers.get("If-None-Match", "none"))
        self.end_headers()
        self.wfile.write(content or b'7\r\n{"id": \r\n2\r\n5}\r\n0\r\n\r\n')

    def log_message(self, *_):
        pass


@contextmanager
def answering():
    InTurn.answers = cycle([(200, b"x" * 300_000), (409, None)])
    with HTTPServer(("127.0.0.1", 0), InTurn) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(10)


def test_every_answer_is_counted_by_its_status_and_heard_as_a_whole():
    heard, content = [], request("GET", "/")
    with answering() as port:
        load = run(port, cycle([content]), clients=1, seconds=30, most=20, heard=lambda *answer: heard.append(answer))
    assert load.statuses == {200: 10, 409: 10}
    assert len(load.latencies) == 20
    assert heard[0] == (content, 200, b"x" * 300_000)
    assert (heard[1][1], json.loads(heard[1][2])) == (409, {"id": 5})


def test_one_exchange_reads_headers_and_body():
    with answering() as port:
        first = exchange(port, asking_whether_it_holds(request("GET", "/"), 'W/"5"'))
        second = exchange(port, request("GET", "/"))
    assert (first.status, len(first.body), first.headers["etag"]) == (200, 300_000, 'W/"5"')
    assert (second.status, json.loads(second.body)) == (409, {"id": 5})


def test_answers_that_were_not_meant_end_the_run():
    check_statuses({200: 5, 304: 1}, frozenset({200, 304}))
    with pytest.raises(RuntimeError, match=r"not meant: \{409: 2\}, beside 7 in all"):
        check_statuses({200: 5, 409: 2}, frozenset({200, 201}))
