"""Approving and rejecting. A stale decision cannot slip in: both take the room's lock and read again."""

from datetime import datetime

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.rules import not_open
from classrooms.services.room_time import reclaim, release
from groups.models import Group
from groups.services.holding import GroupIsArchived, hold_groups
from kernel.campus_time import campus_date
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import InvalidState
from kernel.facts import publish
from registrations import rules
from registrations.enums import RegistrationStatus
from registrations.facts.registrations import RegistrationApproved, RegistrationRejected
from registrations.models import Registration
from registrations.services.changing import RegistrationIsCancelled, hold_registration


class RoomIsNotOpen(InvalidState):
    message = not_open("The room")


class SeriesIsCancelled(InvalidState):
    message = "The series has been cancelled from this date on"


@transactional
def approve_registration(*, registration_id: int, by: User, now: datetime, reason: str = "") -> Registration:
    """Confirm it; a rejected one gets its slot back if it is still free. Publishes `RegistrationApproved`;
    approving an approved one is a no-op. Returns it with its API relations.

    Raises:
        PermissionDenied, RegistrationNotFound, RegistrationIsCancelled
        GroupIsArchived, RoomIsNotOpen, SeriesIsCancelled: it was rejected, and what it was for is no more.
        RoomAlreadyBooked: it was rejected and the slot has gone to somebody else.
    """
    check_cspace(by.access)
    living = _hold_group_of(registration_id)
    registration = _hold_for_decision(registration_id)
    if registration.status == RegistrationStatus.APPROVED:
        return registration
    if not rules.holds_room(registration.status):
        _check_still_possible(registration, living)
        reclaim(
            occupancy_id=registration.pk,
            classroom_id=registration.occupancy.classroom_id,
            interval=registration.interval,
        )
        registration.occupancy.is_live = True
    _decide(registration, RegistrationStatus.APPROVED)
    publish(RegistrationApproved(registration=registration.summary, actor_id=by.pk, occurred_at=now, reason=reason))
    return registration


@transactional
def reject_registration(*, registration_id: int, by: User, now: datetime, reason: str = "") -> Registration:
    """Refuse it and free the room. Publishes `RegistrationRejected`; rejecting a rejected one is a no-op.

    Raises: PermissionDenied, RegistrationNotFound, RegistrationIsCancelled.
    """
    check_cspace(by.access)
    registration = _hold_for_decision(registration_id)
    if registration.status == RegistrationStatus.REJECTED:
        return registration
    release([registration.pk])
    registration.occupancy.is_live = False
    _decide(registration, RegistrationStatus.REJECTED)
    publish(RegistrationRejected(registration=registration.summary, actor_id=by.pk, occurred_at=now, reason=reason))
    return registration


def _hold_group_of(registration_id: int) -> Group | None:
    """The group of a registration, held before its room is (lock order); None if it has been archived."""
    group_id = Registration.objects.filter(pk=registration_id).values_list("group_id", flat=True).first()
    return hold_groups([group_id]).get(group_id) if group_id is not None else None


def _check_still_possible(registration: Registration, living: Group | None) -> None:
    if living is None:
        raise GroupIsArchived
    if registration.group_id != living.pk:
        raise StaleRead
    if not registration.occupancy.classroom.is_active:
        raise RoomIsNotOpen
    series = None if registration.is_detached else registration.series
    if series is not None and campus_date(registration.occupancy.starts_at) > series.last_on:
        raise SeriesIsCancelled


def _hold_for_decision(registration_id: int) -> Registration:
    registration = hold_registration(registration_id)
    if registration.status == RegistrationStatus.CANCELLED:
        raise RegistrationIsCancelled
    return registration


def _decide(registration: Registration, status: RegistrationStatus) -> None:
    registration.status = status
    registration.save(update_fields=["status"])
