"""Every call that the document shows, as it shows it, by both spellings, with and without the last slash."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from auditlog.models import LogEntry
from calendars.enums import OnOverlap
from calendars.models import CalendarEvent
from calendars.rules.numbers import ALPHABET, number_of, short
from classrooms.models import Occupancy
from tests.dialects.room_booking.scenes import FORM, JSON, only_event, refused, states

pytestmark = pytest.mark.django_db
SPELLINGS = pytest.mark.parametrize("word", ["events", "event"])
SLASHES = pytest.mark.parametrize("slash", ["", "/"])
PAYLOAD = b"""{
"name": "Event Title",
"start": "2025-01-02T12:00:00",
"end": "2025-01-02T13:00:00"
}"""
OF_CURL = b'{"name": "Test-Event", "start": "2026-01-20T03:00+01:00", "end": "2026-01-20T05:00+01:00"}'


@SPELLINGS
@SLASHES
@pytest.mark.parametrize("content_type", [JSON, FORM, "", "text/plain; charset=latin-1"])
def test_creating_an_event(script, department, word, slash, content_type):
    answer = script.send("POST", f"/api/test-kalender/{word}{slash}", PAYLOAD, content_type)
    assert answer.status_code == 201, answer.content
    event = only_event()
    name = short(event.public_id)
    assert answer.content == json.dumps({"id": name}).encode()
    assert (len(name), set(name) <= set(ALPHABET)) == (22, True)
    assert answer["Content-Type"] == JSON
    assert answer["Location"] == f"/api/test-kalender/events/{name}"
    assert answer["X-Event-State"] == "live"
    assert "no-store" in answer["Cache-Control"]
    # On the wall of the calendar, which is that of Berlin in winter.
    assert (event.starts_at, event.ends_at) == (
        datetime(2025, 1, 2, 11, tzinfo=UTC),
        datetime(2025, 1, 2, 12, tzinfo=UTC),
    )
    assert (event.name, event.organizer, event.created_by, event.calendar) == (
        "Event Title",
        "head@example.edu",
        department.head,
        department.calendar,
    )
    assert event.uid == str(event.public_id) == str(UUID(event.uid))
    assert event.created_at == datetime(2026, 1, 20, 2, tzinfo=UTC)
    assert Occupancy.objects.get().classroom == department.calendar.classroom
    entry = LogEntry.objects.get(action="calendar_event.created")
    assert (entry.actor, entry.details["calendar"]) == (department.head, "test-kalender")


def test_the_sample_of_curl(script):
    answer = script.send("POST", "/api/test-kalender/event", OF_CURL)
    assert (answer.status_code, list(answer.json())) == (201, ["id"])
    assert only_event().starts_at == datetime(2026, 1, 20, 2, tzinfo=UTC)


@SPELLINGS
@SLASHES
@pytest.mark.parametrize("content_type", [JSON, ""])
@pytest.mark.parametrize("body", [b"", b"{}", b"not JSON"])
def test_deleting_an_event(script, word, slash, content_type, body):
    event = script.create().json()["id"]
    answer = script.send("DELETE", f"/api/test-kalender/{word}/{event}{slash}", body, content_type)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Type" not in answer
    assert (CalendarEvent.objects.count(), Occupancy.objects.filter(is_live=True).count()) == (0, 0)
    assert LogEntry.objects.filter(action="calendar_event.deleted").count() == 1
    refused(script.delete(event), 404, "Not Found")


def test_where_it_was_made_it_is_deleted(script):
    place = script.create()["Location"]
    assert script.send("DELETE", place).status_code == 204


@pytest.mark.parametrize("form", [str, lambda uid: str(uid).upper(), short])
def test_an_event_is_called_by_its_uuid_too(script, form):
    script.create()
    assert script.delete(form(only_event().public_id)).status_code == 204


@pytest.mark.parametrize(
    ("uid", "target"),
    [
        ("a/b@example.edu", "a%2Fb%40example.edu"),
        ("a/b@example.edu", "a%2fb@example.edu/"),
        ("a/", "a%2F/"),
        ("a%2Fb", "a%252Fb"),
        ("ä ö?#", "%C3%A4%20%C3%B6%3F%23"),
        ("..", "%2E%2E"),
    ],
)
def test_an_event_from_elsewhere_is_called_by_its_uid(script, uid, target):
    script.create()
    event = only_event()
    event.uid, event.public_id = uid, number_of(uid)
    event.save()
    answer = script.at(f"/api/test-kalender/events/{target}")
    assert (answer.status_code, CalendarEvent.objects.count()) == (204, 0)


def test_what_overlaps_is_kept_and_waits(script):
    first = script.create(name="first").json()["id"]
    answer = script.create(name="second")
    assert (answer.status_code, answer["X-Event-State"], list(answer.json())) == (201, "conflicting", ["id"])
    assert states() == {"first": "live", "second": "conflicting"}
    assert script.delete(first).status_code == 204
    assert states() == {"second": "live"}


def test_touching_is_no_overlap(script):
    script.create(name="first")
    answer = script.create(name="second", start=EVENT_END, end="2026-02-02T14:00:00")
    assert answer["X-Event-State"] == "live"


EVENT_END = "2026-02-02T13:00:00"


def test_a_calendar_that_rejects(script, department):
    department.calendar.on_overlap = OnOverlap.REJECT
    department.calendar.save()
    script.create(name="first", organizer="Ada@Example.EDU")
    first = only_event()
    answer = script.create(name="second", start="2026-02-02T12:30Z", end="2026-02-02T15:00Z")
    assert answer.status_code == 201
    answer = script.create(name="third", start="2026-02-02T12:30", end="2026-02-02T15:00")
    assert answer.status_code == 409
    assert (
        answer.content
        == json.dumps(
            {
                "detail": "The event overlaps another one",
                "code": "CONFLICT",
                "overlaps_with": {
                    "uid": first.uid,
                    "name": "first",
                    "start": "2026-02-02T12:00:00+01:00",
                    "end": "2026-02-02T13:00:00+01:00",
                    "created": "2026-01-20T03:00:00+01:00",
                    "organizer": "Ada@example.edu",
                },
            }
        ).encode()
    )
    assert sorted(states()) == ["first", "second"]
    assert LogEntry.objects.filter(action="calendar_event.created").count() == 2


def test_optional_fields(script):
    answer = script.create(
        name="  Äther 🎉 ", description="Line\nline\tline", organizer="ada@example.edu", location="x", id=3
    )
    assert answer.status_code == 201
    event = only_event()
    assert (event.name, event.description, event.organizer, event.rrule) == (
        "Äther 🎉",
        "Line\nline\tline",
        "ada@example.edu",
        "",
    )


def test_whoever_has_no_address_organizes_nothing(script, department):
    department.head.email = ""
    department.head.save()
    assert script.create().status_code == 201
    assert only_event().organizer == ""


def test_a_series(script):
    answer = script.create(rrule="FREQ=WEEKLY;COUNT=3;")
    assert (answer.status_code, answer["X-Event-State"]) == (201, "live")
    event = only_event()
    assert (event.is_repeated, event.rrule) == (True, "FREQ=WEEKLY;COUNT=3")
    assert [each.starts_at.day for each in event.occurrences.order_by("starts_at")] == [2, 9, 16]
    script.create(name="once", start="2026-02-09T12:00", end="2026-02-09T14:00")
    assert states() == {"Event Title": "live", "once": "conflicting"}
    assert script.delete(answer.json()["id"]).status_code == 204
    assert (states(), CalendarEvent.objects.count()) == ({"once": "live"}, 1)
