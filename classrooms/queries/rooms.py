"""One room, by the name that is its address."""

from classrooms.models import Classroom
from kernel.errors import NotFound


class ClassroomNotFound(NotFound):
    resource = "Classroom"


def classroom_named(name: str) -> Classroom:
    """The room with exactly this name. Raises: ClassroomNotFound."""
    classroom = Classroom.objects.filter(name=name).first()
    if classroom is None:
        raise ClassroomNotFound
    return classroom
