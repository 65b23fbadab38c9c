"""What holds for every request: the envelope, the slash, the headers, the ids, the bounds."""

import json
import logging
import re
import sys
from contextlib import closing

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection, transaction
from rest_framework.test import APIRequestFactory, force_authenticate

from cspace.env import development_hosts, parse_rate
from groups.facts import GroupCreated
from groups.models import Group
from kernel import facts
from kernel.api.operations import operation_of
from kernel.api.permissions import Undeclared
from kernel.api.viewsets import ApiViewSet
from kernel.db.locks import LockOutsideTransaction, Namespace, lock_namespace, lock_rooms
from kernel.db.transactions import MAX_TRIES, StaleRead, transactional
from kernel.errors import RateLimited, Unavailable
from kernel.logs import REDACTED, JsonLines, redact
from kernel.models import IdempotencyRecord
from kernel.throttling import count_try
from registrations.models import Registration
from tests.routes import routes


def test_unknown_routes_answer_in_the_envelope(api):
    for path in ("/api/v1/nope", "/api/v1/nope/", "/api/nope", "/nope"):
        response = api().get(path)
        assert (response.status_code, response.json()) == (404, {"error": "Endpoint not found", "code": "NOT_FOUND"})


def test_a_crash_answers_in_the_envelope_and_shows_nothing(api, member, monkeypatch, caplog):
    # A fault of ours, provoked from outside: the table behind the view is gone.
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registrations_registration RENAME TO gone")
    with caplog.at_level(logging.CRITICAL, logger="cspace.errors"):
        response = api(member).get("users/me/registrations/", **{"X-Request-ID": "abcdef-123"})
    assert response.status_code == 500
    assert response.json() == {
        "error": "Something went wrong on our side",
        "code": "INTERNAL_ERROR",
        "details": {"request_id": "abcdef-123"},
    }


@pytest.mark.parametrize("path", ["/api/v1/classrooms/", "/api/v1/nope/", "/api/schema/"])
def test_a_host_that_is_not_ours_is_refused(api, member, path):
    response = api(member).get(path, Host="evil.example")
    assert (response.status_code, response.json()) == (400, {"error": "Bad Request", "code": "VALIDATION_ERROR"})


@pytest.mark.parametrize("path", ["/api/v1/classrooms/", "/api/rooms/"])
def test_a_host_that_is_not_ours_is_one_warning(api, caplog, path):
    api().get(path, Host="evil.example")
    (line,) = [record for record in caplog.records if record.name == "django.security.DisallowedHost"]
    assert (line.levelname, line.exc_info) == ("WARNING", None)
    assert line.getMessage().startswith("Invalid HTTP_HOST header: 'evil.example'.")
    written = JsonLines().format(line)
    assert '"levelname": "WARNING", "name": "django.security.DisallowedHost"' in written
    assert (written.count("\n"), "Traceback" in written) == (0, False)
    assert logging.getLogger("django").handlers == []  # only the root's, in JSON


@pytest.mark.parametrize(
    "path", ["classrooms/", "classrooms/?floor=2", "classrooms/Room A/", "classrooms/Room A/agenda/", "users/me/"]
)
def test_who_asks_for_an_indent_gets_the_same_on_more_lines(api, member, room, path):
    compact, indented = (api(member).get(path, Accept=f"application/json{more}") for more in ("", "; indent=4"))
    assert indented.json() == compact.json()
    assert (compact.content.count(b"\n"), indented.content.count(b"\n") > 2) == (0, True)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("text/html, application/json;q=0.9, */*;q=0.1", 200),
        ("application/*", 200),
        ("text/html", 406),
        ("application/xml, text/*", 406),
        ("", 406),
        (50 * "a/b, " + "application/json", 200),
        (500 * "a/b, " + "application/json", 406),
    ],
)
def test_what_was_decided_of_an_accept_is_decided_again(api, member, accept, status):
    answers = [api(member).get("users/me/", Accept=accept) for _ in range(2)]
    assert [(answer.status_code, answer["Content-Type"]) for answer in answers] == 2 * [(status, "application/json")]


