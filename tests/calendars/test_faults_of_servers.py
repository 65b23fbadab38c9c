"""Whatever exchange with a CalDAV server goes wrong, and however: nothing is lost by it, and nothing rises again."""

from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from calendars.enums import CalendarSource
from calendars.models import Calendar, CalendarEvent, CalendarOccurrence, CalendarOutbox
from calendars.services.caldav import CalDavCollection
from calendars.services.clearing import clear_calendars
from calendars.services.creating import delete_event
from calendars.services.remote import RemoteFailed
from calendars.services.sealing import seal
from calendars.services.syncing import sync_calendar
from classrooms.models import Occupancy
from kernel import clock
from tests.calendars.faulty import FAULTS, faulty_server
from tests.calendars.radicale import SECRET, USERNAME
from tests.calendars.test_events import hours
from tests.calendars.test_subscriptions import meeting
from tests.calendars.test_synchronising import put, there
from tests.factories import make_classroom, make_user
from tests.factories.calendars import enter, make_calendar

pytestmark = pytest.mark.django_db
WEEKLY = ("RRULE:FREQ=WEEKLY;COUNT=3", "CREATED:20260102T000000Z")
EXCHANGES = 12
"""More than one synchronisation has; those that there are not are passed over."""


class Story:
    """Events of both sides, of which each deletes, moves and clears some; then they are synchronised."""

    def __init__(self, url, middle):
        self.middle = middle
        self.person = make_user(email="head@example.org")
        self.server = CalDavCollection(url, username=USERNAME, secret=SECRET)
        self.calendar = make_calendar(
            users=[self.person],
            classroom=make_classroom(),
            source=CalendarSource.CALDAV,
            source_url=f"http://127.0.0.1:{middle.port}{urlsplit(url).path}",
            source_username=USERNAME,
            source_secret=seal(SECRET),
        )

    def sync(self):
        sync_calendar(slug=self.calendar.slug, by=self.person, now=clock.now())

    def begin(self):
        put(self.server, "first", meeting("first", 10, 12, "CREATED:20260101T000000Z", name="first"))
        put(self.server, "series", meeting("series", 11, 13, *WEEKLY, name="series"))
        put(self.server, "gone", meeting("gone", 15, 16, name="gone"))
        put(self.server, "moved", meeting("moved", 8, 9, name="moved"))
        self.sync()

    def go_on(self):
        enter(self.calendar, hours(5, 6), by=self.person, name="entered here")
        delete_event(slug=self.calendar.slug, name="gone", by=self.person, now=clock.now())
        clear_calendars([self.calendar], by=self.person, now=clock.now(), is_test=False)
        put(self.server, "moved", meeting("moved", 13, 14, name="moved there"))
        put(self.server, "new", meeting("new", 19, 20, name="entered there"))

    def end(self):
        """What both sides have when all is well again: (here, there)."""
        for _ in range(3):
            CalendarOutbox.objects.filter(done_at=None).update(next_try_at=clock.now() - timedelta(seconds=1))
            self.sync()
        assert CalendarOutbox.objects.filter(done_at=None).count() == 0
        rows = CalendarOccurrence.objects.order_by("starts_at", "event__name")
        here = [(row.event.name, row.starts_at.hour, row.state) for row in rows.select_related("event")]
        live = sum(state == "live" for _, _, state in here)
        assert Occupancy.objects.filter(is_live=True).count() == live
        assert CalendarEvent.objects.exclude(deleted_at=None).count() == 0
        texts = sorted(
            (next(line for line in text.splitlines() if line.startswith("SUMMARY")), text.count("STATUS:CANCELLED"))
            for text in there(self.server).values()
        )
        return here, texts


@pytest.fixture
def story(caldav_server, settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
    with faulty_server(caldav_server.port) as middle:
        yield Story(caldav_server.make_calendar(f"faults-{uuid4()}"), middle)


RIGHT = (
    [
        ("first", "live"),
        ("moved there", "live"),
        ("series", "cancelled"),
        ("series", "live"),
        ("series", "live"),
        ("entered here", "live"),
        ("entered there", "live"),
    ],
    [
        ("SUMMARY:entered here", 0),
        ("SUMMARY:entered there", 0),
        ("SUMMARY:first", 0),
        ("SUMMARY:moved there", 0),
        ("SUMMARY:series", 1),
    ],
)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("number", range(EXCHANGES))
def test_one_exchange_goes_wrong(story, fault, number):
    story.begin()
    story.go_on()
    story.middle.spoil(fault, number)
    with suppress(RemoteFailed):
        story.sync()
    exchanges = story.middle.mend()
    assert exchanges > 3 or number < exchanges
    here, texts = story.end()
    assert sorted((name, state) for name, _, state in here) == sorted(RIGHT[0])
    assert texts == RIGHT[1]
    assert Calendar.objects.get().failures == 0


def test_the_first_reading_goes_wrong(story):
    for fault in FAULTS:
        for number in range(3):
            story.middle.spoil(fault, number)
            Calendar.objects.update(sync_token="")
            with suppress(RemoteFailed):
                story.sync()
    story.middle.mend()
    story.begin()
    story.go_on()
    here, texts = story.end()
    assert sorted((name, state) for name, _, state in here) == sorted(RIGHT[0])
    assert texts == RIGHT[1]
