"""Calendars that were read wrongly once: the right value of each, or a fault that names its line."""

import io
import re
import signal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from kernel.campus_time import campus_date, campus_minute, format_minute
from tests.factories import make_classroom
from tests.factories.timetables import make_semester
from timetables.models import Course, CourseSchedule

CASES = Path(__file__).parent / "cases"
MAX_SECONDS = 5
ROOMS = ("Room A", "Room B", "BC07", "BC08", "KD1", "KD2")


def monday(*days, time="08:15-10:00", course="CS-101", rooms="Room A", label="cours"):
    """Lectures on some days (month-day)."""
    return [f"{course} {day} {time} {label} in {rooms}" for day in days]


ONE = monday("09-14")
ZONE = r"the time zone Ours is described wrongly \(VTIMEZONE of line 4\): line {}"
RIGHT_VALUES = [
    # The rules of a zone fail when they are evaluated; once that was the end of all reading.
    ("vtz_rrule_bad_two_events", [], [(24, ZONE.format(10)), (32, ZONE.format(10))]),
    ("vtz_rrule_bad_two_calendars", monday("09-15"), [(24, ZONE.format(10))]),
    ("vtz_rrule_month_13_both", [], [(24, ZONE.format(10)), (32, ZONE.format(10))]),
    ("vtz_rrule_bad", [], [(24, ZONE.format(10) + ": RRULE cannot be understood: BYMONTH=13")]),
    ("vtz_no_dtstart", [], [(23, ZONE.format(6) + ": DTSTART is missing")]),
    ("vtz_no_offsetfrom", [], [(23, ZONE.format(6) + ": TZOFFSETFROM is missing")]),
    ("vtz_bad_offset", [], [(24, ZONE.format(9) + ": TZOFFSETTO cannot be understood: '\\+01:00'")]),
    ("vtz_empty", [], [(12, ZONE.format(4) + ": it has neither STANDARD nor DAYLIGHT")]),
    ("vtz_bad_but_unused", ONE, []),
    ("vtz_tzid_twice", ONE, []),
    (
        "vtz_same_tzid_twice_differs",
        [],
        [(35, r"Ours is described twice, differently \(lines 4 and 17\)")],
    ),
    ("tz_customized_two_calendars", [*monday("09-14", time="09:00-10:00"), *monday("09-15", time="17:00-18:00")], []),
    # What looks like a code.
    ("code_clock_time", [], [(4, "there is no course code in")]),
    ("code_two_trailing_letters", monday("09-14", course="DIT213GU"), []),
    ("code_long_digits", monday("09-14", course="CS-1234567"), []),
    ("code_semester_word", ONE, []),
    ("code_exam_word", ONE, []),
    ("code_group", ONE, []),
    ("code_room_in_summary", monday("09-14", rooms="BC07"), []),
    # Whole days.
    ("date_with_tzid", [], [(4, "an event of whole days is no lecture")]),
    ("allday_midnight_to_midnight", [], [(4, "an event of whole days is no lecture")]),
    ("date_start_datetime_end", [], [(10, "DTSTART is a date, DTEND a time")]),
    # UNTIL.
    ("until_local_ny", monday("09-14", "09-21", "09-28", "10-05", time="20:00-21:00"), []),
    ("until_local_zrh_early", monday("09-14", "09-21", "09-28"), []),
    ("until_local_midnight_taipei", monday("09-14", "09-21", "09-28", time="01:30-03:00"), []),
    ("until_date", monday("09-14", "09-21", "09-28"), [(11, "UNTIL is a date: .* 2026-10-05 .* is left out")]),
    # RRULE.
    ("rrule_vcal1", [], [(11, "RRULE cannot be understood: 'W1 MO #3'")]),
    ("rrule_word", [], [(11, "RRULE cannot be understood: 'WEEKLY'")]),
    ("rrule_comma", [], [(11, "RRULE cannot be understood: FREQ=WEEKLY,COUNT=3")]),
    ("rrule_spaces", [], [(11, "RRULE cannot be understood: ' COUNT=3'")]),
    ("rrule_unknown_part", [], [(11, "RRULE cannot be understood: X-SKIP=1")]),
    ("rrule_empty", ONE, []),
    ("vcal1", [], [(8, "RRULE cannot be understood: 'W1 MO #3'")]),
    ("byday_not_dtstart", monday("09-15", "09-17", "09-22", "09-24", "09-29"), [(11, "2026-09-14, .* is left out")]),
    ("exdate_empty", monday("09-14", "09-21", "09-28", "10-05"), []),
    ("recid_date", [*monday("09-14", "09-21", "10-05"), *monday("09-29", time="13:15-15:00")], []),
    # Off.
    ("status_cancelled_case", [], []),
    ("method_cancel", [], []),
    # What is not imported at all.
    ("broken_todo", ONE, []),
    ("broken_freebusy", ONE, []),
    ("junk_line_outside_event", ONE, []),
    # Bytes.
    ("fold_inside_character", ONE, []),
    ("leading_blank", ONE, []),
    ("leading_spaces", ONE, []),
    ("trailing_ctrlz", ONE, []),
    ("trailing_nul", ONE, []),
    ("cr_only", ONE, []),
    # Labels.
    ("categories_empty", ONE, []),
    ("categories_long", ONE, []),
    # The zone of a whole calendar.
    ("wr_timezone_twice", monday("10-12"), []),
    ("wr_timezone_windows", monday("10-12"), []),
    ("wr_timezone_unknown", monday("10-12"), []),
    # Rooms.
    ("loc_one_room_with_comma", ONE, []),
    ("loc_plus", monday("09-14", rooms="BC07+BC08"), []),
    ("loc_slash", monday("09-14", rooms="BC07+BC08"), []),
    ("loc_and", monday("09-14", rooms="BC07+BC08"), []),
    ("loc_fields", monday("09-14", rooms="KD1+KD2"), []),
    ("location_raw_newline", [], [(9, "'Room B' is no property, and belongs perhaps to LOCATION")]),
]
"""(file, its lectures, its faults by line)."""
OPTIONS = {
    "loc_one_room_with_comma": ["--alias", "00.08.038, Seminarraum (5608.EG.038)=Room A"],
    "loc_fields": ["--alias", "Room: *. Seats: *=*"],
}


