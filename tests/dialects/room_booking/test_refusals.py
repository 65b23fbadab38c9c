"""What is refused, with which words, and which of several faults is told."""

import json

import pytest

from auditlog.models import LogEntry
from calendars.enums import OnOverlap
from calendars.models import CalendarEvent
from classrooms.models import Occupancy
from dialects.room_booking.bodies import MAX_BYTES
from tests.dialects.room_booking.scenes import FORM, Script, faults_of, only_event, refused

pytestmark = pytest.mark.django_db
NEW, OLD = "/api/test-kalender/events/", "/api/test-kalender/events/4zx3QAFzoxV3vaZSKGaH2S"


def nothing_stored():
    assert (CalendarEvent.objects.count(), Occupancy.objects.count()) == (0, 0)
    assert not LogEntry.objects.filter(action__startswith="calendar_event").exists()


# --- Values that cannot be taken: {fields: [(field, type)]} ---------------------------------------------------

LONG = "x" * 256
SURROGATE, NUL = "a\ud800b", "a\x00b"
NO_TEXTS = [None, True, False, 0, 1, 1.5, 10**30, [], ["x"], {}, {"a": 1}]
HOSTILE = [
    *(({field: ...}, [(field, "missing")]) for field in ("name", "start", "end")),
    *(
        ({field: value}, [(field, "string_type")])
        for field in ("name", "start", "end", "description", "organizer", "rrule")
        for value in NO_TEXTS
    ),
    *(({"name": text}, [("name", "string_too_short")]) for text in ("", " ", "\t\n ", "\u00a0\u2003")),
    ({"name": LONG}, [("name", "string_too_long")]),
    ({"name": "x" * 1_000_000}, [("name", "string_too_long")]),
    *(
        ({"name": text}, [("name", "value_error")])
        for text in (NUL, SURROGATE, "a\nb", "a\x7fb", "a\x85b", "a\tb", "\udfff")
    ),
    *(({"description": text}, [("description", "value_error")]) for text in (NUL, SURROGATE)),
    ({"description": "x" * 20_001}, [("description", "string_too_long")]),
    *(
        ({"organizer": text}, [("organizer", "value_error")])
        for text in ("", "ada", "mailto:ada@example.edu", "Ada <ada@example.edu>", "a@b", NUL, f"{LONG}@example.edu")
    ),
    *(
        ({"organizer": text}, [("organizer", "value_error")])
        for text in ("ada@example.edu\r\nX: y", SURROGATE, "a@b.c,d@e.f")
    ),
    *(
        ({"rrule": text}, [("rrule", "value_error")])
        for text in (
            "",
            " ",
            "x",
            "FREQ=SECONDLY",
            "FREQ=DAILY;COUNT=0",
            "FREQ=DAILY;FREQ=DAILY",
            NUL,
            SURROGATE,
            "x" * 9999,
        )
    ),
    *(
        ({"rrule": text}, [("rrule", "value_error")])
        for text in (
            "FREQ=DAILY\r\nATTENDEE:mailto:a@b.c",
            "RRULE:FREQ=DAILY",
            "FREQ=WEEKLY;BYDAY=XX",
            "FREQ=DAILY;UNTIL=soon",
        )
    ),
    *(
        ({field: text}, [(field, "datetime_parsing")])
        for field in ("start", "end")
        for text in (
            "",
            "now",
            "2026-02-02",
            "2026-02-30T12:00",
            "2026-02-02T24:00",
            "0000-01-01T00:00",
            NUL,
            SURROGATE,
        )
    ),
    ({"start": "2026-03-29T02:30:00"}, [("start", "value_error")]),
    ({"end": "2026-03-29T02:30:00"}, [("end", "value_error")]),
    ({"start": "0001-01-01T00:00:00+14:00"}, [("start", "value_error")]),
    ({"end": "9999-12-31T23:59:59-12:00"}, [("end", "value_error")]),
    ({"start": "9999-12-31T00:00:00Z", "end": "9999-12-31T23:59:59Z"}, [("start", "value_error")]),
    ({"start": "0001-01-01T00:00:00Z", "end": "0001-01-02T00:00:00Z"}, [("start", "value_error")]),
    ({"start": "0001-01-01T00:00:00Z", "end": "9999-12-31T23:59:59Z"}, [("end", "value_error")]),
    ({"end": "2026-02-02T12:00:00"}, [("end", "value_error")]),
    ({"end": "2026-02-02T11:59:59"}, [("end", "value_error")]),
    ({"end": "2026-02-02T12:00:00.999999"}, [("end", "value_error")]),
    ({"end": "2026-02-02T12:00:00+01:30"}, [("end", "value_error")]),
    ({"end": "2027-02-03T12:00:01"}, [("end", "value_error")]),
]


