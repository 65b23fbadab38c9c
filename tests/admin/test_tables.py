"""Rooms as an XLSX file: preview, confirm, bad rows, and cells that a spreadsheet would run."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from classrooms.models import Classroom
from tests.admin.pages import actions, said
from tests.factories import make_classroom

COLUMNS = ("name", "capacity", "floor", "equipment", "is_active", "auto_approve")
ROOMS = "/admin/classrooms/classroom/"
REST = ("type", "building", "link", "latitude", "longitude", "code")
XLSX = "1"
BOX = '{"svg": {"x": 0.5, "y": 0, "width": 1, "height": 1, "text": "here", "type": "a"}}'
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(*rows, head=COLUMNS):
    book = openpyxl.Workbook()
    for row in (head, *rows):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def preview(client, content):
    upload = SimpleUploadedFile("rooms.xlsx", content, content_type=KIND)
    return client.post(f"{ROOMS}import/", {"import_file": upload, "format": XLSX})


def confirm(client, shown):
    return client.post(f"{ROOMS}process_import/", shown.context["confirm_form"].initial, follow=True)


def export(client):
    chosen = {f"classroomresource_{column}": "on" for column in COLUMNS}
    content = client.post(f"{ROOMS}export/", {"format": XLSX, "resource": "0"} | chosen).content
    return openpyxl.load_workbook(io.BytesIO(content)).active


def rooms():
    return list(Classroom.objects.order_by("name").values_list(*COLUMNS))


def test_the_preview_writes_nothing_and_the_confirmation_goes_through_the_services(admin):
    make_classroom("Room A", capacity=10)
    new = ("Room N", 7, -1, '{"projector": 1}', 1, 1)
    shown = preview(admin, workbook(("Room A", 12, 2, "{}", True, False), new, (101, 5, 1, None, 1, 0)))
    assert [line.is_new for line, _ in shown.context["preview"].rows] == [False, True, True]
    assert rooms() == [("Room A", 10, 2, {}, True, False)]
    assert actions() == []

    confirm(admin, shown)
    assert rooms() == [
        ("101", 5, 1, {}, True, False),
        ("Room A", 12, 2, {}, True, False),
        ("Room N", 7, -1, {"projector": 1}, True, True),
    ]
    assert actions() == ["classroom.changed", "classroom.created", "classroom.created"]


@pytest.mark.parametrize("capacity", [21, 21.0, "21", " 21 ", "21.0"])
def test_a_whole_number_may_be_written_in_several_ways(admin, capacity):
    confirm(admin, preview(admin, workbook(("Room N", capacity, -0.0, "{}", True, False))))
    assert rooms() == [("Room N", 21, 0, {}, True, False)]


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (("Room B", 0, 2, "{}", 1, 0), "capacity: Must be a whole number from 1 to 100000"),
        (("Room B", "many", 2, "{}", 1, 0), "capacity: 'many' is not a whole number"),
        (("Room B", 21.9, 2, "{}", 1, 0), "capacity: '21.9' is not a whole number"),
        (("Room B", "21.9", 2, "{}", 1, 0), "capacity: '21.9' is not a whole number"),
        (("Room B", True, 2, "{}", 1, 0), "capacity: TRUE is not a whole number"),
        (("Room B", 5, 1.5, "{}", 1, 0), "floor: '1.5' is not a whole number"),
        (("Room B", 5, False, "{}", 1, 0), "floor: FALSE is not a whole number"),
        (("Room B", 10**12, 2, "{}", 1, 0), "capacity: Must be a whole number from 1 to 100000"),
        (("Room B", 5, 201, "{}", 1, 0), "floor: Must be a whole number from -20 to 200"),
        (("Room B", None, 2, "{}", 1, 0), "capacity: Must be a whole number from 1 to 100000"),
        (("Room B", 5, 2, BOX.replace("0.5", "NaN"), 1, 0), "svg.x: must be a number between -100000 and 100000"),
        (("Room B", 5, 2, BOX.replace("here", "\\ud800"), 1, 0), "svg.text: must be a text"),
        (("Room B", 5, 2, BOX.replace("here", "\\u0000"), 1, 0), "svg.text: must be a text"),
        (("A/B", 5, 2, "{}", 1, 0), "Only letters, digits, spaces and . - _ ( ) & + # ' are allowed"),
        (("", 5, 2, "{}", 1, 0), "row 3: name: This field may not be blank."),
        (("room a", 5, 2, "{}", 1, 0), "A classroom with this name already exists"),
        (("Room B", 5, 2, '{"Beamer": 1}', 1, 0), "Beamer: keys are 1 to 40 of a-z, 0-9 and _"),
        (("Room B", 5, 2, "oops", 1, 0), "equipment: 'oops' is not JSON such as"),
    ],
)
def test_a_bad_row_is_named_by_its_number_and_nothing_can_be_confirmed(admin, bad, sentence):
    make_classroom("Room A")
    shown = preview(admin, workbook(("Room M", 5, 2, "{}", 1, 0), bad))
    assert "confirm_form" not in shown.context
    (fault,) = shown.context["preview"].faults
    assert fault.startswith("row 3")
    assert sentence in fault
    assert rooms() == [("Room A", 30, 2, {}, True, False)]
    assert actions() == []


@pytest.mark.parametrize("content", [b"", b"name,capacity\n", b"PK\x03\x04 broken", workbook()[:500]])
def test_a_file_that_is_none_is_said_so(admin, content):
    shown = preview(admin, content)
    assert shown.context["form"].errors["import_file"]
    assert actions() == []


def test_a_table_without_rows_or_with_other_columns_makes_no_room(admin):
    for content in (workbook(), workbook(("x", "y"), head=("colour", "smell"))):
        shown = preview(admin, content)
        if "confirm_form" in shown.context:
            confirm(admin, shown)
    assert rooms() == []
    assert actions() == []


@pytest.mark.parametrize("name", ["+SUM(1)", "-1", "'+SUM(1)", "'Room"])
def test_an_export_holds_no_formula_and_comes_back_as_it_was(admin, name):
    room = make_classroom(name, floor=-1, equipment={"chair": 2})
    sheet = export(admin)
    head, row = sheet.iter_rows()
    assert tuple(cell.value for cell in head) == COLUMNS + REST
    assert [cell.data_type for cell in row if cell.data_type == "f"] == []
    assert not str(row[0].value).startswith(("+", "-", "=", "@"))
    changed = (row[0].value, row[1].value + 1, *(cell.value for cell in row[2:]))
    confirm(admin, preview(admin, workbook(changed, head=COLUMNS + REST)))
    assert list(Classroom.objects.values_list("pk", "name", "capacity", "floor", "equipment")) == [
        (room.pk, name, 31, -1, {"chair": 2})
    ]
    assert actions() == ["classroom.changed"]


def test_a_formula_in_an_upload_is_no_name(admin):
    shown = preview(admin, workbook(("=1+1", 5, 2, "{}", 1, 0)))
    assert "confirm_form" not in shown.context
    assert rooms() == []


def test_what_changed_since_the_preview_names_its_row(admin):
    shown = preview(admin, workbook(("Room M", 5, 2, "{}", 1, 0), ("Room N", 5, 2, "{}", 1, 0)))
    make_classroom("ROOM N")
    text = "A classroom with this name already exists"
    assert said(confirm(admin, shown)) == [f"row 3, Room N: name: {text}", "Nothing was imported."]
    assert [row[0] for row in rooms()] == ["ROOM N"]
    assert actions() == []


def test_where_a_room_is_comes_and_goes_by_table(admin):
    head = ("name", "capacity", "floor", "type", "building", "link", "latitude", "longitude")
    link = "https://rooms.example.edu/n"
    confirm(admin, preview(admin, workbook(("Room N", 5, 2, "lab", "'=BC", link, -0.5, 121.25), head=head)))
    room = Classroom.objects.get()
    assert (room.type, room.building, room.link, room.latitude, room.longitude) == ("lab", "=BC", link, -0.5, 121.25)
    _, row = export(admin).iter_rows()
    assert [str(cell.value) for cell in row[len(COLUMNS) :]] == ["lab", "'=BC", link, "-0.5", "121.25", "Room N"]
    confirm(admin, preview(admin, workbook(("Room N", 5, 2, "-", "-", "-", "-", "-"), head=head)))
    room.refresh_from_db()
    assert (room.type, room.building, room.link, room.latitude, room.longitude) == ("", "", "", None, None)
    # A table without these columns leaves them alone.
    room.building = "BC"
    room.save()
    confirm(admin, preview(admin, workbook(("Room N", 6, 2, "{}", True, False))))
    room.refresh_from_db()
    assert (room.capacity, room.building) == (6, "BC")
    assert actions() == ["classroom.created", "classroom.changed", "classroom.changed"]


@pytest.mark.parametrize(
    ("latitude", "longitude", "said_of_it"),
    [
        ("x", 1, "latitude: 'x' is not a number"),
        (True, 1, "latitude: TRUE is not a number"),
        (1, False, "longitude: FALSE is not a number"),
        ("nan", 1, "latitude: 'nan' is not a number"),
        (91, 1, "latitude: Must be a number from -90 to 90"),
        (1, "", "belong"),
    ],
)
def test_what_is_no_place_names_its_row(admin, latitude, longitude, said_of_it):
    head = ("name", "capacity", "floor", "latitude", "longitude")
    shown = preview(admin, workbook(("Room N", 5, 2, latitude, longitude), head=head))
    assert "confirm_form" not in shown.context
    assert said_of_it in shown.context["preview"].faults[0]
    assert rooms() == []
