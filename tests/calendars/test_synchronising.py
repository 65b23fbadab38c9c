"""A calendar of a real CalDAV server: what happens on either side arrives on the other within one synchronisation."""

from datetime import timedelta
from uuid import uuid4

import pytest

from calendars.enums import CalendarEventStatus, CalendarSource, OccurrenceState
from calendars.models import Calendar, CalendarEvent, CalendarOccurrence, CalendarOutbox
from calendars.services.caldav import CalDavCollection
from calendars.services.calendars import change_calendar
from calendars.services.clearing import clear_calendars
from calendars.services.creating import delete_event
from calendars.services.expanding import text_of
from calendars.services.leasing import LeaseIsLost, keep_lease, leased
from calendars.services.remote import RemoteFailed
from calendars.services.sealing import seal
from calendars.services.syncing import sync_calendar
from classrooms.models import Occupancy
from kernel import clock
from tests.calendars.files import calendar_text
from tests.calendars.radicale import SECRET, USERNAME
from tests.calendars.test_events import hours, states
from tests.calendars.test_subscriptions import day, meeting
from tests.factories import cspace_group, join, make_classroom, make_user
from tests.factories.calendars import enter, make_calendar

pytestmark = pytest.mark.django_db
LIVE, CONFLICTING, REMOVED = OccurrenceState.LIVE, OccurrenceState.CONFLICTING, OccurrenceState.REMOVED


@pytest.fixture
def person():
    return make_user(email="head@example.org")


