"""Making, changing and deleting rooms."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, ProtectedError

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.facts import ClassroomChanged, ClassroomCreated, ClassroomDeleted, ClassroomMoving
from classrooms.models import Classroom, Occupancy, RoomOverlap
from classrooms.queries.rooms import ROOMS_VERSION, ClassroomNotFound
from classrooms.rules import UNKNOWN_CLASSROOM, name_faults, name_key, natural_order, room_faults
from classrooms.services.parts import hold_connected, write_parts
from kernel.changes import Changes, changes_between
from kernel.db.constraints import naming
from kernel.db.locks import Namespace, lock_namespace, lock_rooms
from kernel.db.renewing import renew
from kernel.db.transactions import transactional
from kernel.errors import AlreadyExists, Invalid, InvalidState
from kernel.facts import cascade, publish

PLACE = ("type", "building", "link", "latitude", "longitude")
PLACE_OF_RULES = frozenset({"building", "floor"})
"""What others hang things on that they decide about rooms."""
CHANGEABLE = ("capacity", "floor", "equipment", "is_active", "auto_approve", *PLACE, "code")


class ClassroomNameIsTaken(AlreadyExists):
    message = "A classroom with this name already exists"
    field = "name"


class ClassroomCodeIsTaken(AlreadyExists):
    message = "A classroom with this code already exists"
    field = "code"


class ClassroomNameIsACode(ClassroomNameIsTaken):
    """Of a room that is to have its name for its code."""

    message = "Another classroom has this name as its code: choose another name or, in the admin, a code of its own"


class ClassroomIsUsed(InvalidState):
    message = (
        "Bookings, lectures, wishes or booking rules name the classroom: set is_active to false instead of deleting it"
    )


class ClassroomHasParts(InvalidState):
    message = "The classroom consists of others, or is a part of another one: change that before deleting it"


@transactional
def create_classroom(
    *,
    by: User | None,
    now: datetime,
    name: str,
    capacity: int,
    floor: int,
    parts: Sequence[Classroom] = (),
    **more: Any,
) -> Classroom:
    """A new room; `by` None = the system itself; `more`: code, equipment, is_active, auto_approve and `PLACE`.

    Publishes `ClassroomCreated`.

    Raises: PermissionDenied, Invalid, ClassroomNameIsTaken, ClassroomCodeIsTaken, ClassroomNameIsACode; PartsClash,
    where what is booked in its parts would clash.
    """
    if by is not None:
        check_cspace(by.access)
    _check(name=name_faults(name), **room_faults({"capacity": capacity, "floor": floor, **more}))
    with _naming_rivals(more.get("code")):
        classroom = Classroom.objects.create(
            name=name,
            name_key=name_key(name),
            name_order=natural_order(name),
            capacity=capacity,
            floor=floor,
            **_columns({key: value for key, value in more.items() if key in CHANGEABLE}),
        )
    classroom.parts = _names(parts)
    if parts:
        hold_connected([room.pk for room in parts])
        _write_parts(classroom, parts, now)
    renew(ROOMS_VERSION)
    publish(
        ClassroomCreated(
            actor_id=by.pk if by else None, occurred_at=now, classroom_id=classroom.pk, name=classroom.name
        )
    )
    return classroom


@transactional
def change_classroom(
    *, classroom_id: int, by: User, now: datetime, parts: Sequence[Classroom] | None = None, **values: Any
) -> Classroom:
    """Change what is `CHANGEABLE`, and of which rooms it consists; returns it with the names of its `parts`.

    Publishes `ClassroomChanged`, nothing for a no-op.

    What is booked stays booked, and an empty code is the name again. Raises: PermissionDenied, Invalid,
    ClassroomNotFound, ClassroomCodeIsTaken, ClassroomNameIsACode; PartsClash, where what is booked in rooms that would
    now overlap would clash.
    """
    check_cspace(by.access)
    if parts is not None:
        if PLACE_OF_RULES & set(values):
            lock_namespace(Namespace.BOOKING_RULES)  # who is asked about another place holds them: before rooms
        hold_connected([classroom_id, *(room.pk for room in parts)])
    classroom = Classroom.objects.with_parts().select_for_update(no_key=True).filter(pk=classroom_id).first()
    if classroom is None:
        raise ClassroomNotFound
    before = {name: getattr(classroom, name) for name in CHANGEABLE}
    _check(**room_faults({**before, "equipment": {}, **values}))
    changes = changes_between(before, _with_code(values, classroom.name))
    _write(classroom, changes)
    if parts is not None:
        changes |= changes_between({"parts": classroom.parts}, {"parts": _names(parts)})
    if not changes:
        return classroom
    if PLACE_OF_RULES & set(changes):
        cascade(ClassroomMoving(actor_id=by.pk, occurred_at=now, classroom_id=classroom.pk))
    if parts is not None and "parts" in changes:
        _write_parts(classroom, parts, now)
    renew(ROOMS_VERSION)
    publish(
        ClassroomChanged(
            actor_id=by.pk, occurred_at=now, classroom_id=classroom.pk, name=classroom.name, changes=changes
        )
    )
    return classroom


@transactional
def delete_classroom(*, classroom_id: int, by: User, now: datetime) -> None:
    """Remove a room that was never used. Publishes `ClassroomDeleted`.

    Raises: PermissionDenied, ClassroomNotFound, ClassroomHasParts, ClassroomIsUsed.
    """
    check_cspace(by.access)
    lock_rooms([classroom_id])
    has_overlaps = Exists(RoomOverlap.objects.filter(classroom=OuterRef("pk")))
    classroom = Classroom.objects.annotate(has_overlaps=has_overlaps).filter(pk=classroom_id).first()
    if classroom is None:
        raise ClassroomNotFound
    if classroom.has_overlaps:
        raise ClassroomHasParts
    if Occupancy.objects.filter(classroom=classroom).exists():
        raise ClassroomIsUsed
    fact = ClassroomDeleted(actor_id=by.pk, occurred_at=now, classroom_id=classroom.pk, name=classroom.name)
    try:
        classroom.delete()
    except ProtectedError as error:  # something above keeps it: a wish in a draw, a series
        raise ClassroomIsUsed from error
    renew(ROOMS_VERSION)
    publish(fact)


def _with_code(values: dict[str, Any], name: str) -> dict[str, Any]:
    """A code that was emptied is the name of its room."""
    return values if values.get("code", name) else values | {"code": name}


def _write(classroom: Classroom, changes: Changes) -> None:
    """Raises: ClassroomCodeIsTaken, ClassroomNameIsACode."""
    columns = _columns({name: new for name, (_, new) in changes.items()})
    for name, value in columns.items():
        setattr(classroom, name, value)
    if columns:
        code = columns.get("code")
        with nullcontext() if code is None else _naming_rivals("" if code == classroom.name else code):
            classroom.save(update_fields=list(columns))


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """With the key of the code."""
    return values | ({"code_key": name_key(values["code"])} if "code" in values else {})


def _naming_rivals(code: str | None) -> AbstractContextManager[None]:
    """Says which name or code another room has; `code`: one beside the name."""
    names = dict.fromkeys(("classroom_name_is_unique", "classroom_exact_name_is_unique"), ClassroomNameIsTaken())
    refusal = ClassroomCodeIsTaken() if code else ClassroomNameIsACode()
    return naming({**names, **dict.fromkeys(("classroom_code_is_unique", "classroom_exact_code_is_unique"), refusal)})


def _write_parts(classroom: Classroom, parts: Sequence[Classroom], now: datetime) -> None:
    """The rooms are held. Raises: Invalid, PartsClash."""
    there = set(Classroom.objects.filter(pk__in=[room.pk for room in parts]).values_list("pk", flat=True))
    if gone := [f"{UNKNOWN_CLASSROOM}: {room.name}" for room in parts if room.pk not in there]:
        raise Invalid({"parts": gone})
    write_parts(classroom.pk, there, now=now)
    classroom.parts = _names(parts)


def _names(rooms: Sequence[Classroom]) -> list[str]:
    """In their order in lists."""
    return [room.name for room in sorted(set(rooms), key=lambda room: (room.floor, room.name_order, room.pk))]


def _check(**faults: list[str]) -> None:
    actual = {name: sentences for name, sentences in faults.items() if sentences}
    if actual:
        raise Invalid(actual)
