"""Changing the timetable by hand: what an import does for a whole semester, for single rows.

Dated lectures are made by imports only; by hand they are withdrawn and restored.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model, QuerySet

from accounts.models import User
from accounts.rules import check_cspace
from kernel.academic_calendar import CalendarChanging
from kernel.changes import changes_between
from kernel.db.locks import Namespace, lock_namespace
from kernel.db.transactions import transactional
from kernel.errors import Invalid, InvalidState, NotFound
from kernel.facts import cascade, publish
from timetables import rules
from timetables.facts import (
    TimetableRowAdded,
    TimetableRowChanged,
    TimetableRowsRestored,
    TimetableRowsWithdrawn,
)
from timetables.models import (
    Course,
    CourseBooking,
    CourseSchedule,
    PlannedCourse,
    Semester,
    StudyPlan,
    Teacher,
    Unit,
)
from timetables.services.visibility import Settlement, settle

ModelT = TypeVar("ModelT", bound=Model)
EDITABLE: dict[type[Model], tuple[str, ...]] = {
    Teacher: ("name", "people_url"),
    Course: ("code", "name", "credits", "edu_url", "language", "teachers"),
    Semester: ("name", "type", "starts_on", "ends_on", "skip_dates", "exam_dates"),
    Unit: ("name", "code", "section", "promo"),
    StudyPlan: ("unit", "semester"),
    PlannedCourse: ("study_plan", "course"),
}
"""What can be made and changed by hand, and which of its fields. Availability is changed by `withdraw`, `restore`."""
MAKES_THE_CALENDAR = frozenset({"type", "starts_on", "ends_on", "skip_dates", "exam_dates"})
"""Of a semester: by these it is told what a day is (`kernel.academic_calendar`)."""
BLOCKED_BY: dict[type[Model], str] = {
    Course: "schedule__course__in",
    CourseSchedule: "schedule__in",
    CourseBooking: "pk__in",
}
"""How the bookings are found whose rooms depend on a row's availability."""


class TimetableRowNotFound(NotFound):
    def __init__(self, kind: type[Model]) -> None:
        super().__init__(str(kind._meta.verbose_name).capitalize())


class RoomsAreTaken(InvalidState):
    message = "What stands in these rooms now has come later: nothing could be restored"


@transactional
def add_row(*, kind: type[ModelT], by: User, now: datetime, **values: Any) -> ModelT:
    """A new row of an `EDITABLE` kind. Publishes `TimetableRowAdded`; of a semester, asks `CalendarChanging` before.

    Raises: PermissionDenied, Invalid.
    """
    _begin(by)
    teachers = values.pop("teachers", None)
    row = kind(**{name: value for name, value in values.items() if name in EDITABLE[kind]})
    _check(row)
    row.save(force_insert=True)
    if isinstance(row, Course) and teachers is not None:
        row.teachers.set(teachers)
    if kind is Semester:
        _change_calendar(by, now)
    publish(TimetableRowAdded(actor_id=by.pk, occurred_at=now, noun=_noun(kind), row_id=row.pk, name=str(row)))
    return row


@transactional
def change_row(*, kind: type[ModelT], row_id: int, by: User, now: datetime, **values: Any) -> ModelT:
    """Change some fields of a row. Publishes `TimetableRowChanged`, nothing for a no-op; where days are something else
    by it, asks `CalendarChanging` before.

    Raises: PermissionDenied, TimetableRowNotFound, Invalid.
    """
    _begin(by)
    row = kind._default_manager.filter(pk=row_id).first()
    if row is None:
        raise TimetableRowNotFound(kind)
    names = [name for name in EDITABLE[kind] if name in values]
    changes = changes_between(
        {name: _plain(getattr(row, name)) for name in names}, {name: _plain(values[name]) for name in names}
    )
    if not changes:
        return row
    columns = [name for name in changes if name != "teachers"]
    for name in columns:
        setattr(row, name, values[name])
    _check(row)
    row.save(update_fields=columns)
    if isinstance(row, Course) and "teachers" in changes:
        row.teachers.set(values["teachers"])
    if isinstance(row, Semester) and row.is_available and MAKES_THE_CALENDAR & changes.keys():
        _change_calendar(by, now)
    publish(
        TimetableRowChanged(
            actor_id=by.pk, occurred_at=now, noun=_noun(kind), row_id=row.pk, name=str(row), changes=changes
        )
    )
    return row


