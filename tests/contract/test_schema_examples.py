"""Every example of the published schema works on the demo campus: requests are sent, answers and refusals compared."""

import datetime as dt
import json
import re
from typing import Any

import pytest
from django.db import connection
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from jsonschema import Draft7Validator, FormatChecker

from accounts.models import User
from accounts.services.unsubscribing import unsubscribe_token
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.services.after_draw import withdraw_entry
from allocations.services.deciding import approve_entry
from allocations.services.distributing import distribute
from allocations.services.events import create_event
from allocations.services.progress import end_event
from calendars.enums import CalendarSource, FeedKind
from calendars.models import Calendar
from calendars.rules.feeds import FeedSubject
from calendars.services.feeds import feed_of
from classrooms.models import Classroom
from classrooms.services.closures import close_rooms
from demo.loading import PASSWORD, load
from groups.models import Group, UserGroup
from groups.services.joining import issue_join_token
from kernel import clock
from kernel.api.event_streams import EVENT_STREAM
from kernel.api.examples import DAYS_AHEAD
from kernel.campus_time import campus_date, campus_interval
from kernel.live.opening import OPENING
from notifications.models import Notification
from policies.queries.rulebook import renew_rulebook
from registrations.models import Registration
from tests.accounts.mailing import waiting_for
from tests.allocations.scenes import make_entry
from tests.calendars.files import IMPORTED, as_form, standing_file
from tests.factories import cspace_group, make_classroom, make_registration, make_series
from tests.factories.calendars import make_calendar
from tests.once import built_once
from tests.policies.scenes import make_mark, make_rule
from timetables.models import StudyPlan
from webhooks.services.webhooks import WebhookWish, create_webhook, try_webhook

BARE = {"mark_create": b'{"group_id": 2}'}
"""What an empty body lacks beside the fields that are required."""
BY_TOKEN = ("/email/confirm/", "/confirm-email/", "/unsubscribe/", ".ics/")
METHODS = ("get", "post", "put", "patch", "delete")
OF_A_FORM = "calendar_import_create"
OF_A_FLOOR = ("floor_plan_retrieve", "room_stream_stream_states")
UNKNOWABLE = {"id", "user_group_id", "created_at", "series_id", "commitment"} | {
    "access",
    "ticket",
    "token",
    "expires_at",
    "secret",
    "updated",
    "event_id",
    "given_at",
    "given_by",
    "registrations",
    "draw",
    "preview",
}
"""What an example cannot know of the answer to a write."""
JSON = "application/json"


WISH = "Research project meetings"


def generated() -> dict[str, Any]:
    """As it is published. `test_schema` validates it."""
    return json.loads(OpenApiJsonRenderer().render(SchemaGenerator().get_schema(public=True)))


SCHEMA = generated()
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
    if method in METHODS
}
JOHNS = (
    "group_join",
    "registration_create",
    "registration_update",
    "registration_partial_update",
    "registration_destroy",
    "allocation_registration_create",
    "allocation_registration_update",
)
"""Sent by john_doe, who may; everything else by ta217, an admin of cspace and of 522."""


def json_of(content: dict[str, Any]) -> dict[str, Any]:
    """What is JSON of a body, or the form that it is instead."""
    return content["content"].get(JSON) or content["content"]["multipart/form-data"]


