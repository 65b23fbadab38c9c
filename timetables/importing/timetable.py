"""Bringing a file's timetable in: one transaction, set-based, and the same file again changes nothing."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction

from accounts.models import User
from kernel.academic_calendar import CalendarChanging
from kernel.db.locks import Namespace, lock_namespace
from kernel.db.transactions import allow_long_work, transactional
from kernel.errors import PermissionDenied
from kernel.facts import cascade, publish
from timetables.facts import MAX_NAMED, TimetableImported
from timetables.importing.catalogue import upsert_catalogue
from timetables.importing.files import Places
from timetables.importing.lectures import write_lectures
from timetables.importing.nouns import SEMESTERS
from timetables.importing.records import Fault, Record
from timetables.importing.report import ImportReport
from timetables.importing.rooms import find_rooms
from timetables.importing.staging import expand_weekly, stage
from timetables.importing.statements import count, rows_of

STATEMENT_SECONDS = 600
WAIT_SECONDS = 30
"""For another import, and for those who are booking the rooms."""


@transactional
def import_timetable(
    *,
    by: User | None,
    now: datetime,
    source: str,
    read: Callable[[], Iterable[Record | Fault]],
    create_rooms: bool = False,
    dry_run: bool = False,
    places: Places | None = None,
) -> ImportReport:
    """Make the timetable what a file says it is, for the file's semesters and courses.

    `by` None = the operator at the command line. `source`: the file's name, for the log. `read`: opens the records;
    called again if the transaction is. `places`: of its lines, where there are several files. With `dry_run` everything
    is done, counted, and rolled back.

    A faulty record is left out and reported; a lecture that meets something else does not get that room and is
    reported. Where semesters are written, `CalendarChanging` is asked. Publishes `TimetableImported` unless nothing
    changed (and a `ClassroomCreated` for each room made).

    Raises: PermissionDenied, UnreadableFile (nothing is imported), Unavailable; OperationalError, where it waits longer
    than `WAIT_SECONDS` for others.
    """
    if by is not None and not by.access.is_cspace:
        raise PermissionDenied
    allow_long_work(statement_seconds=STATEMENT_SECONDS, wait_seconds=WAIT_SECONDS)
    lock_namespace(Namespace.TIMETABLE)
    report = ImportReport(places or Places())
    stage(read(), report.complain)
    upsert_catalogue(report)
    if report.counts[SEMESTERS.name].has_changes:
        # Before rooms are locked: whoever answers may lock groups and people.
        cascade(CalendarChanging(actor_id=by.pk if by else None, occurred_at=now))
    expand_weekly(report.complain)
    find_rooms(report, create=create_rooms, by=by, now=now)
    write_lectures(report)
    if report.has_changes:
        publish(_imported(report, by=by, now=now, source=source))
    if dry_run:
        transaction.set_rollback(True)
    return report


def _imported(report: ImportReport, *, by: User | None, now: datetime, source: str) -> TimetableImported:
    return TimetableImported(
        actor_id=by.pk if by else None,
        occurred_at=now,
        source=source,
        counts=report.counts_to_json(),
        course_count=count("affected_courses"),
        course_ids=_affected_courses(),
        conflict_count=report.conflict_count,
        conflicts=tuple(conflict.to_json() for conflict in report.conflicts),
        shortened_buffers=tuple(report.shortened_buffers),
        fault_count=report.fault_count,
        made_rooms=tuple(report.made_rooms),
    )


def _affected_courses() -> tuple[int, ...]:
    """The first of them, by id."""
    rows = rows_of("SELECT course_id FROM affected_courses ORDER BY course_id LIMIT %s", [MAX_NAMED])
    return tuple(course_id for (course_id,) in rows)
