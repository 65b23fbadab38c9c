"""A room's code on its page: its name where nothing is said, and what the service refuses stands under the field."""

from classrooms.models import Classroom
from tests.admin.pages import actions, errors, save
from tests.factories import make_classroom

ROOMS = "/admin/classrooms/classroom/"
FORM = {"capacity": 5, "floor": 1, "equipment": "{}", "is_active": "on"}


def codes():
    return dict(Classroom.objects.order_by("name").values_list("name", "code"))


def test_a_code_is_said_or_is_the_name(admin):
    save(admin, f"{ROOMS}add/", FORM | {"name": "A", "code": ""})
    save(admin, f"{ROOMS}add/", FORM | {"name": "B", "code": " b-1 "})
    assert codes() == {"A": "A", "B": "b-1"}
    page = f"{ROOMS}{Classroom.objects.get(name='A').pk}/change/"
    assert admin.get(page).context["adminform"].form.initial["code"] == "A"
    save(admin, page, FORM | {"code": "a-1"})
    assert (codes(), actions()[2:]) == ({"A": "a-1", "B": "b-1"}, ["classroom.changed"])
    save(admin, page, FORM | {"code": ""})
    assert codes() == {"A": "A", "B": "b-1"}


def test_what_another_room_has_is_said_under_its_field(admin):
    room = make_classroom("A")
    make_classroom("B", code="lab")
    page = f"{ROOMS}{room.pk}/change/"
    assert errors(save(admin, page, FORM | {"code": "LAB"})) == {"code": ["A classroom with this code already exists"]}
    assert "name" in errors(save(admin, f"{ROOMS}add/", FORM | {"name": "Lab", "code": ""}))
    assert errors(save(admin, page, FORM | {"code": "a\u200bb"})) == {
        "code": ["Control, bidirectional and invisible characters are not allowed"]
    }
    assert codes() == {"A": "A", "B": "lab"}
