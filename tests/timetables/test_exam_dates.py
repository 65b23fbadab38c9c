"""Days of exams: in files, in the API, in the database, and in the academic calendar."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from auditlog.models import LogEntry
from kernel.academic_calendar import CalendarChanging, Term
from kernel.db.batch import Statement, send
from kernel.db.locks import Namespace
from tests.cascades import answering
from tests.factories.timetables import make_plan, make_semester
from tests.timetables.calendars import Asked, calendar
from timetables.models import Semester

NAME = "2026-2027 fall"
LAST_WEEK, ONE_DAY = ["2026-12-14", "2026-12-18"], ["2026-10-05", "2026-10-05"]
HEADER = "record,name,type,starts_on,ends_on,skip_dates,exam_dates"


def exams(name=NAME):
    """As text."""
    return [[str(day) for day in ends] for ends in Semester.objects.get(name=name).exam_dates]


def semester_file(**fields):
    days = {"type": "fall", "starts_on": "2026-09-14", "ends_on": "2026-12-18"}
    return {"semesters": [{"name": NAME} | days | fields]}


@pytest.fixture
def asked(db):
    answer = Asked()
    with answering(CalendarChanging, answer):
        yield answer


def test_json_says_them_as_pairs_or_in_words(db, run_import):
    run_import(semester_file(exam_dates=[LAST_WEEK, "2026-10-05/2026-10-05", LAST_WEEK]))
    assert exams() == [LAST_WEEK, ONE_DAY]


def test_csv_says_them_in_words(db, run_import):
    row = f"semesters,{NAME},fall,2026-09-14,2026-12-18,2026-10-05,2026-12-14/2026-12-18; 2026-10-05 / 2026-10-05"
    run_import(f"{HEADER}\n{row}\n", name="timetable.csv")
    assert exams() == [LAST_WEEK, ONE_DAY]


def test_what_a_file_does_not_say_stays_and_an_empty_list_says_none(db, run_import):
    run_import(semester_file(exam_dates=[LAST_WEEK]))
    said = run_import({"semesters": [{"name": NAME}]})
    assert "semesters        created 0, changed 0, kept 1" in said
    assert (exams(), LogEntry.objects.count()) == ([LAST_WEEK], 1)
    run_import({"semesters": [{"name": NAME, "exam_dates": [ONE_DAY]}]})
    assert exams() == [ONE_DAY]
    run_import(f"{HEADER}\nsemesters,{NAME},,,,,\n", name="timetable.csv")
    assert exams() == [ONE_DAY]
    run_import({"semesters": [{"name": NAME, "exam_dates": []}]})
    assert exams() == []


@pytest.mark.parametrize(
    ("exam_dates", "sentence"),
    [
        ("2026-12-14", "exam_dates has an element that is not a first and a last date, such as 2027-01-11/2027-01-29"),
        ([["2026-12-14"]], "exam_dates has an element that is not a first and a last date"),
        ([[*LAST_WEEK, "2026-12-19"]], "exam_dates has an element that is not a first and a last date"),
        ([{"from": "2026-12-14"}], "exam_dates has an element that is not a first and a last date"),
        ([5], "exam_dates has an element that is not a first and a last date"),
        ([None], "exam_dates has an element that is not a first and a last date"),
        (True, "exam_dates is not a list of at most 1000"),
        ({"from": "2026-12-14"}, "exam_dates is not a list of at most 1000"),
        ([LAST_WEEK] * 1001, "exam_dates is not a list of at most 1000"),
        ([["2026-12-14", "2026-02-30"]], "exam_dates has an element that is not a date of the form YYYY-MM-DD"),
        ([["2026-12-14", 5]], "exam_dates has an element that is not a date of the form YYYY-MM-DD"),
        ([[["2026-12-14"], "2026-12-18"]], "exam_dates has an element that is not a date of the form YYYY-MM-DD"),
        (["0000-12-14/2026-12-18"], "exam_dates has an element that is not a date of the form YYYY-MM-DD"),
        ([LAST_WEEK[::-1]], "exam_dates has an element that ends before it begins: 2026-12-18/2026-12-14"),
        ([["2026-12-14", "2026-12-19"]], "exam_dates lie outside of the semester"),
        ([["2026-09-13", "2026-09-14"]], "exam_dates lie outside of the semester"),
    ],
)
def test_a_faulty_range_leaves_its_semester_out(db, run_import, exam_dates, sentence):
    said = run_import(semester_file(exam_dates=exam_dates))
    assert f"semesters[0]: {sentence}" in said
    assert (Semester.objects.count(), LogEntry.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"exam_dates": [["2026-12-14", "2026-12-19"]]},
        {"type": "fall", "starts_on": "2026-09-14", "ends_on": "2026-12-17"},
    ],
)
def test_what_a_file_says_has_to_go_with_what_is_there(db, run_import, fields):
    run_import(semester_file(exam_dates=[LAST_WEEK]))
    said = run_import({"semesters": [{"name": NAME} | fields]})
    assert f"semesters[0]: exam_dates lie outside of the semester {NAME}\n" in said
    semester = Semester.objects.get()
    assert (exams(), str(semester.ends_on), LogEntry.objects.count()) == ([LAST_WEEK], "2026-12-18", 1)


def test_a_semester_and_its_exams_move_together(db, run_import):
    run_import(semester_file(exam_dates=[LAST_WEEK]))
    run_import(semester_file(ends_on="2026-12-11", exam_dates=[["2026-12-07", "2026-12-11"]]))
    assert exams() == [["2026-12-07", "2026-12-11"]]


def test_the_api_shows_them(db, api, stranger, run_import):
    run_import(semester_file(exam_dates=[LAST_WEEK, ONE_DAY], skip_dates=["2026-10-06"]))
    plan = make_plan(semester=Semester.objects.get())
    semester = api(stranger).get(f"study-plans/{plan.pk}/").json()["semester"]
    assert semester == {
        "name": NAME,
        "type": "fall",
        "start_date": "2026-09-14",
        "end_date": "2026-12-18",
        "skip_dates": ["2026-10-06"],
        "exam_dates": [LAST_WEEK, ONE_DAY],
    }


@pytest.mark.parametrize(
    ("exam_dates", "constraint"),
    [
        ([["2026-12-14", "2026-12-19"]], "semester_has_its_exam_dates"),
        ([["2026-09-13", "2026-09-14"]], "semester_has_its_exam_dates"),
        ([["2026-12-14"]], "semester_exam_dates_are_ranges"),
        ([["2026-12-14", "2026-12-15", "2026-12-16"]], "semester_exam_dates_are_ranges"),
    ],
)
def test_the_database_refuses(db, exam_dates, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_semester(exam_dates=exam_dates)


def test_the_calendar_has_the_available_semesters_in_the_order_that_decides(db):
    year, day = dt.date(2026, 8, 1), dt.date(2026, 10, 5)
    ends = dt.date(2027, 7, 31)
    make_semester("year", type="year", starts_on=year, ends_on=ends)
    make_semester("later year", type="year", starts_on=day, ends_on=ends)
    make_semester("fall", exam_dates=[["2026-12-14", "2026-12-18"]], skip_dates=["2026-10-05"])
    make_semester("spring", type="spring", starts_on=dt.date(2026, 12, 1), ends_on=ends)
    make_semester("withdrawn", starts_on=dt.date(2026, 12, 2), is_available=False)
    fall = (dt.date(2026, 9, 14), dt.date(2026, 12, 18))
    assert calendar() == (
        Term(dt.date(2026, 12, 1), ends),
        Term(*fall, ((dt.date(2026, 12, 14), dt.date(2026, 12, 18)),), (day,)),
        Term(day, ends),
        Term(year, ends),
    )


def test_an_import_asks_once_when_semesters_are_written(asked, run_import):
    run_import(semester_file(exam_dates=[LAST_WEEK]))
    run_import(semester_file(exam_dates=[LAST_WEEK]))
    run_import({"courses": [{"code": "CS-101", "name": "Algorithms"}]})
    run_import(semester_file(exam_dates=[]))
    run_import(semester_file(exam_dates=[LAST_WEEK]), "--dry-run")
    run_import({"semesters": [{"name": NAME, "available": False}]})
    starts_on, ends_on = dt.date(2026, 9, 14), dt.date(2026, 12, 18)
    with_exams = (Term(starts_on, ends_on, ((dt.date(2026, 12, 14), dt.date(2026, 12, 18)),)),)
    assert asked.calendars == [with_exams, (Term(starts_on, ends_on),), with_exams, ()]
    assert asked.actors == [None] * 4


def test_no_room_is_locked_yet_when_an_import_asks(rooms, file, run_import):
    """Whoever answers may lock groups and people, which come before rooms."""
    namespaces = []

    def look(question):
        locks = "SELECT classid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"
        (rows,) = send(Statement(locks))
        namespaces.extend(Namespace(namespace) for (namespace,) in rows)
        return []

    with answering(CalendarChanging, look):
        run_import(file)
    assert namespaces == [Namespace.TIMETABLE]
