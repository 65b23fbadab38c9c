"""Where a campus wants to know who reads the Occupancy wire."""

import uuid

import pytest

from accounts.services.tokens import issue_access
from tests.dialects.occupancy.scenes import FREE, SOONEST, at
from tests.factories import make_classroom
from tests.factories.timetables import make_course, make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def login_is_required(settings):
    settings.OCCUPANCY_REQUIRE_LOGIN = True


def refused(response):
    assert (response.status_code, response.json()) == (401, {"message": "Authentication credentials were not provided"})
    assert response["WWW-Authenticate"] == "Bearer"
    assert response["Access-Control-Allow-Origin"] == "*"


def test_every_call_needs_an_access_token(api, member):
    make_classroom("A")
    plan = make_plan(make_course())
    paths = ("courses", "courses/CS-101", "studyplans", f"studyplans/{plan.pk}", "rooms", "rooms/A")
    calls = [*(("GET", f"/api/{path}", None) for path in paths)]
    calls += [("POST", FREE, {"selection": []}), ("POST", SOONEST, {"after_date": at(8)})]
    for method, path, body in calls:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
            refused(api()(method, path, body, **headers))
        response = api(member)(method, path, body)
        assert (response.status_code, list(response.json())[:1] != ["message"]) == (200, True)
        assert response["Cache-Control"] == ("private, no-cache" if method == "GET" else "private, no-store")


def test_a_preflight_needs_none_and_allows_to_send_one(api):
    response = api()("OPTIONS", FREE)
    assert (response.status_code, response["Access-Control-Allow-Headers"]) == (204, "Content-Type, Authorization")


def test_a_session_that_has_ended_counts_no_more(api, member):
    token = issue_access(member, family=uuid.uuid4())
    assert api().get("/api/rooms", Authorization=f"bearer {token}").json() == []
    member.is_active = False
    member.save()
    refused(api().get("/api/rooms", Authorization=f"Bearer {token}"))
