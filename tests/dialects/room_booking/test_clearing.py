"""Clearing over the wire: the sample of the document, what is named and what is a test."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from auditlog.models import LogEntry
from calendars.models import CalendarEvent, CalendarOccurrence
from calendars.services.syncing import import_file
from classrooms.models import Occupancy
from kernel import clock
from kernel.campus_time import campus_date
from tests.dialects.room_booking.scenes import Department, refused, states
from tests.factories import join, make_classroom, make_group, make_registration, make_user
from tests.factories.calendars import make_calendar

pytestmark = pytest.mark.django_db
JULY = datetime(2025, 7, 10, 12, tzinfo=UTC)
"""After all of the sample was made, before any of it begins."""
SAMPLE = """{
"deleted_cancelled_events": [],
"deleted_overlapping_events": [
{
"event": {
"uid": "abeda082-2a4b-48a7-a92a-ba24575622ae",
"name": "Fundraising Weekly",
"start": "2025-07-14T00:00:00+02:00",
"end": "2025-07-19T00:00:00+02:00",
"created": "2025-07-09T15:11:19+02:00",
"organizer": "head-of-fundraising@my-awesome.org"
},
"overlaps_with": {
"uid": "2051008d-6ce2-4489-b7d9-38d164c5e66e",
"name": "Finance Monthly",
"start": "2025-07-15T10:00:00+02:00",
"end": "2025-07-15T12:00:00+02:00",
"created": "2025-01-14T08:33:20+01:00",
"organizer": "head-of-finance@my-awesome.org"
},
"calendar": "meeting-room-1"
}
],
"cancelled_overlapping_recurring_events": [
{
"event": {
"uid": "be6d2d42-513b-45ca-bb43-663e2a10a1d7",
"name": "Job Interviews",
"start": "2025-07-14T14:00:00+02:00",
"end": "2025-07-14T15:00:00+02:00",
"created": "2025-06-30T12:04:14+02:00",
"organizer": "head-of-hr@my-awesome.org"
},
"overlaps_with": {
"uid": "f2b7b703-dfba-4ae7-a0e9-bf0e7637c7e4",
"name": "Workers Council Meeting",
"start": "2025-07-14T14:00:00+02:00",
"end": "2025-07-14T15:00:00+02:00",
"created": "2025-02-10T12:33:39+01:00",
"organizer": "workers-council@my-awesome.org"
},
"calendar": "meeting-room-2"
}
],
"ignored_overlapping_events": [],
"test_mode": true
}"""
NOTHING = {
    "deleted_cancelled_events": [],
    "deleted_overlapping_events": [],
    "cancelled_overlapping_recurring_events": [],
    "ignored_overlapping_events": [],
    "test_mode": False,
}


def file_of(*events):
    """A calendar file; each event as its lines."""
    lines = [line for event in events for line in ("BEGIN:VEVENT", "DTSTAMP:20250101T000000Z", *event, "END:VEVENT")]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *lines, "END:VCALENDAR", ""]).encode()


def lines_of(uid, name, start, end, created, organizer, *more):
    times = [f"DTSTART{start}", f"DTEND{end}", f"CREATED:{created}"]
    return [f"UID:{uid}", f"SUMMARY:{name}", *times, f"ORGANIZER:mailto:{organizer}@my-awesome.org", *more]


ZONE = ";TZID=Europe/Berlin:2025"
IN_ROOM_1 = file_of(
    lines_of(
        "abeda082-2a4b-48a7-a92a-ba24575622ae",
        "Fundraising Weekly",
        ";VALUE=DATE:20250714",
        ";VALUE=DATE:20250719",
        "20250709T131119Z",
        "head-of-fundraising",
    ),
    lines_of(
        "2051008d-6ce2-4489-b7d9-38d164c5e66e",
        "Finance Monthly",
        f"{ZONE}0715T100000",
        f"{ZONE}0715T120000",
        "20250114T073320Z",
        "head-of-finance",
    ),
)
IN_ROOM_2 = file_of(
    lines_of(
        "be6d2d42-513b-45ca-bb43-663e2a10a1d7",
        "Job Interviews",
        f"{ZONE}0714T140000",
        f"{ZONE}0714T150000",
        "20250630T100414Z",
        "head-of-hr",
        "RRULE:FREQ=WEEKLY;COUNT=3",
    ),
    lines_of(
        "f2b7b703-dfba-4ae7-a0e9-bf0e7637c7e4",
        "Workers Council Meeting",
        f"{ZONE}0714T140000",
        f"{ZONE}0714T150000",
        "20250210T113339Z",
        "workers-council",
    ),
)


@pytest.fixture
def summer():
    with time_machine.travel(JULY, tick=False):
        yield


@pytest.fixture
def rooms(db, summer):
    """The department of the sample, with what stands in its calendars."""
    head = make_user("head", email="head@example.edu")
    first = make_calendar("meeting-room-1", users=(head,), classroom=make_classroom())
    second = make_calendar("meeting-room-2", users=(head,), classroom=make_classroom())
    for calendar, data in ((first, IN_ROOM_1), (second, IN_ROOM_2)):
        report = import_file(slug=calendar.slug, by=head, now=clock.now(), data=data)
        assert (report.errors, report.created) == ([], 2)
    return Department(head, first, second)


def stored():
    """All that a test must leave as it is."""
    return (
        sorted(CalendarEvent.objects.values_list("uid", "deleted_at")),
        sorted(CalendarOccurrence.objects.values_list("event__uid", "recurrence_id", "state", "occupancy")),
        sorted(Occupancy.objects.values_list("pk", "is_live")),
        LogEntry.objects.count(),
    )


def test_the_sample_of_the_document(rooms):
    script = rooms.script()
    before = stored()
    answer = script.clear("test=on")
    assert answer.status_code == 200
    assert answer.content == json.dumps(json.loads(SAMPLE)).encode()
    assert stored() == before
    real = script.clear()
    assert real.json() == json.loads(SAMPLE) | {"test_mode": False}
    assert list(real.json()) == list(NOTHING)
    assert script.clear().json() == NOTHING
    assert sorted(CalendarEvent.objects.values_list("name", flat=True)) == [
        "Finance Monthly",
        "Job Interviews",
        "Workers Council Meeting",
    ]
    dates = CalendarOccurrence.objects.filter(event__name="Job Interviews").order_by("starts_at")
    assert list(dates.values_list("state", flat=True)) == ["removed", "live", "live"]
    assert LogEntry.objects.filter(action="calendar_event.cleared").count() == 2


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("calendar=meeting-room-1&test=on", ["Fundraising Weekly"]),
        ("calendar=meeting-room-2&test=on", ["Job Interviews"]),
        ("calendar=meeting-room-2&calendar=meeting-room-1&test=on", ["Fundraising Weekly", "Job Interviews"]),
        ("calendar=meeting-room-1&calendar=meeting-room-1&test=on", ["Fundraising Weekly"]),
        ("test=on&more=x&Calendar=nowhere", ["Fundraising Weekly", "Job Interviews"]),
    ],
)
def test_calendars_that_are_named(rooms, query, names):
    report = rooms.script().clear(query).json()
    rows = report["deleted_overlapping_events"] + report["cancelled_overlapping_recurring_events"]
    assert [row["event"]["name"] for row in rows] == names


@pytest.mark.parametrize("path", ["/api/clear-bookings", "/api/clear-bookings/"])
@pytest.mark.parametrize("word", ["1", "ok", "on", "true", "yes", "OK", "On", "TRUE", "yEs"])
def test_words_for_a_test(rooms, path, word):
    answer = rooms.script().send("DELETE", f"{path}?test={word}&test={word}")
    assert (answer.status_code, answer.json()["test_mode"]) == (200, True)
    assert CalendarEvent.objects.count() == 4


@pytest.mark.parametrize(
    "query", ["", "test", "test=", "test=0", "test=off", "test=FALSE", "test=No", "test=0&test=no"]
)
def test_words_for_none(rooms, query):
    answer = rooms.script().clear(query)
    assert (answer.status_code, answer.json()["test_mode"]) == (200, False)
    assert CalendarEvent.objects.count() == 3


@pytest.mark.parametrize(
    ("content_type", "body"), [("application/json", b""), ("application/json", b"{"), ("", b"test=on")]
)
def test_a_body_says_nothing(rooms, content_type, body):
    answer = rooms.script().send("DELETE", "/api/clear-bookings?test=1", body, content_type)
    assert answer.json()["test_mode"] is True


def test_what_was_cancelled_is_deleted_and_overlaps_with_nothing(rooms):
    cancelled = lines_of(
        "cancelled",
        "Called off",
        f"{ZONE}1027T100000",
        f"{ZONE}1027T110000",
        "20250709T131119Z",
        "ada",
        "STATUS:CANCELLED",
    )
    import_file(slug="meeting-room-1", by=rooms.head, now=clock.now(), data=file_of(cancelled))
    for query in ("calendar=meeting-room-1&test=1", "calendar=meeting-room-1"):
        assert rooms.script().clear(query).json()["deleted_cancelled_events"] == [
            {
                "event": {
                    "uid": "cancelled",
                    "name": "Called off",
                    "start": "2025-10-27T10:00:00+01:00",
                    "end": "2025-10-27T11:00:00+01:00",
                    "created": "2025-07-09T15:11:19+02:00",
                    "organizer": "ada@my-awesome.org",
                },
                "calendar": "meeting-room-1",
            }
        ]
    assert rooms.script().clear("calendar=meeting-room-1").json() == NOTHING


def test_each_side_stands_on_the_wall_of_its_own_calendar(rooms):
    room = rooms.calendar.classroom
    make_calendar("in-taipei", users=(rooms.head,), classroom=room, timezone="Asia/Taipei")
    script = rooms.script()
    script.clear()
    early = {"start": "2025-12-01T10:00Z", "end": "2025-12-01T11:00Z"}
    script.create("meeting-room-1", name="early", **early)
    with time_machine.travel(JULY + timedelta(seconds=1), tick=False):
        script.create("in-taipei", name="late", **early, organizer="ada@example.edu")
        (row,) = script.clear("test=on&calendar=in-taipei").json()["deleted_overlapping_events"]
    assert (row["event"]["start"], row["event"]["created"]) == (
        "2025-12-01T18:00:00+08:00",
        "2025-07-10T20:00:01+08:00",
    )
    assert (row["overlaps_with"]["start"], row["overlaps_with"]["created"]) == (
        "2025-12-01T11:00:00+01:00",
        "2025-07-10T14:00:00+02:00",
    )
    assert row["calendar"] == "in-taipei"


def test_what_is_no_event_wins_and_stands_on_the_wall_of_who_lost(department):
    group = make_group()
    join(department.head, group)
    script, day = department.script(), campus_date(clock.now()) + timedelta(days=3)
    name = script.create(start=f"{day}T10:00+08:00", end=f"{day}T12:00+08:00").json()["id"]
    script.create(name="waits", start=f"{day}T10:00+08:00", end=f"{day}T11:00+08:00")
    script.delete(name)
    assert states() == {"waits": "live"}
    script.clear()
    script.delete(CalendarEvent.objects.get().uid)
    registration = make_registration(
        by=department.head, group=group, classroom=department.calendar.classroom, day=day, start=600, end=720
    )
    script.create(name="late", start=f"{day}T11:00+08:00", end=f"{day}T13:00+08:00")
    (row,) = script.clear("calendar=test-kalender").json()["deleted_overlapping_events"]
    assert row["event"]["name"] == "late"
    assert row["overlaps_with"] == {
        "uid": f"registration-{registration.pk}",
        "name": row["overlaps_with"]["name"],
        "start": "2026-01-23T03:00:00+01:00",
        "end": "2026-01-23T05:00:00+01:00",
        "created": "2026-01-20T03:00:00+01:00",
        "organizer": None,
    }
    assert states() == {}


def test_whoever_has_no_calendars_clears_nothing(rooms):
    answer = rooms.script(user=make_user()).clear()
    assert (answer.status_code, answer.json()) == (200, NOTHING)


def test_a_calendar_whose_server_cannot_be_read(rooms):
    """Its address is one that nobody is called at."""
    rooms.other.source, rooms.other.source_url = "ics", "https://127.0.0.1/calendar.ics"
    rooms.other.save()
    before = stored()
    for query in ("", "calendar=meeting-room-1&calendar=meeting-room-2"):
        refused(rooms.script().clear(query), 502)
        assert stored()[:3] == before[:3]
    assert rooms.script().clear("test=1").status_code == 200
    assert rooms.script().clear("calendar=meeting-room-1").status_code == 200
