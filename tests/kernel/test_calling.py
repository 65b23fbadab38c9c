"""One request to another server, and what counts as a whole answer to it."""

import socket
import time
import tracemalloc

import pytest

from kernel.calling.exchange import CallFailed, Terms, ask
from kernel.calling.wire import Deadline
from tests.sinks import answers, drips, hangs, leading_to, pours, self_signed, sink, status

HERE = "127.0.0.1"
MIB = 2**20
SECONDS = 0.5
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PRIVATE = "Must not lead to a private address"
PACKED = "The answer is packed, which was not asked for"
NOT_WHOLE = "The answer ended too early"
TOO_LONG = "The answer is larger than 10 MiB"


def terms(**changes):
    return Terms(**{"seconds": 20, "max_answer": 10 * MIB, "private_hosts": [HERE], **changes})


def get(url, *, headers=(), within=None, resolve=socket.getaddrinfo, **changes):
    return ask("GET", url, headers=dict(headers), terms=terms(**changes), deadline=within, resolve=resolve)


def refusal(url, **options):
    """(status, sentence) of a call that fails."""
    with pytest.raises(CallFailed) as caught:
        get(url, **options)
    assert str(caught.value) == caught.value.sentence
    return caught.value.status, caught.value.sentence


def test_any_method_with_headers_and_a_body():
    with sink(
        answers(b'HTTP/1.1 207 Multi\r\nETag: W/"1"\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 3\r\n\r\nyes')
    ) as here:
        answer = ask("PROPFIND", here.url, headers={"Depth": "1"}, body=b"<a/>", terms=terms())
    assert (answer.url, answer.status, answer.body, answer.has_end) == (here.url, 207, b"yes", True)
    assert answer.headers == {"etag": 'W/"1"', "x-a": "1", "content-length": "3"}
    (request,) = here.received
    assert (request.line, request.body) == ("PROPFIND /hook?a=b HTTP/1.1", b"<a/>")
    assert request.headers == {
        "host": f"127.0.0.1:{here.port}",
        "depth": "1",
        "accept-encoding": "identity",
        "content-length": "4",
    }


def test_what_has_no_body_says_no_length():
    with sink(status(200)) as here:
        get(here.url)
    assert here.received[0].headers == {"host": f"127.0.0.1:{here.port}", "accept-encoding": "identity"}


@pytest.mark.parametrize("code", [301, 304, 404, 412, 500])
def test_whatever_status_it_has_is_an_answer(code):
    with sink(status(code, "Location: http://127.0.0.1:1/")) as here:
        answer = get(here.url)
    assert (answer.status, answer.body, len(here.received)) == (code, b"", 1)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", NOT_WHOLE),
        (CHUNKED + b"a\r\nshort", NOT_WHOLE),
        (CHUNKED + b"5\r\nshort\r\n", NOT_WHOLE),
        (CHUNKED + b"5\r\nshort", NOT_WHOLE),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", PACKED),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", PACKED),
    ],
)
def test_what_is_cut_or_packed_is_no_answer(data, error):
    with sink(answers(data)) as here:
        assert refusal(here.url) == (200, error)


@pytest.mark.parametrize(
    ("head", "has_end"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (10 * MIB), True),
        (CHUNKED + b"%x\r\n" % (10 * MIB), True),
        (b"HTTP/1.0 200 OK\r\n\r\n", False),
    ],
)
def test_ten_mib_come_whole(head, has_end):
    with sink(pours(head, b"x" * MIB, 10, b"\r\n0\r\n\r\n" if b"chunked" in head else b"")) as here:
        answer = get(here.url)
    assert (len(answer.body), set(answer.body), answer.has_end) == (10 * MIB, {ord("x")}, has_end)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (10 * MIB + 1),
        CHUNKED + b"%x\r\n" % (10 * MIB + 1),
        b"HTTP/1.0 200 OK\r\n\r\n",
    ],
)
def test_a_byte_more_is_too_long(head):
    with sink(pours(head, b"x" * MIB, 10, b"x\r\n0\r\n\r\n")) as here:
        assert refusal(here.url) == (200, TOO_LONG)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (CHUNKED + b"40000000\r\n", b"x" * 2**16),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 2**16),
        (CHUNKED, b"1\r\nx\r\n" * 2**13),
        (CHUNKED, b"00000000000000000000000000000001\r\nx\r\n" * 2**11),
    ],
)
def test_of_a_gigabyte_no_more_is_kept_than_that(head, piece):
    with sink(pours(head, piece, 2**14)) as here:
        tracemalloc.start()
        try:
            assert refusal(here.url, max_answer=MIB, seconds=60) == (200, "The answer is larger than 1 MiB")
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 2 * MIB


