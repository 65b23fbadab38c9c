"""Bodies of the two searches, as they may come over the wire, and what is said about them."""

import contextlib
import json
from io import BytesIO
from urllib.parse import urlencode

import pytest
from django.test import RequestFactory
from hypothesis import given, strategies

from cspace.wsgi import application
from dialects.occupancy.bodies import MAX_BYTES, read_body
from dialects.occupancy.distances import Coordinates
from dialects.occupancy.envelope import BadRequest
from dialects.occupancy.searching import after_date, coordinates, selection
from dialects.occupancy.wall_clock import in_
from kernel.campus_time import Interval

FORM = "application/x-www-form-urlencoded"
FREE, SOONEST = "/api/rooms/find_free_rooms", "/api/rooms/find_soonest_bookings"
EIGHT, TEN = "2026-11-23T08:00", "2026-11-23T10:00"
RANGE = {"start": EIGHT, "end": TEN}
HERE = {"latitude": 46.5, "longitude": 6.6}
A_TIME = "must be a date and time such as 2026-11-23T08:15"
TOO_LARGE = "413 Request Entity Too Large", {"message": "The body is larger than 262144 bytes"}
NORTH, EAST = (f"coordinates.{name}" for name in HERE)


def posted(content, content_type="application/json"):
    content = content if isinstance(content, bytes | str) else json.dumps(content)
    return read_body(RequestFactory().post(FREE, content, content_type=content_type))


def refusal(read, content, content_type="application/json"):
    with pytest.raises(BadRequest) as refused:
        read(posted(content, content_type))
    return refused.value.message


def test_json_is_read():
    body = posted({"selection": [RANGE], "coordinates": HERE, "after_date": TEN, "note": "ignored"})
    assert selection(body) == [Interval(in_(EIGHT), in_(TEN))]
    assert (coordinates(body), after_date(body)) == (Coordinates(46.5, 6.6), in_(TEN))
    assert selection(posted({"selection": []}, "application/json; charset=utf-8")) == []


def test_a_form_is_read():
    fields = {f"selection[{number}][{edge}]": time for number in range(11) for edge, time in RANGE.items()}
    more = {"coordinates[latitude]": "46.5", "coordinates[longitude]": "-6", "after_date": TEN, "a[b][c][d]": "x"}
    body = posted(urlencode(fields | more), FORM)
    assert selection(body) == [Interval(in_(EIGHT), in_(TEN))] * 11
    assert (coordinates(body), after_date(body)) == (Coordinates(46.5, -6.0), in_(TEN))


def test_a_form_keeps_the_order_of_its_numbers():
    late = {f"selection[{number}][end]": f"2026-11-{number:02}" for number in (21, 9, 10)}
    early = {f"selection[{number}][start]": "2026-11-01" for number in (21, 9, 10)}
    ends = [span.ends_at for span in selection(posted(urlencode(late | early), f"{FORM};charset=UTF-8"))]
    assert ends == [in_("2026-11-09"), in_("2026-11-10"), in_("2026-11-21")]


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/xml", "multipart/form-data; boundary=x"])
def test_any_other_type_is_an_empty_body(content_type):
    assert read_body(RequestFactory().post(FREE, b'{"selection": []}', content_type=content_type)).fields == {}


@pytest.mark.parametrize("content", [b"", b"  \n"])
def test_nothing_is_an_empty_body(content):
    assert refusal(selection, content) == "selection is required"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "Malformed JSON: Expecting property name enclosed in double quotes at character 1"),
        (b'{"selection": [], "selection": []}', "The key 'selection' stands twice in one object"),
        (b'{"selection": NaN}', "NaN is not JSON"),
        (b'{"coordinates": {"latitude": -Infinity}}', "-Infinity is not JSON"),
        (b'{"coordinates": {"latitude": 1e999}}', "A number is too large"),
        (b'{"coordinates": {"latitude": ' + b"9" * 5000 + b"}}", "A number has more than 19 digits"),
        (b"[" * 100_000, "JSON is nested deeper than 16 levels"),
        (b'{"a":' * 17 + b"1" + b"}" * 17, "JSON is nested deeper than 16 levels"),
        (b'{"after_date": "\xff"}', "The body is not valid UTF-8"),
        (b'{"after_date": "\\ud800"}', "Control characters and broken Unicode are not allowed"),
        (b'{"after_date": "\\u0000"}', "Control characters and broken Unicode are not allowed"),
        (b"[]", "The body must be a JSON object"),
        (b"null", "The body must be a JSON object"),
        (b'"selection"', "The body must be a JSON object"),
    ],
)
def test_json_that_is_none_or_no_object(content, sentence):
    assert refusal(selection, content) == sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"after_date=\xff", "The body is not valid UTF-8"),
        (b"after_date=%FF", "The body is not valid UTF-8"),
        (b"a=1&" * 5001, "The body has more than 5000 fields"),
        (b"after_date=a&after_date=b", "after_date stands twice in the body"),
        (b"selection[0]=a&selection[0][start]=b", "selection[0][start] contradicts another field"),
        (b"selection[0][start]=b&selection[0]=a", "selection[0] stands twice in the body"),
        (b"selection=", "selection must be an array"),
        (b"selection[a][start]=b", "selection must be an array"),
        (b"selection[][start]=b", "selection must be an array"),
        (b"selection[0]=a", "selection[0] must be an object"),
        (b"selection[9999999][start]=b", "selection must be an array"),
        (b"selection[0[start]=b", "selection is required"),
        (b"=&&;%00=%00&[=]", "selection is required"),
    ],
)
def test_a_form_that_is_none(content, sentence):
    assert refusal(selection, content, FORM) == sentence


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (None, "selection is required"),
        *((wrong, "selection must be an array") for wrong in ({}, "", "x", 0, False, RANGE)),
        ([RANGE] * 1001, "selection must not have more than 1000 items"),
        *(([RANGE, wrong], "selection[1] must be an object") for wrong in (None, [], "x", 1, True)),
        ([RANGE, RANGE, RANGE, {"start": EIGHT}], "selection[3].end is required"),
        ([{"end": TEN}], "selection[0].start is required"),
        ([RANGE | {"end": None}], "selection[0].end is required"),
        ([RANGE | {"end": ""}], "selection[0].end is required"),
        *(([RANGE | {"start": wrong}], f"selection[0].start {A_TIME}") for wrong in (0, 1.5, True, [], {}, "8:00")),
        ([RANGE | {"end": EIGHT}], "selection[0].end must be after selection[0].start"),
        ([{"start": TEN, "end": EIGHT}], "selection[0].end must be after selection[0].start"),
        ([RANGE | {"end": "3000-01-01"}], "selection[0].end must be in a year from 1900 to 2999"),
        ([RANGE | {"start": "1900-01-01T00:00+14:00"}], "selection[0].start must be in a year from 1900 to 2999"),
    ],
)
def test_a_selection_that_is_none(given, sentence):
    assert refusal(selection, {"selection": given}) == sentence


