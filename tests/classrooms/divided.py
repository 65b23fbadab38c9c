"""Rooms that consist of rooms."""

from accounts.models import User
from classrooms.models import Classroom
from classrooms.services.parts import PartsClash
from classrooms.services.rooms import change_classroom
from kernel import clock
from tests.factories import cspace_group, join, make_classroom, make_user


def make_hall() -> dict[str, Classroom]:
    """A hall abc whose halves ab and bc have b in common: {name: room}."""
    rooms = {name: make_classroom(name) for name in ("abc", "ab", "bc", "a", "b", "c")}
    divide(rooms["ab"], rooms["a"], rooms["b"])
    divide(rooms["bc"], rooms["b"], rooms["c"])
    divide(rooms["abc"], rooms["ab"], rooms["bc"])
    return rooms


def divide(whole: Classroom, *parts: Classroom, may_clash: bool = False) -> bool:
    """Have a room consist of others, through the service; whether it does."""
    try:
        change_classroom(classroom_id=whole.pk, by=decider(), now=clock.now(), parts=parts)
    except PartsClash:
        if not may_clash:
            raise
        return False
    return True


def decider() -> User:
    """Somebody of cspace."""
    person = User.objects.filter(username="divider").first()
    if person is None:
        person = make_user("divider")
        join(person, cspace_group())
    return person
