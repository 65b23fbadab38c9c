"""What could slip past the services or say too much: passwords, refused saves, imports, look-ups, exports."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from accounts.services.sessions import log_in
from classrooms.models import Classroom
from kernel import clock
from tests.admin.pages import actions, errors, said, typed
from tests.factories import PASSWORD, make_classroom

COLUMNS = ("name", "capacity", "floor", "equipment", "is_active", "auto_approve")
HEAD = ",".join(COLUMNS) + "\n"
FORM = {"name": "Room Z", "capacity": 5, "floor": 1, "equipment": "{}", "is_active": "on"}
ROOMS = "/admin/classrooms/classroom/"
BOX = {"x": 1, "y": 2, "width": 90, "height": 60, "text": "", "type": "discuss"}
NEW_PASSWORD = "another long one 77"


def preview(client, table):
    upload = SimpleUploadedFile("rooms.csv", table.encode(), content_type="text/csv")
    return client.post(f"{ROOMS}import/", {"import_file": upload, "format": "0"})


def confirm(client, response):
    return client.post(f"{ROOMS}process_import/", response.context["confirm_form"].initial, follow=True)


def export(client):
    chosen = {f"classroomresource_{column}": "on" for column in COLUMNS}
    return client.post(f"{ROOMS}export/", {"format": "0", "resource": "0"} | chosen).content.decode()


def test_own_password_is_set_by_the_service(admin, cspace):
    log_in(username=cspace.username, password=PASSWORD, now=clock.now())
    form = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert admin.post("/admin/password_change/", form).status_code == 302
    version = cspace.token_version
    cspace.refresh_from_db()
    assert cspace.check_password(NEW_PASSWORD)
    assert cspace.token_version == version + 1
    assert len(actions()) == 1
    assert admin.get("/admin/").status_code == 200


def test_a_wrong_old_password_changes_nothing(admin, cspace):
    form = {"old_password": "no", "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert admin.post("/admin/password_change/", form).status_code == 200
    cspace.refresh_from_db()
    assert cspace.check_password(PASSWORD)
    assert actions() == []


def test_a_refused_save_says_so_and_nothing_else(admin):
    make_classroom("Room A")
    response = admin.post(f"{ROOMS}add/", FORM | {"name": "room a"})
    assert errors(response) == {"name": ["A classroom with this name already exists"]}
    assert typed(response, "name", "capacity") == ["room a", "5"]
    assert Classroom.objects.count() == 1
    assert actions() == []


@pytest.mark.parametrize("lookup", ["password__startswith=a", "token_version=0", "registrations__id=1"])
def test_people_cannot_be_looked_up_by_secrets(admin, lookup):
    assert admin.get(f"/admin/accounts/user/?{lookup}").status_code == 400


def test_people_can_be_filtered(admin):
    assert admin.get("/admin/accounts/user/?is_active__exact=1").status_code == 200


def test_nul_in_a_filter_is_refused(admin):
    assert admin.get("/admin/registrations/registration/?status__exact=%00").status_code == 400


def test_only_csv_and_xlsx(admin):
    choices = admin.get(f"{ROOMS}export/").context["form"].fields["format"].choices
    assert [label for key, label in choices if key != ""] == ["csv", "xlsx"]


def test_djangos_own_log_stays_empty(admin):
    confirm(admin, preview(admin, HEAD + "Room N,5,2,{},1,0\n"))
    admin.post(f"{ROOMS}add/", FORM)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_admin_log")
        assert cursor.fetchone() == (0,)
    assert actions() == ["classroom.created", "classroom.created"]


@pytest.mark.parametrize(
    "row",
    [
        "Room A,0,2,{},1,0",
        "Room B,,2,{},1,0",
        "Room B,5,2,[],1,0",
        "Room B,5,2,oops,1,0",
        "room a,5,2,{},1,0",
        "A/B,5,2,{},1,0",
        "Room B,5,2,{},1,0\nRoom C,0,1,{},1,0",
    ],
)
def test_one_bad_row_and_there_is_nothing_to_confirm(admin, row):
    make_classroom("Room A")
    response = preview(admin, HEAD + row + "\n")
    assert response.status_code == 200
    assert "confirm_form" not in response.context
    assert Classroom.objects.count() == 1
    assert actions() == []


def test_what_changed_since_the_preview_refuses_the_whole_import(admin):
    shown = preview(admin, HEAD + "Room M,5,2,{},1,0\nRoom N,5,2,{},1,0\n")
    make_classroom("ROOM N")
    response = confirm(admin, shown)
    text = "A classroom with this name already exists"
    assert said(response) == [f"line 3, Room N: name: {text}", "Nothing was imported."]
    assert Classroom.objects.count() == 1
    assert actions() == []


def test_missing_columns_stay_as_they_are(admin):
    room = make_classroom("Room A", capacity=10, floor=3, equipment={"svg": BOX})
    confirm(admin, preview(admin, "name,capacity\nRoom A,11\n"))
    room.refresh_from_db()
    assert (room.capacity, room.floor, room.equipment, room.is_active) == (11, 3, {"svg": BOX}, True)


@pytest.mark.parametrize("name", ["+SUM(1)", "-1", "'+SUM(1)", "'Room"])
def test_an_export_is_harmless_and_comes_back_as_it_was(admin, name):
    room = make_classroom(name)
    table = export(admin)
    cell = table.splitlines()[1].split(",")[0]
    assert not cell.startswith(("+", "-"))
    confirm(admin, preview(admin, table.replace(",30,", ",31,")))
    assert list(Classroom.objects.values_list("pk", "name", "capacity")) == [(room.pk, name, 31)]


def test_the_plan_names_every_room_of_the_floor(admin):
    room = make_classroom("Room A", equipment={"svg": BOX})
    make_classroom("Room B & C")
    page = admin.get(f"{ROOMS}{room.pk}/change/").content.decode()
    assert ">Room A</text>" in page
    assert "Not on the plan: Room B &amp; C" in page


def test_the_login_is_throttled_by_name(document_clock, cspace, settings):
    settings.CSPACE_THROTTLE = True
    client = Client()
    for _ in range(5):
        client.post("/admin/login/", {"username": cspace.username, "password": "wrong"})
    response = client.post("/admin/login/", {"username": cspace.username, "password": PASSWORD})
    assert response.status_code == 200
    assert "_auth_user_id" not in client.session


def test_behind_a_proxy_each_address_has_its_own_count(document_clock, cspace, settings):
    settings.CSPACE_THROTTLE, settings.CSPACE_TRUSTED_PROXIES = True, 1
    for number in range(20):
        Client(headers={"X-Forwarded-For": "203.0.113.7"}).post(
            "/admin/login/", {"username": f"nobody-{number}", "password": "wrong"}
        )
    good = {"username": cspace.username, "password": PASSWORD}
    blocked, free = (Client(headers={"X-Forwarded-For": address}) for address in ("203.0.113.7", "203.0.113.8"))
    assert blocked.post("/admin/login/", good).status_code == 200
    assert free.post("/admin/login/", good).status_code == 302