def examples_of(content: dict[str, Any]) -> dict[str, Any]:
    return {name: example["value"] for name, example in json_of(content)["examples"].items()}


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema allows null."""
    if isinstance(node, list):
        return [as_json_schema(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    plain = {key: as_json_schema(inner) for key, inner in node.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


COMPONENTS = {"components": as_json_schema(SCHEMA["components"])}


def assert_valid(value: Any, schema: dict[str, Any]) -> None:
    Draft7Validator(as_json_schema(schema) | COMPONENTS, format_checker=FormatChecker()).validate(value)


def shape(answer: dict[str, Any]) -> dict[str, Any]:
    """The keys of an answer and of the first element of its lists."""
    return {key: [*inner[0]] if isinstance(inner, list) and inner else None for key, inner in answer.items()}


class Campus:
    """The demo campus as `make run` loads it into a fresh database, and what an operation may be about."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER SEQUENCE groups_group_id_seq RESTART WITH 1")
            if Group.objects.filter(pk=1).exists():
                cursor.execute("ALTER SEQUENCE groups_group_id_seq RESTART WITH 2")
        assert cspace_group().pk == 1
        load(now=clock.now())
        self.ta217, self.john = User.objects.get(username="ta217"), User.objects.get(username="john_doe")
        self.team = Group.objects.get(name="522")
        self.room = Classroom.objects.get(name="Room A")
        self.day = campus_date(clock.now()) + dt.timedelta(days=DAYS_AHEAD)

    def registration(self, by: User) -> Registration:
        return make_registration(
            by=by, group=self.team, classroom=self.room, day=self.day, description="Team meeting", attendees=12
        )

    def closure(self) -> Any:
        (closure,) = close_rooms(
            by=self.ta217, now=clock.now(), classrooms=[self.room], interval=campus_interval(self.day, 1200, 1260)
        )
        return closure

    def webhook(self) -> int:
        wish = WebhookWish(
            url="https://hooks.example.org/cspace",
            events=["registration.*", "closure.created"],
            description="Door signs",
        )
        webhook = create_webhook(by=self.ta217, now=clock.now(), wish=wish)
        try_webhook(webhook_id=webhook.pk, by=self.ta217, now=clock.now())
        return webhook.pk

    def rule(self) -> int:
        who = {"kind": "group", "group_id": self.team.pk}
        rule_id = make_rule(self.ta217, who=who, limit={"type": "length", "max_minutes": 720})
        renew_rulebook()
        return rule_id

    def quota(self, path: str) -> int:
        """Of a group; or of people, so that it is one's own too."""
        of = "person" if "/me/" in path else "group"
        limit = {"type": "quota", "minutes": 720, "per": "week", "counts": "takes_place_in", "of": of}
        make_rule(self.ta217, limit=limit)
        renew_rulebook()
        return self.team.pk

    def mark(self, path: str) -> int:
        return make_mark(self.ta217, self.ta217 if "/me/" in path else self.team).pk

    def series(self) -> int:
        return make_series(by=self.ta217, group=self.team, classroom=self.room, starts_on=self.day, attendees=25).pk

    def event(self, name: str) -> tuple[int, int]:
        """An allocation event in the state the operation wants, and an entry of it: (event id, entry id).

        Two groups wish for the same hour, and 522 is approved before the draw; of the distributed event the entry is
        the loser's for what only a loser may ask, else the winner's.
        """
        now = clock.now()
        opens = now + dt.timedelta(hours=1) if name == "allocation_event_destroy" else now - dt.timedelta(minutes=1)
        event = create_event(
            by=self.ta217,
            now=now,
            registration_start=opens,
            registration_end=opens + dt.timedelta(days=2),
            target_starts_on=self.day + dt.timedelta(days=7),
            target_ends_on=self.day + dt.timedelta(days=118),
        )
        if name in ("allocation_event_destroy", "allocation_registration_create"):
            return event.pk, 0
        rival = Group.objects.get(name="316")
        entries = [
            make_entry(event, group, self.room, self.john, day=3, start=550, end=620, description=WISH, attendees=12)
            for group in (self.team, rival)
        ]
        if not name.startswith("draw_"):
            return event.pk, entries[0].pk
        approve_entry(event_id=event.pk, entry_id=entries[0].pk, by=self.ta217, now=now)
        end_event(event_id=event.pk, by=self.ta217, now=now)
        if name == "draw_distribute":
            return event.pk, 0
        self.registration_in_the_range(event)
        distribute(event_id=event.pk, by=self.ta217, now=now)
        winner, loser = sorted(
            AllocationRegistration.objects.filter(event=event), key=lambda entry: entry.position is None
        )
        if name == "draw_promote":
            withdraw_entry(event_id=event.pk, entry_id=winner.pk, by=self.ta217, now=now)
        return event.pk, (loser if name == "draw_alternatives" else winner).pk

    def registration_in_the_range(self, event: AllocationEvent) -> None:
        make_registration(by=self.john, group=self.team, classroom=self.room, day=event.target_starts_on)

    def prepare(self, name: str, path: str) -> dict[str, Any]:
        """Make what the operation is about; the ids in its path, or the token that it takes."""
        if "allocation-events" in path:
            event_id, entry_id = self.event(name)
            if name == "allocation_event_unavailable_dates":
                self.registration_in_the_range(AllocationEvent.objects.get(pk=event_id))
            return {"event_id": event_id, "id": entry_id if "{event_id}" in path else event_id}
        if path.endswith(BY_TOKEN):
            return {"token": self.token(path)}
        if name == "group_join":
            return {"token": issue_join_token(group_id=self.team.pk, by=self.ta217, now=clock.now()).token}
        return {"id": self.row(name, path)}

    def token(self, path: str) -> str:
        """Of john_doe's: what would be mailed to him. Of the feed of the room, the calendar or the group."""
        if path.endswith(".ics/"):
            return feed_of(subject=self.subject(path), by=self.ta217, now=clock.now()).token
        if path.endswith("unsubscribe/"):
            return unsubscribe_token(self.john.pk)
        return waiting_for("john@example.edu", self.john)

    def remote(self) -> str:
        """A calendar that is read from a server; its address."""
        source = {"source": CalendarSource.ICS, "source_url": standing_file(IMPORTED["file"]).url}
        return make_calendar(users=[self.ta217], **source).slug

    def subject(self, path: str) -> FeedSubject:
        if "classrooms" in path:
            return FeedSubject(FeedKind.CLASSROOM, self.room.pk, self.room.name)
        if "calendars" in path:
            calendar = Calendar.objects.get(slug="meeting-room-1")
            return FeedSubject(FeedKind.CALENDAR, calendar.pk, calendar.slug)
        return FeedSubject(FeedKind.GROUP, self.team.pk, self.team.name)

    def row(self, name: str, path: str) -> int:
        """Make the one thing the operation is about; its id, 0 where it has none."""
        makes_one = ("registration_create", "registration_check", "batch_allocation_create")
        if name in makes_one or name.startswith("classroom_free"):
            return 0
        if "batch-allocations" in path:
            return self.series()
        if "registrations" in path or "agenda" in path or "availability" in path:
            return self.registration(self.ta217 if "/me/" in path else self.john).pk
        if "closures" in path and name != "closure_create":
            return self.closure().pk
        if "study-plans" in path:
            return StudyPlan.objects.in_order()[0].pk
        if "webhooks" in path:
            return self.webhook()
        if "booking-rules" in path:
            return self.rule()
        if "quota" in path:
            return self.quota(path)
        if "marks" in path:
            mark_id = self.mark(path)
            return self.team.pk if "groups" in path else mark_id
        if "notifications" in path:
            return Notification.objects.filter(user=self.ta217).order_by("id")[0].pk
        if path.startswith("/api/v1/user-groups/"):
            return UserGroup.objects.get(user=self.john, group=self.team).pk
        return self.team.pk


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    with built_once(django_db_blocker, Campus) as campus:
        yield campus


