"""The page of a semester: its days of exams, and who is asked when days are something else."""

import datetime as dt

import pytest

from auditlog.models import LogEntry
from kernel import clock
from kernel.academic_calendar import CalendarChanging, Term
from kernel.errors import Invalid
from tests.admin.pages import act, errors
from tests.cascades import answering
from tests.factories.timetables import make_course, make_semester
from tests.timetables.calendars import Asked
from timetables.models import Semester
from timetables.services.editing import change_row

PAGE = "/admin/timetables/semester/"
LAST_WEEK, ONE_DAY = ["2026-12-14", "2026-12-18"], ["2026-10-05", "2026-10-05"]
DAY = dt.date(2026, 10, 5)
FORM = {"name": "2026-2027 fall", "type": "fall", "starts_on": "2026-09-14", "ends_on": "2026-12-18", "skip_dates": ""}


def exams():
    """As text."""
    return [[str(day) for day in ends] for ends in Semester.objects.get().exam_dates]


@pytest.fixture
def asked(db):
    answer = Asked()
    with answering(CalendarChanging, answer):
        yield answer


def test_the_page_takes_them(admin):
    form = FORM | {"exam_dates": "2026-12-14/2026-12-18, 2026-10-05 / 2026-10-05"}
    assert admin.post(f"{PAGE}add/", form).status_code == 302
    assert exams() == [LAST_WEEK, ONE_DAY]
    page = f"{PAGE}{Semester.objects.get().pk}/change/"
    shown = admin.get(page).context["adminform"].form["exam_dates"].value()
    assert shown == "2026-12-14/2026-12-18,2026-10-05/2026-10-05"
    assert admin.post(page, FORM | {"exam_dates": shown}).status_code == 302
    assert LogEntry.objects.count() == 1
    assert admin.post(page, FORM | {"exam_dates": "2026-12-14/2026-12-18"}).status_code == 302
    assert exams() == [LAST_WEEK]
    assert LogEntry.objects.latest("id").details["changes"] == {"exam_dates": [[ONE_DAY, LAST_WEEK], [LAST_WEEK]]}
    assert admin.post(page, FORM | {"exam_dates": ""}).status_code == 302
    assert exams() == []


def test_what_the_page_showed_goes_with_it(admin, cspace):
    """Only what was touched since is another now."""
    semester = make_semester(exam_dates=[LAST_WEEK])
    page = f"{PAGE}{semester.pk}/change/"
    sent = FORM | {"skip_dates": "2026-10-06", "exam_dates": "2026-12-14/2026-12-18"}
    sent |= {f"initial-{name}": value for name, value in FORM.items()}
    change_row(kind=Semester, row_id=semester.pk, by=cspace, now=clock.now(), exam_dates=[[DAY, DAY]])
    assert admin.post(page, sent | {"initial-exam_dates": "2026-12-14/2026-12-18"}).status_code == 302
    assert exams() == [ONE_DAY]
    assert Semester.objects.get().skip_dates == [dt.date(2026, 10, 6)]


RANGE = "Item 1 in the array did not validate: A first and a last date are required, such as 2027-01-11/2027-01-29"


@pytest.mark.parametrize(
    ("exam_dates", "sentence"),
    [
        ("2026-12-14", RANGE),
        ("2026-12-14/2026-12-15/2026-12-16", RANGE),
        ("2026-12-14/", "Item 1 in the array did not validate: This field is required."),
        ("2026-12-14/2026-13-18", "Item 1 in the array did not validate: Enter a valid date."),
        ("2026-12-14/2026-12-18,x", RANGE.replace("1", "2", 1)),
        ("2026-12-18/2026-12-14", "a range of exam_dates ends before it begins"),
        ("2026-12-14/2026-12-19", "exam_dates lie outside of the semester"),
        (",".join(["2026-12-14/2026-12-18"] * 51), "List contains 51 items, it should contain no more than 50."),
    ],
)
def test_a_faulty_range_is_named_on_the_page(admin, exam_dates, sentence):
    assert errors(admin.post(f"{PAGE}add/", FORM | {"exam_dates": exam_dates})) == {"exam_dates": [sentence]}
    assert (Semester.objects.count(), LogEntry.objects.count()) == (0, 0)


def test_a_semester_is_not_shortened_below_its_exams(admin):
    make_semester(exam_dates=[LAST_WEEK])
    form = FORM | {"ends_on": "2026-12-17", "exam_dates": "2026-12-14/2026-12-18"}
    response = admin.post(f"{PAGE}{Semester.objects.get().pk}/change/", form)
    assert errors(response) == {"exam_dates": ["exam_dates lie outside of the semester"]}
    assert LogEntry.objects.count() == 0


@pytest.mark.parametrize("days", [LAST_WEEK[::-1], ["2026-12-14", "2026-12-19"]])
def test_the_service_refuses_what_the_page_does(cspace, days):
    semester = make_semester()
    ends = [dt.date.fromisoformat(day) for day in days]
    with pytest.raises(Invalid) as refusal:
        change_row(kind=Semester, row_id=semester.pk, by=cspace, now=clock.now(), exam_dates=[ends])
    assert list(refusal.value.details) == ["exam_dates"]
    assert (exams(), LogEntry.objects.count()) == ([], 0)


def test_the_pages_ask_when_days_are_something_else(asked, admin, cspace):
    admin.post(f"{PAGE}add/", FORM | {"exam_dates": ""})
    semester = Semester.objects.get()
    page = f"{PAGE}{semester.pk}/change/"
    term = Term(semester.starts_on, semester.ends_on)
    form = FORM | {"name": "fall", "exam_dates": ""}
    admin.post(page, form)
    assert asked.calendars == [(term,)]  # another name is no other day
    for change in (
        {"skip_dates": "2026-10-05"},
        {"exam_dates": "2026-10-05/2026-10-05"},
        {"type": "year"},
        {"starts_on": "2026-09-15"},
        {"ends_on": "2026-12-17"},
    ):
        form |= change
        for _ in range(2):
            assert admin.post(page, form).status_code == 302
    last = Term(dt.date(2026, 9, 15), dt.date(2026, 12, 17), ((DAY, DAY),), (DAY,))
    assert (len(asked.calendars), asked.calendars[-1]) == (6, (last,))
    assert set(asked.actors) == {cspace.pk}


def test_withdrawing_and_restoring_a_semester_ask(asked, admin):
    semester = make_semester()
    term = Term(semester.starts_on, semester.ends_on)
    page = "timetables/semester"
    act(admin, "timetables/course", "withdraw", make_course("CS-101"))
    assert asked.calendars == []
    act(admin, page, "withdraw", semester)
    # The page that asks has tried it out first.
    assert asked.calendars == [(), ()]
    admin.post(f"{PAGE}{semester.pk}/change/", FORM | {"exam_dates": "2026-12-14/2026-12-18"})
    assert (asked.calendars, exams()) == ([(), ()], [LAST_WEEK])
    admin.post(f"{PAGE}{semester.pk}/change/", FORM | {"exam_dates": ""})
    act(admin, page, "restore", semester)
    assert asked.calendars[2:] == [(term,), (term,)]
