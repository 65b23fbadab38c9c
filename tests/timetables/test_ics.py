"""Calendars as universities publish them."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel.ical import lines, series
from tests.factories.timetables import make_course, make_semester
from tests.timetables.test_importing import counts
from timetables.importing import calendar_records
from timetables.models import Course, CourseBooking, CourseSchedule, Semester

HEAD = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example University//Timetable//EN
"""
WEEKLY = """BEGIN:VEVENT
UID:algorithms
DTSTART;TZID=Asia/Taipei:20260914T081500
DTEND;TZID=Asia/Taipei:20260914T100000
RRULE:FREQ=WEEKLY;UNTIL=20261130T160000Z
EXDATE;TZID=Asia/Taipei:20261012T081500
SUMMARY:CS-101 Algorithms
LOCATION:Room A
CATEGORIES:Lecture
END:VEVENT
BEGIN:VEVENT
UID:algorithms
RECURRENCE-ID;TZID=Asia/Taipei:20261019T081500
DTSTART;TZID=Asia/Taipei:20261019T131500
DTEND;TZID=Asia/Taipei:20261019T150000
SUMMARY:CS-101 Algorithms
LOCATION:Room B
CATEGORIES:Lecture
END:VEVENT
"""
UNCHANGED = WEEKLY[: WEEKLY.index("BEGIN:VEVENT", 1)]
SINGLE = """BEGIN:VEVENT
UID:analysis-1
DTSTART:20260915T001500Z
DTEND:20260915T020000Z
SUMMARY:MATH-101(a)/MATH-111 - Analysis I
LOCATION:A-B
CATEGORIES:Exercises,Exercise
END:VEVENT
"""
TAIL = "END:VCALENDAR\n"


@pytest.fixture
def import_ics(tmp_path):
    def run(*events, options=()):
        path = tmp_path / "calendar.ics"
        path.write_text((HEAD + "".join(events) + TAIL).replace("\n", "\r\n"), encoding="utf-8")
        out = io.StringIO()
        call_command("import_ics", str(path), "--semester", "2026-2027 fall", *options, stdout=out)
        return out.getvalue()

    return run


def test_weekly_events_become_dated_lectures(rooms, import_ics):
    make_semester(skip_dates=["2026-10-05"])
    said = import_ics(WEEKLY)
    assert counts(said)["lectures"] == {"created": 10}
    assert counts(said)["faults"] == 0
    starts = [f"{row.starts_at:%m-%d %H:%M}" for row in CourseSchedule.objects.order_by("starts_at")]
    # Mondays until November; not the semester's holiday, not the calendar's exception, one moved.
    days = ["09-14", "09-21", "09-28", "10-19", "10-26", "11-02", "11-09", "11-16", "11-23", "11-30"]
    assert starts == [f"{day} {'05:15' if day == '10-19' else '00:15'}" for day in days]
    moved = CourseBooking.objects.get(classroom__name="Room B")
    assert moved.schedule.label == "cours"
    assert Course.objects.get().name == "Algorithms"


def test_joint_lecture_of_a_calendar_in_rooms_of_an_alias(rooms, import_ics):
    make_semester()
    make_course("MATH-111", name="Analysis I for physicists")
    import_ics(SINGLE, options=["--alias", "A-B=Room A,Room B"])
    found = CourseBooking.objects.order_by("schedule__course__code", "classroom__name").values_list(
        "schedule__course__code", "schedule__course__name", "classroom__name", "schedule__label"
    )
    assert list(found) == [
        ("MATH-101(a)", "Analysis I", "Room A", "exercice"),
        ("MATH-101(a)", "Analysis I", "Room B", "exercice"),
        ("MATH-111", "Analysis I for physicists", "Room A", "exercice"),
        ("MATH-111", "Analysis I for physicists", "Room B", "exercice"),
    ]