def test_a_development_server_answers_where_it_was_told_to_listen():
    assert "192.0.2.7" in development_hosts("192.0.2.7")
    assert "*" not in development_hosts("127.0.0.1")
    assert development_hosts("0.0.0.0") == development_hosts("::") == ["*"]


def test_headers(api, member):
    response = api(member).get("users/me/registrations/")
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert len(response["X-Request-ID"]) == 32
    assert "Set-Cookie" not in response


SECURE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
OF_THE_API = {
    **SECURE,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "private, no-store",
}
OF_A_FILE = {**SECURE, "Content-Security-Policy": "frame-ancestors 'none'", "Cache-Control": "max-age=60, public"}
ELSEWHERE = {"Host": "evil.example"}


@pytest.mark.parametrize(
    ("method", "path", "given", "status", "headers"),
    [
        ("GET", "/nope", {}, 404, OF_THE_API),
        ("GET", "/readyz/", {}, 404, OF_THE_API),
        ("GET", "/healthz", {}, 200, OF_THE_API),
        ("GET", "/api/v1/classrooms/", ELSEWHERE, 400, OF_THE_API),
        ("GET", "/api/rooms/", ELSEWHERE, 400, OF_THE_API),
        ("GET", "/api/rooms/a/b/c", {}, 404, OF_THE_API),
        ("GET", "/api/rooms", {}, 200, OF_THE_API | {"Cache-Control": "no-cache"}),
        ("OPTIONS", "/api/rooms", {}, 204, OF_THE_API),
        ("GET", "/static/occupancy/index.html", {}, 200, OF_A_FILE),
        ("GET", "/static/nope", {}, 404, OF_A_FILE | {"Cache-Control": "private, no-store"}),
    ],
)
def test_every_answer_has_its_headers(api, db, method, path, given, status, headers):
    with closing(api()(method, path, **given)) as response:  # a static file is an open one
        assert (response.status_code, {name: response.headers.get(name) for name in headers}) == (status, headers)


@pytest.mark.parametrize(("path", "status"), [("/api/v1/nope/", 301), ("/", 301), ("/readyz/", 301)])
def test_a_redirect_to_https_has_its_headers(api, settings, path, status):
    settings.SECURE_SSL_REDIRECT = True
    for given, expected in (({}, status), (ELSEWHERE, 400)):
        response = api().get(path, **given)
        assert response.status_code == expected
        assert {name: response.headers.get(name) for name in OF_THE_API} == OF_THE_API


def test_strict_transport_is_said_by_errors_too(api, settings):
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for given, status in (({}, 404), (ELSEWHERE, 400)):
        response = api().get("/api/v1/nope/", **given, **{"X-Forwarded-Proto": "https"})
        assert (response.status_code, response["Strict-Transport-Security"]) == (status, "max-age=60")


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://rooms.example.edu", True),
        ("https://rooms.example.edu.evil", False),
        ("https://evil.rooms.example.edu", False),
        ("http://rooms.example.edu", False),
        ("null", False),
    ],
)
def test_other_origins(api, member, settings, origin, allowed):
    settings.CORS_ALLOWED_ORIGINS = ["https://rooms.example.edu"]
    response = api(member).get("users/me/registrations/", Origin=origin)
    assert response.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    assert response.headers.get("Access-Control-Allow-Credentials") == ("true" if allowed else None)
    assert "origin" in response["Vary"]


def test_no_origin_is_allowed_by_default():
    assert django_settings.CORS_ALLOWED_ORIGINS == []


@pytest.mark.parametrize("paths", [("groups/", "groups"), ("groups", "groups/")])
def test_the_same_request_with_and_without_its_slash_is_executed_once(api, cspace, paths):
    """Contract §0: every path answers with and without its slash, so a key is good for both."""
    first, again = (api(cspace).post(path, {"name": "chess"}, **{"Idempotency-Key": "once"}) for path in paths)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again["Location"]) == (first.content, first["Location"])
    other = api(cspace).post("groups", {"name": "go"}, **{"Idempotency-Key": "once"})
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert list(Group.objects.filter(is_system=False).values_list("name", flat=True)) == ["chess"]


