"""The OpenAPI document of this wire, declared by hand: what a published document describes is not ours to generate.

Its examples work against the demo campus, in the order in which they stand.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from calendars.rules import MAX_DESCRIPTION, MAX_NAME, SLUG
from dialects.room_booking.clearing_query import FALSE, TRUE

CALENDAR, CLEARED_CALENDAR, EVENT_ID = "test-kalender", "meeting-room-1", "4zx3QAFzoxV3vaZSKGaH2S"
NEW_EVENT = {"name": "Event Title", "start": "2025-01-02T12:00:00", "end": "2025-01-02T13:00:00"}
SERIES = {
    "name": "Seminar",
    "start": "2027-01-04T10:00+01:00",
    "end": "2027-01-04T12:00+01:00",
    "description": "Every Monday",
    "organizer": "ada@example.edu",
    "rrule": "FREQ=WEEKLY;COUNT=4",
}
EVENT = {
    "uid": "abeda082-2a4b-48a7-a92a-ba24575622ae",
    "name": "Fundraising Weekly",
    "start": "2025-07-14T00:00:00+02:00",
    "end": "2025-07-19T00:00:00+02:00",
    "created": "2025-07-09T15:11:19+02:00",
    "organizer": "head-of-fundraising@my-awesome.org",
}
WINNER = {
    "uid": "2051008d-6ce2-4489-b7d9-38d164c5e66e",
    "name": "Finance Monthly",
    "start": "2025-07-15T10:00:00+02:00",
    "end": "2025-07-15T12:00:00+02:00",
    "created": "2025-01-14T08:33:20+01:00",
    "organizer": "head-of-finance@my-awesome.org",
}
REPORT = {
    "deleted_cancelled_events": [],
    "deleted_overlapping_events": [{"event": EVENT, "overlaps_with": WINNER, "calendar": CLEARED_CALENDAR}],
    "cancelled_overlapping_recurring_events": [],
    "ignored_overlapping_events": [],
    "test_mode": True,
}
FAULTS = {"detail": [{"type": "missing", "loc": ["body", "end"], "msg": "Field required"}]}
TEXT: dict[str, Any] = {"type": "string"}


@lru_cache(maxsize=1)
def document_text() -> tuple[bytes, str]:
    """(text, entity tag). Nothing in it depends on who asks."""
    text = json.dumps(document(), ensure_ascii=False).encode()
    return text, f'"{hashlib.sha256(text).hexdigest()[:32]}"'


def document() -> dict[str, Any]:
    """OpenAPI 3.0."""
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Room Booking",
            "version": "1.0.0",
            "description": (
                "Create and delete events in the calendars of rooms, and clear what is cancelled or overlaps."
                " Every path answers with and without its last slash. Keys are made in the [admin](/admin/)."
            ),
        },
        "servers": [{"url": "/"}],
        "security": [{"apiKey": []}],
        "paths": _paths(),
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer", "description": "An API key"}},
        },
    }


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for word, also in (("events", ""), ("event", "Also")):
        # Each of the two as the document and its samples have it.
        new, one = (f"/api/{{calendar}}/{word}/", f"/api/{{calendar}}/{word}/{{event_id}}")
        paths[new] = {"parameters": [_calendar()], "post": _creating(f"createEvent{also}")}
        paths[one] = {"parameters": [_calendar(), _event_id()], "delete": _deleting(f"deleteEvent{also}")}
    paths["/api/clear-bookings"] = {"delete": _clearing()}
    return paths


def _creating(name: str) -> dict[str, Any]:
    examples = {"single": {"value": NEW_EVENT}, "series": {"value": SERIES}}
    body = {"schema": _reference("NewEvent"), "examples": examples}
    headers = {
        "Location": {"description": "Where it is deleted", "schema": TEXT},
        "X-Event-State": {
            "description": "Whether it has its room, waits for it, or takes none",
            "schema": {"type": "string", "enum": ["live", "conflicting", "free"]},
        },
    }
    overlap = {"detail": "The event overlaps another one", "code": "CONFLICT", "overlaps_with": WINNER}
    return {
        "operationId": name,
        "summary": "Create an event",
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {
            "201": {**_answer("The event is there", "EventId", {"id": EVENT_ID}), "headers": headers},
            "400": _refusal("The body is not a JSON object", "The body is not JSON"),
            **_refusals(),
            "404": _refusal("No such calendar among those of the key's user", "Not Found"),
            "409": _answer("The calendar rejects what overlaps; nothing was stored", "Overlap", overlap),
            "413": _refusal("The body is larger than 1 MiB", "The request body is too large"),
            "422": _answer("Values that cannot be taken, all of them", "WrongValues", FAULTS),
        },
    }


def _deleting(name: str) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": "Delete an event, a series with all its dates",
        "responses": {
            "204": {"description": "It is gone"},
            **_refusals(),
            "404": _refusal("No such calendar, or no such event in it", "Not Found"),
        },
    }


def _clearing() -> dict[str, Any]:
    calendars = {"type": "array", "items": {"type": "string", "minLength": 1}}
    words = [word for word in (*TRUE, *FALSE) if word]
    return {
        "operationId": "clearBookings",
        "summary": "Delete cancelled events, and of those that overlap all but the first in rank",
        "parameters": [
            {
                "name": "calendar",
                "in": "query",
                "description": "Slug, repeatable. Absent: all calendars of the user",
                "schema": calendars,
                "explode": True,
                "example": [CLEARED_CALENDAR],
            },
            {
                "name": "test",
                "in": "query",
                "description": "Whether only to say what would be done. Absent: it is done",
                "schema": {"type": "string", "enum": words},
                "example": "on",
            },
        ],
        "responses": {
            "200": _answer("What was cleared or, in a test, would be", "ClearingReport", REPORT),
            **_refusals(),
            "404": _refusal("One of the calendars is unknown or somebody else's; nothing was done", "Not Found"),
            "422": _answer(
                "A value that cannot be read; nothing was done",
                "WrongValues",
                {"detail": [{"type": "bool_parsing", "loc": ["query", "test"], "msg": "Must be one of 1, ok, on"}]},
            ),
            "502": _refusal("The server of a calendar could not be read; nothing was done", "The server has failed"),
        },
    }


def _calendar() -> dict[str, Any]:
    slug = {"type": "string", "pattern": SLUG}
    return {"name": "calendar", "in": "path", "required": True, "schema": slug, "example": CALENDAR}


def _event_id() -> dict[str, Any]:
    return {
        "name": "event_id",
        "in": "path",
        "required": True,
        "description": "The `id` of 22 characters, the UUID, or a UID from elsewhere (a slash in it as `%2F`)",
        "schema": {"type": "string", "minLength": 1},
        "example": EVENT_ID,
    }


def _refusals() -> dict[str, Any]:
    """What every call may be answered."""
    return {
        "401": _refusal("No key, or one that opens nothing", "Unauthorized"),
        "403": _refusal("The key does not permit it", "Forbidden"),
        "405": _refusal("Another method", "Method Not Allowed"),
        "429": {
            **_refusal("Too many calls in this minute", "Too many requests, please try again later"),
            "headers": {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}},
        },
        "503": _refusal("The service is busy", "The service is busy, please try again"),
    }


def _refusal(description: str, sentence: str) -> dict[str, Any]:
    return _answer(description, "Refusal", {"detail": sentence})


def _answer(description: str, name: str, example: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": _reference(name), "example": example}}
    return {"description": description, "content": content}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Mapping[str, Any], *optional: str) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required}


DATE_TIME = {"type": "string", "format": "date-time"}
LOOSE_DATE_TIME = {
    "type": "string",
    "description": "ISO 8601. Seconds and offset may be left out; without one it is on the wall of the calendar",
    "pattern": r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?([Zz]|[+-]\d{2}(:?\d{2})?)?$",
}
PAIR = {"event": _reference("Event"), "overlaps_with": _reference("Event"), "calendar": TEXT}
SCHEMAS: Mapping[str, Any] = {
    "NewEvent": _object(
        {
            "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
            "start": LOOSE_DATE_TIME,
            "end": LOOSE_DATE_TIME,
            "description": {"type": "string", "maxLength": MAX_DESCRIPTION},
            "organizer": {"type": "string", "format": "email", "description": "By default the key's user"},
            "rrule": {"type": "string", "description": "RFC 5545, such as FREQ=WEEKLY;COUNT=4"},
        },
        *("description", "organizer", "rrule"),
    ),
    "EventId": _object({"id": {"type": "string", "minLength": 22, "maxLength": 22}}),
    "Event": _object(
        {
            "uid": TEXT,
            "name": TEXT,
            "start": DATE_TIME,
            "end": DATE_TIME,
            "created": DATE_TIME,
            "organizer": {"type": "string", "nullable": True},
        }
    ),
    "Overlap": _object(
        {"detail": TEXT, "code": {"type": "string", "enum": ["CONFLICT"]}, "overlaps_with": PAIR["event"]}
    ),
    "CancelledEvent": _object({"event": _reference("Event"), "calendar": TEXT}),
    "OverlappingEvent": _object(PAIR),
    "ClearingReport": _object(
        {
            "deleted_cancelled_events": {"type": "array", "items": _reference("CancelledEvent")},
            "deleted_overlapping_events": {"type": "array", "items": _reference("OverlappingEvent")},
            "cancelled_overlapping_recurring_events": {"type": "array", "items": _reference("OverlappingEvent")},
            "ignored_overlapping_events": {"type": "array", "items": _reference("OverlappingEvent")},
            "test_mode": {"type": "boolean"},
        }
    ),
    "Refusal": _object({"detail": TEXT}),
    "ValueFault": _object({"type": TEXT, "loc": {"type": "array", "items": TEXT}, "msg": TEXT}),
    "WrongValues": _object({"detail": {"type": "array", "items": _reference("ValueFault")}}),
}