def test_calendar_again_changes_nothing_and_a_shorter_one_withdraws(rooms, import_ics, contents):
    make_semester()
    import_ics(WEEKLY, SINGLE)
    before = contents()
    import_ics(WEEKLY, SINGLE)
    assert contents() == before
    said = import_ics(UNCHANGED.replace("UNTIL=20261130T160000Z", "UNTIL=20261012T160000Z"))
    assert counts(said)["bookings"] == {"kept": 4, "withdrawn": 7}
    times = "2026-10-19 13:15, 2026-10-26 08:15, 2026-11-02 08:15, …"
    assert f"withdrawn: 7 of CS-101 ({times})\n" in said


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("SUMMARY:CS-101 Algorithms", "SUMMARY:Faculty meeting"), "there is no course code in 'Faculty meeting'"),
        (("FREQ=WEEKLY", "FREQ=MINUTELY"), "RRULE cannot be understood: FREQ=MINUTELY: it has to be one of "),
        (("20260914T100000", "20260915T100000"), "a lecture ends on the day on which it begins"),
    ],
)
def test_event_that_is_no_lecture_is_named_by_its_line(rooms, import_ics, change, sentence):
    make_semester()
    said = import_ics(WEEKLY.replace(*change), SINGLE)
    assert f"line {8 if 'RRULE' in sentence else 4}, lectures[0]: {sentence}" in said
    assert CourseSchedule.objects.filter(course__code="MATH-111").count() == 1


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0: '0' is not a number from 1 to 1000"),
        ("FREQ=DAILY;COUNT=-1", "COUNT=-1: '-1' is not a number from 1 to 999999999"),
        ("FREQ=HOURLY", "FREQ=HOURLY: it has to be one of DAILY, WEEKLY, MONTHLY, YEARLY"),
        ("INTERVAL=1", "FREQ is missing: it has to be one of DAILY, WEEKLY, MONTHLY, YEARLY"),
        (
            f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}"
            f";BYSECOND={','.join(map(str, range(60)))}",
            f"BYSECOND={','.join(map(str, range(60)))[:60]} is not followed",
        ),
        ("FREQ=DAILY;BYSECOND=0", "BYSECOND=0 is not followed"),
        ("FREQ=WEEKLY;BYHOUR=8,9", "BYHOUR has several values: only what takes place once a day is followed"),
        ("FREQ=WEEKLY;BYMINUTE=0,30", "BYMINUTE has several values: only what takes place once a day is followed"),
    ],
)
def test_rule_that_never_ends_or_is_no_timetable_is_refused(rooms, import_ics, rule, sentence):
    make_semester()
    said = import_ics(SINGLE.replace("SUMMARY", f"RRULE:{rule}\nSUMMARY"))
    assert f"line 8, lectures[0]: RRULE cannot be understood: {sentence}\n" in said
    assert (counts(said)["faults"], CourseSchedule.objects.count()) == (1, 0)


def test_event_of_many_rules_is_refused(rooms, import_ics):
    make_semester()
    said = import_ics(SINGLE.replace("SUMMARY", "RRULE:FREQ=DAILY\n" * 6 + "SUMMARY"))
    assert "line 8, lectures[0]: it has more than 5 rules\n" in said
    assert (counts(said)["faults"], CourseSchedule.objects.count()) == (1, 0)


def test_series_from_long_ago_is_refused(rooms, import_ics):
    make_semester()
    old = SINGLE.replace("20260915T", "19000915T").replace("SUMMARY", "RRULE:FREQ=DAILY\nSUMMARY")
    assert "line 4, lectures[0]: it begins more than 20 years before the days that are read" in import_ics(old)


def test_series_and_calendars_have_a_most(rooms, import_ics, monkeypatch, contents):
    make_semester()
    daily = SINGLE.replace("SUMMARY", "RRULE:FREQ=DAILY\nSUMMARY")
    monkeypatch.setattr(series, "MAX_OCCURRENCES", 9)
    assert "line 4, lectures[0]: it takes place more than 9 times" in import_ics(daily)
    before = contents()
    monkeypatch.undo()
    monkeypatch.setattr(lines, "MAX_LINES", 20)
    with pytest.raises(CommandError, match="has more than 20 lines"):
        import_ics(WEEKLY, SINGLE)
    monkeypatch.undo()
    monkeypatch.setattr(calendar_records, "MAX_SECONDS", 0)
    with pytest.raises(CommandError, match="has series that take longer than 0 s to follow"):
        import_ics(WEEKLY, SINGLE)
    monkeypatch.undo()
    monkeypatch.setattr(calendar_records, "MAX_RECORDS", 12)
    with pytest.raises(CommandError, match="has more than 12 lectures in this semester"):
        import_ics(WEEKLY, SINGLE)
    assert contents() == before
    Semester.objects.update(ends_on="2036-12-18")
    with pytest.raises(CommandError, match="is longer than 1100 days"):
        import_ics(SINGLE)


