"""How a command holds a registration: under its room, read again; and who may touch it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.rules import Access
from classrooms.services.room_holding import holding_rooms, room_of
from kernel.db.batch import Statement, send
from kernel.db.locks import Lock
from kernel.db.pipeline import ResultRows
from kernel.db.transactions import StaleRead
from kernel.errors import InvalidState, NotFound, PermissionDenied
from registrations import rules
from registrations.enums import Origin, RegistrationStatus
from registrations.models import Registration
from registrations.queries.registrations import asking_for_registration, registration_in


@dataclass(frozen=True)
class Holding:
    """A registration that a command has for itself until its transaction ends."""

    registration: Registration
    room_ids: frozenset[int]
    """The rooms that are locked."""
    answers: Sequence[ResultRows]
    """To what was to be done before the rooms were locked."""
    rules_version: UUID | None
    """Of the booking rules in force."""


class RegistrationHasStarted(InvalidState):
    message = "The registration has already started"


class RegistrationIsCancelled(InvalidState):
    message = "The registration has been cancelled"


class RegistrationNotFound(NotFound):
    resource = "Registration"


def hold_registration(
    registration_id: int, *first: Statement, rooms: Iterable[int | Statement] = (), after: Sequence[Lock] = ()
) -> Holding:
    """The registration, read under the exclusive lock of its room, with its API relations; one batch.

    `first`: what has to be held or read before the rooms (lock order). `rooms`: further ones to lock, by id or by a
    query of ids. `after`: what else is locked before them.

    Raises:
        RegistrationNotFound: there is none.
        StaleRead: it changed rooms before the lock was there.
    """
    *answers, locked, rows = send(
        *first,
        holding_rooms(
            room_of(registration_id),
            *(each for each in rooms if isinstance(each, Statement)),
            rooms=[each for each in rooms if isinstance(each, int)],
            after=after,
        ),
        asking_for_registration(registration_id),
    )
    registration = registration_in(rows)
    if registration is None:
        raise RegistrationNotFound
    holding = Holding(registration, frozenset(room for room, *_ in locked), answers, rows[0][-1])
    if registration.occupancy.classroom_id not in holding.room_ids:
        raise StaleRead
    return holding


def check_changeable(registration: Registration, access: Access, now: datetime) -> None:
    """Who may touch it, and whether it is not too late.

    Raises: RegistrationNotFound, PermissionDenied, RegistrationHasStarted.
    """
    check_visible(registration, access)
    _check_not_started(registration, access, now)


def check_cancellable(registration: Registration, access: Access, now: datetime) -> None:
    """The same of who gives it up: of what a society has booked itself its admins may, too.

    Raises: RegistrationNotFound, PermissionDenied, RegistrationHasStarted.
    """
    society_id = registration.group_id if registration.origin == Origin.SOCIETY else None
    if not rules.may_cancel(access, created_by_id=registration.created_by_id, society_id=society_id):
        raise PermissionDenied
    _check_not_gone(registration, access)
    _check_not_started(registration, access, now)


def check_visible(registration: Registration, access: Access) -> None:
    """cspace sees every registration; its creator until it is cancelled; nobody else any.

    Raises: RegistrationNotFound, PermissionDenied.
    """
    if not rules.may_see(access, registration.created_by_id):
        raise PermissionDenied
    _check_not_gone(registration, access)


def _check_not_gone(registration: Registration, access: Access) -> None:
    if registration.status == RegistrationStatus.CANCELLED and not access.is_cspace:
        raise RegistrationNotFound


def _check_not_started(registration: Registration, access: Access, now: datetime) -> None:
    if rules.has_started(registration.occupancy.starts_at, now) and not rules.may_change_after_start(access):
        raise RegistrationHasStarted
