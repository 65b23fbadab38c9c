"""The OpenAPI document of the wire: valid, its examples fit and work, and it is shown beside CSpace's."""

import json
import re

import jsonschema
import pytest
from drf_spectacular.validation import validate_schema

from dialects.registry import DIALECTS, documents
from dialects.room_booking.openapi import DATE_TIME, LOOSE_DATE_TIME, document
from dialects.room_booking.views import ClearBookingsView, EventView, NewEventView
from tests.dialects.room_booking.scenes import Script, refused
from tests.routes import routes
from tests.test_docs import ROOT

PATH = "/api/openapi.json"
METHODS = ("get", "post", "put", "patch", "delete")


def operations():
    """(path, method, operation) of all that the document describes."""
    return [
        (path, method, item[method])
        for path, item in document()["paths"].items()
        for method in METHODS
        if method in item
    ]


def plain(schema):
    """With references followed, and null where OpenAPI 3.0 allows it, for a validator of JSON Schema."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return plain(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    inner = {name: plain(value) for name, value in schema.items() if name != "nullable"}
    return inner | ({"type": [inner["type"], "null"]} if schema.get("nullable") is True else {})


def examples():
    """(schema, example) of every body."""
    for _, _, operation in operations():
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media in (body["content"]["application/json"] for body in bodies if "content" in body):
            yield from ((media["schema"], each["value"]) for each in media.get("examples", {}).values())
            if "example" in media:
                yield media["schema"], media["example"]


@pytest.mark.parametrize("path", [PATH, f"{PATH}/"])
def test_it_is_there_for_everybody(db, path):
    answer = Script().send("GET", path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert json.loads(answer.content) == json.loads(json.dumps(document()))
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert Script().send("HEAD", path).content == b""
    unchanged = Script().send("GET", path, **{"If-None-Match": answer["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    refused(Script().send("POST", path), 405, "Method Not Allowed")


def test_it_is_valid():
    validate_schema(document())


def test_it_has_every_call_and_no_other():
    calls = {
        ("/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route).rstrip("/"), view.view_class.http_method_names[0])
        for route, view in routes()
        if getattr(view, "view_class", None) in (NewEventView, EventView, ClearBookingsView)
    }
    assert {(path.rstrip("/"), method) for path, method, _ in operations()} == calls
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names)) == 5


def test_every_call_says_what_it_may_be_refused():
    for path, _, operation in operations():
        codes = {"401", "403", "404", "405", "429", "503"}
        assert codes <= set(operation["responses"]), path


def test_its_examples_fit():
    pairs = list(examples())
    assert len(pairs) > 30
    for schema, example in pairs:
        jsonschema.validate(example, plain(schema))


def test_its_examples_work(script):
    for body in document()["paths"]["/api/{calendar}/events/"]["post"]["requestBody"]["content"]["application/json"][
        "examples"
    ].values():
        answer = script.create(**body["value"])
        assert answer.status_code == 201, answer.content
    query = [
        f"{each['name']}={value}"
        for each in document()["paths"]["/api/clear-bookings"]["delete"]["parameters"]
        for value in ([each["example"]] if isinstance(each["example"], str) else each["example"])
    ]
    answer = script.clear("&".join(query))
    assert (answer.status_code, answer.json()["test_mode"]) == (200, True)
    jsonschema.validate(answer.json(), plain({"$ref": "#/components/schemas/ClearingReport"}))


def test_the_loose_form_is_the_one_that_is_read():
    for text in ("2025-01-02T12:00", "2025-01-02 12:00:00.5+0100", "2025-01-02t12:00Z"):
        assert re.search(LOOSE_DATE_TIME["pattern"], text, re.ASCII)
    for text in ("2025-01-02", "2025-01-02T12", "2025-01-02T12:00x"):
        assert not re.search(LOOSE_DATE_TIME["pattern"], text, re.ASCII)
    assert DATE_TIME["format"] == "date-time"


def test_the_page_offers_both_documents(api, db):
    assert documents() == {"Room Booking": PATH}
    assert [dialect.document for dialect in DIALECTS if dialect.document] == [PATH]
    for path in ("/api/docs", "/api/docs/"):
        page = api().get(path, Accept="text/html")
        text = page.content.decode()
        assert page.status_code == 200
        assert '{"name": "CSpace", "url": "/api/schema/"}, {"name": "Room Booking", "url": "/api/openapi.json"}' in text
        assert "swagger-ui-standalone-preset.js" in text
        assert "script-src 'self'" in page["Content-Security-Policy"]
        assert api().get(path, Accept="text/html", Authorization="Bearer x").status_code == 200


def test_a_query_adds_nothing_to_the_script_of_the_page(api, db):
    text = api().get("/api/docs/?lang=%3C/script%3E%22'&version=%3Cb%3E", Accept="text/html").content.decode()
    assert '</script>"' not in text
    assert "<b>" not in text


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css"])
def test_what_the_page_needs_comes_with_us(name):
    places = list(
        (ROOT / ".venv").glob(f"lib/*/site-packages/drf_spectacular_sidecar/static/**/swagger-ui-dist/{name}")
    )
    assert len(places) == 1