@pytest.mark.parametrize(("fields", "faults"), HOSTILE, ids=lambda value: ascii(value)[:60])
def test_a_value_that_cannot_be_taken(script, fields, faults):
    assert faults_of(script.create(**fields)) == [("body", *fault) for fault in faults]
    nothing_stored()


def test_all_that_is_wrong_is_told_at_once(script):
    body = {"name": " ", "start": "soon", "description": 7, "organizer": "me", "rrule": "x", "more": None}
    answer = script.send("POST", NEW, json.dumps(body).encode())
    assert faults_of(answer) == [
        ("body", "name", "string_too_short"),
        ("body", "start", "datetime_parsing"),
        ("body", "end", "missing"),
        ("body", "description", "string_type"),
        ("body", "organizer", "value_error"),
        ("body", "rrule", "value_error"),
    ]
    assert faults_of(script.create(name=LONG, end="2026-02-02T11:00:00", organizer="me")) == [
        ("body", "name", "string_too_long"),
        ("body", "end", "value_error"),
        ("body", "organizer", "value_error"),
    ]
    assert answer.json()["detail"][2] == {"type": "missing", "loc": ["body", "end"], "msg": "Field required"}
    nothing_stored()


@pytest.mark.parametrize("fields", [{"name": "x" * 255}, {"end": "2027-02-03T12:00:00"}, {"description": "x" * 20_000}])
def test_what_is_just_right(script, fields):
    assert script.create(**fields).status_code == 201


# --- Bodies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", ["application/json", FORM, "multipart/form-data; boundary=x", ""])
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        *(
            (body, "The body is not JSON")
            for body in (b"", b" ", b"{", b"{'name': 1}", b"name=x&start=y", b"\xff\xfe", b"\x00")
        ),
        *(
            (body, "The body is not JSON")
            for body in (b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": 1}}', b'{"a": "\xff"}')
        ),
        *((body, "The body is not JSON") for body in (b"[" * 100_000, b'{"a":' * 100_000, "{}".encode("utf-16"))),
        *((body, "The body must be a JSON object") for body in (b"[]", b"null", b'"x"', b"1", b"true", b"[{}]")),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_body_that_is_no_object(script, body, sentence, content_type):
    refused(script.send("POST", NEW, body, content_type), 400, sentence)
    nothing_stored()


def test_a_body_that_is_too_large(script):
    whole = json.dumps({"name": "x" * MAX_BYTES}).encode()
    refused(script.send("POST", NEW, whole), 413, "The request body is too large")
    refused(
        script.client.generic(
            "POST", NEW, whole, headers={"Authorization": f"Bearer {script.token}"}, CONTENT_LENGTH="9" * 30
        ),
        413,
    )
    assert faults_of(script.send("POST", NEW, whole[:11] + whole[30:]))[0] == ("body", "name", "string_too_long")
    nothing_stored()


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": 1, "name": "x", "start": 0, "start": "2026-02-02T12:00", "end": "2026-02-02T13:00"}',
        b'\xef\xbb\xbf{"name": "x", "start": "2026-02-02T12:00", "end": "2026-02-02T13:00"}',
        b'{"name": "x", "start": "2026-02-02T12:00", "end": "2026-02-02T13:00", "more": ['
        + b"9" * 10_000
        + b", 1e999]}",
        b'{"name": "x", "start": "2026-02-02T12:00", "end": "2026-02-02T13:00", "\\ud800": "\\u0000", "Name": 1}',
    ],
)
def test_what_does_not_matter_in_a_body(script, body):
    assert script.send("POST", NEW, body).status_code == 201
    assert only_event().name == "x"


# --- Order ----------------------------------------------------------------------------------------------------

BAD_BODY, BAD_VALUES = b"no JSON", b'{"name": 1, "start": "2026-02-02T12:00", "end": "2026-02-02T13:00"}'
OVERLAPPING = b'{"name": "x", "start": "2026-02-02T12:00", "end": "2026-02-02T13:00"}'


