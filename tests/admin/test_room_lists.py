"""Lists of rooms as people have them: from whatever program, in whatever language, with whatever mistake."""

import io
import re
import zipfile
from html import unescape

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from import_export.admin import ImportMixin

from classrooms.models import Classroom
from kernel.admin.site import site
from tests.admin.pages import actions, said
from tests.factories import make_classroom

ROOMS = "/admin/classrooms/classroom/"
TRACES = ("Traceback", "site-packages", ".py", "Error:")


def upload(client, content, name="rooms.csv"):
    """The page that shows a file, as the form sends it."""
    content = content if isinstance(content, bytes) else content.encode()
    chosen = {"import_file": SimpleUploadedFile(name, content), "format": "1" if name.endswith("xlsx") else "0"}
    response = client.post(f"{ROOMS}import/", chosen)
    assert response.status_code == 200
    assert [trace for trace in TRACES if trace in sentences(response)] == []
    return response


def import_list(client, content, name="rooms.csv"):
    """Upload and confirm; what the next page says."""
    shown = upload(client, content, name)
    assert "confirm_form" in shown.context, sentences(shown)
    return said(client.post(f"{ROOMS}process_import/", shown.context["confirm_form"].initial, follow=True))


def sentences(response):
    """What the page of a list says, as one text."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", response.content.decode())).split())


def refused(client, content, name="rooms.csv"):
    shown = upload(client, content, name)
    assert "confirm_form" not in shown.context
    assert actions() == []
    return sentences(shown)


def table():
    columns = ("name", "capacity", "floor", "is_active", "auto_approve")
    return list(Classroom.objects.order_by("name").values_list(*columns))


TRUE = [
    "true",
    "TRUE",
    "yes",
    "Yes",
    "y",
    "on",
    "t",
    "1",
    "1.0",
    "1,0",
    "WAHR",
    "true ",
    " ja",
    "vrai",
    "oui",
    "sí",
    "是",
]
FALSE = ["false", "FALSE", "no", "No", "n", "off", "f", "0", "0.0", "FALSCH", "false ", "nein", "faux", "non", "否"]


@pytest.mark.parametrize("word", TRUE)
def test_yes_is_yes_in_every_spelling(admin, word):
    make_classroom("Room A", is_active=False)
    import_list(admin, f"name\tis_active\nRoom A\t{word}\n")
    assert Classroom.objects.get().is_active


@pytest.mark.parametrize("word", FALSE)
@pytest.mark.parametrize("column", ["is_active", "auto_approve"])
def test_no_is_no_in_every_spelling(admin, column, word):
    make_classroom("Room A", is_active=True, auto_approve=True)
    import_list(admin, f"name\t{column}\nRoom A\t{word}\n")
    assert not getattr(Classroom.objects.get(), column)


@pytest.mark.parametrize(
    "word", ["maybe", "x", "2", "-1", "11", "TRUE FALSE", "vrài", "-", "10", "1e0", "none", "null"]
)
@pytest.mark.parametrize("column", ["is_active", "auto_approve"])
def test_an_unknown_word_refuses_its_row_and_names_the_cell(admin, column, word):
    make_classroom("Room A")
    said_of_it = refused(admin, f"name\t{column}\nRoom A\t{word}\n")
    assert f"line 2, Room A: {column}: '{word}' is neither true nor false" in said_of_it
    assert Classroom.objects.get().is_active


FULL = {
    "code": "RA-1",
    "equipment": {"projector": 1},
    "is_active": False,
    "auto_approve": True,
    "type": "lab",
    "building": "BC",
    "link": "https://rooms.example.edu/a",
    "latitude": 1.5,
    "longitude": 2.5,
    "capacity": 30,
    "floor": 2,
}


def whole(room):
    return {name: getattr(room, name) for name in FULL}


@pytest.mark.parametrize("blank", ["", " ", "\u00a0"])
@pytest.mark.parametrize("column", list(FULL))
def test_a_blank_cell_and_a_missing_column_leave_what_is_there(admin, column, blank):
    make_classroom("Room A", **FULL)
    other = "floor" if column != "floor" else "capacity"
    import_list(admin, f"name\t{column}\t{other}\nRoom A\t{blank}\t7\n")
    assert whole(Classroom.objects.get()) == FULL | {other: 7}


def test_a_blank_cell_of_a_workbook_leaves_what_is_there(admin):
    make_classroom("Room A", **FULL)
    book = openpyxl.Workbook()
    for row in (("name", *FULL), ("Room A", *[None] * (len(FULL) - 2), 31, None)):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    import_list(admin, file.getvalue(), "rooms.xlsx")
    assert whole(Classroom.objects.get()) == FULL | {"capacity": 31}


@pytest.mark.parametrize(
    ("columns", "cleared"),
    [
        ("code", {"code": "Room A"}),
        ("type", {"type": ""}),
        ("building", {"building": ""}),
        ("link", {"link": ""}),
        ("equipment", {"equipment": {}}),
        ("latitude,longitude", {"latitude": None, "longitude": None}),
    ],
)
def test_a_dash_clears(admin, columns, cleared):
    make_classroom("Room A", **FULL)
    dashes = ",".join("-" for _ in columns.split(","))
    import_list(admin, f"name,{columns}\nRoom A,{dashes}\n")
    assert whole(Classroom.objects.get()) == FULL | cleared


@pytest.mark.parametrize("column", ["capacity", "floor", "is_active", "auto_approve"])
def test_what_a_room_must_have_is_not_cleared(admin, column):
    make_classroom("Room A", **FULL)
    assert f"line 2, Room A: {column}: '-' is n" in refused(admin, f"name,{column}\nRoom A,-\n")


@pytest.mark.parametrize(
    ("written", "capacity"),
    [
        ("30", 30), (" 30 ", 30), ("30.0", 30), ("30,0", 30), ("30.", 30), ("+30", 30), ("３０", 30), ("1 000", 1000),
        ("1\u00a0000", 1000), ("1\u202f000", 1000), ("1'000", 1000), ("1,000.00", 1000), ("1.000,00", 1000),
        ("030", 30),
    ],
)  # fmt: skip
def test_a_number_is_read_as_spreadsheets_write_it(admin, written, capacity):
    import_list(admin, f"name\tcapacity\tfloor\nRoom N\t{written}\t1\n")
    assert Classroom.objects.get().capacity == capacity


@pytest.mark.parametrize(
    "written", ["1,000", "1.000", "30.5", "30,5", "1e3", "0x1e", "many", "1,00,000", "3 0", "9" * 40]
)
def test_a_number_that_may_be_two_refuses_its_row(admin, written):
    said_of_it = refused(admin, f"name\tcapacity\tfloor\nRoom N\t{written}\t1\n")
    assert "line 2, Room N: capacity: '" in said_of_it
    assert Classroom.objects.count() == 0


@pytest.mark.parametrize("written", ["46.518", "46,518", " 46.518 ", "46.518000"])
def test_degrees_have_a_decimal_point_or_comma(admin, written):
    import_list(admin, f"name;capacity;floor;latitude;longitude\nRoom N;1;1;{written};-6,5\n")
    room = Classroom.objects.get()
    assert (room.latitude, room.longitude) == (46.518, -6.5)


SAME = [("T-1", 30, 1, True, False)]
LINES = ["name,capacity,floor", "T-1,30,1"]


def written(*, delimiter=",", end="\n", encoding="utf-8", before="", head=LINES[0], row=LINES[1]):
    return (before + end.join([head, row, ""]).replace(",", delimiter)).encode(encoding)


@pytest.mark.parametrize(
    "content",
    [
        written(),
        written(delimiter=";"),
        written(delimiter="\t"),
        written(delimiter="|"),
        written(delimiter=";", before="sep=;\r\n", end="\r\n"),
        written(delimiter="\t", before="SEP=\t\n"),
        written(before="\ufeffsep=,\n"),
        written(delimiter="^", before="sep=^\n"),
        written(end="\r"),
        written(end="\r\n"),
        written(encoding="utf-8-sig"),
        written(before="\ufeff", encoding="utf-8-sig"),
        written(encoding="utf-16"),
        written(encoding="utf-16-le"),
        written(encoding="utf-16-be"),
        written(encoding="utf-32"),
        written(delimiter="\t", encoding="utf-16"),
        written(head="Name,Capacity,Floor"),
        written(head="NAME , Capacity, FLOOR "),
        written(head='"name","capacity","floor"'),
        written(head="\ufeffname,\u200bcapacity,floor"),
        written(head="ｎａｍｅ,capacity,floor"),
        written(head="name,capacity,floor,,", row="T-1,30,1,,"),
        written(before="# Rooms of 2026\n\n"),
        written(row='"T-1","30","1"'),
        written(row='T-1, "30", 1'),
        b"\n\n" + written(),
    ],
)  # fmt: skip
def test_a_list_is_read_whatever_program_wrote_it(admin, content):
    import_list(admin, content)
    assert table() == SAME


def test_titles_of_two_words_are_found(admin):
    import_list(admin, "Name;Capacity;Floor;Is active;AUTO-APPROVE\nT-1;30;1;nein;ja\n")
    assert table() == [("T-1", 30, 1, False, True)]


def test_western_letters_of_an_old_code_are_read_and_pointed_out(admin):
    content = "name;capacity;floor;building\nCafé;30;1;Bâtiment à côté\n".encode("cp1252")
    assert "Windows-1252: check the accents" in sentences(upload(admin, content))
    import_list(admin, content)
    assert list(Classroom.objects.values_list("name", "building")) == [("Café", "Bâtiment à côté")]


@pytest.mark.parametrize("code", ["big5", "gbk", "shift-jis", "euc-kr"])
def test_an_old_code_that_cannot_be_told_is_one_sentence(admin, code):
    content = "name,capacity,floor,building\nT-1,30,1,中文大學\n".encode(code)
    assert "The file is not UTF-8, and what else it is cannot be told: save it as CSV UTF-8" in refused(admin, content)


@pytest.mark.parametrize(
    ("code", "word"),
    [("cp1251", "Аудитория"), ("cp1253", "Αίθουσα"), ("mac-roman", "Hörsaal"), ("cp850", "Hörsaal"), ("cp437", "Café")],
)
def test_other_alphabets_are_not_taken_for_western(admin, code, word):
    content = f"name,capacity,floor,building\nT-1,30,1,{word}\n".encode(code)
    assert "The file is not UTF-8" in refused(admin, content)


def packed(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("name", ["rooms.csv", "rooms.xlsx"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\n", "The file is empty"),
        (b" \r\n\t\r\n", "The file is empty"),
        (b"\xef\xbb\xbf", "The file is empty"),
        (b"\xff\xfe", "The file is empty"),
        (b"# nothing\n", "The file is empty"),
        (b"sep=;\n", "The file is empty"),
        (b"name,capacity,floor\n", "There is no row below the header"),
        (b"name,capacity,floor\n\n,,\n", "There is no row below the header"),
        (b"T-1,30,1\nT-2,30,1\n", "line 1: a header with a column called name is required, such as name,capacity"),
        (b"capacity,floor\n30,1\n", "what stands there is 'capacity, floor'"),
        (b"name:capacity\nT-1:30\n", "what stands there is 'name:capacity'"),
        (b"name,capacity,Capacity\nT-1,30,40\n", "line 1: 'capacity' stands twice: name each column once"),
        (b"name,colour,colour\nT-1,30,40\n", "line 1: 'colour' stands twice: name each column once"),
        (b'name,capacity,floor\nT-1,30,1\n"T-2,30,1\nT-3,30,1\n', "line 3: a quotation mark opens a cell here that is"),
        (b'name,capacity,floor\n"T-1"x,30,1\n', "line 2: after a quotation mark that closes a cell"),
        (b"name,capacity,floor\nT\x00-1,30,1\n", "no text"),
        (b"\xff\xfen\x00a", "line 1: this is not UTF-16"),
        (b"\xef\xbb\xbfname,capacity\n\xff,1\n", "line 2: this is not UTF-8"),
        (b"%PDF-1.7\n%\xe2\xe3", "This is a PDF, not a table: open it in a spreadsheet program and save the list as"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500, "This is an old Excel workbook (.xls), or one that is"),
        (b"\x1f\x8b\x08\x00", "This is a gzip archive, not a table"),
        (b"\x89PNG\r\n\x1a\n", "This is a picture, not a table"),
        (b"<html><table><tr><td>name</td></tr></table></html>", "This is an HTML or XML document, not a table"),
        (b'[{"name": "T-1"}]', "This is JSON, not a table"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "This is a calendar (iCalendar), not a table"),
        (packed(readme="hello"), "This is a ZIP archive, not a workbook"),
        (packed(**{"_rels/.rels": "<Relationships/>"}), "This is no workbook"),
        (packed(**{"_rels/.rels": "<Relationships>"}), "This XLSX is damaged, or none"),
        (b"PK\x03\x04 broken", "This XLSX is damaged, or none"),
        (b"name,capacity\n" + b"T-1,30\n" * 150_000, "The file has more than 1 MiB, which is the most that is read"),
        (b"name\n" + b"T-1\n" * 2001, "The list has more than 2,000 rows"),
        (b"name" + b"," * 256 + b"\nT-1\n", "line 1: the header has more than 256 columns: keep the list alone"),
        (b"name" + b"," * 900_000 + b"\nT-1\n", "line 1: the header has more than 256 columns: keep the list alone"),
        (b"name;" + b"x;" * 400_000 + b"\nT-1\n", "line 1: the header has more than 256 columns: keep the list alone"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_one_sentence(admin, content, sentence, name):
    assert sentence in refused(admin, content, name)


def test_what_is_no_list_has_one_error(admin):
    shown = upload(admin, b"T-1,30,1\n")
    assert [len(errors) for errors in shown.context["form"].errors.values()] == [1]


def test_all_faults_of_all_rows_are_told_by_the_lines_of_the_file(admin):
    make_classroom("Room A")
    content = """sep=;