@transactional
def withdraw(*, kind: type[Model], row_ids: Sequence[int], by: User, now: datetime) -> Settlement:
    """Hide rows; lectures that depend on them give up their rooms. Publishes `TimetableRowsWithdrawn`, not for a no-op;
    of semesters, asks `CalendarChanging` before.

    Raises: PermissionDenied.
    """
    _begin(by)
    return _show(kind, row_ids, by, now, is_available=False)


@transactional
def restore(*, kind: type[Model], row_ids: Sequence[int], by: User, now: datetime) -> Settlement:
    """Show rows again; their lectures take back the rooms that are still free, and the others are withdrawn.

    Publishes `TimetableRowsRestored`, not for a no-op; of semesters, asks `CalendarChanging` before.

    Raises: PermissionDenied, RoomsAreTaken (bookings, none of which gets its room).
    """
    _begin(by)
    return _show(kind, row_ids, by, now, is_available=True)


def _show(kind: type[Model], row_ids: Sequence[int], by: User, now: datetime, *, is_available: bool) -> Settlement:
    rows = kind._default_manager.filter(pk__in=row_ids, is_available=not is_available)
    changed = sorted(rows.values_list("pk", flat=True))
    if not changed:
        return Settlement(0, 0, 0, ())
    kind._default_manager.filter(pk__in=changed).update(is_available=is_available)
    if kind is Semester:
        _change_calendar(by, now)
    settlement = Settlement(0, 0, 0, ())
    if kind in BLOCKED_BY:
        settlement = settle(CourseBooking.objects.filter(**{BLOCKED_BY[kind]: changed}))
    if kind is CourseBooking and settlement.refused == len(changed):
        raise RoomsAreTaken
    fact = TimetableRowsRestored if is_available else TimetableRowsWithdrawn
    publish(
        fact(
            actor_id=by.pk,
            occurred_at=now,
            noun=_noun(kind),
            row_ids=tuple(changed),
            released_count=settlement.released,
            reclaimed_count=settlement.reclaimed,
            conflicts=tuple(conflict.to_json() for conflict in settlement.conflicts),
            shortened_buffers=settlement.shortened_buffers,
        )
    )
    return replace(settlement, rows=len(changed) - (settlement.refused if kind is CourseBooking else 0))


def _begin(by: User) -> None:
    """One writer of the timetable at a time: an import, or somebody by hand."""
    check_cspace(by.access)
    lock_namespace(Namespace.TIMETABLE)


def _change_calendar(by: User, now: datetime) -> None:
    cascade(CalendarChanging(actor_id=by.pk, occurred_at=now))


def _check(row: Model) -> None:
    if isinstance(row, Semester) and (sentences := rules.exam_faults(row.exam_dates, row.starts_on, row.ends_on)):
        raise Invalid({"exam_dates": sentences})
    try:
        row.full_clean()
    except ValidationError as error:
        faults = error.message_dict
        if NON_FIELD_ERRORS in faults:
            faults["non_field_errors"] = faults.pop(NON_FIELD_ERRORS)
        raise Invalid(faults) from error


def _noun(kind: type[Model]) -> str:
    return str(kind._meta.model_name)


def _plain(value: Any) -> Any:
    """JSON for the log: rows by name, dates as text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | QuerySet):
        return sorted(_plain(element) for element in value)
    if hasattr(value, "all"):
        return _plain(value.all())
    return str(value) if isinstance(value, Model) else value
