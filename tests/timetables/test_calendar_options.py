"""What `import_ics` is told beside a calendar; and siblings of the cases that were read wrongly."""

import io

import pytest
from django.core.management import CommandError, call_command

from tests.factories.timetables import make_course
from tests.timetables.test_calendar_cases import CASES, campus, in_time, lectures, monday, run  # noqa: F401
from tests.timetables.test_importing import counts
from timetables.models import Course, CourseSchedule

pytestmark = pytest.mark.usefixtures("campus", "in_time")


def event(uid="1", day="14", summary="CS-101 Algorithms", location="Room A", more="", zone="Europe/Zurich", head=""):
    return (
        f"BEGIN:VEVENT\nUID:{uid}\nDTSTART;TZID={zone}:202609{day}T081500\nDTEND;TZID={zone}:202609{day}T100000\n"
        f"SUMMARY:{summary}\nLOCATION:{location}\n{more}END:VEVENT\n"
    )


def calendar(*events, head=""):
    return f"BEGIN:VCALENDAR\n{head}{''.join(events)}END:VCALENDAR\n"


@pytest.fixture
def written(tmp_path):
    def write(text, name="calendar.ics"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("summary", "codes"),
    [
        ("CS-101 WS2026/27", ["CS-101"]),
        ("CS-101 SoSe KW 42", ["CS-101"]),
        ("CS-101 08:15 AM-10:00 AM", ["CS-101"]),
        ("CS-101 OCT 12", ["CS-101"]),
        ("CS-101 moved to BC08", ["CS-101"]),
        ("SEC-401 Security", ["SEC-401"]),
        ("CS-101abcd Algorithms", []),
        ("XCS-101x2 Algorithms", []),
        ("MATH-101(a)/MATH-111", ["MATH-101(a)", "MATH-111"]),
    ],
)
def test_a_code_is_whole_and_no_time_semester_or_room(written, summary, codes):
    run(written(calendar(event(summary=summary))))
    assert sorted(Course.objects.values_list("code", flat=True)) == codes


def test_a_course_that_is_known_may_be_called_like_a_group(written):
    make_course("TD 12")
    run(written(calendar(event(summary="TD 12 Tutorial"))))
    assert lectures() == monday("09-14", course="TD 12")