def test_a_head_without_end_is_left():
    with sink(pours(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 10_000)) as here:
        assert refusal(here.url, max_answer=1000) == (None, "The answer is larger than 0.000953674 MiB")


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (hangs, None),
        (drips(b"HTTP/1.1 200 OK\r\nX: "), None),
        (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), 200),
        (drips(CHUNKED + b"3e8\r\n"), 200),
        (drips(b"HTTP/1.0 200 OK\r\n\r\n"), 200),
    ],
)
def test_whoever_is_slow_is_left_in_time(behaviour, code):
    with sink(behaviour) as here:
        began = time.monotonic()
        assert refusal(here.url, seconds=SECONDS) == (code, "There was no whole answer within 0.5 s")
        assert SECONDS <= time.monotonic() - began < 2 * SECONDS


def test_a_call_takes_no_longer_than_what_it_is_a_part_of():
    with sink(hangs, hangs) as here:
        whole = Deadline(SECONDS)
        assert refusal(here.url, within=whole) == (None, "There was no whole answer within 0.5 s")
        assert refusal(here.url, within=whole) == (None, "There was no whole answer within 0.5 s")
        began = time.monotonic()
        assert refusal(here.url, within=Deadline(60), seconds=0.25) == (None, "There was no whole answer within 0.25 s")
        assert time.monotonic() - began < 2 * SECONDS
    assert len(here.received) == 2


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://169.254.169.254/latest/", PRIVATE),
        ("http://[::1]/", PRIVATE),
        ("http://localhost/", PRIVATE),
        ("ftp://www.example.org/", "Must begin with https:// or http://"),
        ("http://a:b@www.example.org/", "Must not hold a username or a password"),
        ("www.example.org", "Must begin with https:// or http://"),
        ("http://www.example.org/ä", "Must be a URL such as https://www.example.org/path"),
    ],
)
def test_a_url_is_judged_before_anything_is_asked(url, error):
    assert refusal(url, resolve=None) == (None, error)


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe"])
def test_a_name_is_judged_by_each_of_its_addresses(address):
    name = "http://calendar.example.org/"
    assert refusal(name, resolve=leading_to(address)) == (None, PRIVATE)
    assert refusal(name, resolve=leading_to("93.184.216.34", address)) == (None, PRIVATE)


def test_a_name_that_changes_its_mind_is_asked_once():
    """Public for whoever looked first, private now: the addresses that are judged are those that are connected to."""
    minds = [["93.184.216.34"], [HERE], ["93.184.216.34"]]

    def resolve(host, port, **options):
        return leading_to(*minds.pop(0))(host, port)

    with sink() as here:
        assert resolve("calendar.example.org", here.port)[0][4][0] == "93.184.216.34"
        assert refusal(f"http://calendar.example.org:{here.port}/", resolve=resolve) == (None, PRIVATE)
    assert (here.received, minds) == ([], [["93.184.216.34"]])


def test_what_was_sent_is_in_no_refusal():
    """A header that the library refuses: its own sentence would quote it."""
    with sink() as here, pytest.raises(CallFailed) as caught:
        get(here.url, headers={"Authorization": "Basic c2VjcmV0\r\nX: y"})
    assert caught.value.sentence == "No answer that is HTTP (ValueError)"
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def farewell(data):
    def answer(call, end):
        call.sendall(data)
        call.bid_farewell()

    return answer


def test_tls_that_ends_without_a_word_may_be_cut(tmp_path, monkeypatch):
    tls, certificate = self_signed(tmp_path, "calendar.example.org")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    data = b"HTTP/1.1 200 OK\r\n\r\nBEGIN:VCALENDAR"
    options = {"resolve": leading_to(HERE), "private_hosts": ["calendar.example.org"]}
    with sink(answers(data), answers(data), farewell(data), tls=tls) as here:
        url = f"https://calendar.example.org:{here.port}/"
        assert refusal(url, **options) == (200, NOT_WHOLE)
        assert get(url, is_all_needed=False, **options).body == b"BEGIN:VCALENDAR"
        assert get(url, **options).body == b"BEGIN:VCALENDAR"


def test_where_not_all_is_needed_the_rest_is_left():
    with sink(pours(CHUNKED + b"40000000\r\n", b"x" * MIB, 10)) as here:
        assert get(here.url, max_answer=1000, is_all_needed=False).body == b"x" * 1000
