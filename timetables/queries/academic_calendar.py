"""The semesters as the academic calendar has them (`kernel.academic_calendar`)."""

from kernel.academic_calendar import Term
from kernel.db.batch import Statement
from kernel.db.pipeline import ResultRows
from timetables.enums import SemesterType

SEMESTERS = f"""
SELECT starts_on, ends_on, exam_dates, skip_dates
  FROM timetables_semester
 WHERE is_available
 ORDER BY type = '{SemesterType.YEAR}', starts_on DESC, id DESC
"""  # noqa: S608  # a constant of ours


def asking_for_semesters() -> Statement:
    """The question for `semesters_in`."""
    return Statement(SEMESTERS)


def semesters_in(rows: ResultRows) -> tuple[Term, ...]:
    """The available semesters in the order that decides: those of half a year before those of a whole one, and of
    several of a kind the one that begins last."""
    return tuple(
        Term(
            starts_on=starts_on,
            ends_on=ends_on,
            exam_dates=tuple((first, last) for first, last in exam_dates),
            break_dates=tuple(skip_dates),
        )
        for starts_on, ends_on, exam_dates, skip_dates in rows
    )
