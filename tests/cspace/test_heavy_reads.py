"""What reading costs the others is bounded: the schema is built once, and nobody reads more than his share."""

import json
import threading

import pytest
from rest_framework.renderers import JSONRenderer

from kernel.errors import RateLimited, Unavailable
from kernel.read_throttling import MAX_READERS, ReadCounter
from tests.factories import make_classroom
from tests.races.threads import at_once
from web import published_schema

SCHEMA = "/api/schema/"


@pytest.fixture
def builds(monkeypatch):
    """The formats the schema was built in, from here on, in a process that has not built it yet."""
    seen = []
    build = published_schema.render

    def render(renderer):
        seen.append(renderer.format)
        return build(renderer)

    monkeypatch.setattr(published_schema, "render", render)
    monkeypatch.setattr(published_schema, "_schema", published_schema.SchemaText())
    return seen


def test_the_schema_is_built_once_however_many_ask_for_it_first(api, db, builds):
    answers = at_once(*[lambda: api().get(SCHEMA, Accept="*/*")] * 6)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(builds) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("accept", ["*/*", "application/vnd.oai.openapi+json", "application/json", "application/yaml"])
def test_who_has_the_schema_is_not_sent_it_again(api, db, accept, method):
    first = api()(method, SCHEMA, Accept=accept)
    assert first.status_code == 200, accept
    assert first["Cache-Control"] == "public, max-age=300"
    assert "Accept" in first["Vary"]
    for tag in (first["ETag"], f"W/{first['ETag']}", f'"other", {first["ETag"]}', "*"):
        again = api()(method, SCHEMA, Accept=accept, **{"If-None-Match": tag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert api()(method, SCHEMA, Accept=accept, **{"If-None-Match": '"other"'}).status_code == 200


def test_the_schema_is_as_it_was_in_each_format(api, db):
    as_json = api().get(SCHEMA, Accept="application/vnd.oai.openapi+json")
    as_yaml = api().get(SCHEMA, Accept="application/vnd.oai.openapi")
    assert as_json["ETag"] != as_yaml["ETag"]
    assert json.loads(as_json.content)["info"]["title"] == "CSpace"
    assert as_yaml.content.startswith(b"openapi: 3.")
    assert api().get(SCHEMA, Accept="application/json").content == as_json.content


@pytest.mark.parametrize("accept", ["*/*", "application/yaml", "text/html"])
def test_what_the_schema_refuses_is_in_the_envelope(api, db, accept):
    for method in ("POST", "DELETE"):
        response = api()(method, SCHEMA, Accept=accept)
        assert response.status_code in (405, 406)
        assert response.json()["code"] in ("METHOD_NOT_ALLOWED", "NOT_ACCEPTABLE")


def test_who_waits_for_the_first_build_waits_for_a_bounded_time(monkeypatch):
    monkeypatch.setattr(published_schema, "MAX_WAIT_SECONDS", 0.05)
    begun, end = threading.Event(), threading.Event()

    def never_done(renderer):
        begun.set()
        end.wait(30)
        return b"{}"

    monkeypatch.setattr(published_schema, "render", never_done)
    text = published_schema.SchemaText()
    builder = threading.Thread(target=text.of, args=(JSONRenderer(),))
    builder.start()
    try:
        assert begun.wait(10)
        with pytest.raises(Unavailable):
            text.of(JSONRenderer())
    finally:
        end.set()
        builder.join(10)
    assert text.of(JSONRenderer())[0] == b"{}"


@pytest.fixture
def three_a_day(settings, monkeypatch):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = settings.CSPACE_THROTTLE_RATES | {"read": "3/day", "write": "1000/min"}
    monkeypatch.setattr("kernel.read_throttling._counter", ReadCounter())


def statuses(ask, times=4):
    return [ask().status_code for _ in range(times)]


@pytest.mark.parametrize(
    ("path", "public", "expected"),
    [
        ("/api/v1/classrooms/", True, 200),
        ("/api/v1/classrooms/", False, 401),
        ("/api/v1/users/me/", False, 401),
        (SCHEMA, False, 200),
        ("/api/rooms/", False, 200),
    ],
)
def test_an_address_reads_its_share_and_no_more(api, db, settings, three_a_day, path, public, expected):
    settings.CSPACE_PUBLIC_READS = public
    ask = lambda: api().get(path, Accept="*/*")  # noqa: E731
    assert statuses(ask) == [expected, expected, expected, 429]
    refused = ask()
    assert 1 <= int(refused["Retry-After"]) <= 86400
    body = {"error": "Too many requests, please try again later", "code": "RATE_LIMITED"}
    assert refused.json() == ({"message": body["error"]} if path == "/api/rooms/" else body)


def test_a_refused_token_counts_for_its_address(api, db, three_a_day):
    ask = lambda: api().get("users/me/", Authorization="Bearer nonsense")  # noqa: E731
    assert statuses(ask) == [401, 401, 401, 429]


def test_the_dialects_searches_are_reads(api, db, three_a_day):
    room = make_classroom("Room A")
    ask = lambda: api().post(f"/api/rooms/{room.name}/", {})  # noqa: E731
    assert statuses(ask)[-1] == 429


def test_each_person_has_a_share_of_his_own_wherever_he_sits(api, member, stranger, three_a_day):
    assert statuses(lambda: api(member).get("users/me/")) == [200, 200, 200, 429]
    assert statuses(lambda: api(stranger)("HEAD", "users/me/")) == [200, 200, 200, 429]
    assert api().get("users/me/").status_code == 401


def test_writes_are_no_reads(api, member, three_a_day):
    assert statuses(lambda: api(member).post("registrations/", {}), 5) == [400] * 5
    assert api(member).get("users/me/").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/", "/favicon.ico", "/api/"])
def test_what_is_cheap_or_asked_by_machines_is_not_counted(api, db, three_a_day, path):
    assert statuses(lambda: api().get(path, Accept="*/*"), 6) == [200] * 6


def test_a_window_ends_and_its_readers_are_forgotten():
    counter = ReadCounter()
    for _ in range(2):
        counter.count("a", "2/min", at=125.0)
    with pytest.raises(RateLimited) as refusal:
        counter.count("a", "2/min", at=130.0)
    assert refusal.value.retry_after == 50
    counter.count("b", "2/min", at=130.0)
    counter.count("a", "2/min", at=180.0)


def test_a_flood_of_addresses_takes_no_more_memory_than_so_much():
    counter = ReadCounter()
    for number in range(MAX_READERS + 10):
        counter.count(str(number), "600/min", at=1.0)
    assert len(counter._reads) <= MAX_READERS
