"""A department, its calendars and keys; and a client of the wire that sends what scripts send."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from django.test import Client

from accounts.models import User
from accounts.services.access_keys import issue_api_key
from calendars.models import Calendar, CalendarEvent, CalendarOccurrence
from kernel import clock
from tests.factories import make_classroom, make_user
from tests.factories.calendars import make_calendar

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
BOTH = ("events", "clear")
EVENT = {"name": "Event Title", "start": "2026-02-02T12:00:00", "end": "2026-02-02T13:00:00"}
"""Twelve days after the clock of the documents."""


class Script:
    """A client with a key, or with none."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token
        self.client = Client(raise_request_exception=False)

    def send(self, method: str, path: str, body: bytes = b"", content_type: str = JSON, **headers: str) -> Any:
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.client.generic(method, path, body, content_type=content_type, headers=headers)

    def at(self, target: str, method: str = "DELETE") -> Any:
        """A path as it stands in the request line, which a server shows beside the decoded one."""
        path = unquote_to_bytes(target).decode("latin-1")
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.client.generic(method, "/", headers=headers, PATH_INFO=path, REQUEST_URI=target)

    def create(self, calendar: str = "test-kalender", content_type: str = JSON, **fields: Any) -> Any:
        """`EVENT`, with other fields; of those that are `...` none."""
        body = {name: value for name, value in (EVENT | fields).items() if value is not ...}
        return self.send("POST", f"/api/{calendar}/events/", json.dumps(body).encode(), content_type)

    def delete(self, event: str, calendar: str = "test-kalender") -> Any:
        return self.send("DELETE", f"/api/{calendar}/events/{event}")

    def clear(self, query: str = "") -> Any:
        return self.send("DELETE", f"/api/clear-bookings?{query}")


@dataclass(frozen=True)
class Department:
    """`head` uses both calendars; `calendar` lies in Berlin."""

    head: User
    calendar: Calendar
    other: Calendar

    def script(self, permissions: Iterable[str] = BOTH, user: User | None = None) -> Script:
        return Script(new_key(user or self.head, permissions))


def new_key(user: User, permissions: Iterable[str] = BOTH, **more: Any) -> str:
    key = issue_api_key(by=user, now=clock.now(), user_id=user.pk, name="Script", permissions=list(permissions), **more)
    return key.token


def make_department() -> Department:
    head = make_user("head", email="head@example.edu")
    return Department(
        head,
        make_calendar("test-kalender", users=(head,), classroom=make_classroom("Meeting Room 1")),
        make_calendar("meeting-room-1", users=(head,), classroom=make_classroom("Meeting Room 2")),
    )


def states() -> dict[str, str]:
    """{name of the event: state of its first date}."""
    rows = CalendarOccurrence.objects.select_related("event").order_by("-starts_at")
    return {row.event.name: row.state for row in rows}


def only_event() -> CalendarEvent:
    return CalendarEvent.objects.get()


def refused(answer: Any, status: int, sentence: str | None = None) -> None:
    """A refusal in the envelope of the wire."""
    assert (answer.status_code, answer["Content-Type"]) == (status, JSON), answer.content
    body = answer.json()
    assert list(body) == ["detail"]
    assert isinstance(body["detail"], str)
    assert body["detail"] == (sentence or body["detail"]) != ""
    assert answer["Access-Control-Allow-Origin"] == "*"


def faults_of(answer: Any) -> list[tuple[str, ...]]:
    """[(field, type)] of a 422, in order."""
    assert (answer.status_code, answer["Content-Type"]) == (422, JSON), answer.content
    assert list(answer.json()) == ["detail"]
    for fault in answer.json()["detail"]:
        assert list(fault) == ["type", "loc", "msg"]
        assert fault["msg"]
    return [(*fault["loc"], fault["type"]) for fault in answer.json()["detail"]]