def test_calendar_is_read_before_anything_is_locked(rooms, import_ics):
    make_semester()
    with pytest.raises(CommandError, match="is no calendar"), CaptureQueriesContext(connection) as asked:
        import_ics("END:VEVENT\n")
    assert [query["sql"] for query in asked if "lock" in query["sql"]] == []


def test_events_of_one_uid_all_count(rooms, import_ics):
    make_semester()
    second = SINGLE.replace("20260915T", "20260916T")
    said = import_ics(SINGLE.replace("A-B", "Room A"), second.replace("A-B", "Room A"))
    assert counts(said)["lectures"] == {"created": 4}
    assert counts(said)["faults"] == 0
    change = second.replace("DTSTART", "RECURRENCE-ID:20260915T001500Z\nDTSTART")
    said = import_ics(SINGLE, second, change)
    assert "line 20, lectures[4]: which event this changes is not known: several have its UID\n" in said
    assert counts(said)["lectures"] == {"kept": 4}


def test_keywords_are_read_in_either_case(rooms, import_ics):
    make_semester()
    lower = SINGLE.replace("BEGIN:VEVENT", "begin:vevent").replace("END:VEVENT", "End:vEvent")
    said = import_ics(lower, SINGLE.replace("analysis-1", "second").replace("20260915T", "20260916T"))
    assert counts(said)["lectures"] == {"created": 4}


WHOLE = HEAD + SINGLE + TAIL


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is no calendar: BEGIN:VCALENDAR is missing"),
        (HEAD + SINGLE, "is not complete: END:VCALENDAR is missing"),
        (WHOLE[:120], "is not complete: END:VEVENT is missing"),
        (WHOLE + HEAD + SINGLE, "is not complete: END:VCALENDAR is missing"),
        (HEAD + SINGLE.replace("END:VEVENT\n", "") + TAIL, "line 11: VCALENDAR ends, but did not begin"),
        (SINGLE, "line 1: VEVENT begins in the wrong place"),
        (HEAD + WHOLE, "line 4: VCALENDAR begins in the wrong place"),
        (WHOLE + TAIL, "line 13: VCALENDAR ends, but did not begin"),
        (WHOLE.replace("Analysis", "Café").encode("latin-1"), "is not UTF-8"),
    ],
)
def test_calendar_that_cannot_be_read_to_its_end_is_not_imported(rooms, tmp_path, contents, content, sentence):
    make_semester()
    path = tmp_path / "calendar.ics"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = contents()
    with pytest.raises(CommandError, match=sentence):
        call_command("import_ics", str(path), "--semester", "2026-2027 fall")
    assert contents() == before


def test_calendar_may_begin_with_a_byte_order_mark(rooms, tmp_path):
    make_semester()
    path = tmp_path / "calendar.ics"
    path.write_text("\ufeff" + WHOLE, encoding="utf-8")
    call_command("import_ics", str(path), "--semester", "2026-2027 fall", stdout=io.StringIO())
    assert CourseSchedule.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "line", "sentence"),
    [
        (("DTEND:20260915T02", "DTEND:20260915T00"), 7, "it ends before it begins"),
        (("DTEND:20260915T020000Z", "DURATION:-PT1H"), 7, "it ends before it begins"),
        (
            ("DTEND:20260915T020000Z", "DTEND:soon"),
            7,
            "DTEND cannot be understood: 'soon' is neither a date nor a time",
        ),
        (("DTSTART:20260915T001500Z\n", ""), 4, "DTSTART is missing"),
        (
            ("DTSTART:20260915T001500Z", "DTSTART;TZID=Mars/Olympus:20260915T081500"),
            6,
            "the time zone Mars/Olympus is not known",
        ),
        (
            ("SUMMARY", "RRULE:FREQ=DAILY\nEXDATE;TZID=Mars/Olympus:20260915T081500\nSUMMARY"),
            9,
            "the time zone Mars/Olympus is not known",
        ),
        (
            ("SUMMARY", "RRULE:FREQ=DAILY;INTERVAL=x\nSUMMARY"),
            8,
            "RRULE cannot be understood: INTERVAL=X: 'X' is not a number from 1 to 1000",
        ),
    ],
)
def test_event_that_would_be_another_lecture_is_a_fault(rooms, import_ics, change, line, sentence):
    make_semester()
    said = import_ics(SINGLE.replace(*change))
    assert f"line {line}, lectures[0]: {sentence}\n" in said
    assert (counts(said)["faults"], CourseSchedule.objects.count()) == (1, 0)


