"""Making, changing and deleting rooms."""

from datetime import datetime
from typing import Any

from django.db.models import ProtectedError

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.facts import ClassroomChanged, ClassroomCreated, ClassroomDeleted, ClassroomMoving
from classrooms.models import Classroom, Occupancy
from classrooms.queries.rooms import ROOMS_VERSION, ClassroomNotFound
from classrooms.rules import name_faults, name_key, natural_order, room_faults
from kernel.changes import changes_between
from kernel.db.constraints import naming
from kernel.db.locks import lock_rooms
from kernel.db.renewing import renew
from kernel.db.transactions import transactional
from kernel.errors import AlreadyExists, Invalid, InvalidState
from kernel.facts import cascade, publish

PLACE = ("type", "building", "link", "latitude", "longitude")
PLACE_OF_RULES = frozenset({"building", "floor"})
"""What others hang things on that they decide about rooms."""
CHANGEABLE = ("capacity", "floor", "equipment", "is_active", "auto_approve", *PLACE)


class ClassroomNameIsTaken(AlreadyExists):
    message = "A classroom with this name already exists"
    field = "name"


class ClassroomIsUsed(InvalidState):
    message = "The classroom has been used: set is_active to false instead of deleting it"


@transactional
def create_classroom(*, by: User | None, now: datetime, name: str, capacity: int, floor: int, **more: Any) -> Classroom:
    """A new room; `by` None = the system itself; `more`: equipment, is_active, auto_approve and `PLACE`.

    Publishes `ClassroomCreated`.

    Raises: PermissionDenied, Invalid, ClassroomNameIsTaken.
    """
    if by is not None:
        check_cspace(by.access)
    _check(name=name_faults(name), **room_faults({"capacity": capacity, "floor": floor, **more}))
    with naming(
        {
            constraint: ClassroomNameIsTaken()
            for constraint in ("classroom_name_is_unique", "classroom_exact_name_is_unique")
        }
    ):
        classroom = Classroom.objects.create(
            name=name,
            name_key=name_key(name),
            name_order=natural_order(name),
            capacity=capacity,
            floor=floor,
            **{key: value for key, value in more.items() if key in CHANGEABLE},
        )
    renew(ROOMS_VERSION)
    publish(
        ClassroomCreated(
            actor_id=by.pk if by else None, occurred_at=now, classroom_id=classroom.pk, name=classroom.name
        )
    )
    return classroom


@transactional
def change_classroom(*, classroom_id: int, by: User, now: datetime, **values: Any) -> Classroom:
    """Change what is `CHANGEABLE`. Publishes `ClassroomChanged`, nothing for a no-op.

    What is booked stays booked. Raises: PermissionDenied, Invalid, ClassroomNotFound.
    """
    check_cspace(by.access)
    classroom = Classroom.objects.select_for_update(no_key=True).filter(pk=classroom_id).first()
    if classroom is None:
        raise ClassroomNotFound
    before = {name: getattr(classroom, name) for name in CHANGEABLE}
    _check(**room_faults({**before, "equipment": {}, **values}))
    changes = changes_between(before, values)
    if not changes:
        return classroom
    for name, (_, new) in changes.items():
        setattr(classroom, name, new)
    classroom.save(update_fields=list(changes))
    if PLACE_OF_RULES & set(changes):
        cascade(ClassroomMoving(actor_id=by.pk, occurred_at=now, classroom_id=classroom.pk))
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

    Raises: PermissionDenied, ClassroomNotFound, ClassroomIsUsed.
    """
    check_cspace(by.access)
    lock_rooms([classroom_id])
    classroom = Classroom.objects.filter(pk=classroom_id).first()
    if classroom is None:
        raise ClassroomNotFound
    if Occupancy.objects.filter(classroom=classroom).exists():
        raise ClassroomIsUsed
    fact = ClassroomDeleted(actor_id=by.pk, occurred_at=now, classroom_id=classroom.pk, name=classroom.name)
    try:
        classroom.delete()
    except ProtectedError as error:  # something above keeps it: a wish in a draw, a series
        raise ClassroomIsUsed from error
    renew(ROOMS_VERSION)
    publish(fact)


def _check(**faults: list[str]) -> None:
    actual = {name: sentences for name, sentences in faults.items() if sentences}
    if actual:
        raise Invalid(actual)