LONG_KEY = {"Idempotency-Key": "x" * 129}
DRY_FAULT = {"dry_run": ["Must be true or false"]}
NO_DATE = "A date of the form YYYY-MM-DD is required"
NO_JSON = "Malformed JSON: Expecting value at character 1"
KEY_FAULT = {"Idempotency-Key": ["Must be 1 to 128 printable ASCII characters"]}


def test_what_is_missing_or_forbidden_is_said_before_a_fault_of_the_conventions(
    api, member, stranger, team, room, wish, document_clock
):
    """Contract §0: 404 → 403 (object) → 400 → 409."""
    booked = api(member).post("registrations/", wish).json()["id"]
    for path, status in (("registrations/999999/", 404), (f"registrations/{booked}/", 403)):
        assert api(stranger).delete(f"{path}?dry_run=foo").status_code == status
        assert api(stranger).put(f"{path}?dry_run=foo", {}).status_code == status
    assert api(stranger).post("groups/999/user-groups/", {}, **LONG_KEY).status_code == 404
    assert api(stranger).post(f"groups/{team.pk}/user-groups/?dry_run=1", {}, **LONG_KEY).status_code == 403


def test_the_faults_of_the_conventions_arrive_with_the_others_and_nothing_is_done(
    api, member, team, room, wish, document_clock
):
    booked = api(member).post("registrations/", wish).json()["id"]
    for body, path, key, faults in (
        (wish, "registrations/?dry_run=foo", LONG_KEY, DRY_FAULT | KEY_FAULT),  # a 409, were it not for these
        (wish | {"date": "2026-02-02"}, "registrations/", LONG_KEY, KEY_FAULT),
        (wish | {"date": "2026-02-02"}, "registrations/", {"Idempotency-Key": ""}, KEY_FAULT),
        (wish | {"date": "x"}, "registrations/", LONG_KEY, KEY_FAULT | {"date": [NO_DATE]}),
        (b"[", "registrations/?dry_run=TRUE", {}, DRY_FAULT | {"non_field_errors": [NO_JSON]}),
    ):
        response = api(member).post(path, body, **key)
        assert (response.status_code, response.json()["details"]) == (400, faults)
        assert "X-Dry-Run" not in response.headers
    response = api(member).delete(f"registrations/{booked}/?dry_run=foo")
    assert (response.status_code, response.json()["details"]) == (400, DRY_FAULT)
    assert list(Registration.objects.values_list("pk", "status")) == [(booked, "pending")]
    assert IdempotencyRecord.objects.count() == 0


def test_every_action_declares_who_may_call_it():
    seen = 0
    for route, view in routes():
        for action in getattr(view, "actions", {}).values():
            seen += 1
            assert operation_of(view.cls, action).permission is not Undeclared, f"{route}: {action}"
    assert seen > 20


def test_an_action_that_declares_nothing_is_open_to_nobody(cspace):
    class Forgetful(ApiViewSet):
        def list(self, request):
            raise AssertionError("it was called")

    request = APIRequestFactory().get("/")
    force_authenticate(request, user=cspace)
    response = Forgetful.as_view({"get": "list"})(request)
    assert (response.status_code, response.data["code"]) == (403, "PERMISSION_DENIED")


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_refused():
    from kernel import clock

    with pytest.raises(facts.PublishedOutsideTransaction):
        facts.publish(GroupCreated(actor_id=None, occurred_at=clock.now(), group_id=1, name="x"))
    for lock in (lambda: lock_rooms([1]), lambda: lock_namespace(Namespace.DEMO)):
        with pytest.raises(LockOutsideTransaction):
            lock()


@pytest.mark.django_db(transaction=True)
def test_a_stale_read_is_retried_then_given_up():
    tries = []

    @transactional
    def never_settles():
        tries.append(1)
        raise StaleRead

    with pytest.raises(Unavailable):
        never_settles()
    assert len(tries) == MAX_TRIES


