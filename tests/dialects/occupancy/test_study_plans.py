"""Study plans on the Occupancy wire, as literal JSON."""

import datetime as dt

import pytest
import time_machine

from tests.factories import make_classroom
from tests.factories.timetables import make_course, make_lecture, make_plan, make_semester
from timetables.models import StudyPlan, Teacher

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 23)


@pytest.fixture
def plan():
    """A joint lecture of two courses, another before it, one outside the semester, a withdrawn course."""
    room = make_classroom("Room A")
    circuits = make_course("EE-101", name="Circuits", edu_url="https://edu.example/ee", language="en")
    algorithms, withdrawn = make_course(name="Algorithms"), make_course("ZZ-1", is_available=False)
    circuits.teachers.add(Teacher.objects.create(name="Ada Lovelace", people_url="https://people.example/ada"))
    for course in (circuits, algorithms, withdrawn):
        make_lecture(room, course, day=DAY)
    make_lecture(room, circuits, day=DAY, start=480, end=540, label="projet")
    make_lecture(room, circuits, day=dt.date(2026, 12, 19))
    semester = make_semester(skip_dates=[dt.date(2026, 10, 5), dt.date(2026, 12, 1)])
    return make_plan(circuits, algorithms, withdrawn, unit="EE-BA1", semester=semester)


def units(response):
    return [item["unit"]["name"] for item in response.json()]


def test_study_plans(api, plan):
    plan.unit.section = "Electrical Engineering"
    plan.unit.save()
    assert api().get("/api/studyplans").json() == [
        {
            "_id": str(plan.pk),
            "unit": {"name": "EE-BA1", "code": "", "section": "Electrical Engineering"},
            "semester": {"name": "2026-2027 fall", "type": "fall"},
        }
    ]


def test_study_plans_come_newest_first_then_by_unit(api, plan):
    for unit in ("MA-BA1", "CS-BA1"):
        make_plan(unit=unit, semester=plan.semester)
    make_plan(unit="PH-BA1", semester=make_semester("2027", starts_on="2027-02-22", ends_on="2027-06-04"))
    assert units(api().get("/api/studyplans")) == ["PH-BA1", "CS-BA1", "EE-BA1", "MA-BA1"]


@pytest.mark.parametrize("flag", ["1", "true"])
def test_current_study_plans_have_not_ended_on_the_campus(api, plan, flag):
    # The last day is 2026-12-18; in Taipei it ends at 16:00 UTC.
    for instant, shown in (("2026-12-18T15:59:59Z", ["EE-BA1"]), ("2026-12-18T16:00:00Z", [])):
        with time_machine.travel(instant, tick=False):
            assert units(api().get(f"/api/studyplans?current={flag}")) == shown
            assert units(api().get("/api/studyplans/?current=0")) == ["EE-BA1"]
            assert units(api().get("/api/studyplans?other=1")) == ["EE-BA1"]


def test_current_is_a_flag(api, plan):
    response = api().get("/api/studyplans?current=maybe")
    assert (response.status_code, response.json()) == (400, {"message": "current must be 0 or 1"})


def test_study_plan(api, plan):
    algorithms, circuits = {"code": "CS-101", "name": "Algorithms"}, {"code": "EE-101", "name": "Circuits"}
    at_ten = {
        "start_datetime": "2026-11-23T10:00:00.000Z",
        "end_datetime": "2026-11-23T12:00:00.000Z",
        "label": "cours",
        "rooms": [{"name": "Room A"}],
    }
    at_eight = {
        "start_datetime": "2026-11-23T08:00:00.000Z",
        "end_datetime": "2026-11-23T09:00:00.000Z",
        "label": "projet",
        "rooms": [{"name": "Room A"}],
    }
    assert api().get(f"/api/studyplans/{plan.pk}").json() == {
        "_id": str(plan.pk),
        "unit": {"name": "EE-BA1", "code": ""},
        "semester": {
            "name": "2026-2027 fall",
            "type": "fall",
            "skip_dates": ["2026-10-05T00:00:00.000Z", "2026-12-01T00:00:00.000Z"],
        },
        "schedules": [
            {"course": circuits, **at_eight},
            {"course": algorithms, **at_ten},
            {"course": circuits, **at_ten},
        ],
        "courses": [
            {"name": "Algorithms", "code": "CS-101", "credits": 4, "teachers": []},
            {
                "name": "Circuits",
                "code": "EE-101",
                "credits": 4,
                "edu_url": "https://edu.example/ee",
                "language": "en",
                "teachers": [{"name": "Ada Lovelace", "people_url": "https://people.example/ada"}],
            },
        ],
    }


def test_an_empty_study_plan(api):
    plan = make_plan()
    assert api().get(f"/api/studyplans/{plan.pk}").json() == {
        "_id": str(plan.pk),
        "unit": {"name": "CS-BA3", "code": ""},
        "semester": {"name": "2026-2027 fall", "type": "fall", "skip_dates": []},
        "schedules": [],
        "courses": [],
    }


@pytest.mark.parametrize(
    "plan_id", ["0", "-1", "1.0", "x", "１", "%20", "9" * 18, "9" * 19, "9" * 5000, "507f1f77bcf86cd799439011", "null"]
)
def test_an_unknown_or_malformed_id(api, plan, plan_id):
    response = api().get(f"/api/studyplans/{plan_id}")
    assert (response.status_code, response.json()) == (404, {"message": "Study plan not found"})


def test_an_id_is_spelt_in_one_way(api, plan):
    assert api().get(f"/api/studyplans/0{plan.pk}").status_code == 404


@pytest.mark.parametrize("related", ["unit", "semester", None])
def test_a_withdrawn_study_plan_is_not_there(api, plan, related):
    withdrawn = getattr(plan, related) if related else plan
    withdrawn.is_available = False
    withdrawn.save()
    assert api().get("/api/studyplans").json() == []
    response = api().get(f"/api/studyplans/{plan.pk}")
    assert (response.status_code, response.json()) == (404, {"message": "Study plan not found"})


def test_a_course_withdrawn_from_a_plan_is_not_in_it(api, plan):
    StudyPlan.objects.get().planned_courses.filter(course__code="EE-101").update(is_available=False)
    shown = api().get(f"/api/studyplans/{plan.pk}").json()
    assert [course["code"] for course in shown["courses"]] == ["CS-101"]
    assert [schedule["course"]["code"] for schedule in shown["schedules"]] == ["CS-101"]
