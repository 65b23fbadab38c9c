"""Whoever waits in a channel is told at once, wherever the login ends, and costs no thread (contract of Roomie, §7)."""

import base64
import json
import time

import psutil
import pytest
from django.conf import settings as django_settings
from django.http import HttpRequest

from accounts.services.sid_logins import begin_login, complete_login
from dialects.roomie import channels
from dialects.roomie.channels import FEED, LONG_POLL, Waiter
from kernel import clock
from kernel.errors import Unavailable
from kernel.live.opening import PLACES, reserve
from kernel.live.streams import Opening, StreamPlaces
from tests.factories import make_user
from tests.serving.productions import production
from tests.serving.subscribers import Subscriber, subscribing

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 1.0
ENVIRONMENT = {
    "CSPACE_ENV": "development",
    "CSPACE_JWT_KEY": django_settings.CSPACE_JWT_KEY,
    "SECRET_KEY": django_settings.SECRET_KEY,
    "CSPACE_RATE_READ": "1000000/min",
}


@pytest.fixture
def serve(tmp_path, server_environment):
    def start(**environment):
        own = {"DATABASE_URL": server_environment["DATABASE_URL"]} | ENVIRONMENT | environment
        return production(tmp_path / "output", "--streams", "--workers", "1", **own)

    return start


def message_in(text: bytes) -> dict:
    """What is said in the one message, in whatever form."""
    return json.loads(base64.b64decode(text))


def of_poll(waiter: Subscriber) -> dict:
    waiter.read_until(b"}")
    return message_in(json.loads(bytes(waiter.received).partition(b"\r\n\r\n")[2])["text"])


def of_script(waiter: Subscriber) -> dict:
    script = waiter.read_until(b");").partition(b"\r\n\r\n")[2]
    return message_in(json.loads(script[len("back(") : -2])[0]["text"])


def of_lines(waiter: Subscriber) -> dict:
    """Chunked: a blank line, then the one that was waited for, then the end."""
    body = waiter.read_until(b"\r\n0\r\n\r\n").partition(b"\r\n\r\n")[2]
    return message_in(max(body.split(b"\r\n"), key=len).strip())


FORMS = {"push.subscribe_longpoll/{}": of_poll, "stream.sub_lp/{}?callback=back": of_script, "stream.sub/{}": of_lines}


@pytest.mark.parametrize("path", FORMS)
def test_a_hundred_of_a_hundred_are_told_at_once_by_another_process(serve, path):
    user = make_user("student", email="student@wil.com")
    sids = [begin_login(now=clock.now()) for _ in range(100)]
    with serve() as server, subscribing(server.port) as subscribers:
        waiters = [subscribers.open(f"/api/v1/{path.format('shib' + sid)}") for sid in sids]
        is_poll = "lp" in path or "longpoll" in path
        if not is_poll:
            assert all(waiter.status == 200 for waiter in waiters)
        longest = 0.0
        for sid, waiter in zip(sids, waiters, strict=True):
            complete_login(sid, user=user, now=clock.now())
            began = time.monotonic()
            told = FORMS[path](waiter)
            longest = max(longest, time.monotonic() - began)
            assert (told["result"], told["email"], len(told["token"])) == ("success", "student@wil.com", 40)
            assert waiter.status == 200
            assert "access-control-allow-origin: *" in waiter.head
        assert longest <= AT_ONCE


def test_a_failure_is_told_without_groups(serve):
    sid = begin_login(now=clock.now())
    with serve() as server, subscribing(server.port) as subscribers:
        waiter = subscribers.open(f"/push.subscribe_longpoll/{sid}")
        complete_login(sid, user=None, now=clock.now())
        assert sorted(of_poll(waiter)) == ["message", "result"]


