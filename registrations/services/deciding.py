"""Approving and rejecting. A stale decision cannot slip in: both take the room's lock and read again."""

from datetime import datetime

from accounts.models import User
from classrooms.services.room_time import reclaim, release
from cspace.db.transactions import transactional
from cspace.errors import PermissionDenied
from cspace.facts import publish
from registrations import rules
from registrations.enums import Status
from registrations.facts import RegistrationApproved, RegistrationRejected
from registrations.models import Registration
from registrations.services.changing import RegistrationCancelledBefore, hold_registration


@transactional
def approve_registration(*, registration_id: int, by: User, now: datetime, reason: str = "") -> Registration:
    """Confirm it; a rejected one gets its slot back if it is still free. Publishes `RegistrationApproved`;
    approving an approved one is a no-op. Returns it with its API relations.

    Raises:
        PermissionDenied, RegistrationGone, RegistrationCancelledBefore
        RoomAlreadyBooked: it was rejected and the slot has gone to somebody else.
    """
    registration = _held_for_decision(registration_id, by)
    if registration.status == Status.APPROVED:
        return registration
    if not rules.holds_room(registration.status):
        reclaim(
            occupancy_id=registration.pk,
            classroom_id=registration.occupancy.classroom_id,
            interval=registration.interval,
        )
        registration.occupancy.is_live = True
    _decide(registration, Status.APPROVED)
    publish(RegistrationApproved.about(registration, actor_id=by.pk, occurred_at=now, reason=reason))
    return registration


@transactional
def reject_registration(*, registration_id: int, by: User, now: datetime, reason: str = "") -> Registration:
    """Refuse it and free the room. Publishes `RegistrationRejected`; rejecting a rejected one is a no-op.

    Raises: PermissionDenied, RegistrationGone, RegistrationCancelledBefore.
    """
    registration = _held_for_decision(registration_id, by)
    if registration.status == Status.REJECTED:
        return registration
    release([registration.pk])
    registration.occupancy.is_live = False
    _decide(registration, Status.REJECTED)
    publish(RegistrationRejected.about(registration, actor_id=by.pk, occurred_at=now, reason=reason))
    return registration


def _held_for_decision(registration_id: int, by: User) -> Registration:
    if not by.access.is_cspace:
        raise PermissionDenied
    registration = hold_registration(registration_id)
    if registration.status == Status.CANCELLED:
        raise RegistrationCancelledBefore
    return registration


def _decide(registration: Registration, status: Status) -> None:
    registration.status = status
    registration.save(update_fields=["status"])
