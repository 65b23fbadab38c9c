"""One call: its bound, where it leads, and what counts as success."""

import resource
import socket
import time

import pytest

from tests.sinks import answers, drips, hangs, leading_to, pours, self_signed, sink, slowly, status
from webhooks.services.calling import call

HEADERS = {"User-Agent": "CSpace-Webhooks/1.0", "Content-Type": "application/json"}
SECONDS = 0.5
TOO_SLOW = f"There was no whole answer within {SECONDS} s"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(autouse=True)
def here_is_allowed(settings):
    settings.WEBHOOK_ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.DEBUG = True  # http


def post(url, **options):
    return call(url, headers=HEADERS, body="{“a”}".encode(), **options)


def test_what_is_sent_arrives_as_it_is(settings):
    with sink() as here:
        outcome = post(here.url)
    assert (outcome.status, outcome.error) == (204, "")
    (request,) = here.received
    assert (request.line, request.body) == ("POST /hook?a=b HTTP/1.1", "{“a”}".encode())
    assert request.headers == {
        "host": f"127.0.0.1:{here.port}",
        "user-agent": "CSpace-Webhooks/1.0",
        "content-type": "application/json",
        "accept-encoding": "identity",
        "content-length": "9",
    }


@pytest.mark.parametrize(
    ("behaviour", "code", "error"),
    [
        (status(200), 200, ""),
        (status(202), 202, ""),
        (answers(b"HTTP/1.0 200 OK\r\n\r\nuntil the end"), 200, ""),
        (answers(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), 200, ""),
        (answers(CHUNKED + b"2\r\nok\r\n0\r\n\r\n"), 200, ""),
        (status(500), 500, "HTTP 500"),
        (status(404), 404, "HTTP 404"),
        (status(304), 304, "HTTP 304"),
        (status(302, "Location: http://169.254.169.254/latest/meta-data/"), 302, "HTTP 302"),
        (status(307, "Location: http://127.0.0.1:1/"), 307, "HTTP 307"),
        (answers(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"), 200, "The answer ended too early"),
        (answers(CHUNKED + b"a\r\nshort"), 200, "The answer ended too early"),
        (answers(b""), None, "No connection: it was closed"),
        (answers(b"SSH-2.0-OpenSSH_9.6\r\n"), None, "No answer that is HTTP (BadStatusLine)"),
        (answers(b"HTTP/1.1 abc\r\n\r\n"), None, "No answer that is HTTP (BadStatusLine)"),
        (answers(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200), None, "No answer that is HTTP (HTTPException)"),
        (answers(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000), None, "No answer that is HTTP (LineTooLong)"),
    ],
)
def test_what_counts_is_a_whole_2xx(behaviour, code, error):
    with sink(behaviour) as here:
        outcome = post(here.url)
    assert (outcome.status, outcome.error) == (code, error)


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (hangs, None),
        (slowly(3), None),
        (drips(b"HTTP/1.1 2"), None),
        (drips(b"HTTP/1.1 200 OK\r\nX: "), None),
        (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), 200),
        (drips(CHUNKED + b"3e8\r\n"), 200),
    ],
)
def test_whoever_is_slow_is_left_in_time(behaviour, code):
    with sink(behaviour) as here:
        began = time.monotonic()
        outcome = post(here.url, seconds=SECONDS)
        seconds = time.monotonic() - began
    assert (outcome.status, outcome.error) == (code, TOO_SLOW)
    assert SECONDS <= seconds < 2 * SECONDS
    assert 1000 * SECONDS <= outcome.duration_ms < 2000 * SECONDS