@pytest.mark.parametrize(
    ("status", "method", "key", "path", "body"),
    [
        (401, "PUT", None, "/api/nowhere/events/", BAD_BODY),
        (405, "PUT", "clear", "/api/nowhere/events/", BAD_BODY),
        (403, "POST", "clear", "/api/nowhere/events/", BAD_BODY),
        (404, "POST", "events", "/api/nowhere/events/", BAD_BODY),
        (404, "POST", "events", "/api/nowhere/events/", b"x" * (MAX_BYTES + 1)),
        (400, "POST", "events", NEW, BAD_BODY),
        (422, "POST", "events", NEW, BAD_VALUES),
        (409, "POST", "events", NEW, OVERLAPPING),
        (401, "POST", None, OLD, b""),
        (405, "POST", "clear", OLD, b""),
        (403, "DELETE", "clear", OLD, b""),
        (404, "DELETE", "events", OLD, b""),
        (401, "GET", None, "/api/clear-bookings?test=perhaps&calendar=nowhere", b""),
        (405, "GET", "events", "/api/clear-bookings?test=perhaps&calendar=nowhere", b""),
        (403, "DELETE", "events", "/api/clear-bookings?test=perhaps&calendar=nowhere", b""),
        (404, "DELETE", "clear", "/api/clear-bookings?test=perhaps&calendar=nowhere", b""),
        (404, "DELETE", "clear", "/api/clear-bookings?test=perhaps&calendar=&calendar=nowhere", b""),
        (422, "DELETE", "clear", "/api/clear-bookings?test=perhaps&calendar=test-kalender", b""),
    ],
)
def test_the_first_of_several_faults_is_told(department, status, method, key, path, body):
    department.calendar.on_overlap = OnOverlap.REJECT
    department.calendar.save()
    assert department.script().create().status_code == 201
    script = department.script([key]) if key else Script()
    answer = script.send(method, path, body)
    assert answer.status_code == status, answer.content
    assert "detail" in answer.json()
    assert CalendarEvent.objects.count() == 1


# --- Names of what there is not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        *(
            "/api/test-kalender/events/x",
            "/api/test-kalender/events/" + "z" * 22,
            "/api/test-kalender/events/" + "2" * 22,
        ),
        *("/api/test-kalender/events/" + "x" * 5000, "/api/test-kalender/events/00000000-0000-0000-0000-000000000000"),
        *("/api/test-kalender/events/%00", "/api/test-kalender/events/%ED%A0%80", "/api/test-kalender/events/%FF"),
        *("/api/test-kalender/events/a/b/c", "/api/test-kalender/events/a//", "/api/test-kalender/events/%2F%2F"),
        *("/api/test-kalender/events/%E2%80%AE", "/api/test-kalender/events/%0A", "/api/test-kalender/events/'--"),
        *("/api/Test-Kalender/events/x", "/api/nowhere/events/x", "/api/%C3%A4/events/x", "/api/%FF/events/x"),
        *(
            "/api/" + "x" * 5000 + "/events/x",
            "/api/%27/event/x",
            "/api/%20/event/x",
            "/api/-/event/x",
            "/api/a%00/event/x",
        ),
    ],
    ids=lambda target: target[:60],
)
def test_what_there_is_not(script, target):
    refused(script.at(target), 404, "Not Found")


# --- Queries ----------------------------------------------------------------------------------------------------

PERHAPS = [
    "2",
    "maybe",
    "y",
    "t",
    "-1",
    "01",
    "1.0",
    "on ",
    " on",
    "onn",
    "o\u0000n",
    "\ud800",
    "n\u00f6",
    "None",
    "null",
]


@pytest.mark.parametrize("word", PERHAPS, ids=ascii)
def test_what_cannot_be_read_never_deletes(script, word):
    from urllib.parse import quote

    script.create(name="first")
    script.create(name="second")
    query = f"test={quote(word, errors='surrogatepass')}"
    assert faults_of(script.clear(query)) == [("query", "test", "bool_parsing")]
    assert CalendarEvent.objects.count() == 2


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("calendar=", [("calendar", "string_too_short")]),
        ("calendar", [("calendar", "string_too_short")]),
        ("calendar=test-kalender&calendar=", [("calendar", "string_too_short")]),
        ("calendar=&test=2", [("calendar", "string_too_short"), ("test", "bool_parsing")]),
        ("test=on&test=2", [("test", "bool_parsing")]),
        ("test=on&test=off", [("test", "value_error")]),
        ("test=on&test", [("test", "value_error")]),
    ],
)
def test_a_query_that_cannot_be_read(script, query, faults):
    script.create(name="first")
    script.create(name="second")
    assert faults_of(script.clear(query)) == [("query", *fault) for fault in faults]
    assert CalendarEvent.objects.count() == 2


@pytest.mark.parametrize(
    "slug", ["%00", "%ED%A0%80", "%FF", "Test-Kalender", "test-kalender%0A", "a" * 5000, "*", "%25", "v1"]
)
def test_a_slug_that_no_calendar_has(script, slug):
    refused(script.clear(f"calendar={slug}"), 404, "Not Found")


def test_too_many_of_them(script):
    refused(script.clear("calendar=test-kalender&" * 1001), 400, "The request is malformed")
