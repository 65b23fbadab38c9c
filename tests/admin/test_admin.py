"""The admin: who may enter, and that its writes are the services' writes."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from classrooms.models import Classroom
from classrooms.queries.floorplan import draw
from classrooms.queries.states import states
from kernel import clock
from kernel.campus_time import campus_date
from registrations.models import Registration, Series
from tests.admin.pages import act, actions, said
from tests.factories import PASSWORD, make_classroom, make_registration

PAGES = [
    "accounts/user",
    "groups/group",
    "groups/usergroup",
    "classrooms/classroom",
    "classrooms/closure",
    "registrations/registration",
    "registrations/series",
    "auditlog/logentry",
    "notifications/notification",
]
BOX = {"x": 1, "y": 2, "width": 90, "height": 60, "text": "<script>alert(1)</script>", "type": "discuss"}


@pytest.fixture
def held(member, team, room):
    with_day = campus_date(clock.now()) + dt.timedelta(days=3)
    return make_registration(by=member, group=team, classroom=room, day=with_day)


def test_the_admin_says_whose_it_is(admin):
    page = admin.get("/admin/").content.decode()
    assert ("CSpace" in page, "Django administration" in page) == (True, False)


@pytest.mark.parametrize("page", PAGES)
def test_pages_render(admin, held, page):
    assert admin.get(f"/admin/{page}/").status_code == 200


def test_only_cspace_enters(member, stranger, cspace):
    for user, status in ((member, 302), (stranger, 302), (cspace, 200)):
        client = Client()
        client.force_login(user)
        assert client.get("/admin/").status_code == status


def test_login(member, cspace, settings):
    for user, lands in ((member, "/admin/login/"), (cspace, "/admin/")):
        client = Client()
        response = client.post(
            "/admin/login/?next=/admin/", {"username": user.username, "password": PASSWORD}, follow=True
        )
        assert response.request["PATH_INFO"] == lands


def test_approving_is_the_service_approving(admin, held):
    act(admin, "registrations/registration", "approve", held)
    act(admin, "registrations/registration", "approve", held)
    assert Registration.objects.get().status == "approved"
    assert actions() == ["registration.created", "registration.approved"]


def test_a_refusal_is_shown_and_nothing_is_written(admin, cspace, api, held, member, team, room):
    api(cspace).post(f"registrations/{held.pk}/reject/")
    make_registration(by=member, group=team, classroom=room, day=held.occupancy.starts_at.date())
    before = actions()
    response = act(admin, "registrations/registration", "approve", held)
    blocking = Registration.objects.exclude(pk=held.pk).get()
    day = blocking.occupancy.starts_at.date()
    assert said(response) == [
        f"Registration {held.pk} (522: Room A, {day} 10:00–12:00): Room is already booked for the requested time: "
        f"registration {blocking.pk} ({day} 10:00–12:00)"
    ]
    assert actions() == before


def test_series_are_cancelled_and_retried_by_the_services(admin, api, cspace, team, room):
    today = campus_date(clock.now())
    body = {
        "group_id": team.pk,
        "classroom": room.name,
        "day_of_week": 4,
        "start_time": "9:10",
        "end_time": "10:20",
        "start_date": str(today + dt.timedelta(days=3)),
        "end_date": str(today + dt.timedelta(days=30)),
    }
    assert api(cspace).post("batch-allocations/", body).status_code == 201
    series = Series.objects.get()
    assert "Wednesdays" in admin.get("/admin/registrations/series/").content.decode()

    tried = act(admin, "registrations/series", "retry", series).content.decode()
    assert "No date that was skipped has become free" in tried
    assert "1 cancelled." in act(admin, "registrations/series", "cancel", series).content.decode()

    live = series.occurrences.live().count()
    assert (live, actions()[0], actions()[-1]) == (0, "series.created", "series.cancelled")


def test_a_room_is_made_and_changed_by_the_services(admin):
    form = {"name": "Room Z", "capacity": 5, "floor": 1, "equipment": "{}", "is_active": "on"}
    admin.post("/admin/classrooms/classroom/add/", form)
    room = Classroom.objects.get(name="Room Z")
    admin.post(f"/admin/classrooms/classroom/{room.pk}/change/", form | {"capacity": 6})
    admin.post(f"/admin/classrooms/classroom/{room.pk}/change/", form | {"capacity": 6})
    assert actions() == ["classroom.created", "classroom.changed"]
    bad = admin.post("/admin/classrooms/classroom/add/", form | {"name": "A/B", "equipment": '{"X": 1}'})
    assert bad.status_code == 200
    assert Classroom.objects.count() == 1


def test_the_floor_plan_is_drawn_and_harmless(admin):
    room = make_classroom("Room A", equipment={"svg": BOX})
    page = admin.get(f"/admin/classrooms/classroom/{room.pk}/change/").content.decode()
    assert ">Room A, 30 seats, free</title>" in page
    drawn = draw([room], states([room], clock.now()), at=clock.now())
    assert "<script>alert(1)" not in drawn
    assert "&lt;script&gt;" in drawn


def test_import_previews_first_and_then_goes_through_the_services(admin):
    make_classroom("Room A", capacity=10)
    table = "name,capacity,floor,equipment,is_active,auto_approve\nRoom A,12,2,{},1,0\nRoom N,7,3,{},1,0\n"
    upload = SimpleUploadedFile("rooms.csv", table.encode(), content_type="text/csv")
    preview = admin.post("/admin/classrooms/classroom/import/", {"import_file": upload, "format": "0"})
    assert preview.status_code == 200
    assert Classroom.objects.count() == 1
    assert actions() == []

    confirm = preview.context["confirm_form"].initial
    admin.post("/admin/classrooms/classroom/process_import/", confirm, follow=True)
    assert {(room.name, room.capacity) for room in Classroom.objects.all()} == {("Room A", 12), ("Room N", 7)}
    assert actions() == ["classroom.changed", "classroom.created"]


@pytest.mark.parametrize("page", ["auditlog/logentry", "notifications/notification"])
def test_history_cannot_be_edited(admin, held, page):
    assert admin.get(f"/admin/{page}/add/").status_code == 403


def test_a_foreign_page_cannot_post(cspace, held):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cspace)
    assert act(client, "registrations/registration", "approve", held).status_code == 403
    assert Registration.objects.get().status == "pending"