@pytest.fixture
def campus(loaded, db, reachable_calendars):
    for user in (loaded.ta217, loaded.john):
        user.forget_access()
    renew_rulebook()
    return loaded


def address(path: str, operation: dict[str, Any], ids: dict[str, Any]) -> str:
    """The URL, with the examples of the parameters."""
    examples = {
        (parameter["in"], parameter["name"]): parameter["example"]
        for parameter in operation.get("parameters", [])
        if "example" in parameter
    }
    examples |= {key: ids["token"] for key in examples if key[1] == "token"}
    named = {name: examples.get(("path", name)) for name in ("name", "code", "slug")}
    url = path.format(**named | ids)
    query = "&".join(f"{name}={value}" for (place, name), value in examples.items() if place == "query")
    return f"{url}?{query}" if query else url


def sender(name: str, campus: Campus, api: Any) -> Any:
    """Somebody who may, with the session cookie where the operation wants one."""
    if not name.startswith("session"):
        return api(campus.john if name in JOHNS else campus.ta217)
    anonymous = api()
    if name != "session_log_in":
        anonymous.post("auth/token/", {"username": "ta217", "password": PASSWORD})
        anonymous.user = campus.ta217
    return anonymous


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_example_works_when_it_is_sent(name, campus, api):
    method, path, operation = OPERATIONS[name]
    ids = campus.prepare(name, path)
    url = address(path, operation, ids)
    if name == "classroom_destroy":
        url = url.replace("Room A", make_classroom("Never used").name)
    body = examples_of(operation["requestBody"])["DemoCampus"] if "requestBody" in operation else None
    body = {"token": ids["token"]} if name in ("email_confirm", "group_join") else body
    content, headers = as_form(IMPORTED) if name == OF_A_FORM else (body, {})
    if name == "calendar_sync":
        url = url.replace("meeting-room-1", campus.remote())
    response = sender(name, campus, api)(method, url, content, **headers)
    documented = min(operation["responses"])
    assert (str(response.status_code), response.content if documented in ("204", "205") else b"") == (documented, b"")
    answer = operation["responses"][documented]
    if "content" not in answer:
        return
    if JSON not in answer["content"]:
        ((kind, _),) = answer["content"].items()
        if kind == EVENT_STREAM:
            assert (response["Content-Type"], OPENING in response.wsgi_request.META) == (f"{kind}; charset=utf-8", True)
            return
        assert (response["Content-Type"].partition(";")[0], len(response.content) > 100) == (kind, True)
        return
    example, got = examples_of(answer)["DemoCampus"], response.json()
    assert shape(got) == shape(example)
    for value in (example, got):
        assert_valid(value, json_of(answer)["schema"])
    if method != "GET" and "results" not in example:
        unknown = UNKNOWABLE | ({"registration_start", "registration_end"} - set(body or ()))
        unknown |= {"url"} if name.endswith("_feed_renew") else set()
        assert {key: got[key] for key in example if key not in unknown} == {
            key: example[key] for key in example if key not in unknown
        }


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_body_has_an_example_that_fits_its_schema(name):
    _, _, operation = OPERATIONS[name]
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    bodies += [answer for answer in operation["responses"].values() if JSON in answer.get("content", ())]
    for body in bodies:
        examples = examples_of(body)
        assert examples
        for example in examples.values():
            assert_valid(example, json_of(body)["schema"])