@pytest.fixture
def url(caldav_server, settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
    return caldav_server.make_calendar(f"room-{uuid4()}")


@pytest.fixture
def server(url):
    return CalDavCollection(url, username=USERNAME, secret=SECRET)


@pytest.fixture
def calendar(url, person):
    return make_calendar(
        users=[person],
        classroom=make_classroom(),
        source=CalendarSource.CALDAV,
        source_url=url,
        source_username=USERNAME,
        source_secret=seal(SECRET),
    )


def put(server, uid, *events):
    """What somebody enters there."""
    href = server.new_href(uid)
    etag = server.listing().get(href)
    server.put(href, calendar_text(*events), etag=etag)


def there(server):
    """{href: the text} of all that is on the server."""
    return {href: found.data for href, found in server.bodies(server.listing()).items()}


def sync(calendar, person):
    report = sync_calendar(slug=calendar.slug, by=person, now=clock.now())
    return {name: number for name, number in report.counts.items() if number}


def test_what_is_entered_there_is_here(server, calendar, person):
    put(server, "a", meeting("a", 10, 12, name="a"))
    put(server, "b", meeting("b", 11, 13, name="b"))
    assert sync(calendar, person) == {"created": 2, "conflicting": 1}
    assert states() == {"a": LIVE, "b": CONFLICTING}
    assert sync(calendar, person) == {"conflicting": 1}
    put(server, "a", meeting("a", 14, 15, name="a moved"))
    assert sync(calendar, person) == {"updated": 1}
    assert states() == {"a moved": LIVE, "b": LIVE}
    server.delete(server.new_href("b"))
    assert sync(calendar, person) == {"removed": 1}
    assert states() == {"a moved": LIVE}
    assert Occupancy.objects.count() == 1


def test_what_is_entered_here_is_there(server, calendar, person):
    created = enter(calendar, hours(10, 12), by=person, name="Chess, Go; 圍棋", description="two\nlines")
    assert CalendarOutbox.objects.filter(done_at=None).count() == 1
    assert sync(calendar, person) == {"unchanged": 1}
    ((href, text),) = there(server).items()
    assert f"UID:{created.event.uid}" in text
    assert r"SUMMARY:Chess\, Go\; 圍棋" in text
    assert CalendarEvent.objects.get().href == href
    assert sync(calendar, person) == {}
    delete_event(slug=calendar.slug, name=created.event.uid, by=person, now=clock.now())
    assert states() == {}
    assert sync(calendar, person) == {}
    assert there(server) == {}
    assert CalendarEvent.objects.count() == 0


def test_what_goes_by_clearing_goes_there(server, calendar, person):
    weekly = ("RRULE:FREQ=WEEKLY;COUNT=3", "CREATED:20260102T000000Z")
    put(server, "first", meeting("first", 10, 12, "CREATED:20260101T000000Z", name="first"))
    put(server, "series", meeting("series", 11, 13, *weekly, name="series"))
    put(server, "late", meeting("late", 11, 12, "CREATED:20260103T000000Z", name="late"))
    put(server, "off", meeting("off", 15, 16, "STATUS:CANCELLED", name="off"))
    assert sync(calendar, person) == {"created": 4, "conflicting": 2}
    clear_calendars([calendar], by=person, now=clock.now(), is_test=False)
    assert sync(calendar, person) == {"updated": 1}  # what was removed here is cancelled there
    texts = there(server)
    assert {href.rsplit("/", 1)[-1] for href in texts} == {"first.ics", "series.ics"}
    (series,) = (text for href, text in texts.items() if href.endswith("series.ics"))
    assert series.count("BEGIN:VEVENT") == 2
    assert "STATUS:CANCELLED" in series
    assert f"RECURRENCE-ID;TZID=Europe/Berlin:{day()}T110000" in series
    Calendar.objects.update(sync_token="")
    CalendarEvent.objects.update(etag="")
    sync(calendar, person)
    dates = CalendarOccurrence.objects.filter(event__uid="series").order_by("recurrence_id")
    assert [row.state for row in dates] == ["cancelled", LIVE, LIVE]
    again = clear_calendars([calendar], by=person, now=clock.now(), is_test=False)
    assert (again.cancelled, again.overlapping, again.dates, again.ignored) == ([], [], [], [])


def test_a_date_that_is_cancelled_there_is_free_here(server, calendar, person):
    series = meeting("s", 10, 12, "RRULE:FREQ=DAILY;COUNT=3", name="daily")
    put(server, "s", series)
    sync(calendar, person)
    off = meeting("s", 10, 12, f"RECURRENCE-ID;TZID=Europe/Berlin:{day(4)}T100000", "STATUS:CANCELLED", days=4)
    put(server, "s", series, off)
    assert sync(calendar, person) == {"updated": 1}
    dates = CalendarOccurrence.objects.order_by("recurrence_id")
    assert [row.state for row in dates] == [LIVE, "cancelled", LIVE]
    assert Occupancy.objects.count() == 2


def test_what_was_changed_there_meanwhile_is_cancelled_as_it_is_now(server, calendar, person):
    weekly = "RRULE:FREQ=WEEKLY;COUNT=3"
    put(server, "first", meeting("first", 10, 12, "CREATED:20260101T000000Z", name="first"))
    put(server, "s", meeting("s", 11, 13, weekly, "CREATED:20260102T000000Z", name="old name"))
    sync(calendar, person)
    clear_calendars([calendar], by=person, now=clock.now(), is_test=False)
    put(server, "s", meeting("s", 11, 13, weekly, "CREATED:20260102T000000Z", name="new name"))
    sync(calendar, person)
    text = next(text for href, text in there(server).items() if href.endswith("/s.ics"))
    assert "SUMMARY:new name" in text
    assert "STATUS:CANCELLED" in text
    assert CalendarOutbox.objects.filter(done_at=None).count() == 0


def test_a_token_that_the_server_has_forgotten_loses_nothing(server, calendar, person, caldav_server):
    for uid in ("a", "b", "c"):
        put(server, uid, meeting(uid, 10, 12, name=uid, days=3 + ord(uid) - 97))
    sync(calendar, person)
    server.delete(server.new_href("b"))
    put(server, "d", meeting("d", 10, 12, name="d", days=9))
    caldav_server.forget_tokens()
    assert sync(calendar, person) == {"created": 1, "unchanged": 2, "removed": 1}
    assert states() == {"a": LIVE, "c": LIVE, "d": LIVE}


def test_a_server_that_is_gone_keeps_what_is_to_be_told(calendar, person, url):
    enter(calendar, hours(10, 12), by=person, name="kept")
    Calendar.objects.update(source_url="http://127.0.0.1:1/nobody/")
    with pytest.raises(RemoteFailed):
        sync(calendar, person)
    entry = CalendarOutbox.objects.get()
    assert (entry.done_at, entry.attempts, entry.next_try_at > clock.now()) == (None, 1, True)
    assert states() == {"kept": LIVE}
    Calendar.objects.update(source_url=url)
    CalendarOutbox.objects.update(next_try_at=clock.now() - timedelta(seconds=1))
    assert sync(calendar, person) == {"unchanged": 1}
    assert CalendarOutbox.objects.get().done_at is not None


def test_what_is_not_told_yet_outranks_what_is_read(server, calendar, person):
    put(server, "a", meeting("a", 10, 12, name="a"))
    sync(calendar, person)
    delete_event(slug=calendar.slug, name="a", by=person, now=clock.now())
    CalendarOutbox.objects.update(next_try_at=None)
    put(server, "a", meeting("a", 10, 12, name="a again"))
    sync(calendar, person)
    assert states() == {}
    CalendarOutbox.objects.update(next_try_at=clock.now())
    sync(calendar, person)
    assert there(server) == {}
    assert CalendarEvent.objects.exclude(status=CalendarEventStatus.CANCELLED).count() == 0


def test_an_event_that_stands_elsewhere_now_stays(server, calendar, person):
    put(server, "a", meeting("a", 10, 12, name="a"))
    sync(calendar, person)
    elsewhere = server.new_href("other")
    server.delete(server.new_href("a"))
    server.put(elsewhere, calendar_text(meeting("a", 10, 12, name="a")))
    sync(calendar, person)
    assert states() == {"a": LIVE}
    assert CalendarEvent.objects.get().href == elsewhere
    server.delete(elsewhere)
    assert sync(calendar, person) == {"removed": 1}


def test_another_collection_with_the_same_events_loses_none(server, calendar, person, caldav_server):
    for uid in ("a", "b"):
        put(server, uid, meeting(uid, 10, 12, name=uid, days=3 + ord(uid) - 97))
    sync(calendar, person)
    url = caldav_server.make_calendar(f"moved-{uuid4()}")
    moved = CalDavCollection(url, username=USERNAME, secret=SECRET)
    put(moved, "a", meeting("a", 10, 12, name="a"))
    leader = make_user()
    join(leader, cspace_group())
    change_calendar(calendar_id=calendar.pk, by=leader, now=clock.now(), source_url=url, source_secret=SECRET)
    assert sync(calendar, person) == {"unchanged": 1, "removed": 1}
    assert states() == {"a": LIVE}


def test_an_object_that_holds_another_event_now_holds_the_former_no_more(server, calendar, person):
    put(server, "a", meeting("a", 10, 12, name="a"))
    sync(calendar, person)
    server.delete(server.new_href("a"))
    server.put(server.new_href("a"), calendar_text(meeting("b", 13, 14, name="b")))
    assert sync(calendar, person) == {"created": 1, "removed": 1}
    assert states() == {"b": LIVE}


def test_what_was_renamed_there_while_a_date_was_cleared_here_is_known_by_both(server, calendar, person):
    weekly = ("RRULE:FREQ=WEEKLY;COUNT=3", "CREATED:20260102T000000Z")
    put(server, "first", meeting("first", 10, 12, "CREATED:20260101T000000Z", name="first"))
    put(server, "s", meeting("s", 11, 13, *weekly, name="old name"))
    sync(calendar, person)
    clear_calendars([calendar], by=person, now=clock.now(), is_test=False)
    put(server, "s", meeting("s", 14, 16, *weekly, name="new name"))
    sync(calendar, person)
    assert CalendarEvent.objects.get(uid="s").name == "new name"
    assert set(CalendarOccurrence.objects.filter(event__uid="s").values_list("starts_at__hour", flat=True)) != {10}
    CalendarOutbox.objects.update(done_at=None, next_try_at=None)
    put(server, "s", meeting("s", 14, 16, *weekly, name="newer name"))
    sync(calendar, person)
    assert CalendarEvent.objects.get(uid="s").name == "new name"
    CalendarOutbox.objects.update(done_at=clock.now())
    sync(calendar, person)
    assert CalendarEvent.objects.get(uid="s").name == "newer name"


def test_what_has_arrived_without_an_answer_does_not_rise_again(server, calendar, person):
    created = enter(calendar, hours(10, 12), by=person)
    server.put(server.new_href(created.event.uid), text_of(created.event))
    delete_event(slug=calendar.slug, name=created.event.uid, by=person, now=clock.now())
    sync(calendar, person)
    assert (there(server), states(), CalendarEvent.objects.count()) == ({}, {}, 0)


def test_a_series_that_cannot_be_changed_there_is_read_again(server, calendar, person):
    put(server, "first", meeting("first", 10, 12, "CREATED:20260101T000000Z", name="first"))
    date = meeting("s", 11, 13, f"RECURRENCE-ID;TZID=Europe/Berlin:{day()}T110000", name="one date")
    put(server, "s", date)
    sync(calendar, person)
    clear_calendars([calendar], by=person, now=clock.now(), is_test=False)
    sync(calendar, person)
    entry = CalendarOutbox.objects.get()
    assert (entry.done_at is not None, "cannot be told" in entry.last_error) == (True, True)
    put(server, "s", date.replace("T110000", "T150000").replace("T130000", "T160000"))
    assert sync(calendar, person) == {"updated": 1}


def test_whoever_reads_the_former_source_writes_nothing(calendar, person, server):
    put(server, "a", meeting("a", 10, 12, name="a"))
    leader = make_user()
    join(leader, cspace_group())
    with leased(calendar.pk) as lease:
        change_calendar(
            calendar_id=calendar.pk, by=leader, now=clock.now(), source_url="http://127.0.0.1:1/x/", source_secret=""
        )
        with pytest.raises(LeaseIsLost):
            keep_lease(calendar.pk, lease)


def test_two_that_differ_in_case_alone_are_two(server, calendar, person):
    uid = str(uuid4())
    put(server, uid, meeting(uid, 10, 12, name="lower"))
    put(server, uid.upper(), meeting(uid.upper(), 13, 14, name="upper"))
    put(server, "long", meeting("😀" * 300, 15, 16, name="long"))
    assert sync(calendar, person) == {"created": 2}
    assert states() == {"lower": LIVE, "upper": LIVE}


@pytest.fixture
def lay(server, url, caldav_server):
    """Makes an object of some name on a server that lets several hold one UID, which Radicale does not. Its href."""
    (folder,) = caldav_server.folder.rglob(url.rstrip("/").rsplit("/", 1)[-1])

    def lay(name, *events):
        href = server.new_href(name)
        (folder / href.rsplit("/", 1)[-1]).write_bytes(calendar_text(*events).encode())
        return href

    return lay


@pytest.fixture(params=["at once", "one by one"])
def copies(request, lay, calendar, person):
    """An event in two objects: (where it was seen first, where then)."""
    hrefs = []
    for name in ("a", "copy"):
        hrefs.append(lay(name, meeting("a", 10, 12, name="a")))
        if request.param == "one by one":
            sync(calendar, person)
    sync(calendar, person)
    assert states() == {"a": LIVE}
    return hrefs


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("forgets", [False, True])
def test_an_event_stays_as_long_as_one_object_holds_it(server, calendar, person, caldav_server, copies, first, forgets):
    for href, count in ((copies[first], 1), (copies[1 - first], 0)):
        server.delete(href)
        if forgets:
            caldav_server.forget_tokens()
        report = sync(calendar, person)
        assert (report.get("removed", 0), report.get("created", 0)) == (1 - count, 0)
        assert states() == ({"a": LIVE} if count else {})
        assert Occupancy.objects.filter(is_live=True).count() == count
        assert sync(calendar, person) in ({}, {"unchanged": count})


@pytest.mark.parametrize("first", [0, 1])
def test_the_other_object_holds_another_event_by_now(server, calendar, person, copies, first, lay):
    lay(("a", "copy")[first], meeting("b", 13, 14, name="b"))
    assert sync(calendar, person).get("created") == 1
    assert states() == {"a": LIVE, "b": LIVE}
    server.delete(copies[1 - first])
    assert sync(calendar, person) == {"removed": 1}
    assert states() == {"b": LIVE}


def test_what_is_left_says_what_it_says(server, calendar, person, copies, lay):
    """The object that is deleted is the one that was changed last."""
    lay("copy", meeting("a", 14, 15, name="other"))
    sync(calendar, person)
    assert states() == {"other": LIVE}
    server.delete(copies[1])
    assert sync(calendar, person) == {"updated": 1}
    assert states() == {"a": LIVE}


def test_an_event_of_two_objects_that_is_deleted_here_rises_from_neither(
    server, calendar, person, caldav_server, copies
):
    delete_event(slug=calendar.slug, name="a", by=person, now=clock.now())
    sync(calendar, person)
    assert (there(server), states(), CalendarEvent.objects.count()) == ({}, {}, 0)
    caldav_server.forget_tokens()
    assert sync(calendar, person) == {}


def test_a_date_that_is_cleared_is_cancelled_in_both_objects(server, calendar, person, lay):
    put(server, "first", meeting("first", 10, 12, "CREATED:20260101T000000Z", name="first"))
    weekly = ("RRULE:FREQ=WEEKLY;COUNT=3", "CREATED:20260102T000000Z")
    for name in ("s", "copy"):
        lay(name, meeting("s", 11, 13, *weekly, name="series"))
    sync(calendar, person)
    clear_calendars([calendar], by=person, now=clock.now(), is_test=False)
    sync(calendar, person)
    assert sorted(text.count("STATUS:CANCELLED") for text in there(server).values()) == [0, 1, 1]
    server.delete(CalendarEvent.objects.get(uid="s").href)
    sync(calendar, person)
    dates = CalendarOccurrence.objects.filter(event__uid="s").order_by("recurrence_id")
    assert [row.state for row in dates] == ["cancelled", LIVE, LIVE]
