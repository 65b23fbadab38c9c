"""The public timetable in CSpace's own conventions, as literal JSON."""

import pytest

from tests.timetables.conftest import FILE
from timetables.models import StudyPlan

pytestmark = pytest.mark.usefixtures("document_clock")
UNIT = {"name": "IN-BA3", "code": "IN", "section": "Computer science", "promo": "BA3"}
SEMESTER = {"name": "2026-2027 fall", "type": "fall", "start_date": "2026-09-14", "end_date": "2026-12-18"}
ADA = {"name": "Ada Lovelace", "people_url": "https://people.example/ada"}
EXERCISE = {
    "starts_at": "2026-09-14T00:15:00Z",
    "ends_at": "2026-09-14T02:00:00Z",
    "label": "exercice",
    "classrooms": ["Room A"],
}
ANALYSIS = {"code": "MATH-101(a)", "name": "Analysis I", "credits": 6, "semester_type": "fall"}


@pytest.fixture
def client(rooms, run_import, member, api):
    run_import({**FILE, "weekly": []})
    return api(member)


def without_ids(schedules):
    assert all(schedule.pop("id") for schedule in schedules)
    return schedules


def test_courses(client):
    assert client.get("courses").json() == {
        "results": [{"code": "CS-101", "name": "Algorithms", "credits": 6, "semester_type": "fall"}, ANALYSIS]
    }
    assert client.get("courses/?search=analys").json() == {"results": [ANALYSIS]}
    assert client.get("courses/?page=2&per_page=1").json() == {
        "count": 2,
        "next": None,
        "previous": "/api/v1/courses/?page=1&per_page=1",
        "results": [ANALYSIS],
    }


def test_course_with_a_code_that_is_percent_encoded(client):
    plan = StudyPlan.objects.get()
    shown = client.get("courses/MATH-101%28a%29/").json()
    without_ids(shown["schedules"])
    assert shown == {
        **ANALYSIS,
        "edu_url": None,
        "language": None,
        "teachers": [],
        "schedules": [EXERCISE],
        "study_plans": [{"id": plan.pk, "unit": UNIT, "semester": SEMESTER}],
    }
    assert client.get("courses/math-101(a)/").status_code == 404


def test_study_plans(client):
    plan = StudyPlan.objects.get()
    listed = {"results": [{"id": plan.pk, "unit": UNIT, "semester": SEMESTER}]}
    assert client.get("study-plans/").json() == listed
    assert client.get("study-plans/?current=true").json() == listed
    plan.semester.starts_on = plan.semester.ends_on = "2026-01-19"
    plan.semester.save()
    assert client.get("study-plans/?current=true").json() == {"results": []}
    assert client.get("study-plans/?current=maybe").json()["details"] == {"current": ["Must be true or false"]}


def test_study_plan(client):
    plan = StudyPlan.objects.get()
    shown = client.get(f"study-plans/{plan.pk}/").json()
    without_ids(shown["schedules"])
    assert shown == {
        "id": plan.pk,
        "unit": UNIT,
        "semester": {**SEMESTER, "skip_dates": ["2026-10-05"], "exam_dates": []},
        "courses": [
            {
                "code": "CS-101",
                "name": "Algorithms",
                "credits": 6,
                "semester_type": "fall",
                "edu_url": None,
                "language": "en",
                "teachers": [ADA, {"name": "Bo", "people_url": None}],
            },
            {**ANALYSIS, "edu_url": None, "language": None, "teachers": []},
        ],
        "schedules": [
            {**EXERCISE, "course": {"code": "MATH-101(a)", "name": "Analysis I"}},
            {
                "starts_at": "2026-12-16T01:00:00Z",
                "ends_at": "2026-12-16T04:00:00Z",
                "label": "exam",
                "classrooms": ["Room A", "Room B"],
                "course": {"code": "CS-101", "name": "Algorithms"},
            },
        ],
    }
