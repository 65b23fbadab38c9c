"""How a command holds a registration: under its room, read again; and who may touch it."""

from datetime import datetime

from accounts.rules import Access
from classrooms.services.room_time import lock_and_reload
from kernel.errors import InvalidState, NotFound, PermissionDenied
from registrations import rules
from registrations.enums import RegistrationStatus
from registrations.models import Registration


class RegistrationHasStarted(InvalidState):
    message = "The registration has already started"


class RegistrationIsCancelled(InvalidState):
    message = "The registration has been cancelled"


class RegistrationNotFound(NotFound):
    resource = "Registration"


def hold_registration(registration_id: int, *more_rooms: int) -> Registration:
    """The registration, re-read under the exclusive lock of its room (and `more_rooms`), with its API relations.

    Raises:
        RegistrationNotFound: there is none.
        StaleRead: it changed rooms before the lock was there.
    """

    def load() -> Registration:
        registration = Registration.objects.with_api_relations().filter(pk=registration_id).first()
        if registration is None:
            raise RegistrationNotFound
        return registration

    return lock_and_reload(load, lambda registration: [registration.occupancy.classroom_id], *more_rooms)


def check_changeable(registration: Registration, access: Access, now: datetime) -> None:
    """Who may touch it, and whether it is not too late.

    Raises: RegistrationNotFound, PermissionDenied, RegistrationHasStarted.
    """
    check_visible(registration, access)
    if rules.has_started(registration.occupancy.starts_at, now) and not rules.may_change_after_start(access):
        raise RegistrationHasStarted


def check_visible(registration: Registration, access: Access) -> None:
    """cspace sees every registration; its creator until it is cancelled; nobody else any.

    Raises: RegistrationNotFound, PermissionDenied.
    """
    if not rules.may_see(access, registration.created_by_id):
        raise PermissionDenied
    if registration.status == RegistrationStatus.CANCELLED and not access.is_cspace:
        raise RegistrationNotFound
