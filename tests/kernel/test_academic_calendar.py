"""What a campus day is: the pure rule beside a naive reading of it, and who provides the terms."""

import datetime as dt

from hypothesis import example, given
from hypothesis import strategies as st

from kernel import academic_calendar
from kernel.academic_calendar import Term, period_on, terms_in, terms_statement
from kernel.db.batch import send

FIRST = dt.date(2026, 9, 1)
days = st.integers(0, 30).map(lambda number: FIRST + dt.timedelta(days=number))


def ranges(within):
    return st.lists(st.tuples(within, within).map(lambda ends: tuple(sorted(ends))), max_size=3).map(tuple)


@st.composite
def terms(draw):
    starts_on, ends_on = sorted((draw(days), draw(days)))
    within = st.integers(0, (ends_on - starts_on).days).map(lambda number: starts_on + dt.timedelta(days=number))
    return Term(starts_on, ends_on, draw(ranges(within)), draw(st.lists(days, max_size=4).map(tuple)))


def calendar_of(term):
    """Day by day, each written over by what weighs more."""
    every = [term.starts_on + dt.timedelta(days=number) for number in range((term.ends_on - term.starts_on).days + 1)]
    calendar = dict.fromkeys(every, "term")
    calendar |= {day: "break" for day in term.break_dates if day in calendar}
    for first, last in term.exam_dates:
        calendar |= {day: "exam" for day in every if first <= day and day <= last}
    return calendar


@given(st.lists(terms(), max_size=3), days)
@example([], FIRST)
@example([Term(FIRST, FIRST, ((FIRST, FIRST),), (FIRST,))], FIRST)
@example([Term(FIRST, FIRST, (), (FIRST,)), Term(FIRST, FIRST)], FIRST)
def test_a_day_is_what_the_first_term_that_has_it_says(several, day):
    expected = ("break", None)
    for term in reversed(several):
        calendar = calendar_of(term)
        if day in calendar:
            expected = (calendar[day], term)
    assert period_on(several, day) == expected


def test_both_ends_belong_to_a_term_and_to_its_exams():
    term = Term(dt.date(2026, 9, 14), dt.date(2026, 12, 18), ((dt.date(2026, 12, 14), dt.date(2026, 12, 18)),))
    on = {
        day: period_on([term], dt.date.fromisoformat(day))
        for day in ("2026-09-13", "2026-09-14", "2026-12-13", "2026-12-14", "2026-12-18", "2026-12-19")
    }
    assert on == {
        "2026-09-13": ("break", None),
        "2026-09-14": ("term", term),
        "2026-12-13": ("term", term),
        "2026-12-14": ("exam", term),
        "2026-12-18": ("exam", term),
        "2026-12-19": ("break", None),
    }


def test_without_a_provider_there_are_no_terms(db):
    provided = academic_calendar._providers[:]
    academic_calendar._providers.clear()
    try:
        (rows,) = send(terms_statement())
        assert (rows, terms_in(rows)) == ([], ())
    finally:
        academic_calendar._providers[:] = provided
