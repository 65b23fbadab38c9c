"""One room, by the name that is its address."""

from classrooms.models import Classroom
from kernel.db.batch import Statement, ask
from kernel.db.loading import instance_of
from kernel.errors import NotFound

BOOKABLE = ("id", "name", "capacity", "floor", "is_active", "auto_approve")
BY_NAME = f"SELECT {', '.join(BOOKABLE)} FROM classrooms_classroom WHERE name = %s"  # noqa: S608


class ClassroomNotFound(NotFound):
    resource = "Classroom"


def classroom_named(name: str) -> Classroom:
    """The room with exactly this name. Raises: ClassroomNotFound."""
    classroom = Classroom.objects.filter(name=name).first()
    if classroom is None:
        raise ClassroomNotFound
    return classroom


def asking_for_room(name: str) -> Statement:
    """The question for `bookable_room`."""
    return Statement(BY_NAME, (name,))


def bookable_room(name: str) -> Classroom | None:
    """The room with exactly this name, or None; its equipment is read when it is asked for."""
    rows = ask(asking_for_room(name))
    return instance_of(Classroom, dict(zip(BOOKABLE, rows[0], strict=True))) if rows else None
