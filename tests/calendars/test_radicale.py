"""The client against a real server."""

from uuid import uuid4

import pytest

from calendars.services.caldav import CalDavCollection, RemoteObject
from calendars.services.remote import PreconditionFailed, RemoteFailed
from tests.calendars.radicale import SECRET, USERNAME

EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//CSpace//tests//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260101T000000Z
DTSTART:20260201T020000Z
DTEND:20260201T040000Z
SUMMARY:{name}
END:VEVENT
END:VCALENDAR
"""


def event(uid, name="Chess & <Go> 圍棋"):
    return EVENT.format(uid=uid, name=name).replace("\n", "\r\n")


@pytest.fixture(autouse=True)
def here_is_allowed(settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]


@pytest.fixture
def url(caldav_server):
    """Of a calendar of its own."""
    return caldav_server.make_calendar(f"room-{uuid4()}")


@pytest.fixture
def calendar(url):
    return CalDavCollection(url, username=USERNAME, secret=SECRET)


def write(calendar, *uids):
    """{href: ETag} of new events."""
    return {href: calendar.put(href, event(uid)) for uid in uids if (href := calendar.new_href(uid))}


def test_an_event_is_written_read_changed_and_deleted(calendar):
    href = calendar.new_href("chess@example.edu")
    assert href.endswith("/chess%40example.edu.ics")
    etag = calendar.put(href, event("chess@example.edu"))
    assert calendar.listing() == {href: etag}
    (body,) = calendar.bodies([href]).values()
    assert body.etag == etag
    assert "SUMMARY:Chess & <Go> 圍棋\n" in body.data
    assert "\r" not in body.data

    changed = calendar.put(href, event("chess@example.edu", "Go"), etag=etag)
    assert changed != etag
    assert "SUMMARY:Go\n" in calendar.bodies([href])[href].data

    calendar.delete(href, etag=changed)
    assert calendar.listing() == {}
    assert calendar.bodies([href]) == {}
    calendar.delete(href, etag=changed)
    calendar.delete(href)


def test_who_comes_too_late_changes_nothing(calendar):
    ((href, etag),) = write(calendar, "chess").items()
    newer = calendar.put(href, event("chess", "Go"), etag=etag)
    with pytest.raises(PreconditionFailed, match="changed on the server meanwhile"):
        calendar.put(href, event("chess", "Bridge"), etag=etag)
    with pytest.raises(PreconditionFailed):
        calendar.put(href, event("chess", "Bridge"))
    with pytest.raises(PreconditionFailed):
        calendar.delete(href, etag=etag)
    with pytest.raises(PreconditionFailed):
        calendar.put(calendar.new_href("gone"), event("gone"), etag=etag)
    assert calendar.listing() == {href: newer}
    assert "SUMMARY:Go\n" in calendar.bodies([href])[href].data
    assert calendar.put(href, event("chess", "Bridge"), etag="") != newer


def test_what_has_changed_since_a_token(calendar):
    empty = calendar.changes("")
    assert (empty.changed, empty.deleted, empty.is_whole) == ({}, (), True)
    rows = write(calendar, "one", "two", "three")
    first = calendar.changes(empty.token)
    assert (first.changed, first.deleted, first.is_whole) == (rows, (), False)

    one, two, three = rows
    calendar.delete(one)
    changed = calendar.put(two, event("two", "Go"), etag=rows[two])
    ((four, etag),) = write(calendar, "four").items()
    second = calendar.changes(first.token)
    assert (second.changed, second.deleted, second.is_whole) == ({two: changed, four: etag}, (one,), False)
    assert calendar.changes(second.token).changed == {}

    whole = calendar.changes("")
    assert (whole.changed, whole.deleted, whole.is_whole) == ({two: changed, three: rows[three], four: etag}, (), True)


def test_a_token_that_is_not_known_any_more(caldav_server, calendar):
    rows = write(calendar, "one", "two")
    token = calendar.changes("").token
    calendar.delete(next(iter(rows)))
    caldav_server.forget_tokens()
    (two,) = list(rows)[1:]
    for stale in (token, "http://radicale.org/ns/sync/0", "no token & <none>"):
        delta = calendar.changes(stale)
        assert (delta.changed, delta.deleted, delta.is_whole) == ({two: rows[two]}, (), True)
        assert calendar.changes(delta.token).is_whole is False


def test_many_objects_come_in_portions(calendar):
    rows = write(calendar, *(f"event-{number}" for number in range(120)))
    bodies = calendar.bodies([*rows, calendar.new_href("nowhere"), "/elsewhere/a.ics"])
    assert {href: body.etag for href, body in bodies.items()} == rows
    assert all(isinstance(body, RemoteObject) for body in bodies.values())
    assert calendar.changes("").changed == rows


@pytest.mark.parametrize("uid", ["a/b", "../up", "圍棋", "x" * 300, "a b?c#d%2F", ".hidden", ""])
def test_any_uid_has_a_place(calendar, uid):
    href = calendar.new_href(uid)
    etag = calendar.put(href, event(uid or "none"))
    assert calendar.listing() == {href: etag}
    assert list(calendar.bodies([href])) == [href]


def test_who_may_not_is_told_so(url):
    for secret in ("wrong", ""):
        with pytest.raises(RemoteFailed) as caught:
            CalDavCollection(url, username=USERNAME, secret=secret).changes("")
        sentence = "The server does not accept the username and the password (HTTP 401)"
        assert (caught.value.sentence, caught.value.status) == (sentence, 401)


def test_what_is_not_there_is_said_to_be_so(url):
    nowhere = CalDavCollection(f"{url}nowhere", username=USERNAME, secret=SECRET)
    for ask in (lambda: nowhere.changes(""), lambda: nowhere.changes("x"), nowhere.listing):
        with pytest.raises(RemoteFailed) as caught:
            ask()
        assert (caught.value.sentence, caught.value.status) == ("The server has no such calendar (HTTP 404)", 404)


def test_what_lies_outside_is_not_touched(calendar, url):
    other = f"{url}../other/a.ics"
    for href in ("/elsewhere/a.ics", other, url, f"{calendar.new_href('a')}/b"):
        with pytest.raises(RemoteFailed, match="does not lie in the calendar"):
            calendar.put(href, event("a"))
        with pytest.raises(RemoteFailed, match="does not lie in the calendar"):
            calendar.delete(href)
