"""What a room consists of, on its page: written by the service, whose refusals stand under the field."""

import datetime as dt

from classrooms.models import Classroom, RoomPart
from tests.admin.pages import actions, errors, save, typed
from tests.classrooms.divided import make_hall
from tests.factories import make_classroom, make_registration

ROOMS = "/admin/classrooms/classroom/"
FORM = {"capacity": 5, "floor": 1, "equipment": "{}", "is_active": "on"}


def parts_of(room):
    return list(RoomPart.objects.filter(whole=room).order_by("part__name").values_list("part__name", flat=True))


def test_parts_are_named_and_taken_away(admin):
    rooms = [make_classroom(name) for name in ("A1", "A2")]
    save(admin, f"{ROOMS}add/", FORM | {"name": "A", "parts": [room.pk for room in rooms]})
    hall = Classroom.objects.get(name="A")
    page = f"{ROOMS}{hall.pk}/change/"
    assert (parts_of(hall), actions()) == (["A1", "A2"], ["classroom.created"])
    shown = admin.get(page)
    assert shown.context["adminform"].form.initial["parts"] == [room.pk for room in rooms]
    touched = {f"initial-{name}": value for name, value in FORM.items()} | {
        "initial-parts": [room.pk for room in rooms]
    }
    save(admin, page, FORM | touched | {"parts": [rooms[1].pk]})
    assert (parts_of(hall), actions()) == (["A2"], ["classroom.created", "classroom.changed"])
    save(admin, page, FORM | touched | {"initial-parts": [rooms[1].pk], "parts": [rooms[1].pk]})
    assert actions() == ["classroom.created", "classroom.changed"]


def test_what_the_service_refuses_is_shown(admin, member, team, document_clock):
    hall = make_hall()
    page = f"{ROOMS}{hall['a'].pk}/change/"
    refused = save(admin, page, FORM | {"parts": [hall["ab"].pk]})
    assert (errors(refused), typed(refused, "parts")) == (
        {"parts": ["A classroom cannot contain itself"]},
        [[str(hall["ab"].pk)]],
    )
    for name in ("a", "c"):
        make_registration(by=member, group=team, classroom=hall[name], day=dt.date(2026, 1, 28))
    refused = save(admin, page, FORM | {"parts": [hall["c"].pk]})
    assert "What is booked ahead in these rooms would clash" in errors(refused)["__all__"][0]
    assert parts_of(hall["a"]) == []