def test_the_time_is_for_all_of_it():
    """A name that is not resolved, a handshake that does not come."""

    def dawdle(*_arguments, **_options):
        time.sleep(2 * SECONDS)
        return []

    with socket.create_server(("127.0.0.1", 0)) as silent:
        here = f"127.0.0.1:{silent.getsockname()[1]}"
        for url, options in ((f"http://{here}/", {"resolve": dawdle}), (f"https://{here}/", {})):
            began = time.monotonic()
            assert post(url, seconds=SECONDS, **options).error == TOO_SLOW
            assert time.monotonic() - began < 2 * SECONDS


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", CHUNKED + b"40000000\r\n", b"HTTP/1.1 200 OK\r\n\r\n"],
)
def test_of_a_gigabyte_little_is_read(head):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with sink(pours(head, b"x" * 2**20, 1024)) as here:
        outcome = post(here.url)
    assert (outcome.status, outcome.error) == (200, "")
    assert outcome.duration_ms < 2000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KiB


def test_a_name_that_leads_inside_by_now_is_not_called():
    """Whatever it led to when it was checked: the addresses that are judged are those that are connected to."""
    with sink() as here:
        outcome = post(f"http://rebound.example.org:{here.port}/", resolve=leading_to("127.0.0.1"))
        mixed = post(f"http://rebound.example.org:{here.port}/", resolve=leading_to("93.184.216.34", "127.0.0.1"))
    assert (outcome.status, outcome.error) == (None, "Must not lead to a private address")
    assert (mixed.status, mixed.error) == (None, "Must not lead to a private address")
    assert here.received == []


def test_a_name_is_resolved_once(settings):
    """The second answer of such a resolver would be a private address."""
    settings.WEBHOOK_ALLOW_PRIVATE_HOSTS = ["hooks.example.org"]
    questions = []

    def resolve(host, port, **options):
        questions.append(host)
        return leading_to("127.0.0.1" if len(questions) == 1 else "10.0.0.1")(host, port)

    with sink() as here:
        outcome = post(f"http://hooks.example.org:{here.port}/", resolve=resolve)
    assert (outcome.status, questions) == (204, ["hooks.example.org"])
    assert here.received[0].headers["host"] == f"hooks.example.org:{here.port}"


def test_what_was_accepted_under_other_settings_is_not_called(settings):
    settings.DEBUG, settings.WEBHOOK_ALLOW_PRIVATE_HOSTS = False, []
    with sink() as here:
        assert post(here.url).error == "Must begin with https://"
        assert post(here.url.replace("http:", "https:")).error == "Must not lead to a private address"
    assert here.received == []


def test_of_several_addresses_the_next_is_tried(settings):
    settings.WEBHOOK_ALLOW_PRIVATE_HOSTS = ["hooks.example.org"]
    with sink() as here:
        outcome = post(f"http://hooks.example.org:{here.port}/", resolve=leading_to("127.0.0.2", "127.0.0.1"))
    assert outcome.status == 204


def test_what_is_not_there(settings):
    def unknown(*_arguments, **_options):
        raise socket.gaierror(-2, "Name or service not known")

    assert post("http://nowhere.example.org/", resolve=unknown).error == "The name could not be resolved"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/").error == "No connection: Connection refused"


def test_the_certificate_has_to_be_the_names_although_an_address_is_called(tmp_path, settings, monkeypatch):
    tls, certificate = self_signed(tmp_path, "hooks.example.org")
    names = []
    tls.sni_callback = lambda connection, name, context: names.append(name)
    settings.WEBHOOK_ALLOW_PRIVATE_HOSTS = ["*"]
    with sink(tls=tls) as here:
        unknown = post(f"https://hooks.example.org:{here.port}/", resolve=leading_to("127.0.0.1"))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        right = post(f"https://hooks.example.org:{here.port}/", resolve=leading_to("127.0.0.1"))
        other = post(f"https://doors.example.org:{here.port}/", resolve=leading_to("127.0.0.1"))
    assert unknown.error == "TLS: self-signed certificate"
    assert (right.status, right.error) == (204, "")
    assert other.error.startswith("TLS: Hostname mismatch")
    assert names == ["hooks.example.org", "hooks.example.org", "doors.example.org"]
    assert len(here.received) == 1