def test_waiting_costs_no_thread_and_keeps_nobody_waiting(serve):
    sids = [begin_login(now=clock.now()) for _ in range(64)]
    with serve(CHANNEL_MAX_WAITERS="600") as server, subscribing(server.port) as subscribers:
        streams = [f"/push.subscribe/{sids[number % 64]}" for number in range(500)]
        first = [subscribers.open(path) for path in streams[:100]]  # all threads that answer requests are there
        assert {waiter.status for waiter in first} == {200}
        before = _threads(server)
        for path in streams[100:]:
            subscribers.open(path)
        for sid in sids:
            subscribers.open(f"/push.subscribe_longpoll/{sid}")
        for waiter in subscribers.opened[:500]:
            waiter.read_until(b"\r\n\n\r\n")  # the blank line that comes first
        assert server.get("/readyz").status_code == 200
        assert server.get("/api/v1/rooms.list/").status_code == 401
        assert _threads(server) <= before
        complete_login(sids[7], user=None, now=clock.now())
        told = [waiter for number, waiter in enumerate(subscribers.opened[:500]) if number % 64 == 7]
        assert {of_lines(waiter)["result"] for waiter in told} == {"failure"}
        assert of_poll(subscribers.opened[500 + 7])["result"] == "failure"


def _threads(server) -> int:
    return sum(child.num_threads() for child in psutil.Process(server.process.pid).children(recursive=True))


def test_too_many_are_told_to_come_again_and_others_have_their_places(serve):
    sid = begin_login(now=clock.now())
    with serve(CHANNEL_MAX_WAITERS="3", CSPACE_PUBLIC_READS="on") as server, subscribing(server.port) as subscribers:
        opened = [subscribers.open(f"/push.subscribe/{sid}") for _ in range(5)]
        statuses = sorted(waiter.status for waiter in opened)
        assert statuses == [200, 200, 200, 503, 503]
        surplus = next(waiter for waiter in opened if waiter.status == 503)
        assert "retry-after: " in surplus.head
        assert b'"SERVICE_UNAVAILABLE"' in surplus.read_until(b"}")
        assert subscribers.open(f"/push.subscribe_longpoll/{sid}").status == 503
        assert subscribers.open().status == 200  # of the rooms
        complete_login(sid, user=None, now=clock.now())
        for waiter in opened:
            if waiter.status == 200:
                of_lines(waiter)
        other = begin_login(now=clock.now())
        assert subscribers.open(f"/push.subscribe/{other}").status == 200  # the places are free again


def test_a_poll_ends_empty_in_time(serve):
    """In the server of the test itself: 25 seconds are long."""
    assert 15 < LONG_POLL.longest_seconds < 32
    sid = begin_login(now=clock.now())
    with serve() as server, subscribing(server.port) as subscribers:
        began = time.monotonic()
        waiter = subscribers.open(f"/push.subscribe_longpoll/{sid}?&tag=&time=&eventid=&_=1764500000000")
        waiter.read_until(b"\r\n\r\n", seconds=32)
        assert 15 < time.monotonic() - began < 32
        assert waiter.status == 304
        assert waiter.received.endswith(b"\r\n\r\n")
        assert "access-control-allow-origin: *" in waiter.head


def test_what_was_told_is_not_told_again(serve):
    sid = begin_login(now=clock.now())
    complete_login(sid, user=None, now=clock.now())
    with serve() as server, subscribing(server.port) as subscribers:
        path = f"/push.subscribe_longpoll/{sid}"
        for marks in ({"If-None-Match": "0", "If-Modified-Since": "null"}, {"If-None-Match": ""}, {}):
            first = server.get(path, **marks)
            assert first.status_code == 200, marks
        etag, modified = first.headers["Etag"], first.headers["Last-Modified"]
        waiter = subscribers.open(f"{path}?tag={etag}&time={modified.replace(' ', '%20')}")
        with pytest.raises(TimeoutError):
            waiter.read_until(b"\r\n\r\n", seconds=2)


def test_a_place_of_a_feed_is_one_of_all():
    places = StreamPlaces(3, {FEED: 2})
    request = HttpRequest()
    request.META[PLACES] = places
    for _ in range(2):
        reserve(request, FEED)
    with pytest.raises(Unavailable):
        reserve(request, FEED)
    reserve(request)
    with pytest.raises(Unavailable):
        reserve(request)
    places.give_back(FEED)
    reserve(request, FEED)


def test_a_waiter_has_a_form_of_his_own():
    opening = Opening(FEED, Waiter("a" * 60), form=channels.LINES)
    assert opening.seconds_left(clock.now()) == 600.0
