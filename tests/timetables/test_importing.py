"""Importing a timetable: what it makes, that it can be repeated, what it withdraws, restores and refuses."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from auditlog.models import LogEntry
from classrooms.models import Classroom, Occupancy
from kernel.db.locks import Namespace
from tests.factories import make_classroom
from timetables.importing import report
from timetables.importing import timetable as importing
from timetables.importing.files import Places
from timetables.importing.records import Position, record
from timetables.management.commands.import_timetable import ImportCommand
from timetables.models import Course, CourseBooking, CourseSchedule, PlannedCourse, Semester, StudyPlan, Teacher, Unit


def counts(said):
    """{noun: {word: number}} of what the command says at its end."""
    found = {}
    for line in said.splitlines():
        noun, _, rest = line.partition(" ")
        if rest.strip().startswith("created"):
            words = [word.split() for word in rest.strip().split(", ")]
            found[noun] = {word: int(number) for word, number in words if int(number)}
        elif noun in ("conflicts", "faults"):
            found[noun] = int(rest)
    return found


def test_import_makes_everything(rooms, file, run_import):
    said = run_import(file)
    assert counts(said) == {
        "semesters": {"created": 1},
        "units": {"created": 1},
        "teachers": {"created": 2},
        "courses": {"created": 2},
        "teachings": {"created": 2},
        "study_plans": {"created": 1},
        "planned_courses": {"created": 2},
        "lectures": {"created": 15},
        "bookings": {"created": 16},
        "conflicts": 0,
        "faults": 0,
    }
    models = (Semester, Unit, Teacher, Course, StudyPlan, PlannedCourse, CourseSchedule, CourseBooking, Occupancy)
    assert [model.objects.count() for model in models] == [1, 1, 2, 2, 1, 2, 15, 16, 16]
    assert LogEntry.objects.filter(action="timetable.imported").count() == 1


def test_import_again_changes_nothing(rooms, file, run_import, contents):
    run_import(file)
    before, logged = contents(), LogEntry.objects.count()
    said = run_import(file)
    assert contents() == before
    assert LogEntry.objects.count() == logged
    assert counts(said)["bookings"] == {"kept": 16}
    assert counts(said)["lectures"] == {"kept": 15}


def test_log_names_the_courses_that_are_affected(rooms, file, run_import, monkeypatch):
    file["courses"].append({"code": "X-1", "name": "Nothing happens to it any more"})
    run_import(file)
    ids = dict(Course.objects.values_list("code", "id"))
    algorithms, analysis = ids["CS-101"], ids["MATH-101(a)"]

    def logged():
        details = LogEntry.objects.filter(action="timetable.imported").latest("id").details
        return details["course_count"], details["course_ids"]

    assert logged() == (3, sorted(ids.values()))
    for change, expected in (
        (lambda: file["lectures"][1].update(rooms=["Room B"]), [analysis]),
        (lambda: file["lectures"][1].update(rooms=["Room A"]), [analysis]),
        (lambda: file["weekly"][0].update(until="2026-12-01"), [algorithms]),
        (lambda: file["weekly"][0].pop("until"), [algorithms]),
        (lambda: file["courses"][0].update(credits=7), [algorithms]),
        (lambda: file["courses"][0].update(teachers=["Bo"]), [algorithms]),
        (lambda: file["study_plans"][0].update(courses=["CS-101"]), [analysis]),
        (lambda: file["units"][0].update(promo="BA4"), []),
    ):
        change()
        run_import(file)
        assert logged() == (len(expected), expected)
    monkeypatch.setattr(importing, "MAX_NAMED", 1)
    file["courses"][0]["credits"], file["courses"][1]["credits"] = 8, 8
    run_import(file)
    assert logged() == (2, [min(algorithms, analysis)])


def test_long_file_name_fits_into_the_log(rooms, file, run_import):
    name = "x" * 200 + ".json"
    run_import(file, name=name)
    entry = LogEntry.objects.get(action="timetable.imported")
    assert (entry.target, entry.details["source"]) == ("timetable:" + "x" * 100, name)


def test_dry_run_prints_the_same_counts_and_keeps_nothing(rooms, file, run_import, contents):
    before, logged = contents(), LogEntry.objects.count()
    pretended = run_import(file, "--dry-run")
    assert contents() == before
    assert LogEntry.objects.count() == logged
    assert pretended == run_import(file) + "Nothing of it was kept: this was a dry run.\n"


def test_weekly_pattern_leaves_out_skip_dates(rooms, file, run_import):
    file["weekly"][0] |= {"from": "2026-09-21", "until": "2026-10-19"}
    run_import(file)
    starts = CourseSchedule.objects.filter(label="cours").order_by("starts_at").values_list("starts_at", flat=True)
    assert [f"{start:%m-%d %H:%M}" for start in starts] == [
        "09-21 00:15",
        "09-28 00:15",
        "10-12 00:15",
        "10-19 00:15",
    ]


def test_both_ends_of_the_semester_are_part_of_it(rooms, file, run_import):
    file["semesters"][0] |= {"starts_on": "2026-09-14", "ends_on": "2026-09-21", "skip_dates": []}
    file["lectures"] = []
    assert counts(run_import(file))["lectures"] == {"created": 2}


def test_joint_lectures_share_their_room(rooms, file, run_import):
    run_import(file)
    (first, second) = Occupancy.objects.filter(starts_at="2026-09-14T00:15Z").order_by("id")
    assert (first.classroom_id, first.is_live) == (second.classroom_id, second.is_live) == (rooms["Room A"].pk, True)


def test_alias_stands_for_several_rooms(rooms, file, run_import):
    run_import(file)
    exam = CourseSchedule.objects.get(label="exam")
    names = exam.bookings.order_by("classroom__name").values_list("classroom__name", flat=True)
    assert list(names) == ["Room A", "Room B"]


def test_absent_lectures_are_withdrawn_and_reappearing_ones_restored(rooms, file, run_import, contents):
    run_import(file)
    before = contents()
    shorter = {**file, "weekly": []}
    said = run_import(shorter)
    assert counts(said)["lectures"] == {"kept": 2, "withdrawn": 13}
    assert counts(said)["bookings"] == {"kept": 3, "withdrawn": 13}
    assert Occupancy.objects.filter(is_live=True).count() == 3
    assert CourseSchedule.objects.filter(is_available=False).count() == 13
    said = run_import(file)
    assert counts(said)["lectures"] == {"kept": 2, "restored": 13}
    assert counts(said)["bookings"] == {"kept": 3, "restored": 13}
    assert contents() == before
    assert LogEntry.objects.filter(action="timetable.imported").count() == 3


def test_lectures_of_other_courses_and_semesters_stay(rooms, file, run_import):
    run_import(file)
    spring = {
        "semesters": [{"name": "spring", "type": "spring", "starts_on": "2027-02-15", "ends_on": "2027-05-28"}],
        "courses": [{"code": "CS-101"}],
        "lectures": [{"course": "CS-101", "date": "2027-02-16", "start": "10:00", "end": "12:00"}],
    }
    assert counts(run_import(spring))["lectures"] == {"created": 1}
    only_math = {**file, "courses": file["courses"][1:], "weekly": [], "lectures": file["lectures"][1:]}
    del only_math["study_plans"]
    assert counts(run_import(only_math))["lectures"] == {"kept": 1}
    assert CourseSchedule.objects.filter(is_available=True).count() == 16


def test_changed_room_moves_the_lecture(rooms, file, run_import):
    run_import(file)
    file["lectures"][1]["rooms"] = ["Room B"]
    assert counts(run_import(file))["bookings"] == {"created": 1, "kept": 15, "withdrawn": 1}
    live = CourseBooking.objects.filter(schedule__label="exercice", occupancy__is_live=True)
    assert [booking.classroom.name for booking in live] == ["Room B"]


def test_withdrawn_course_holds_no_room_until_it_is_back(rooms, file, run_import):
    file["courses"][0]["available"] = False
    assert counts(run_import(file))["bookings"] == {"created": 16}
    assert Occupancy.objects.filter(is_live=True).count() == 1
    file["courses"][0]["available"] = True
    assert counts(run_import(file))["courses"] == {"changed": 1, "kept": 1}
    assert Occupancy.objects.filter(is_live=True).count() == 16
    # A file that does not say leaves it as it is.
    Course.objects.filter(code="CS-101").update(is_available=False)
    del file["courses"][0]["available"]
    run_import(file)
    assert not Course.objects.get(code="CS-101").is_available


def test_plan_that_lists_its_courses_lists_all_of_them(rooms, file, run_import):
    run_import(file)
    file["study_plans"][0]["courses"] = ["CS-101"]
    assert counts(run_import(file))["planned_courses"] == {"kept": 1, "withdrawn": 1}
    file["study_plans"][0]["courses"] = ["CS-101", "MATH-101(a)"]
    assert counts(run_import(file))["planned_courses"] == {"kept": 1, "restored": 1}


def test_course_that_names_its_teachers_names_all_of_them(rooms, file, run_import):
    run_import(file)
    file["courses"][0]["teachers"] = ["Bo"]
    assert counts(run_import(file))["teachings"] == {"kept": 1, "withdrawn": 1}
    del file["courses"][0]["teachers"]
    assert counts(run_import(file))["teachings"] == {}
    assert [teacher.name for teacher in Course.objects.get(code="CS-101").teachers.all()] == ["Bo"]


def test_bad_rows_are_named_and_stop_nothing_else(rooms, file, run_import):
    good = file["lectures"][1]
    file["lectures"] += [
        good | {"date": "2026-02-30"},
        good | {"end": "08:00"},
        good | {"course": "NO-1"},
        good | {"date": "2027-03-01", "start": "07:00"},  # the day before in UTC
        good | {"rooms": ["Nowhere"], "start": "10:00", "end": "11:00"},
        "nonsense",
        good | {"roms": []},
    ]
    file["study_plans"].append({"unit": "XX", "semester": "2026-2027 fall"})
    file["study_plans"][0]["courses"].append("NO-2")
    file["courses"].append({"code": "CS-101", "name": "Again"})
    file["courses"].append({"code": "A/B", "name": "Slash"})
    said = run_import(file)
    told = [line.partition(", ")[2] for line in said.splitlines() if line.startswith("line ")]
    assert sorted(told) == [
        "courses[2]: CS-101 stands twice; the first counts",
        "courses[3]: code cannot be A/B: A code is part of an address: it must not contain / nor be . or ..",
        "lectures[2]: date is not a date of the form YYYY-MM-DD",
        "lectures[3]: start is not before end",
        "lectures[4]: course NO-1 is not known (1 such)",
        "lectures[5]: 2027-03-01 lies in none of the file's semesters",
        "lectures[6]: room Nowhere is not known (1 lectures)",
        "lectures[7]: an object is required",
        "lectures[8]: roms is no field of lectures",
        "study_plans[0]: course NO-2 is not known",
        "study_plans[1]: unit XX is not known",
    ]
    assert counts(said)["faults"] == 11
    assert counts(said)["lectures"] == {"created": 16}
    assert counts(said)["bookings"] == {"created": 16}
    assert LogEntry.objects.get(action="timetable.imported").details["fault_count"] == 11


HELD = "courses that keep what they had, because their rows have faults: 1\n"
NOTHING = "no lecture is withdrawn: it cannot be told of which courses the rows with faults are\n"


def test_typo_in_a_row_withdraws_nothing_of_its_course(rooms, file, run_import, contents):
    run_import(file)
    before, logged = contents(), LogEntry.objects.count()
    file["weekly"][0]["weekday"] = "firday"
    said = run_import(file)
    assert HELD in said
    assert (counts(said)["faults"], counts(said)["lectures"], counts(said)["bookings"]) == (
        1,
        {"kept": 2},
        {"kept": 3},
    )
    assert (contents(), LogEntry.objects.count()) == (before, logged)


def test_with_too_many_faulty_courses_none_loses_anything(rooms, file, run_import, contents, monkeypatch):
    run_import(file)
    before = contents()
    monkeypatch.setattr(report, "MAX_COURSES_HELD", 1)
    shorter = {**file, "weekly": [], "lectures": [row | {"start": "noon"} for row in file["lectures"]]}
    assert NOTHING in run_import(shorter)
    assert contents() == before


def test_other_courses_than_the_faulty_one_lose_what_the_file_lacks(rooms, file, run_import):
    run_import(file)
    file["weekly"][0]["start"] = "8 o'clock"
    del file["lectures"][1]
    said = run_import(file)
    assert HELD in said
    assert counts(said)["bookings"] == {"kept": 2, "withdrawn": 1}
    (withdrawn,) = CourseSchedule.objects.filter(is_available=False)
    assert withdrawn.course.code == "MATH-101(a)"
    assert LogEntry.objects.filter(action="timetable.imported").count() == 2


@pytest.mark.parametrize(
    ("noun", "change", "sentence"),
    [
        ("weekly", {"course": ""}, NOTHING),
        ("weekly", {"course": "CS-1O1"}, NOTHING),
        ("weekly", {"semester": "fall"}, HELD),
        ("weekly", {"rooms": ["Room C"]}, HELD),
        ("lectures", {"date": "2027-12-16"}, HELD),
        ("courses", {"credits": -1}, HELD),
        ("room_aliases", {"rooms": [""]}, NOTHING),
        ("room_aliases", {"rooms": ["Room A", "Room C"]}, HELD),
        ("units", {"promo": 7}, ""),
    ],
)
def test_what_the_file_lacks_stays_where_a_fault_may_be_why(rooms, file, run_import, contents, noun, change, sentence):
    file["lectures"].append(file["lectures"][0] | {"date": "2026-12-17"})
    run_import(file)
    before = contents()
    file["lectures"].pop()
    file[noun][0] |= change
    said = run_import(file)
    assert counts(said)["faults"] >= 1
    if sentence:
        assert sentence in said
        assert contents() == before
    else:
        assert counts(said)["lectures"] == {"kept": 15, "withdrawn": 1}


def test_faulty_row_keeps_nothing_from_being_created_or_restored(rooms, file, run_import):
    run_import(file)
    run_import({**file, "lectures": file["lectures"][:1]})
    file["lectures"].append(file["lectures"][1] | {"date": "2026-09-15"})
    file["weekly"][0]["weekday"] = "firday"
    said = run_import(file)
    assert counts(said)["lectures"] == {"created": 1, "kept": 1, "restored": 1}
    assert Occupancy.objects.filter(is_live=True).count() == 17


def test_plan_with_an_unknown_course_keeps_the_courses_it_had(rooms, file, run_import, contents):
    run_import(file)
    before = contents()
    file["study_plans"][0]["courses"] = ["CS-1O1", "MATH-101(a)"]
    said = run_import(file)
    assert counts(said)["planned_courses"] == {"kept": 1}
    assert contents() == before


def test_semester_has_a_longest(rooms, file, run_import):
    file["semesters"][0]["ends_on"] = "2030-12-18"
    assert "semesters[0]: it is longer than 1100 days\n" in run_import(file)


def test_fault_names_its_line(rooms, file, run_import):
    file["lectures"][0]["label"] = ""
    lines = json.dumps(file, indent=1).splitlines()
    number = lines.index('   "label": "",') - 4
    assert lines[number - 1] == "  {"
    assert f"line {number}, lectures[0]: label is empty\n" in run_import(file)


def test_unknown_rooms_are_made_when_asked_for(rooms, file, run_import):
    file["rooms"] = [{"name": "BC07", "capacity": 80, "floor": -1}]
    file["room_aliases"] = [{"alias": "A-B", "rooms": ["BC07", "BC08"]}]
    said = run_import(file, "--create-rooms")
    assert "rooms made: 2 (BC07, BC08)\n" in said
    assert list(Classroom.objects.filter(name__startswith="BC").order_by("name").values_list("capacity", "floor")) == [
        (80, -1),
        (1, 0),
    ]
    entry = LogEntry.objects.get(action="timetable.imported")
    assert entry.details["made_rooms"] == ["BC07", "BC08"]
    assert LogEntry.objects.filter(action="classroom.created").count() == 2


def test_room_that_cannot_be_made_is_reported(rooms, file, run_import):
    make_classroom("Lab 1", code="Lab")
    file["lectures"][1]["rooms"] = ["50% Room", "ROOM A", "LAB"]
    said = run_import(file, "--create-rooms")
    assert "room 50% Room cannot be made: Only letters" in said
    assert "room ROOM A cannot be made: A classroom with this name already exists" in said
    assert "room LAB cannot be made: Another classroom has this name as its code" in said
    assert counts(said)["bookings"] == {"created": 15}


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "HTTPS://people.example/ada", "//people.example/ada", "ada"]
)
@pytest.mark.parametrize(("noun", "field"), [("teachers", "people_url"), ("courses", "edu_url")])
def test_page_that_is_no_web_address_is_a_fault(rooms, file, run_import, noun, field, address):
    file[noun][0][field] = address
    said = run_import(file)
    assert f"{noun}[0]: {field} is not a web address such as https://people.example.edu/ada\n" in said
    assert not Teacher.objects.exclude(people_url="").exists() or noun == "courses"
    assert not Course.objects.exclude(edu_url="").exists()


@pytest.mark.parametrize("link", ["HTTP://rooms.example.edu/", "Https://rooms.example.edu/", "javascript:alert(1)"])
def test_room_whose_link_is_no_web_address_is_reported(rooms, file, run_import, link):
    file["rooms"] = [{"name": "BC07", "link": link}]
    file["lectures"][1]["rooms"] = ["BC07"]
    said = run_import(file, "--create-rooms")
    assert "room BC07 cannot be made: Must be a web address such as https://rooms.example.edu/101\n" in said
    assert (counts(said)["faults"], counts(said)["bookings"]) == (1, {"created": 15})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "line 1: { was expected"),
        ("[]", "line 1: { was expected, not ["),
        ('{"semesters": [\n{"name": }]}', "line 2: this is not JSON"),
        ('{"semesters": [], "classes": []}', "line 1: 'classes' is not one of semesters"),
        ('{"courses": [{"code": "A", "credits": NaN}]}', "line 1: NaN is not JSON"),
        ('{"semesters": []} more', "line 1: something follows after the end"),
        ('{"courses": [' + "[" * 100_000, "line 1: lists and objects are nested too deeply here: a record is"),
        ('{"courses": [' + "[" * 100_000 + "]" * 100_000 + "]}", "line 1: lists and objects are nested too deeply"),
        ('{"courses": [{"name":' * 50_000, "line 1: lists and objects are nested too deeply here: a record is"),
        ('{"courses": [{"code": "' + "x" * (1 << 21), "line 1: what begins here has more than 1,048,576 characters"),
        ('{"courses": [\n{"code": "' + "x" * (30 << 20) + '"}]}', "line 2: what begins here has more than 1,048,576"),
        ('{"courses": [{"a": [' + "1," * (1 << 20) + "1]}]}", "shorten it, or close the text, list or object that is"),
        ('{"courses": [{"code": "A\\', "line 1: this is not JSON: the text '\"A\\' has no quotation mark at its end"),
        ('{"courses": [{"code": "A"', "line 1: this is not JSON: the file ends in the middle of a record"),
        ('{"courses": [{"code": tru', "line 1: this is not JSON: look for what is missing or too many before 'tru'"),
        ('{"courses": [{"code": "A",\n"b" 1}' + " " * (1 << 21), "line 2: this is not JSON: look for what is missing"),
        ('{"courses": [{"code": "A\nB"}]}' + " " * (1 << 17), "too many before 'B\"}]}'"),
        ('{"courses": [{"code": "\\q"}]}' + " " * (1 << 17), "line 1: this is not JSON: look for what is missing"),
        ('{"courses": [], "semesters": [],\n"courses": []}', "line 2: 'courses' stands twice: put all its records"),
        ('{"courses": [{"code": "X-1", "name": "X"}], "courses": [{"code": "X-2"}]}', "line 1: 'courses' stands twice"),
    ],
)
def test_unreadable_file_imports_nothing(rooms, run_import, contents, content, sentence):
    before = contents()
    with pytest.raises(CommandError) as refusal:
        run_import(content)
    assert sentence in str(refusal.value)
    assert "Error" not in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1
    assert contents() == before


@pytest.mark.parametrize(
    ("noun", "raw", "sentence"),
    [
        ("courses", '{"code": "X-1", "code": "X-2", "name": "X"}', "a key stands twice"),
        ("lectures", '{"course": "CS-101", "date": "2026-12-17", "date": "2026-12-16"}', "a key stands twice"),
        ("units", '{"name": {"a": 1, "a": 2}}', "name is not a text"),
        ("courses", '{"code": "X-1", "name": "X", "credits": %s}', "credits is not a whole number from 0 to 1000"),
        ("rooms", '{"name": "R", "latitude": -%s}', "latitude is not a number from -90 to 90"),
        ("units", "%s", "an object is required"),
    ],
)
def test_record_of_json_that_says_two_things_or_too_much_is_a_fault(rooms, file, run_import, noun, raw, sentence):
    place = len(file.setdefault(noun, []))
    file[noun].append("HERE")
    said = run_import(json.dumps(file).replace('"HERE"', raw.replace("%s", "9" * 5000)))
    assert f"line 1, {noun}[{place}]: {sentence}\n" in said
    assert (counts(said)["faults"], counts(said)["bookings"]) == (1, {"created": 16})


def test_empty_object_is_an_empty_file(rooms, run_import):
    said = counts(run_import("{}"))
    assert {noun: number for noun, number in said.items() if number} == {}
    assert LogEntry.objects.count() == 0


HEADER = "record,name,type,starts_on,ends_on,skip_dates,code,teachers,"
HEADER += "unit,semester,courses,course,weekday,start,end,rooms\n"
CSV = f"""{HEADER}semesters,2026-2027 fall,fall,2026-09-14,2026-12-18,2026-10-05;2026-10-12,,,,,,,,,,
units,IN-BA3,,,,,IN,,,,,,,,,
courses,Algorithms,,,,,CS-101,Ada Lovelace;Bo,,,,,,,,
study_plans,,,,,,,,IN-BA3,2026-2027 fall,CS-101,,,,,
weekly,,,,,,,,,2026-2027 fall,,CS-101,Monday,8:15,10:00,Room A;Room B
party,,,,,,,,,,,,,,,
weekly,,,,,,,,,2026-2027 fall,,CS-101,Someday,8:15,10:00,Room A
"""


def test_csv_says_the_same(rooms, run_import, contents):
    said = run_import(CSV, name="timetable.csv")
    assert "line 7, party[0]: record is not one of semesters" in said
    assert "line 8, weekly[1]: weekday is not one of monday" in said
    assert counts(said)["bookings"] == {"created": 24}
    before = contents()
    run_import("\ufeff" + CSV.replace("\n", "\r\n"), name="timetable.csv")
    assert contents() == before


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("weekli,,,,,,,,,2026-2027 fall,,CS-101,Monday,8:15,10:00,Room A", HELD),
        ("weekli,,,,,,,,,2026-2027 fall,,,Monday,8:15,10:00,Room A", NOTHING),
        ("weekly,,,,,,,,,,2026-2027 fall,,CS-101,Monday,8:15,10:00,Room A", NOTHING),
    ],
)
def test_row_of_a_csv_that_is_out_of_shape_withdraws_nothing(rooms, run_import, contents, row, sentence):
    whole = "".join(CSV.splitlines(keepends=True)[:6])
    run_import(whole, name="timetable.csv")
    before = contents()
    said = run_import("".join(whole.splitlines(keepends=True)[:5]) + row + "\n", name="timetable.csv")
    assert sentence in said
    assert contents() == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name,type\n", "line 1: a header with a column called record is required"),
        ("record,name,name\n", "each column once"),
        ('record,name\nunits,"open', "line 2: a quotation mark opens a cell here that is never closed"),
    ],
)
def test_unreadable_csv_imports_nothing(rooms, run_import, content, sentence):
    with pytest.raises(CommandError, match=sentence):
        run_import(content, name="timetable.csv")


def test_file_that_is_not_there_or_of_another_kind_is_one_line(rooms, run_import, tmp_path):
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_timetable", str(tmp_path / "none.json"))
    with pytest.raises(CommandError, match=r"neither a \.json nor a \.csv"):
        run_import("x", name="timetable.xlsx")
    with pytest.raises(CommandError, match="there is no user nobody"):
        run_import("{}", "--by", "nobody")
    (tmp_path / "latin.csv").write_bytes(b"record,name\nunits,\xb1\xd0\xab\xc7\n")
    with pytest.raises(CommandError, match="not UTF-8"):
        call_command("import_timetable", str(tmp_path / "latin.csv"))


def test_import_waits_its_turn_and_then_says_so_in_one_line(rooms, file, run_import, contents, monkeypatch):
    monkeypatch.setattr(importing, "WAIT_SECONDS", 1)
    before, other = contents(), connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, 0)", [Namespace.TIMETABLE])
        with pytest.raises(CommandError) as refusal, CaptureQueriesContext(connection) as asked:
            run_import(file)
    finally:
        other.close()
    assert str(refusal.value) == "another import is running, or the rooms are in use: try again"
    last = [query["sql"] for query in asked if "lock" in query["sql"]]
    assert ["lock_timeout" in last[0], "pg_advisory_xact_lock" in last[1]] == [True, True]
    assert contents() == before
    assert counts(run_import(file))["lectures"] == {"created": 15}


def test_interrupted_import_is_one_line(rooms, contents):
    class Interrupted(ImportCommand):
        def reader(self, files, options, progress):
            def read():
                yield record(Position(1, "units", 0), {"name": "IN-BA3"})
                raise KeyboardInterrupt

            return read, Places()

    before = contents()
    with pytest.raises(CommandError, match="interrupted: nothing is imported") as refusal:
        call_command(Interrupted(), "timetable.json")
    assert refusal.value.returncode == 130
    assert contents() == before


def test_only_cspace_imports(rooms, file, run_import, stranger, cspace):
    with pytest.raises(CommandError, match="You do not have permission"):
        run_import(file, "--by", stranger.username)
    run_import(file, "--by", cspace.username)
    assert LogEntry.objects.get(action="timetable.imported").actor_id == cspace.pk


def test_import_costs_the_same_statements_however_long_the_file(rooms, file, run_import):
    run_import(file)  # the semester is written once, and what goes by it follows
    extra = {"course": "CS-101", "start": "18:00", "end": "20:00", "rooms": ["Room A"]}
    file["lectures"] += [extra | {"date": "2026-11-01"}]
    with CaptureQueriesContext(connection) as short:
        run_import(file)
    file["lectures"] += [extra | {"date": f"2026-11-{day:02}"} for day in range(2, 29)]
    with CaptureQueriesContext(connection) as long:
        run_import(file)
    assert len(long) == len(short)


@pytest.mark.parametrize(
    ("zone", "day", "start", "end", "expected"),
    [
        # The clocks go from 02:00 to 03:00 on 2027-03-28.
        ("Europe/Berlin", "2027-03-28", "01:30", "03:30", ("00:30", "01:30")),
        ("Europe/Berlin", "2027-03-28", "02:15", "03:30", ("01:00", "01:30")),
        ("Europe/Berlin", "2027-03-28", "02:15", "02:45", None),
        # From 03:00 back to 02:00 on 2026-10-25: of the two the first is meant.
        ("Europe/Berlin", "2026-10-25", "02:15", "03:15", ("00:15", "02:15")),
        ("Europe/Berlin", "2026-10-24", "08:15", "10:00", ("06:15", "08:00")),
        ("Europe/Berlin", "2026-10-26", "08:15", "10:00", ("07:15", "09:00")),
        ("Australia/Lord_Howe", "2026-10-04", "02:00", "03:00", ("15:30", "16:00")),
    ],
)
def test_wall_time_of_lectures_around_clock_changes(rooms, run_import, settings, zone, day, start, end, expected):
    settings.CSPACE_TIME_ZONE = zone
    said = run_import(
        {
            "semesters": [{"name": "year", "type": "year", "starts_on": "2026-09-01", "ends_on": "2027-06-30"}],
            "courses": [{"code": "CS-101", "name": "Algorithms"}],
            "lectures": [{"course": "CS-101", "date": day, "start": start, "end": end, "rooms": ["Room A"]}],
        }
    )
    found = [(f"{row.starts_at:%H:%M}", f"{row.ends_at:%H:%M}") for row in CourseSchedule.objects.all()]
    assert found == ([expected] if expected else [])
    assert counts(said)["faults"] == (0 if expected else 1)
