"""Calendars that are published as a file."""

import time

import pytest

from calendars.services import remote
from calendars.services.remote import RemoteFailed
from calendars.services.subscribing import Fetched, Unchanged, fetch
from kernel.calling.wire import Deadline
from tests.sinks import answers, drips, hangs, leading_to, pours, self_signed, sink, status

HERE = "127.0.0.1"
NAME = "calendar.example.org"
ICS = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
MIB = 2**20
DATE = "Tue, 20 Jan 2026 02:00:00 GMT"
NOT_WHOLE = "The answer ended too early"


@pytest.fixture(autouse=True)
def here_is_allowed(settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = [HERE]


def ics(*headers, body=ICS, version="1.1"):
    head = [f"HTTP/{version} 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return answers("\r\n".join(head).encode() + body)


def refusal(url, **options):
    """(status, sentence) of what fails."""
    with pytest.raises(RemoteFailed) as caught:
        fetch(url, **options)
    assert (str(caught.value), caught.value.__cause__, caught.value.__context__) == (caught.value.sentence, None, None)
    return caught.value.status, caught.value.sentence


def test_what_is_new_comes_whole():
    with sink(ics('ETag: W/"a"', f"Last-Modified: {DATE}")) as here:
        assert fetch(here.url) == Fetched(body=ICS, etag='W/"a"', last_modified=DATE)
    (request,) = here.received
    assert request.line == "GET /hook?a=b HTTP/1.1"
    assert request.headers == {
        "host": f"127.0.0.1:{here.port}",
        "user-agent": "CSpace-Calendars/1.0",
        "connection": "close",
        "accept": "text/calendar, */*;q=0.1",
        "accept-encoding": "identity",
    }


def test_what_has_not_changed_does_not_come():
    with sink(status(304), ics()) as here:
        assert fetch(here.url, etag='W/"a"', last_modified=DATE) == Unchanged()
        assert fetch(here.url, etag='"b"') == Fetched(body=ICS, etag="", last_modified="")
    conditions = [(each.headers.get("if-none-match"), each.headers.get("if-modified-since")) for each in here.received]
    assert conditions == [('W/"a"', DATE), ('"b"', None)]


def test_a_validator_that_would_be_a_second_header_is_none():
    with sink(ics('ETag: "a"\r\n X: y', "Last-Modified: \x01"), ics()) as here:
        answer = fetch(here.url)
        assert (answer.etag, answer.last_modified) == ("", "")
        fetch(here.url, etag='"a"\r\nX: y', last_modified="x" * 256)
    assert {"if-none-match", "if-modified-since", "x"} & set(here.received[1].headers) == set()


def test_who_has_a_name_logs_in_and_only_there(settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = [HERE, NAME]
    with sink() as here:
        here.behaviours = [status(302, f"Location: http://{NAME}:{here.port}/"), ics()]
        fetch(here.url, username="room", secret="the s3cret", resolve=leading_to(HERE))
    assert [each.headers.get("authorization") for each in here.received] == ["Basic cm9vbTp0aGUgczNjcmV0", None]


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (404, "The server has no such calendar (HTTP 404)"),
        (410, "The server has no such calendar any more (HTTP 410)"),
        (401, "The server does not accept the username and the password (HTTP 401)"),
        (500, "The server has failed (HTTP 500)"),
        (503, "The server has failed (HTTP 503)"),
        (204, "The server answers otherwise than expected (HTTP 204)"),
        (206, "The server answers otherwise than expected (HTTP 206)"),
        (304, "The server answers otherwise than expected (HTTP 304)"),
        (302, "The redirect does not say where to"),
    ],
)
def test_another_status_is_a_failure(code, sentence):
    with sink(status(code)) as here:
        assert refusal(here.url) == (code, sentence)


@pytest.mark.parametrize(
    "behaviour",
    [
        answers(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + ICS),
        answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(ICS), ICS)),
        answers(b"HTTP/1.0 200 OK\r\n\r\n" + ICS[:-6]),
        answers(b"HTTP/1.0 200 OK\r\n\r\n" + ICS.lower()[:20]),
    ],
)
def test_what_is_cut_is_a_failure(behaviour):
    with sink(behaviour) as here:
        assert refusal(here.url) == (200, NOT_WHOLE)


@pytest.mark.parametrize("body", [ICS, ICS.lower() + b"\r\n \n", ICS * 2, b"", b"<html>"])
def test_what_ends_with_the_connection_is_whole_where_it_says_so(body):
    """Whether it is a calendar is judged elsewhere."""
    with sink(answers(b"HTTP/1.0 200 OK\r\n\r\n" + body)) as here:
        assert fetch(here.url).body == body


def test_ten_mib_and_not_a_byte_more():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    most = pours(head + b"%x\r\n" % (10 * MIB), b"x" * MIB, 10, b"\r\n0\r\n\r\n")
    more = pours(head + b"%x\r\n" % (10 * MIB + 1), b"x" * MIB, 10, b"x\r\n0\r\n\r\n")
    with sink(most, more) as here:
        assert len(fetch(here.url).body) == 10 * MIB
        assert refusal(here.url) == (200, "The answer is larger than 10 MiB")


def test_what_is_packed_is_a_failure():
    with sink(ics("Content-Encoding: gzip")) as here:
        assert refusal(here.url) == (200, "The answer is packed, which was not asked for")


@pytest.mark.parametrize("behaviour", [hangs, drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")])
def test_whoever_is_slow_is_left_in_time(behaviour, monkeypatch):
    with sink(behaviour, behaviour) as here:
        began = time.monotonic()
        assert refusal(here.url, deadline=Deadline(0.5))[1] == "There was no whole answer within 0.5 s"
        monkeypatch.setattr(remote, "CALL_SECONDS", 0.5)
        assert refusal(here.url)[1] == "There was no whole answer within 0.5 s"
        assert 1 <= time.monotonic() - began < 2


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "https://localhost/a.ics", "http://[::ffff:7f00:1]/"])
def test_a_private_address_is_not_called(url):
    assert refusal(url) == (None, "Must not lead to a private address")


def test_a_name_that_changes_its_mind_is_not_called():
    minds = [["93.184.216.34"], [HERE]]

    def resolve(host, port, **options):
        return leading_to(*minds.pop(0))(host, port)

    with sink() as here:
        assert resolve(NAME, here.port)[0][4][0] == "93.184.216.34"
        assert refusal(f"http://{NAME}:{here.port}/", resolve=resolve) == (None, "Must not lead to a private address")
    assert here.received == []


def test_a_redirect_inside_is_not_followed():
    with sink(status(302, "Location: http://169.254.169.254/"), status(302, "Location: http://a.example.org/")) as here:
        private = "must not lead to a private address"
        assert refusal(here.url) == (302, f"The redirect is not followed: {private}")
        refused = refusal(here.url, resolve=leading_to(HERE))
    assert refused == (None, private.capitalize())


def test_a_certificate_that_nobody_knows_is_a_failure(tmp_path, settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = [NAME]
    tls, _ = self_signed(tmp_path, NAME)
    with sink(tls=tls) as here:
        url = f"https://{NAME}:{here.port}/"
        assert refusal(url, resolve=leading_to(HERE)) == (None, "TLS: self-signed certificate")
