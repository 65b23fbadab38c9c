"""Who is let in, by which key, to what; and how often."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.enums import KeyScope
from accounts.models import AccessKey
from accounts.services.access_keys import issue_key, revoke_api_key
from accounts.services.people import change_user
from calendars.models import CalendarEvent
from kernel import clock
from tests.dialects.room_booking.scenes import Script, new_key, refused, states
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.factories.calendars import make_calendar

pytestmark = pytest.mark.django_db
CALLS = [
    ("POST", "/api/test-kalender/events/"),
    ("DELETE", "/api/test-kalender/event/4zx3QAFzoxV3vaZSKGaH2S"),
    ("DELETE", "/api/clear-bookings"),
]
EACH_CALL = pytest.mark.parametrize(("method", "path"), CALLS)


def unauthorized(answer):
    refused(answer, 401, "Unauthorized")
    assert answer["WWW-Authenticate"] == "Bearer"


@EACH_CALL
@pytest.mark.parametrize(
    "headers",
    [
        {},
        *({"Authorization": text} for text in ("", "Bearer", "Bearer ", "Basic eDp5", "Token {token}", "{token}")),
        *(
            {"Authorization": f"Bearer {text}"}
            for text in ("x", "é" * 40, "0" * 5000, "{token}x", "{token} x", "X{token}")
        ),
        {"Cookie": "sessionid={token}"},
        {"X-Api-Key": "{token}"},
    ],
)
def test_whoever_shows_no_key_is_asked_for_one(department, method, path, headers):
    token = new_key(department.head)
    headers = {name: text.replace("{token}", token) for name, text in headers.items()}
    unauthorized(Script().send(method, path, **headers))
    unauthorized(Script().send(method, f"{path}?token={token}&api_key={token}", **headers))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
@pytest.mark.parametrize("space", [" ", "   "])
def test_the_scheme_is_one_in_any_case(department, scheme, space):
    authorization = f"{scheme}{space}{new_key(department.head)}"
    assert Script().send("DELETE", "/api/clear-bookings", Authorization=authorization).status_code == 200


@EACH_CALL
def test_a_key_that_opens_nothing_any_more(department, method, path):
    head, now = department.head, clock.now()
    revoked, expired = new_key(head), new_key(head, lifetime=timedelta(hours=1))
    revoke_api_key(by=head, now=now, key_id=AccessKey.objects.order_by("id").first().pk)
    of_device = issue_key(scope=KeyScope.USER, by=head, now=now, user_id=head.pk).token
    living = Script(new_key(head))
    with time_machine.travel(now + timedelta(hours=2), tick=False):
        for token in (revoked, expired, of_device):
            unauthorized(Script(token).send(method, path))
        assert living.send(method, path).status_code != 401
    keeper = make_user()
    join(keeper, cspace_group(), "admin")
    change_user(user_id=head.pk, by=keeper, now=now, is_active=False)
    unauthorized(living.send(method, path))


@pytest.mark.parametrize(
    ("permissions", "may"), [(("events",), (True, True, False)), (("clear",), (False, False, True))]
)
def test_a_key_permits_what_it_says(department, permissions, may):
    script = department.script(permissions)
    for (method, path), is_allowed in zip(CALLS, may, strict=True):
        answer = script.send(method, path)
        if is_allowed:
            assert answer.status_code in (200, 400, 404)
        else:
            refused(answer, 403, "Forbidden")


def test_whose_a_calendar_is(department):
    stranger, member, keeper = make_user(), make_user(), make_user()
    group = make_group()
    join(member, group)
    join(keeper, cspace_group())
    department.calendar.group = group
    department.calendar.save()
    for user, status in ((stranger, 404), (member, 201), (keeper, 201), (department.head, 201)):
        answer = department.script(user=user).create()
        assert answer.status_code == status, answer.content
    refused(department.script(user=stranger).create(), 404, "Not Found")
    event = CalendarEvent.objects.first()
    refused(department.script(user=stranger).delete(str(event.uid)), 404, "Not Found")
    assert department.script(user=member).delete(str(event.uid)).status_code == 204


def test_an_event_of_another_calendar_is_not_found(script):
    name = script.create("meeting-room-1").json()["id"]
    refused(script.delete(name), 404, "Not Found")
    assert states() == {"Event Title": "live"}
    assert script.delete(name, "meeting-room-1").status_code == 204


def test_what_somebody_clears(department):
    keeper = make_user()
    join(keeper, cspace_group())
    foreign = make_calendar("foreign", classroom=make_classroom())
    stranger = department.script(user=make_user())
    for query in ("calendar=test-kalender", "calendar=foreign", "calendar=nowhere", "test=on&calendar=test-kalender"):
        refused(stranger.clear(query), 404, "Not Found")
    assert stranger.clear().status_code == 200
    assert department.script(user=keeper).clear(f"calendar={foreign.slug}").status_code == 200
    for query in ("calendar=test-kalender&calendar=foreign", "calendar=test-kalender&calendar=nowhere"):
        refused(department.script().clear(query), 404, "Not Found")


def test_the_last_use_is_noted_once_a_minute(department):
    script = department.script()
    key = AccessKey.objects.get()
    assert key.last_used_at is None
    noon = datetime(2026, 1, 20, 12, tzinfo=UTC)
    for seconds, noted in ((0, 0), (59, 0), (60, 60), (100, 60)):
        with time_machine.travel(noon + timedelta(seconds=seconds), tick=False):
            script.delete("4zx3QAFzoxV3vaZSKGaH2S")
        key.refresh_from_db()
        assert key.last_used_at == noon + timedelta(seconds=noted)


@pytest.fixture
def rate(settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = settings.CSPACE_THROTTLE_RATES | {"api_key": "3/min"}


def test_a_key_is_used_so_often_in_a_minute(department, rate):
    script, other = department.script(), department.script()
    for method, path in (("GET", CALLS[0][1]), *CALLS[:2]):
        assert script.send(method, path).status_code in (400, 404, 405)
    for method, path in CALLS:
        answer = script.send(method, path)
        refused(answer, 429, "Too many requests, please try again later")
        assert 1 <= int(answer["Retry-After"]) <= 60
    assert other.clear().status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=False):
        assert script.clear().status_code == 200


def test_what_is_no_key_is_counted_nowhere(department, rate):
    for _ in range(5):
        unauthorized(Script("0" * 40).clear())
