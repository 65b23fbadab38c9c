"""Courses on the Occupancy wire, as literal JSON."""

import datetime as dt

import pytest

from tests.factories import make_classroom
from tests.factories.timetables import make_course, make_lecture, make_plan, make_semester
from timetables.models import Course, CourseSchedule, Teacher

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 23)


@pytest.fixture
def analysis():
    """Two teachers, a lecture in two rooms, an exercise in none, two study plans."""
    course = make_course(
        "MATH-101(a)", name="Analysis I", credits=6, edu_url="https://edu.example/math-101", language="fr"
    )
    course.teachers.add(
        Teacher.objects.create(name="Yu-Ting Huang"),
        Teacher.objects.create(name="Ada Lovelace", people_url="https://people.example/ada"),
        Teacher.objects.create(name="Aaron Gone", is_available=False),
    )
    for name in ("BC08", "BC07"):
        make_lecture(make_classroom(name), course, day=DAY, start=495, end=600)
    CourseSchedule.objects.create(
        course=course,
        starts_at="2026-11-24T00:15:00Z",
        ends_at="2026-11-24T02:00:00.123456Z",
        label="exercise",
    )
    spring = make_semester("2027 spring", type="spring", starts_on="2027-02-22", ends_on="2027-06-04")
    make_plan(course, unit="IN-BA3")
    make_plan(course, unit="MA-BA1", semester=spring)
    return course


def plan_of(course, unit):
    return str(course.study_plans.get(unit__name=unit).pk)


def test_courses(api, analysis):
    make_course("EE-101", name="Circuits", credits=0)
    make_course("ZZ-1", is_available=False)
    assert api().get("/api/courses").json() == [
        {"name": "Circuits", "code": "EE-101", "credits": 0, "semesterType": "year"},
        {"name": "Analysis I", "code": "MATH-101(a)", "credits": 6, "semesterType": "spring"},
    ]


def test_course(api, analysis):
    unit = analysis.study_plans.get(unit__name="IN-BA3").unit
    unit.code, unit.section, unit.promo = "IN", "Computer science", "BA3"
    unit.save()
    assert api().get("/api/courses/MATH-101(a)").json() == {
        "name": "Analysis I",
        "code": "MATH-101(a)",
        "credits": 6,
        "edu_url": "https://edu.example/math-101",
        "language": "fr",
        "teachers": [
            {"name": "Ada Lovelace", "people_url": "https://people.example/ada"},
            {"name": "Yu-Ting Huang", "people_url": ""},
        ],
        "schedules": [
            {
                "start_datetime": "2026-11-23T08:15:00.000Z",
                "end_datetime": "2026-11-23T10:00:00.000Z",
                "label": "cours",
                "rooms": [{"name": "BC07"}, {"name": "BC08"}],
            },
            {
                "start_datetime": "2026-11-24T08:15:00.000Z",
                "end_datetime": "2026-11-24T10:00:00.123Z",
                "label": "exercice",
                "rooms": [],
            },
        ],
        "studyplans": [
            {
                "_id": plan_of(analysis, "MA-BA1"),
                "unit": {"name": "MA-BA1", "code": ""},
                "semester": {"name": "2027 spring", "type": "spring"},
            },
            {
                "_id": plan_of(analysis, "IN-BA3"),
                "unit": {"name": "IN-BA3", "code": "IN", "section": "Computer science", "promo": "BA3"},
                "semester": {"name": "2026-2027 fall", "type": "fall"},
            },
        ],
    }


def test_a_course_of_which_little_is_known(api):
    make_course("CS-101", name="Algorithms")
    assert api().get("/api/courses/CS-101/").json() == {
        "name": "Algorithms",
        "code": "CS-101",
        "credits": 4,
        "teachers": [],
        "schedules": [],
        "studyplans": [],
    }


@pytest.mark.parametrize(
    "code", ["MATH-101(a)", "Physics 1", "BC07-08", "微積分", "été", "A%2", "a+b", "x?y#z", "100%"]
)
def test_a_code_is_an_address(api, code):
    make_course(code)
    path = "/api/courses/" + "".join(f"%{byte:02x}" for byte in code.encode())
    assert api().get(path).json()["code"] == code


def test_a_code_is_matched_exactly(api):
    make_course("CS-101")
    for code in ("cs-101", "CS-101 ", "CS-1", "%43S-102"):
        response = api().get(f"/api/courses/{code.replace(' ', '%20')}")
        assert (response.status_code, response.json()) == (404, {"message": "Course not found"})


def test_a_withdrawn_course_is_not_there(api, analysis):
    Course.objects.update(is_available=False)
    assert api().get("/api/courses").json() == []
    response = api().get("/api/courses/MATH-101(a)")
    assert (response.status_code, response.json()) == (404, {"message": "Course not found"})


def shown(api):
    course = api().get("/api/courses/MATH-101(a)").json()
    rooms = [[room["name"] for room in schedule["rooms"]] for schedule in course["schedules"]]
    return rooms, [plan["unit"]["name"] for plan in course["studyplans"]]


def test_what_is_withdrawn_around_a_course_is_not_there(api, analysis):
    assert shown(api) == ([["BC07", "BC08"], []], ["MA-BA1", "IN-BA3"])
    booking = analysis.schedules.get(label="cours").bookings.get(classroom__name="BC08")
    booking.is_available = False
    booking.save()
    analysis.schedules.filter(label="exercise").update(is_available=False)
    analysis.plannings.filter(study_plan__unit__name="IN-BA3").update(is_available=False)
    assert shown(api) == ([["BC07"]], ["MA-BA1"])


@pytest.mark.parametrize("related", ["unit", "semester", None])
def test_a_plan_without_its_unit_or_semester_is_not_there(api, analysis, related):
    plan = analysis.study_plans.get(unit__name="MA-BA1")
    withdrawn = getattr(plan, related) if related else plan
    withdrawn.is_available = False
    withdrawn.save()
    assert shown(api)[1] == ["IN-BA3"]
    assert api().get("/api/courses").json()[0]["semesterType"] == "fall"


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        *((word, word) for word in ("cours", "exercice", "projet", "exam", "Lecture 3", "labo")),
        *(("lecture", "cours"), ("exercise", "exercice"), ("project", "projet")),
    ],
)
def test_labels(api, stored, sent):
    course = make_course()
    make_lecture(make_classroom("Room A"), course, day=DAY, label=stored)
    (schedule,) = api().get("/api/courses/CS-101").json()["schedules"]
    assert schedule["label"] == sent