def test_change_of_a_date_that_is_faulty_names_its_own_line(rooms, import_ics):
    make_semester()
    said = import_ics(WEEKLY.replace("20261019T150000", "20261019T120000"))
    assert "line 18, lectures[0]: it ends before it begins\n" in said
    assert CourseSchedule.objects.count() == 0


def test_time_zone_that_the_calendar_describes_is_known(rooms, import_ics):
    make_semester()
    zone = "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:20000101T000000\nTZOFFSETFROM:+0300\n"
    zone += "TZOFFSETTO:+0300\nTZNAME:O\nEND:STANDARD\nEND:VTIMEZONE\n"
    import_ics(zone, WEEKLY.replace("Asia/Taipei", "Ours"))
    assert f"{CourseSchedule.objects.earliest('starts_at').starts_at:%H:%M}" == "05:15"


@pytest.mark.parametrize(
    ("summary", "name"),
    [
        ("CS-101 Networks (Lab)", "Networks (Lab)"),
        ("Networks (CS-101)", "Networks"),
        ("Networks (CS-101, CS-102)", "Networks"),
        ("(CS-101) - Networks (Lab)", "Networks (Lab)"),
        ("Networks) CS-101", "Networks"),
        ("CS-101", "CS-101"),
    ],
)
def test_title_is_what_is_left_of_the_summary(rooms, import_ics, summary, name):
    make_semester()
    import_ics(WEEKLY.replace("CS-101 Algorithms", summary))
    assert Course.objects.get(code="CS-101").name == name


def test_series_that_cannot_be_read_withdraws_nothing_of_its_course(rooms, import_ics, contents):
    make_semester()
    import_ics(WEEKLY)
    before = contents()
    for broken in ("FREQ=WEEKLY;INTERVAL=0", "FREQ=SOMETIMES"):
        said = import_ics(WEEKLY.replace("FREQ=WEEKLY", broken))
        assert (counts(said)["faults"], counts(said)["lectures"]) == (1, {})
        assert "courses that keep what they had" not in said
        assert contents() == before
    other = SINGLE.replace("MATH-101(a)/MATH-111", "CS-101").replace("A-B", "Room A")
    said = import_ics(WEEKLY.replace("FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=0"), other)
    assert "courses that keep what they had, because their rows have faults: 1\n" in said
    assert counts(said)["bookings"] == {"created": 1}
    assert CourseSchedule.objects.filter(is_available=True).count() == 12


def test_faulty_change_of_a_date_withdraws_nothing_of_its_own_course_either(rooms, import_ics):
    make_semester()
    make_course("CS-102")
    other = SINGLE.replace("MATH-101(a)/MATH-111", "CS-102").replace("A-B", "Room A")
    import_ics(WEEKLY, other, other.replace("analysis-1", "more").replace("20260915T", "20260916T"))
    changed = WEEKLY.replace("20261019T150000", "20261019T120000").replace("Room B", "Room B\nCOMMENT:x")
    head, _, tail = changed.rpartition("SUMMARY:CS-101")
    said = import_ics(f"{head}SUMMARY:CS-102{tail}", other)
    assert "courses that keep what they had, because their rows have faults: 1\n" in said
    assert counts(said)["bookings"] == {"kept": 1}


def test_meeting_in_a_calendar_keeps_nothing_from_being_withdrawn(rooms, import_ics):
    make_semester()
    import_ics(WEEKLY)
    meeting = SINGLE.replace("MATH-101(a)/MATH-111 - Analysis I", "Faculty meeting")
    said = import_ics(WEEKLY.replace("UNTIL=20261130T160000Z", "UNTIL=20261109T170000Z"), meeting)
    assert counts(said)["faults"] == 1
    assert counts(said)["bookings"] == {"kept": 8, "withdrawn": 3}


