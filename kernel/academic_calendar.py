"""What part of the academic year a campus date lies in. An app that knows semesters provides them; others ask here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from kernel.db.batch import Statement
from kernel.db.pipeline import ResultRows


@dataclass(frozen=True)
class Term:
    """A semester: its first and last day, the ranges of days with exams (both included), and days without classes."""

    starts_on: date
    ends_on: date
    exam_dates: tuple[tuple[date, date], ...] = ()
    break_dates: tuple[date, ...] = ()


def period_on(terms: Sequence[Term], day: date) -> tuple[str, Term | None]:
    """`term`, `exam` or `break`, and the first of the semesters that has the day."""
    for term in terms:
        if term.starts_on <= day <= term.ends_on:
            if any(first <= day <= last for first, last in term.exam_dates):
                return "exam", term
            return ("break" if day in term.break_dates else "term"), term
    return "break", None


_providers: list[tuple[Callable[[], Statement], Callable[[ResultRows], tuple[Term, ...]]]] = []


def provide(ask: Callable[[], Statement], read: Callable[[ResultRows], tuple[Term, ...]]) -> None:
    """Have semesters read from what a statement answers. Called from `AppConfig.ready`."""
    _providers[:] = [(ask, read)]


def terms_statement() -> Statement:
    """The question for `terms_in`."""
    return _providers[0][0]() if _providers else Statement("SELECT WHERE false")


def terms_in(rows: ResultRows) -> tuple[Term, ...]:
    """The semesters, in the order that decides; none without a provider."""
    return _providers[0][1](rows) if _providers else ()