@pytest.fixture
def campus(db, settings):
    settings.CSPACE_TIME_ZONE = "Europe/Zurich"
    for room in ROOMS:
        make_classroom(room)
    make_semester()


@pytest.fixture
def in_time():
    """A dead stop ends the test, not the run."""

    def stop(*_):
        raise TimeoutError(f"not read in {MAX_SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def lectures():
    rows = CourseSchedule.objects.filter(is_available=True).order_by("starts_at", "course__code")
    return [
        f"{row.course.code} {campus_date(row.starts_at):%m-%d} {format_minute(campus_minute(row.starts_at))}"
        f"-{format_minute(campus_minute(row.ends_at))} {row.label} in "
        + "+".join(sorted(row.bookings.filter(is_available=True).values_list("classroom__name", flat=True)))
        for row in rows
    ]


def run(path, *options):
    out = io.StringIO()
    call_command("import_ics", str(path), "--semester", "2026-2027 fall", *options, stdout=out)
    return out.getvalue()


def test_every_case_has_a_right_value():
    assert sorted(path.stem for path in CASES.glob("*.ics")) == sorted(name for name, _, _ in RIGHT_VALUES)


@pytest.mark.parametrize(("name", "expected", "faults"), RIGHT_VALUES, ids=[name for name, _, _ in RIGHT_VALUES])
def test_case_has_its_right_value_or_a_fault_that_names_its_line(campus, in_time, name, expected, faults):
    said = run(CASES / f"{name}.ics", *OPTIONS.get(name, []))
    assert lectures() == sorted(expected, key=lambda lecture: lecture.split(" ")[1])
    listed = re.findall(r"^ *line (\d+), \w+\[\d+\]: (.*)$", said, re.MULTILINE)
    assert [int(line) for line, _ in listed] == [line for line, _ in faults], said
    for (_, sentence), (_, pattern) in zip(listed, faults, strict=True):
        assert re.search(pattern, sentence), said
    codes = {lecture.split(" ")[0] for lecture in expected}
    assert set(Course.objects.values_list("code", flat=True)) <= codes | {"CS-101"}


def test_the_reader_of_the_command_says_a_refusal_in_one_line(campus, tmp_path):
    with pytest.raises(CommandError) as refusal:
        run(tmp_path / "missing.ics")
    assert str(refusal.value) == "missing.ics cannot be read: No such file or directory"