def test_whole_days_and_cancelled_events_are_no_lectures(rooms, import_ics):
    make_semester()
    holiday = SINGLE.replace("DTSTART:20260915T001500Z\nDTEND:20260915T020000Z", "DTSTART;VALUE=DATE:20260915")
    said = import_ics(
        holiday, SINGLE.replace("analysis-1", "gone").replace("END:VEVENT", "STATUS:CANCELLED\nEND:VEVENT")
    )
    assert "line 4, lectures[0]: an event of whole days is no lecture" in said
    assert CourseSchedule.objects.count() == 0


def test_course_calendar_without_codes(rooms, import_ics):
    make_semester()
    import_ics(WEEKLY.replace("CS-101 ", ""), options=["--course", "CS-101"])
    assert [course.code for course in Course.objects.all()] == ["CS-101"]
    assert CourseSchedule.objects.count() == 11


def test_unreadable_calendar_or_unknown_semester_is_one_line(rooms, import_ics, tmp_path):
    with pytest.raises(CommandError, match="there is no semester called 2026-2027 fall: import one first"):
        import_ics(WEEKLY)
    make_semester()
    page = tmp_path / "page.ics"
    page.write_text("<!doctype html>", encoding="utf-8")
    with pytest.raises(CommandError, match=r"page\.ics is no calendar"):
        call_command("import_ics", str(page), "--semester", "2026-2027 fall")
    with pytest.raises(CommandError, match="--code-pattern"):
        import_ics(WEEKLY, options=["--code-pattern", "("])


EXAM_WEEK = """BEGIN:VEVENT
UID:week
DTSTART;VALUE=DATE:20261123
SUMMARY:CS-101 exam week
END:VEVENT
"""
DEADLINE = """BEGIN:VEVENT
UID:deadline
DTSTART:20261123T001500Z
DTEND:20261123T001500Z
SUMMARY:CS-101 homework due
END:VEVENT
"""


@pytest.mark.parametrize("beside", [EXAM_WEEK, DEADLINE, DEADLINE.replace("DTEND:20261123T001500Z\n", "")])
def test_a_day_or_a_moment_of_a_course_keeps_nothing_from_being_withdrawn(rooms, import_ics, beside):
    make_semester()
    import_ics(UNCHANGED, beside)
    before = CourseSchedule.objects.filter(is_available=True).count()
    said = import_ics(UNCHANGED.replace("UNTIL=20261130T160000Z", "COUNT=3"), beside)
    after = CourseSchedule.objects.filter(is_available=True).count()
    assert (before, counts(said)["faults"], counts(said)["lectures"]["withdrawn"]) == (11, 1, before - after)
    assert after == 3


def test_a_course_whose_events_are_all_cancelled_loses_them(rooms, import_ics):
    make_semester()
    single = SINGLE.replace("A-B", "Room A")
    import_ics(single)
    assert CourseBooking.objects.filter(occupancy__is_live=True).count() == 2
    off = single.replace("END:VEVENT", "STATUS:CANCELLED\nEND:VEVENT")
    said = import_ics(off, off.replace("analysis-1", "analysis-2"))
    assert (counts(said)["faults"], counts(said)["lectures"]) == (0, {"withdrawn": 2})
    assert not CourseBooking.objects.filter(occupancy__is_live=True).exists()


@pytest.mark.parametrize("line", ["DTSTART:20260915T001500Z", "DTEND:20260915T020000Z", "SUMMARY:CS-101"])
def test_what_stands_twice_in_an_event_is_a_fault_of_it(rooms, import_ics, line):
    make_semester()
    said = import_ics(WEEKLY, SINGLE.replace("END:VEVENT", f"{line}\nEND:VEVENT"))
    name, _, _ = line.partition(":")
    assert f"{name} stands twice" in said
    assert counts(said)["lectures"] == {"created": 11}


def test_rule_that_takes_dates_out_is_a_fault_rather_than_lectures(rooms, import_ics):
    make_semester()
    said = import_ics(WEEKLY.replace("EXDATE;TZID=Asia/Taipei:20261012T081500", "EXRULE:FREQ=MONTHLY"))
    assert "EXRULE is not followed" in said
    assert CourseSchedule.objects.count() == 0
