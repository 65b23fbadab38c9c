"""The pages of the timetable."""

import datetime as dt

import pytest

from tests.admin.pages import act, actions, errors, said
from tests.factories import make_classroom, make_registration
from tests.factories.timetables import make_course, make_lecture
from timetables.models import Course, CourseBooking, Semester, Teacher

NOT_A_WEB_ADDRESS = ["Must be a web address such as https://rooms.example.edu/101"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "HTTP://people.example/ada", "ada"])
def test_pages_have_to_be_web_addresses(admin, address):
    answer = admin.post("/admin/timetables/teacher/add/", {"name": "Ada", "people_url": address})
    assert errors(answer) == {"people_url": NOT_A_WEB_ADDRESS}
    course = {"code": "CS-101", "name": "Algorithms", "credits": 6, "edu_url": address}
    assert errors(admin.post("/admin/timetables/course/add/", course)) == {"edu_url": NOT_A_WEB_ADDRESS}
    assert (actions(), Teacher.objects.count(), Course.objects.count()) == ([], 0, 0)


def test_pages_may_be_web_addresses_or_absent(admin):
    admin.post("/admin/timetables/teacher/add/", {"name": "Ada", "people_url": "https://people.example/ada"})
    admin.post("/admin/timetables/teacher/add/", {"name": "Bo", "people_url": ""})
    assert list(Teacher.objects.values_list("name", "people_url")) == [
        ("Ada", "https://people.example/ada"),
        ("Bo", ""),
    ]


@pytest.mark.parametrize(
    ("ends_on", "fault"),
    [("2026-09-13", "starts_on is after ends_on"), ("2029-09-19", "it is longer than 1100 days")],
)
def test_a_semester_has_an_end_in_sight(admin, ends_on, fault):
    form = {"name": "fall", "type": "fall", "starts_on": "2026-09-14", "ends_on": ends_on, "skip_dates": ""}
    assert errors(admin.post("/admin/timetables/semester/add/", form)) == {"ends_on": [fault]}
    assert (actions(), Semester.objects.count()) == ([], 0)
    admin.post("/admin/timetables/semester/add/", form | {"ends_on": "2029-09-18"})
    assert Semester.objects.count() == 1


def test_withdrawing_and_restoring_count_what_has_changed(admin):
    first, second = make_course("CS-101"), make_course("CS-102")
    page = "timetables/course"
    assert said(act(admin, page, "withdraw", first)) == ["1 withdrawn."]
    assert said(act(admin, page, "withdraw", first)) == ["Courses: Nothing to withdraw: all of it is hidden already"]
    assert said(act(admin, page, "withdraw", first, second)) == ["1 withdrawn."]
    assert said(act(admin, page, "restore", first, second)) == ["2 restored."]
    assert said(act(admin, page, "restore", first, second)) == ["Courses: Nothing to restore"]
    assert actions() == ["timetable.withdrawn", "timetable.withdrawn", "timetable.restored"]


@pytest.mark.usefixtures("document_clock")
def test_lecture_that_does_not_get_its_room_back_is_not_restored(admin, team, member):
    day = dt.date(2026, 2, 1)
    taken, free = make_classroom("Room A"), make_classroom("Room B")
    lectures = [make_lecture(room, make_course(f"CS-{room.pk}"), day=day) for room in (taken, free)]
    page = "timetables/coursebooking"
    assert said(act(admin, page, "withdraw", *lectures)) == ["2 withdrawn. Rooms given up: 2, taken back: 0."]
    make_registration(by=member, group=team, classroom=taken, day=day)
    answer = said(act(admin, page, "restore", *lectures))
    assert answer[0] == "1 restored. Rooms given up: 0, taken back: 1."
    assert list(CourseBooking.objects.filter(is_available=True)) == [lectures[1]]
