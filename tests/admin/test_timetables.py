"""The pages of the timetable."""

import pytest

from tests.admin.pages import actions, errors
from timetables.models import Course, Teacher

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