CODES = {
    "400": {"VALIDATION_ERROR"},
    "401": {"NOT_AUTHENTICATED"},
    "403": {"PERMISSION_DENIED"},
    "404": {"NOT_FOUND"},
    "405": {"METHOD_NOT_ALLOWED"},
    "406": {"NOT_ACCEPTABLE"},
    "409": {"CONFLICT", "POLICY", "ALREADY_EXISTS", "INVALID_STATE", "LIMIT_REACHED", "IDEMPOTENCY_KEY_REUSED"},
    "413": {"PAYLOAD_TOO_LARGE"},
    "415": {"UNSUPPORTED_MEDIA_TYPE"},
    "429": {"RATE_LIMITED"},
    "500": {"INTERNAL_ERROR"},
    "503": {"SERVICE_UNAVAILABLE"},
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_refusal_shows_the_code_of_its_status(name):
    _, _, operation = OPERATIONS[name]
    for status, answer in operation["responses"].items():
        if status >= "400":
            assert {example["code"] for example in examples_of(answer).values()} <= CODES[status], status


def provoked(name: str, status: str, campus: Campus, api: Any) -> Any:
    """A request that earns the refusal."""
    method, path, operation = OPERATIONS[name]
    ids = campus.prepare(name, path)
    send, url = sender(name, campus, api), address(path, operation, ids)
    if status == "400":
        details = next(iter(examples_of(operation["responses"]["400"]).values()))["details"]
        nonsense = {"page": "?page=0", "dry_run": "?dry_run=maybe", "non_field_errors": "?%00=x"}
        bare = url.partition("?")[0]
        if name == OF_A_FORM:
            content, headers = as_form(IMPORTED)
            return send(method, f"{bare}?dry_run=maybe", content, **headers)
        if "requestBody" in operation and "dry_run" not in details:
            return send(method, bare, b"[]" if "non_field_errors" in details else BARE.get(name, b"{}"))
        return send(method, bare + next((query for key, query in nonsense.items() if key in details), ""))
    if status == "401":
        wrong = {"username": "john_doe", "password": "wrong"}
        return api()(method, url, wrong if name == "session_log_in" else None)
    if status == "404":
        ids |= {"id" if "{id}" in path else "event_id": 10**17}
        nowhere = path if "{id}" in path else re.sub(r"\{(name|code|slug)\}", "Nowhere", path)
        missing = address(nowhere, operation, ids)
        if path.endswith(BY_TOKEN):
            return send(method, f"{path}?token=of-nobody")
        nobodys = f"{path}?floor=200" if name in OF_A_FLOOR else f"{url}{'&' if '?' in url else '?'}page=99999"
        return send(method, missing if "{" in path else nobodys)
    if status == "405":
        unused = re.search(r'"(\w+)"', next(iter(examples_of(operation["responses"]["405"]).values()))["error"])
        return send(unused[1], url)
    return send(method, url, Accept="text/csv")


@pytest.mark.parametrize("status", ["400", "401", "404", "405", "406"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_refusal_reads_as_its_example(name, status, campus, api):
    _, _, operation = OPERATIONS[name]
    if status not in operation["responses"]:
        return
    response = provoked(name, status, campus, api)
    (example,) = examples_of(operation["responses"][status]).values()
    assert (response.status_code, response.json()) == (int(status), example)


def test_who_has_to_show_what(settings):
    bearer, cookie, key = {"bearer": []}, {"refreshCookie": []}, {"apiKey": []}
    special = {
        "session_log_in": [],
        "session_refresh": [cookie],
        "session_log_out": [bearer | cookie],
    }
    for name, (_, path, operation) in OPERATIONS.items():
        if path.endswith(BY_TOKEN):
            special[name] = []
        elif path.startswith("/api/v1/calendars/"):
            special[name] = [bearer, key]
        assert operation.get("security", []) == special.get(name, [bearer]), name
    assert SCHEMA["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "refreshCookie": {"type": "apiKey", "in": "cookie", "name": "refresh_token"},
        "apiKey": {"type": "http", "scheme": "bearer"},
    }
    settings.CSPACE_PUBLIC_READS = True
    opened = {
        operation["operationId"]
        for methods in generated()["paths"].values()
        for operation in methods.values()
        if {} in operation.get("security", [])
    }
    assert opened == {
        "agenda_retrieve",
        "classroom_availability",
        "classroom_free",
        "classroom_list",
        "classroom_retrieve",
        "closure_list",
        "course_list",
        "course_retrieve",
        "floor_plan_retrieve",
        "room_stream_stream_states",
        "study_plan_list",
        "study_plan_retrieve",
    }