# a remark
name;capacity;floor;is_active;equipment;link
"T-1";0;999;perhaps;[;nowhere
T-2;30;1;yes;;

T/3;"3
0";1;yes;;
room a;30;1;yes;;
T-2;30;1;yes;;
;30;1;yes;;
T-4;30;1;yes;;;surplus
T-5;30;;yes;;
"""
    said_of_it = refused(admin, content)
    for sentence in [
        "line 4, T-1: capacity: Must be a whole number from 1 to 100000",
        "floor: Must be a whole number from -20 to 200",
        "is_active: 'perhaps' is neither true nor false",
        "equipment: '[' is not JSON",
        "link: Must be a web address",
        "line 7, T/3: name: Only letters, digits",
        "capacity: '3 0' is not a whole number",
        "line 9, room a: name: A classroom with this name already exists",
        "line 10, T-2: name: it stands on line 5 too",
        "line 11: name: This field may not be blank",
        "line 12: there are more than 6 cells",
        "line 13, T-5: floor: Must be a whole number",
    ]:
        assert sentence in said_of_it
    assert "line 5," not in said_of_it.replace("line 5 too", "")
    assert [room.name for room in Classroom.objects.all()] == ["Room A"]


def test_a_page_of_many_rows_is_cut_and_counted(admin):
    rows = "".join(f"T-{number},30,1\n" for number in range(350))
    shown = sentences(upload(admin, f"name,capacity,floor\n{rows}"))
    assert "350 new, 0 changed, 0 as they are" in shown
    assert ("T-199 " in shown, "T-200 " in shown, "and 150 more" in shown) == (True, False, True)
    faulty = sentences(upload(admin, f"name,capacity,floor\n{rows.replace(',30', ',x')}"))
    assert "350 rows have faults" in faulty
    assert ("T-199:" in faulty, "T-200:" in faulty, "and 150 more" in faulty) == (True, False, True)


def test_a_preview_shows_what_changes(admin):
    make_classroom("Room A", capacity=10, floor=2)
    make_classroom("Room B", capacity=10, floor=2)
    shown = sentences(upload(admin, "name,capacity,floor,remarks\nRoom A,12,,x\nRoom B,10,2,y\nRoom N,7,-1,z\n"))
    assert "1 new, 1 changed, 1 as they are" in shown
    assert "10 → 12" in shown
    assert "Columns that are not read: 'remarks'." in shown
    assert actions() == []


def test_only_what_was_shown_is_confirmed(admin):
    first = upload(admin, "name,capacity,floor\nRoom N,7,1\n")
    second = upload(admin, "name,capacity,floor\nRoom M,7,1\n")
    response = admin.post(f"{ROOMS}process_import/", first.context["confirm_form"].initial, follow=True)
    assert said(response) == ["Another list has been uploaded since: upload this one again."]
    assert table() == []
    admin.post(f"{ROOMS}process_import/", second.context["confirm_form"].initial, follow=True)
    assert [row[0] for row in table()] == ["Room M"]
    again = admin.post(f"{ROOMS}process_import/", second.context["confirm_form"].initial, follow=True)
    assert said(again) == ["There is no list to confirm: upload it."]


def rooms_as_they_are():
    return {room.name: whole(room) for room in Classroom.objects.all()}


@pytest.mark.parametrize(
    ("meanwhile", "again"),
    [
        (lambda: Classroom.objects.filter(name="Room A").update(capacity=55), "55 → 77"),
        (lambda: Classroom.objects.filter(name="Room A").update(capacity=77), "1 new, 0 changed, 2 as they are"),
        (lambda: Classroom.objects.filter(name="Room B").update(capacity=9), "9 → 10"),
        (lambda: Classroom.objects.filter(name="Room A").delete(), "2 new, 0 changed, 1 as they are"),
        (lambda: make_classroom("Room N", capacity=5, floor=3), "5 → 7"),
    ],
    ids=["other value", "same value", "an unchanged room", "deleted", "made"],
)
def test_a_list_is_shown_again_where_it_would_do_something_else_by_now(admin, meanwhile, again):
    make_classroom("Room A", capacity=10, floor=2)
    make_classroom("Room B", capacity=10, floor=2)
    shown = upload(admin, "name,capacity,floor\nRoom A,77,2\nRoom B,10,2\nRoom N,7,1\n")
    meanwhile()
    before = rooms_as_they_are()
    response = admin.post(f"{ROOMS}process_import/", shown.context["confirm_form"].initial)
    assert said(response) == ["Something has changed since the page was shown: look at what would happen now."]
    assert again in sentences(response)
    assert (rooms_as_they_are(), actions()) == (before, [])
    confirmed = admin.post(f"{ROOMS}process_import/", response.context["confirm_form"].initial, follow=True)
    assert "rooms made" in said(confirmed)[0]
    names = ("Room A", "Room B", "Room N")
    assert list(Classroom.objects.filter(name__in=names).order_by("name").values_list("capacity", flat=True)) == [
        77,
        10,
        7,
    ]


def test_a_change_by_another_admin_is_not_written_over(admin, browser, cspace_admin):
    room = make_classroom("Room A", capacity=10, floor=2)
    shown = upload(admin, "name,capacity\nRoom A,77\n")
    import_list(browser(cspace_admin), "name,capacity\nRoom A,55\n")
    admin.post(f"{ROOMS}process_import/", shown.context["confirm_form"].initial)
    room.refresh_from_db()
    assert (room.capacity, len(actions())) == (55, 1)


def test_a_change_that_the_list_does_not_touch_does_not_stop_it_and_stays(admin):
    make_classroom("Room A", capacity=10, floor=2)
    shown = upload(admin, "name,capacity\nRoom A,77\n")
    Classroom.objects.update(floor=5)
    response = admin.post(f"{ROOMS}process_import/", shown.context["confirm_form"].initial, follow=True)
    assert said(response) == ["0 rooms made, 1 changed."]
    assert list(Classroom.objects.values_list("capacity", "floor")) == [(77, 5)]


@pytest.mark.parametrize("plan", [None, "", "x", "0" * 64])
def test_a_confirmation_that_does_not_say_what_was_shown_is_asked_again(admin, plan):
    make_classroom("Room A", capacity=10, floor=2)
    body = dict(upload(admin, "name,capacity\nRoom A,77\n").context["confirm_form"].initial)
    assert body.pop("plan")
    response = admin.post(f"{ROOMS}process_import/", body if plan is None else body | {"plan": plan})
    assert said(response) == ["Something has changed since the page was shown: look at what would happen now."]
    assert Classroom.objects.get().capacity == 10


@pytest.mark.parametrize("body", [{}, {"digest": "x"}, {"import_file_name": "passwd", "format": "9"}, {"format": "x"}])
def test_confirming_nothing_is_a_sentence(admin, body):
    assert said(admin.post(f"{ROOMS}process_import/", body, follow=True)) == ["There is no list to confirm: upload it."]


def test_nobody_else_confirms(admin, browser, cspace):
    shown = upload(admin, "name,capacity,floor\nRoom N,7,1\n")
    other = browser(cspace)
    assert said(other.post(f"{ROOMS}process_import/", shown.context["confirm_form"].initial, follow=True)) == [
        "There is no list to confirm: upload it."
    ]
    assert table() == []


@pytest.mark.parametrize("page", ["import/", "process_import/"])
def test_only_cspace_imports(browser, member, page):
    assert browser(member).post(f"{ROOMS}{page}", {}).status_code == 302


def test_a_form_without_a_file_asks_for_one(admin):
    response = admin.post(f"{ROOMS}import/", {})
    assert (response.status_code, list(response.context["form"].errors)) == (200, ["import_file"])


@pytest.mark.parametrize("mib", [2, 30])
@pytest.mark.parametrize("page", ["import/", "process_import/", "add/"])
def test_a_large_upload_is_not_taken(admin, page, mib):
    response = admin.post(f"{ROOMS}{page}", {"import_file": SimpleUploadedFile("rooms.csv", b"x" * (mib << 20))})
    assert response.status_code in (200, 302)
    assert sum(len(file) for file in response.wsgi_request.FILES.values()) <= 1 << 20
    if page == "import/":
        assert response.context["form"].errors == {
            "import_file": ["The file has more than 1 MiB, which is the most that is read: split the list"]
        }


def test_no_page_imports_by_the_library():
    assert [type(page).__name__ for page in site._registry.values() if isinstance(page, ImportMixin)] == []