@pytest.mark.django_db(transaction=True)
def test_a_wait_for_a_lock_ends(api, member, team, room, settings):
    """A room held by somebody else for too long is a 503 with Retry-After, not a hanging request."""
    import threading

    held, release = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            lock_rooms([room.pk])
            held.set()
            release.wait(30)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        body = {
            "classroom": room.name,
            "group_id": team.pk,
            "date": "2027-02-01",
            "start_time": "10:00",
            "end_time": "11:00",
        }
        response = api(member).post("registrations/", body)
    finally:
        release.set()
        holder.join(10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response.json() == {
        "error": "The service is busy, please try again",
        "code": "SERVICE_UNAVAILABLE",
        "details": {"request_id": response["X-Request-ID"]},
    }


def test_other_database_errors_are_not_retried(db):
    calls = []

    @transactional
    def fails():
        calls.append(1)
        raise OperationalError("something else")

    with pytest.raises(OperationalError):
        fails()
    assert len(calls) == 1


def test_a_throttle_counts_per_key_and_window(db, settings):
    import datetime as dt

    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = {"write": "2/min"}
    now = dt.datetime(2026, 1, 20, 10, 0, 15, tzinfo=dt.UTC)
    for _ in range(2):
        count_try("write", "a", now=now)
    with pytest.raises(RateLimited) as refusal:
        count_try("write", "a", now=now)
    assert refusal.value.retry_after == 45
    count_try("write", "b", now=now)
    count_try("write", "a", now=now + dt.timedelta(seconds=60))


def test_rates_are_read_or_refused():
    assert parse_rate("5/min") == (5, 60)
    for rate in ("5", "x/min", "5/year"):
        with pytest.raises(ValueError):
            parse_rate(rate)


def test_writes_are_throttled(api, member, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = settings.CSPACE_THROTTLE_RATES | {"write": "1/day"}
    assert api(member).post("registrations/", {}).status_code == 400
    response = api(member).post("registrations/", {})
    assert (response.status_code, response.json()["code"]) == (429, "RATE_LIMITED")
    assert int(response["Retry-After"]) >= 1
    assert api(member).get("users/me/registrations/").status_code == 200


@pytest.mark.parametrize(
    "text", ["Bearer abc.def.ghi", "cookie refresh_token=eyJhbGciOi; x", "eyJhbGciOiJI.eyJ1c2VyX2lk.c2lnbmF0dXJl"]
)
def test_no_secret_reaches_the_log(text):
    assert REDACTED in redact(text)
    assert "eyJ" not in redact(text)


def test_a_line_is_written_whatever_it_says_and_holds_what_went_wrong():
    try:
        raise ValueError("Bearer abc.def")
    except ValueError:
        wrong = sys.exc_info()
    said = {"odd": "\ud800\n", "large": 2**70, "by": {("a", 1): {1.5}}, "access_token": "abc", "nothing": None}
    record = logging.LogRecord("cspace.test", logging.ERROR, "path", 1, "%s of %d", ("half", 2), wrong, sinfo="stack")
    vars(record).update(said)
    (line,) = JsonLines().format(record).splitlines()
    written = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", written.pop("asctime"))
    assert written.pop("exc_info").endswith(f"ValueError: {REDACTED}")
    assert written == {
        "levelname": "ERROR",
        "name": "cspace.test",
        "message": "half of 2",
        "odd": "\ud800\n",
        "large": 2**70,
        "by": {"('a', 1)": [1.5]},
        "access_token": REDACTED,
        "nothing": None,
        "stack_info": "stack",
    }


def test_what_others_log_as_an_object_or_as_a_text_of_an_error_is_written_too():
    record = logging.LogRecord("others", logging.INFO, "path", 1, {"password": "hunter2", "a": 1}, (), None)
    record.exc_text = "ValueError: Bearer abc.def"
    written = json.loads(JsonLines().format(record))
    assert (written["message"], written["exc_info"]) == ({"password": REDACTED, "a": 1}, f"ValueError: {REDACTED}")


def test_a_secret_inside_of_something_else_does_not_reach_the_log_either():
    request = APIRequestFactory().get("/?access=eyJhbGciOiJI.eyJ1c2VyX2lk.c2lnbmF0dXJl")
    said = {"request": request, "all": ["Bearer abc.def"], "body": {"password": "x", "name": "y"}, "ms": 1.5}
    assert redact(said) == {
        "request": f"<WSGIRequest: GET '/?access={REDACTED}'>",
        "all": [REDACTED],
        "body": {"password": REDACTED, "name": "y"},
        "ms": 1.5,
    }
