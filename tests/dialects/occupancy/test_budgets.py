"""How many statements each call of the Occupancy wire costs, equal at one row and at five."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dialects.occupancy.views import OccupancyView
from dialects.registry import no_such_call
from tests.dialects.occupancy.scenes import DAY, FREE, SOONEST, at, occupy, span
from tests.factories import make_classroom, make_registration
from tests.factories.timetables import make_course, make_lecture, make_plan, make_semester
from tests.routes import API, routes
from timetables.models import Teacher

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
HERE = {"latitude": 0, "longitude": 0}
# {call: statements}; what the contract allows stands behind it.
BUDGET = {
    ("GET", "/api/courses"): 1,  # 2
    ("GET", "/api/courses/CS-0"): 5,
    ("GET", "/api/studyplans"): 1,  # 2
    ("GET", "/api/studyplans?current=1"): 1,  # 2
    ("GET", "/api/studyplans/{plan}"): 5,  # 6
    ("GET", "/api/rooms"): 1,
    ("GET", "/api/rooms/R0"): 2,  # 3
    ("GET", f"/api/rooms/R0?from={at(8)}&to={at(20)}"): 2,  # 3
    ("POST", FREE): 1,  # 2
    ("POST", SOONEST): 2,
}


def campus(size, member, team):
    """`size` rooms, each with as many lectures, bookings and other uses; as many courses, teachers and plans."""
    rooms = [make_classroom(f"R{number}", latitude=number, longitude=0) for number in range(size)]
    courses = [make_course(f"CS-{number}") for number in range(size)]
    semester = make_semester()
    for room in rooms:
        for number in range(size):
            occupy(room, 8 + number, 9 + number)
            day = DAY + dt.timedelta(days=1 + number)
            make_registration(by=member, group=team, classroom=room, day=day, start=900, end=960)
            for course in courses:
                make_lecture(room, course, day=day)
    for number, course in enumerate(courses):
        course.teachers.set([Teacher.objects.get_or_create(name=f"T{other}")[0] for other in range(number, size)])
    plans = [make_plan(*courses, unit=course.code, semester=semester) for course in courses]
    return plans[0]


@pytest.mark.parametrize("size", [1, 5])
def test_calls_cost_what_they_may(api, member, team, size):
    plan = campus(size, member, team)
    bodies = {FREE: {"selection": [span(8, 9), span(11, 12)], "coordinates": HERE}, SOONEST: {"after_date": at(8)}}
    costs = {}
    for method, path in BUDGET:
        with CaptureQueriesContext(connection) as captured:
            response = api()(method, path.format(plan=plan.pk), bodies.get(path))
        assert response.status_code == 200, response.content
        costs[method, path] = len(captured)
    assert costs == BUDGET


OTHERS = ("api/<str:calendar>/", "api/clear-bookings/", "api/openapi.json/")
"""Of the Room Booking wire."""


def test_every_call_has_a_budget_and_is_one_of_this_wire():
    """Below /api/ there is nothing but an index, /api/v1, its document, and these calls, all behind the same door."""
    beside = {
        route: view
        for route, view in routes()
        if "api/" in route and not route.startswith((API, "admin/", *OTHERS)) and view is not no_such_call
    }
    served = {route: view for route, view in beside.items() if hasattr(view, "view_class")}
    ours = {route: view for route, view in served.items() if issubclass(view.view_class, OccupancyView)}
    assert {*beside} - {*ours} == {"api/", "api/schema/", "api/docs/", "^api/"}
    calls = {
        (method.upper(), re.sub("<str:[a-z]+>", "{}", f"/{route}".removesuffix("/")))
        for route, view in ours.items()
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(view.view_class, method)
    }
    measured = {(method, re.sub(r"CS-0|R0|\{plan\}", "{}", path.partition("?")[0])) for method, path in BUDGET}
    # A search's address read is a room of that name.
    assert calls == measured | {("GET", FREE), ("GET", SOONEST)}