def test_rooms_and_courses_are_named_by_tables(written):
    rooms = written(
        'name;room\n"Aula, Nord";BC07\nRoom: *. Seats*;*\nOnline\nRoom: KD2. Seats: 1;Room B\n', "rooms.csv"
    )
    courses = written("name,code\nAlgorithms*,CS-101\nFaculty meeting,\nXX-1*,CS-999\n", "courses.csv")
    said = run(
        written(
            calendar(
                event("1", "14", "Algorithms I", "Aula\\, Nord"),
                event("2", "15", "Algorithms II", "Room: KD1. Seats: 24"),
                event("3", "16", "Algorithms III", "Room: KD2. Seats: 1"),
                event("4", "17", "Algorithms IV", "Online"),
                event("5", "18", "Faculty meeting", "Room A"),
            )
        ),
        *("--rooms", str(rooms), "--courses", str(courses)),
    )
    assert counts(said)["faults"] == 0
    assert [lecture.rpartition(" in ")[2] for lecture in lectures()] == ["BC07", "KD1", "Room B", ""]
    assert "new courses: 1 (CS-101 Algorithms I)\n" in said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--alias", "A-B"], "--alias A-B: it has to be NAME=ROOM or NAME=ROOM,ROOM"),
        (["--alias", "=Room A"], "--alias =Room A: it has to be NAME=ROOM or NAME=ROOM,ROOM"),
        (["--zone", "Ours"], "--zone Ours: it has to be NAME=ZONE, such as Ours=Europe/Zurich"),
        (["--zone", "Ours=Mars/Olympus"], "--zone Ours=Mars/Olympus: there is no time zone called Mars/Olympus"),
        (["--encoding", "klingon"], "--encoding klingon: there is no text encoding of this name"),
        (["--encoding", "hex"], "--encoding hex: there is no text encoding of this name"),
        (["--encoding", "a\0b"], "--encoding a\0b: there is no text encoding of this name"),
        (["--rooms", "missing.csv"], "--rooms: missing.csv cannot be read: No such file or directory"),
        (["--courses", "missing.csv"], "--courses: missing.csv cannot be read: No such file or directory"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(written, options, sentence):
    with pytest.raises(CommandError) as refusal:
        run(written(calendar(event())), *options)
    assert str(refusal.value) == sentence


def test_a_table_that_contradicts_itself_is_refused(written):
    with pytest.raises(CommandError) as refusal:
        run(written(calendar(event())), "--rooms", str(written("A,Room A\nA,Room B\n", "rooms.csv")))
    assert str(refusal.value) == "--rooms: A means two things"


def test_a_zone_may_be_named(written):
    text = calendar(event(zone="Campus Time"))
    assert "line 4, lectures[0]: the time zone Campus Time is not known\n" in run(written(text))
    run(written(text), "--zone", "campus time=Asia/Taipei")
    assert lectures() == monday("09-14", time="02:15-04:00")


@pytest.mark.parametrize(
    ("encoding", "option"), [("latin-1", ["--encoding", "latin-1"]), ("utf-16", []), ("utf-8-sig", [])]
)
def test_calendars_of_other_encodings_are_read(written, encoding, option):
    path = written(calendar(event(summary="CS-101 Übung")).encode(encoding))
    run(path, *option)
    assert Course.objects.get().name == "Übung"


def test_an_encoding_that_is_not_said_names_the_line(written):
    with pytest.raises(CommandError, match=r"calendar\.ics is not UTF-8 in line 6: say in which encoding"):
        run(written(calendar(event(summary="CS-101 Übung")).encode("latin-1")))


def test_a_folder_is_one_import_with_one_report(written, tmp_path):
    folder = tmp_path / "calendars"
    folder.mkdir()
    (folder / "b.ICS").write_text(calendar(event("1", "15"), event("2", "16", zone="Ours")))
    (folder / "a.ics").write_text(calendar(event("1", "14")))
    (folder / "notes.txt").write_text("no calendar")
    single = folder / "a.ics"
    said = run(folder)
    assert lectures() == monday("09-14", "09-15")
    assert "b.ICS, line 11, lectures[2]: the time zone Ours is not known\n" in said
    # What the file says alone is less, and the fault is not in it.
    said = run(single)
    assert counts(said)["lectures"] == {"kept": 1, "withdrawn": 1}
    assert "withdrawn: 1 of CS-101 (2026-09-15 08:15)\n" in said
    out = io.StringIO()
    call_command("import_ics", str(single), str(folder), "--semester", "2026-2027 fall", stdout=out)
    assert counts(out.getvalue())["lectures"] == {"kept": 1, "restored": 1}


def test_every_file_that_cannot_be_read_is_named_and_nothing_is_imported(written, tmp_path):
    with pytest.raises(CommandError) as refusal:
        call_command(
            "import_ics",
            *(str(written("x", "a.ics")), str(written(calendar(event()), "b.ics")), str(tmp_path / "c.ics")),
            *("--semester", "2026-2027 fall"),
        )
    assert str(refusal.value) == (
        "a.ics is no calendar: BEGIN:VCALENDAR is missing; c.ics cannot be read: No such file or directory"
    )
    assert not CourseSchedule.objects.exists()


def test_faults_of_one_kind_stand_together(written):
    events = [event(str(number), f"{number}", location=f"Room {number}") for number in range(14, 19)]
    said = run(written(calendar(*events)))
    assert "room … is not known (… lectures): 5 times\n" in said
    assert said.count("is not known (1 lectures)") == 3
    assert "  … and 2 more\n" in said
    assert run(written(calendar(*events)), "-v", "2").count("is not known (1 lectures)") == 5


@pytest.mark.parametrize(
    "more",
    [
        "RRULE:W1 MO #3\n",
        "RRULE:FREQ=WEEKLY;RSCALE=GREGORIAN\n",
        "RDATE;VALUE=PERIOD:20260921T081500/PT1H\n",
        "EXDATE:soon\n",
        "RRULE:FREQ=WEEKLY\nEXRULE:FREQ=MONTHLY\n",
        "RECURRENCE-ID:20261001T061500Z\nRRULE:FREQ=DAILY\n",
        "DURATION:PT9H\n",
    ],
)
def test_what_cannot_be_understood_withdraws_nothing(written, more):
    run(written(calendar(event(more="RRULE:FREQ=WEEKLY;COUNT=4\n"))))
    said = run(written(calendar(event(more=more), event("2", "15"))))
    assert counts(said)["faults"] == 1
    assert lectures() == monday("09-14", "09-15", "09-21", "09-28", "10-05")


def test_an_orphan_is_left_out_and_withdraws_nothing(written):
    change = event(more="RECURRENCE-ID;TZID=Europe/Zurich:20261123T081500\n", day="29")
    run(written(calendar(event(more="RRULE:FREQ=WEEKLY;COUNT=4\n"))))
    said = run(written(calendar(event(more="RRULE:FREQ=WEEKLY;COUNT=2\n"), change)))
    assert "line 10, lectures[0]: it changes 2026-11-23, which is no date of its series (line 2)\n" in said
    assert lectures() == monday("09-14", "09-21", "09-28", "10-05")


def test_all_later_dates_of_a_series_may_be_moved(written):
    change = event(day="22", more="RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Zurich:20260921T081500\n")
    run(written(calendar(event(more="RRULE:FREQ=WEEKLY;COUNT=4\n"), change)))
    assert lectures() == monday("09-14", "09-22", "09-29", "10-06")


@pytest.mark.parametrize("word", ["CANCELLED", "canceled", "Cancelled "])
def test_off_is_off_in_any_case(written, word):
    run(written(calendar(event())))
    said = run(written(calendar(event(more=f"STATUS:{word}\n"))))
    assert counts(said)["lectures"] == {"withdrawn": 1}


def test_a_calendar_that_proposes_withdraws_nothing(written):
    run(written(calendar(event(), event("2", "15"))))
    said = run(written(calendar(event(), head="METHOD:COUNTER\n")))
    assert "line 2, lectures[0]: METHOD COUNTER publishes nothing\n" in said
    assert lectures() == monday("09-14", "09-15")


def test_series_in_utc_stay_on_the_wall_of_their_calendar(written):
    text = calendar(event(more="RRULE:FREQ=WEEKLY;COUNT=8\n"), head="X-WR-TIMEZONE:W. Europe Standard Time\n")
    text = text.replace(";TZID=Europe/Zurich:20260914T081500", ":20260914T061500Z")
    text = text.replace(";TZID=Europe/Zurich:20260914T100000", ":20260914T080000Z")
    run(written(text))
    assert {lecture.split(" ")[2] for lecture in lectures()} == {"08:15-10:00"}
    said = run(written(text.replace("W. Europe Standard Time", "Campus Time")))
    assert "line 2, lectures[0]: X-WR-TIMEZONE: the time zone Campus Time is not known" in said


def test_a_dry_run_lists_what_is_new_and_what_would_go(written):
    run(written(calendar(event(), event("2", "15", location="Room B"))))
    text = calendar(event("2", "15", location="Nowhere"), event("3", "16", "CS-102 Networks"))
    said = run(written(text), "--dry-run")
    assert "new courses: 1 (CS-102 Networks)\n" in said
    assert "room Nowhere is not known (1 lectures)\n" in said
    assert "courses that keep what they had, because their rows have faults: 1\n" in said
    said = run(written(text.replace("Nowhere", "BC07")), "--dry-run")
    assert "withdrawn: 1 of CS-101 (2026-09-14 08:15)\n" in said
    assert "withdrawn: 1 of CS-101 leave Room B (2026-09-15 08:15)\n" in said
    assert lectures() == [*monday("09-14"), *monday("09-15", rooms="Room B")]


def test_a_case_again_changes_nothing():
    path = CASES / "recid_date.ics"
    run(path)
    assert counts(run(path))["lectures"] == {"kept": 4}
