"""What a campus day is in the academic year: term, exams, or neither.

The app that keeps semesters says here how they are asked and read (`provide`); whoever has rules about them need not
know it. Without such an app there are no terms.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kernel.db.batch import Statement
from kernel.db.pipeline import ResultRows
from kernel.facts import Cascade

AcademicPeriod = Literal["term", "exam", "break"]
TERM: AcademicPeriod = "term"
EXAM: AcademicPeriod = "exam"
BREAK: AcademicPeriod = "break"
NO_TERMS = Statement("SELECT WHERE false")


@dataclass(frozen=True)
class Term:
    """A semester, or a year, by its campus days: `starts_on` to `ends_on`, both included.

    `exam_dates`: ranges of its days, (first, last), both included, in any order. `break_dates`: days off.
    """

    starts_on: date
    ends_on: date
    exam_dates: tuple[tuple[date, date], ...] = ()
    break_dates: tuple[date, ...] = ()

    def has(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on

    def period_of(self, day: date) -> AcademicPeriod:
        """Of one of its days. A day off among exams is one of exams: no lecture is the rule there."""
        if any(first <= day <= last for first, last in self.exam_dates):
            return EXAM
        return BREAK if day in self.break_dates else TERM


def period_on(terms: Sequence[Term], day: date) -> tuple[AcademicPeriod, Term | None]:
    """What a campus day is, and the first of the terms that has it; a day of none is a break."""
    term = next((term for term in terms if term.has(day)), None)
    return (term.period_of(day), term) if term else (BREAK, None)


@dataclass(frozen=True, kw_only=True)
class CalendarChanging(Cascade):
    """Asked when terms have just been written, with no room locked yet: what was reckoned by them has to follow.

    Whoever answers asks `terms_statement` for what they are now. The log names none of the targets that are answered.
    """


TermsQuestion = Callable[[], Statement]
TermsReader = Callable[[ResultRows], tuple[Term, ...]]
_providers: list[tuple[TermsQuestion, TermsReader]] = []


def provide(ask: TermsQuestion, read: TermsReader) -> None:
    """Have terms asked by a statement and read from its rows. Called from `AppConfig.ready`."""
    _providers[:] = [(ask, read)]


def terms_statement() -> Statement:
    """The question for `terms_in`."""
    return _providers[0][0]() if _providers else NO_TERMS


def terms_in(rows: ResultRows) -> tuple[Term, ...]:
    """All terms that there are, in the order in which they decide what a day is."""
    return _providers[0][1](rows) if _providers else ()
