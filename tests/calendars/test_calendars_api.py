"""Calendars and their events as their users are shown them (contract Room Booking §8)."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessKey
from accounts.services.access_keys import issue_api_key, revoke_api_key
from auditlog.models import LogEntry
from calendars.models import Calendar, CalendarEvent, PriorityToken
from calendars.rules.numbers import short
from calendars.services.creating import delete_event
from calendars.services.syncing import import_file
from kernel import clock
from kernel.campus_time import Interval
from tests.calendars.test_feeds import SERIES
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.factories.calendars import enter, make_calendar

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]


def at(day, hour, minute=0):
    """On the wall of Berlin in January: an hour before UTC."""
    return dt.datetime(2026, 1, day, hour - 1, minute, tzinfo=dt.UTC)


@pytest.fixture
def person():
    return make_user("head", email="head@example.org")


@pytest.fixture
def calendar(person, room):
    return make_calendar("physics", name="Physics", users=(person,), classroom=room)


def names(response):
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["results"]]


def slugs(response):
    assert response.status_code == 200, response.content
    return [row["slug"] for row in response.json()["results"]]


# --- calendars ----------------------------------------------------------------------------------------------


def test_a_calendar_as_it_is_listed(api, person, room):
    group = make_group("Physicists")
    make_calendar(
        "physics",
        name="Physics",
        users=(person,),
        classroom=room,
        group=group,
        source="caldav",
        source_url="https://calendars.example.org/rooms/a",
        source_username="robot",
        source_secret="sealed",
        last_synced_at=clock.now(),
        last_error="The server does not answer",
        auto_clear=True,
    )
    make_calendar("bare", users=(person,), timezone="Asia/Tokyo", on_overlap="reject")
    response = api(person).get("calendars/")
    assert response.json() == {
        "results": [
            {
                "slug": "bare",
                "name": "bare",
                "classroom": None,
                "group": None,
                "timezone": "Asia/Tokyo",
                "source": "local",
                "on_overlap": "reject",
                "auto_clear": False,
                "last_synced_at": None,
                "last_error": "",
            },
            {
                "slug": "physics",
                "name": "Physics",
                "classroom": "Room A",
                "group": "Physicists",
                "timezone": "Europe/Berlin",
                "source": "caldav",
                "on_overlap": "keep",
                "auto_clear": True,
                "last_synced_at": "2026-01-20T02:00:00Z",
                "last_error": "The server does not answer",
            },
        ]
    }


def test_everybody_sees_those_he_uses_and_cspace_all(api, stranger, member, cspace, team):
    make_calendar("own", users=(member, cspace))
    make_calendar("teams", group=team)
    make_calendar("both", users=(member,), group=team)
    make_calendar("nobodys")
    assert slugs(api(member).get("calendars/")) == ["both", "own", "teams"]
    assert slugs(api(stranger).get("calendars/")) == []
    assert slugs(api(cspace).get("calendars/")) == ["both", "nobodys", "own", "teams"]
    assert api().get("calendars/").status_code == 401


def test_calendars_are_asked_for_by_page(api, cspace):
    for number in range(3):
        make_calendar(f"c{number}")
    page = api(cspace).get("calendars/?per_page=2&page=2").json()
    assert (page["count"], page["next"], page["previous"]) == (3, None, "/api/v1/calendars/?per_page=2&page=1")
    assert [row["slug"] for row in page["results"]] == ["c2"]
    assert api(cspace).get("calendars/?page=3&per_page=2").status_code == 404
    assert api(cspace).get("calendars/?page=0").status_code == 400


# --- events -------------------------------------------------------------------------------------------------


def test_an_event_as_it_is_listed(api, person, calendar):
    PriorityToken.objects.create(token="urgent-4711", priority=5)
    created = enter(calendar, Interval(at(21, 10), at(21, 12)), by=person, name="Colloquium urgent-4711")
    assert api(person).get("calendars/physics/events/").json() == {
        "results": [
            {
                "id": short(created.event.public_id),
                "uid": created.event.uid,
                "name": "Colloquium •••",
                "start": "2026-01-21T10:00:00+01:00",
                "end": "2026-01-21T12:00:00+01:00",
                "created": "2026-01-20T03:00:00+01:00",
                "organizer": "head@example.org",
                "state": "live",
                "calendar": "physics",
            }
        ]
    }


def test_times_have_the_offset_of_their_moment(api, person, calendar):
    import_file(slug="physics", by=person, now=clock.now(), data=SERIES)
    rows = api(person).get("calendars/physics/events/?start=2026-03-01&end=2026-04-30").json()["results"]
    assert [(row["start"], row["end"], row["name"], row["state"]) for row in rows] == [
        ("2026-03-17T09:00:00+01:00", "2026-03-17T10:30:00+01:00", "Lecture", "live"),
        ("2026-03-24T09:00:00+01:00", "2026-03-24T10:30:00+01:00", "Lecture", "live"),
        ("2026-03-31T14:00:00+02:00", "2026-03-31T15:30:00+02:00", "Lecture (moved)", "live"),
        ("2026-04-07T09:00:00+02:00", "2026-04-07T10:30:00+02:00", "Lecture", "cancelled"),
    ]
    assert len({row["id"] for row in rows}) == len({row["uid"] for row in rows}) == 1
    assert [row["organizer"] for row in rows] == [None] * 4


def test_events_of_one_state(api, person, calendar):
    now = clock.now()
    import_file(slug="physics", by=person, now=now, data=SERIES)
    lecture = Interval(*(dt.datetime(2026, 3, 17, hour, tzinfo=dt.UTC) for hour in (8, 9)))
    enter(calendar, lecture, by=person, name="Too late", now=now)
    path = "calendars/physics/events/?start=2026-03-01&end=2026-06-30"
    found_names = {
        state: names(api(person).get(f"{path}&state={state}"))
        for state in ("live", "conflicting", "free", "cancelled", "removed")
    }
    assert found_names == {
        "live": ["Lecture", "Lecture", "Lecture (moved)"],
        "conflicting": ["Too late"],
        "free": ["Fair"],
        "cancelled": ["Lecture"],
        "removed": [],
    }
    assert len(names(api(person).get(path))) == 6
    for state in ("LIVE", "x", "live,free"):
        assert list(api(person).get(f"{path}&state={state}").json()["details"]) == ["state"]


@pytest.fixture
def days(person, calendar):
    """An event named after its day from 9:00 to 10:00, and one over midnight."""
    for day in (19, 20, 21, 22):
        enter(calendar, Interval(at(day, 9), at(day, 10)), by=person, name=str(day))
    enter(calendar, Interval(at(22, 23), at(23, 1)), by=person, name="night")
    for later, name in ((30, "day 30"), (31, "day 31")):
        start = clock.now() + dt.timedelta(days=later, hours=-1)
        enter(calendar, Interval(start, start + dt.timedelta(minutes=30)), by=person, name=name)
    return "calendars/physics/events/"


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", ["20", "21", "22", "night", "day 30", "day 31"]),
        ("start=2026-01-21&end=2026-01-21", ["21"]),
        ("start=2026-01-20&end=2026-01-21", ["20", "21"]),
        ("start=2026-01-23&end=2026-01-23", ["night"]),
        ("start=2026-01-20T08:00:00Z&end=2026-01-21T08:00:00Z", ["20"]),
        ("start=2026-01-20T10:00:00%2B01:00&end=2026-01-21", ["21"]),
        ("start=2026-01-20&end=2026-01-20T09:00:00Z", ["20"]),
        ("end=2026-01-20", ["19", "20"]),
        ("start=2026-01-22", ["22", "night", "day 30", "day 31"]),
        ("start=&end=&state=", ["20", "21", "22", "night", "day 30", "day 31"]),
        ("start=2026-01-20&end=2027-01-20", ["20", "21", "22", "night", "day 30", "day 31"]),
    ],
)
def test_events_of_a_time(query, rows, api, person, days):
    assert names(api(person).get(f"{days}?{query}")) == rows


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("start=x", {"start": ["A date of the form YYYY-MM-DD is required"]}),
        ("start=2026-02-30", {"start": ["There is no such day"]}),
        ("end=2026-01-20T10:00:00", {"end": ["A timestamp such as 2026-01-15T00:00:00Z is required"]}),
        ("start=2026-01-21&end=2026-01-20", {"start": ["Must not be at or after the end"]}),
        ("start=2026-01-20T10:00:00Z&end=2026-01-20T10:00:00Z", {"start": ["Must not be at or after the end"]}),
        ("start=2026-01-20&end=2027-01-21", {"end": ["At most 366 days after the start"]}),
        ("start=1800-01-01", {"start": ["Must lie between 1900 and 2500"]}),
        ("start=9999-12-31", {"start": ["Must lie between 1900 and 2500"]}),
        (
            "end=0001-01-01&state=x",
            {"end": ["Must lie between 1900 and 2500"], "state": ['"x" is not a valid choice.']},
        ),
        ("per_page=0", {"per_page": ["Must be a whole number from 1 to 100"]}),
    ],
)
def test_a_time_that_cannot_be_listed(query, faults, api, person, calendar):
    response = api(person).get(f"calendars/physics/events/?{query}")
    assert (response.status_code, response.json()["details"]) == (400, faults)


def test_events_are_asked_for_by_page(api, person, days):
    page = api(person).get(f"{days}?per_page=2&page=2&state=live").json()
    assert (page["count"], page["next"]) == (6, f"/api/v1/{days}?per_page=2&page=3&state=live")
    assert [row["name"] for row in page["results"]] == ["22", "night"]


def test_what_is_not_his_is_not_there(api, person, stranger, member, cspace, team, calendar):
    for somebody, status in ((stranger, 404), (member, 404), (person, 200), (cspace, 200), (None, 401)):
        assert api(somebody).get("calendars/physics/events/").status_code == status
        assert api(somebody).get("calendars/nowhere/events/").status_code == (404 if somebody else 401)
        assert api(somebody).get("calendars/physics/events/?start=x").status_code == (400 if status == 200 else status)
    refusal = api(stranger).get("calendars/physics/events/")
    assert refusal.json() == {"error": "Calendar not found", "code": "NOT_FOUND"}
    Calendar.objects.filter(pk=calendar.pk).update(group=team)
    assert api(member).get("calendars/physics/events/").status_code == 200


def test_what_has_been_deleted_is_not_listed(api, person, calendar):
    created = enter(calendar, Interval(at(21, 10), at(21, 12)), by=person)
    delete_event(slug="physics", name=created.event.uid, by=person, now=clock.now())
    assert names(api(person).get("calendars/physics/events/")) == []


def test_a_list_costs_as_much_however_long_it_is(api, person, calendar):
    def cost(path):
        with CaptureQueriesContext(connection) as captured:
            assert api(person).get(path).status_code == 200
        return len(captured.captured_queries)

    enter(calendar, Interval(at(21, 8), at(21, 9)), by=person)
    paths = ["calendars/", "calendars/physics/events/"]
    before = [cost(path) for path in paths]
    for number in range(5):
        make_calendar(f"more-{number}", users=(person,), classroom=make_classroom(), group=make_group())
        enter(calendar, Interval(at(21, 10 + number), at(21, 11 + number)), by=person)
    assert [cost(path) for path in paths] == before == [2, 4]
    assert CalendarEvent.objects.count() == 6


def test_a_member_of_cspace_uses_all_calendars(api, person, calendar):
    join(person, cspace_group())
    make_calendar("other")
    assert slugs(api(person).get("calendars/")) == ["other", "physics"]


# --- API keys -----------------------------------------------------------------------------------------------


def key_of(person, *permissions, **more):
    values = {"by": person, "now": clock.now(), "user_id": person.pk, "name": "Door sign"}
    return issue_api_key(**values, permissions=permissions or ["events"], **more)


def showing(api, token, scheme="Bearer"):
    """Somebody who shows a key, whoever he is."""
    client = api()
    return lambda path, method="GET": client(method, path, Authorization=f"{scheme} {token}")


@pytest.mark.parametrize("token", [None, "secrettoken-secrettoken", "eyJ-secret.token-of-somebody", "a.b.c" * 5])
def test_a_script_shows_a_key_instead(token, api, person, calendar, settings):
    settings.CSPACE_THROTTLE = True
    key = key_of(person, token=token)
    make_calendar("nobodys")
    for scheme in ("Bearer", "bearer"):
        show = showing(api, key.token, scheme)
        assert slugs(show("calendars/")) == ["physics"]
        assert show("calendars/physics/events/").json() == {"results": []}
        assert show("calendars/nobodys/events/").status_code == 404
    url = show("calendars/physics/feed/").json()["url"]
    assert show("calendars/physics/feed/renew/", "POST").json()["url"] != url
    assert LogEntry.objects.get(action="feed.renewed").actor_id == person.pk
    assert AccessKey.objects.get(pk=key.key_id).last_used_at == clock.now()


def test_a_key_opens_nothing_else(api, person):
    show = showing(api, key_of(person).token)
    for path in ("users/me/", "users/me/feed/", "classrooms/", "groups/"):
        assert (show(path).status_code, show(path).json()["details"]) == (401, {"reason": "token_invalid"})


def test_a_key_for_something_else_is_refused(api, person, calendar):
    key = key_of(person, "clear")
    for path in ("calendars/", "calendars/physics/events/", "calendars/nowhere/events/"):
        response = showing(api, key.token)(path)
        assert (response.status_code, response.json()["code"]) == (403, "PERMISSION_DENIED")
    assert AccessKey.objects.get(pk=key.key_id).last_used_at is None


def test_dead_keys_open_nothing(api, person, calendar):
    expired, revoked, living = key_of(person, lifetime=dt.timedelta(days=1)), key_of(person), key_of(person)
    revoke_api_key(by=person, now=clock.now(), key_id=revoked.key_id)
    with time_machine.travel(clock.now() + dt.timedelta(days=1), tick=False):
        for token in (expired.token, revoked.token, "of-nobody", "", "eyJh.eyJi.x", "eyJ"):
            response = showing(api, token)("calendars/")
            assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
            assert response.json()["details"] == {"reason": "token_invalid"}
        assert showing(api, living.token)("calendars/").status_code == 200
        person.is_active = False
        person.save()
        assert showing(api, living.token)("calendars/").status_code == 401


def test_calls_are_counted_by_key(api, person, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = settings.CSPACE_THROTTLE_RATES | {"api_key": "2/h"}
    first, second = (showing(api, key_of(person).token) for _ in range(2))
    assert [first("calendars/").status_code for _ in range(3)] == [200, 200, 429]
    assert second("calendars/").status_code == 200
    assert "Retry-After" in first("calendars/").headers


def test_whose_rights_end_has_a_key_that_opens_less(api, person, team, calendar):
    Calendar.objects.filter(pk=calendar.pk).update(group=team)
    calendar.users.clear()
    place, show = join(person, team), showing(api, key_of(person).token)
    assert slugs(show("calendars/")) == ["physics"]
    place.delete()
    assert slugs(show("calendars/")) == []
