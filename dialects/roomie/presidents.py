"""What the presidents of societies do: give out the key of the society, and say who belongs to it."""

from datetime import datetime

from accounts.models import User
from accounts.queries.people import person_called
from dialects.roomie.envelope import RoomieRefusal
from dialects.roomie.parameters import Parameters
from dialects.roomie.refusals import NOT_THEIRS, UNKNOWN_SOCIETY
from groups.enums import Permissions
from groups.models import UserGroup
from groups.queries.key_bearers import KeyBearer, Society
from groups.queries.societies import asking_for_society, society_in
from groups.services.members import UserGroupNotFound, UserIsAMember, add_member, remove_member
from groups.services.society_tokens import issue_society_token
from kernel.db.batch import ask
from kernel.errors import Invalid, NotFound, PermissionDenied

NOT_A_MEMBER = ("NOT_A_MEMBER", "This user does not belong to the society")
A_PRESIDENT = ("SOCIETY_ACCESS_DENIED", "A president is not taken out of his society")


def check_is_president(bearer: KeyBearer) -> None:
    """Raises: PermissionDenied, for whoever leads no society."""
    if not any(society.has_president for society in bearer.societies):
        raise PermissionDenied


def society_led(parameters: Parameters, bearer: KeyBearer) -> Society:
    """The society that is named, which the caller has to lead. Raises: PermissionDenied, RoomieRefusal."""
    check_is_president(bearer)
    code = parameters.required("society_id")
    society = bearer.society_with_code(code)
    if society is None and society_in(ask(asking_for_society(code))) is None:
        raise RoomieRefusal(*UNKNOWN_SOCIETY)
    if society is None or not society.has_president:
        raise RoomieRefusal(*NOT_THEIRS)
    return society


def new_token(society: Society, bearer: KeyBearer, *, now: datetime) -> str:
    """A key of the society; the one before opens nothing any more. Raises: RoomieRefusal."""
    try:
        return issue_society_token(group_id=society.id, by=bearer.user, now=now).token
    except PermissionDenied as refusal:  # no president any more
        raise RoomieRefusal(*NOT_THEIRS) from refusal
    except NotFound as refusal:  # no society any more
        raise RoomieRefusal(*UNKNOWN_SOCIETY) from refusal


def add_to_society(name: str, society: Society, bearer: KeyBearer, *, now: datetime) -> str:
    """Make somebody a member, if he is none yet; what he is called. Raises: RoomieRefusal."""
    person = _person(name)
    try:
        add_member(
            group_id=society.id, by=bearer.user, now=now, username=person.username, permissions=Permissions.MEMBER
        )
    except UserIsAMember:
        pass  # an admin stays one
    except PermissionDenied as refusal:
        raise RoomieRefusal(*NOT_THEIRS) from refusal
    except Invalid as refusal:
        raise _unknown() from refusal
    return person.display_name or person.username


def remove_from_society(name: str, society: Society, bearer: KeyBearer, *, now: datetime) -> None:
    """Take a member out. Raises: RoomieRefusal."""
    person = _person(name)
    place = UserGroup.objects.filter(group=society.id, user=person.pk).first()
    if place is None:
        raise RoomieRefusal(*NOT_A_MEMBER)
    if place.permissions == Permissions.ADMIN:
        raise RoomieRefusal(*A_PRESIDENT)
    try:
        remove_member(user_group_id=place.pk, by=bearer.user, now=now)
    except UserGroupNotFound as refusal:
        raise RoomieRefusal(*NOT_A_MEMBER) from refusal
    except PermissionDenied as refusal:
        raise RoomieRefusal(*NOT_THEIRS) from refusal


def _person(name: str) -> User:
    person = person_called(name)
    if person is None:
        raise _unknown()
    return person


def _unknown() -> RoomieRefusal:
    return RoomieRefusal("UNKNOWN_USER", "There is nobody with this name or address")