def test_a_thousand_ranges_are_read():
    assert len(selection(posted({"selection": [RANGE] * 1000}))) == 1000


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        *((wrong, "coordinates must be an object") for wrong in ([], [46.5, 6.6], "", "46.5,6.6", 0, False)),
        ({}, f"{NORTH} is required"),
        ({"latitude": 1}, f"{EAST} is required"),
        (HERE | {"latitude": None}, f"{NORTH} is required"),
        *(
            (HERE | {"latitude": wrong}, f"{NORTH} must be a number from -90 to 90")
            for wrong in ("46.5", "", True, [], {}, 90.0001, -91, 10**18)
        ),
        *((HERE | {"longitude": wrong}, f"{EAST} must be a number from -180 to 180") for wrong in (180.1, -181)),
    ],
)
def test_coordinates_that_are_none(given, sentence):
    assert refusal(coordinates, {"coordinates": given}) == sentence


def test_the_edges_of_the_earth_and_its_middle_are_places():
    for latitude, longitude in ((0, 0), (90, 180), (-90, -180), (-0.0, 1e-300)):
        body = posted({"coordinates": {"latitude": latitude, "longitude": longitude}})
        assert coordinates(body) == Coordinates(latitude, longitude)
    assert coordinates(posted({"coordinates": None})) is None


@pytest.mark.parametrize("text", ["", " 1", "1_0", "nan", "inf", "1e999", "0x1", "１", "1,5", "9" * 400, "90.1"])
def test_a_number_of_a_form_is_plain(text):
    sentence = refusal(coordinates, urlencode({"coordinates[latitude]": text, "coordinates[longitude]": "0"}), FORM)
    assert sentence == f"{NORTH} must be a number from -90 to 90"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (None, "after_date is required"),
        ("", "after_date is required"),
        *((wrong, f"after_date {A_TIME}") for wrong in (0, [], {}, True, "soon", "2026-11-23T08:15+9")),
        ("0000-01-01", "after_date must be in a year from 1900 to 2999"),
    ],
)
def test_an_after_date_that_is_none(given, sentence):
    assert refusal(after_date, {"after_date": given}) == sentence


@given(content=strategies.binary() | strategies.text(alphabet='selection[]0123&=%u;.+-{}":,').map(str.encode))
def test_no_body_is_worse_than_refused(content):
    for content_type in ("application/json", FORM):
        for read in (selection, coordinates, after_date):
            with contextlib.suppress(BadRequest):
                read(posted(content, content_type))


def test_a_body_that_is_too_large(api, db):
    for content_type in ("application/json", FORM, "text/plain"):
        response = api().post(FREE, b" " * (MAX_BYTES + 1), **{"Content-Type": content_type})
        assert (response.status_code, response.json()) == (413, TOO_LARGE[1])
    response = api().post(FREE, b'{"selection": []' + b" " * (MAX_BYTES - 17) + b"}")
    assert (response.status_code, response.json()) == (200, [])


@pytest.mark.parametrize("length", [str(MAX_BYTES + 1), "9" * 5000])
def test_a_body_that_is_said_to_be_too_large(length, db):
    request = RequestFactory().post(FREE, b"{}", content_type="application/json", CONTENT_LENGTH=length)
    assert over_wsgi(request.environ) == TOO_LARGE


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 3_000_000])
def test_a_chunked_body_that_is_too_large(size, db):
    environ = RequestFactory().post(FREE, content_type="application/json").environ
    del environ["CONTENT_LENGTH"]
    body = BytesIO(b" " * size)
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "wsgi.input": body}
    assert over_wsgi(environ) == TOO_LARGE


def over_wsgi(environ):
    statuses = []
    answer = application(environ, lambda status, _headers: statuses.append(status))
    return statuses[0], json.loads(b"".join(answer))
