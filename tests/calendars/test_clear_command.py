"""`manage.py clear_bookings`: the same as the call, for an operator."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from calendars.enums import CalendarSource
from calendars.models import Calendar
from calendars.services.clearings import clear_by_clock
from kernel import clock
from tests.calendars.test_clearing import Room
from tests.calendars.test_events import states
from tests.factories import make_user
from tests.factories.calendars import make_calendar

pytestmark = pytest.mark.django_db


@pytest.fixture
def room():
    room = Room(make_user())
    room.enter("first", 10, 12)
    room.enter("second", 11, 13)
    return room


def cleared(*arguments):
    out = StringIO()
    call_command("clear_bookings", *arguments, stdout=out)
    return json.loads(out.getvalue())


def names(report):
    return [item["event"]["name"] for item in report["deleted_overlapping_events"]]


def test_a_calendar_is_cleared_after_a_dry_run(room):
    dry = cleared("--calendar", room.calendar.slug, "--dry-run")
    assert (names(dry), dry["test_mode"], set(states())) == (["second"], True, {"first", "second"})
    assert cleared("--calendar", room.calendar.slug) == dry | {"test_mode": False}
    assert set(states()) == {"first"}


def test_without_names_those_are_cleared_that_are_by_themselves(room):
    assert names(cleared()) == []
    Calendar.objects.update(auto_clear=True)
    assert names(cleared("--dry-run")) == ["second"]
    assert clear_by_clock(now=clock.now()) == 1
    assert set(states()) == {"first"}


def test_what_cannot_be_done_is_one_line(room, settings):
    with pytest.raises(CommandError, match="Calendar not found: nothing was cleared"):
        cleared("--calendar", room.calendar.slug, "--calendar", "nobody")
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
    far = make_calendar(source=CalendarSource.ICS, source_url="http://127.0.0.1:1/a.ics")
    with pytest.raises(CommandError, match="nothing was cleared"):
        cleared("--calendar", room.calendar.slug, "--calendar", far.slug)
    assert set(states()) == {"first", "second"}
