"""Approving and rejecting. A stale decision cannot slip in: both take the room's lock and read again."""

from datetime import datetime

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.rules import not_open
from classrooms.services.room_time import move, releasing
from groups.models import Group
from groups.services.holding import GroupIsArchived, groups_held, holding_groups
from kernel.campus_time import campus_date
from kernel.db.batch import put_off
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import InvalidState
from kernel.facts import publish
from registrations import rules
from registrations.enums import RegistrationStatus
from registrations.facts.registrations import Overridden, RegistrationApproved, RegistrationRejected
from registrations.models import Registration, SeriesWeek
from registrations.queries.series import group_to_approve_for, room_to_follow_to
from registrations.services.buffering import Placement, buffers_of
from registrations.services.judging import turn_of
from registrations.services.judging_again import judge_return
from registrations.services.registration_holding import Holding, RegistrationIsCancelled, hold_registration
from registrations.services.registration_rows import updating


class RoomIsNotOpen(InvalidState):
    message = not_open("The room")


class SeriesIsCancelled(InvalidState):
    message = "The series has been cancelled from this date on"


class SeriesEndsBefore(InvalidState):
    message = "The series ends before this date"


class SeriesHasNoDate(InvalidState):
    message = "The series has no date in this week any more"


@transactional
def approve_registration(
    *, registration_id: int, by: User, now: datetime, reason: str = "", is_overriding: bool = False
) -> Registration:
    """Confirm it; a rejected one gets its slot back if it is still free, an occurrence that nobody has moved by hand
    the one that its series has now. Publishes `RegistrationApproved`; approving an approved one is a no-op.

    Returns it with its API relations.

    Raises:
        PermissionDenied, RegistrationNotFound, RegistrationIsCancelled
        GroupIsArchived, RoomIsNotOpen, SeriesIsCancelled, SeriesEndsBefore, SeriesHasNoDate: it was rejected, and
            what it was for is no more.
        PolicyBroken: it was rejected, and would overdraw a quota.
        RoomAlreadyBooked: it was rejected and the slot has gone to somebody else.
    """
    check_cspace(by.access)
    group = group_to_approve_for(registration_id)
    turn = turn_of(registration_id, group=group)
    holding = hold_registration(
        registration_id,
        holding_groups(group),
        rooms=[room_to_follow_to(registration_id)],
        after=turn.locks,
    )
    turn.check(holding)
    registration = _for_decision(holding)
    if registration.status == RegistrationStatus.APPROVED:
        return registration
    overridden: Overridden = () if is_overriding else None
    if not rules.holds_room(registration.status):
        _find_place(holding, now)
        overridden = judge_return(registration, now=now, is_overriding=is_overriding)
        _reopen(registration)
    _decide(registration, RegistrationStatus.APPROVED)
    publish(
        RegistrationApproved(
            registration=registration.summary, actor_id=by.pk, occurred_at=now, reason=reason, overridden=overridden
        )
    )
    return registration


@transactional
def reject_registration(*, registration_id: int, by: User, now: datetime, reason: str = "") -> Registration:
    """Refuse it and free the room. Publishes `RegistrationRejected`; rejecting a rejected one is a no-op.

    Raises: PermissionDenied, RegistrationNotFound, RegistrationIsCancelled.
    """
    check_cspace(by.access)
    registration = _for_decision(hold_registration(registration_id))
    if registration.status == RegistrationStatus.REJECTED:
        return registration
    put_off(releasing([registration.pk]))
    registration.occupancy.is_live = False
    _decide(registration, RegistrationStatus.REJECTED)
    publish(RegistrationRejected(registration=registration.summary, actor_id=by.pk, occurred_at=now, reason=reason))
    return registration


def _find_place(holding: Holding, now: datetime) -> None:
    """Where a rejected one is to have its room again: an occurrence that follows its series, where that is now. Nothing
    is written yet.

    Raises: GroupIsArchived, RoomIsNotOpen, SeriesIsCancelled, SeriesEndsBefore, SeriesHasNoDate, StaleRead.
    """
    registration, living = holding.registration, next(iter(groups_held(holding.answers[0]).values()), None)
    week = SeriesWeek.objects.held().select_related("series__classroom").filter(registration=registration).first()
    if living is None and registration.group_id is not None:
        raise GroupIsArchived
    if living is not None and living.pk != (registration.group_id if week is None else week.series.group_id):
        raise StaleRead
    if week is not None and living is not None:
        if week.series.classroom_id not in holding.room_ids:
            raise StaleRead
        _follow(registration, week, living, now)
    if not registration.occupancy.classroom.is_active:
        raise RoomIsNotOpen


def _reopen(registration: Registration) -> None:
    """Its room is its own again. Raises: RoomAlreadyBooked."""
    occupancy = registration.occupancy
    move(
        occupancy_id=occupancy.pk,
        classroom_id=occupancy.classroom_id,
        interval=registration.interval,
        buffers=occupancy.buffers,
    )
    occupancy.is_live = True


def _follow(registration: Registration, week: SeriesWeek, group: Group, now: datetime) -> None:
    """Give an occurrence what its series has for its week now; nothing is written yet. What has started stays, and so
    does the time of a week whose new one has gone by. Raises: SeriesIsCancelled, SeriesEndsBefore, SeriesHasNoDate."""
    occupancy, series = registration.occupancy, week.series
    if rules.has_started(occupancy.starts_at, now):
        return
    slot = series.slot
    day = slot.day_in(week.begins_on)
    if (own_day := campus_date(occupancy.starts_at)) > series.last_on:
        is_cancelled = series.cancelled_from is not None and own_day >= series.cancelled_from
        raise SeriesIsCancelled if is_cancelled else SeriesEndsBefore
    registration.group = group
    registration.description = series.description if week.own_description is None else week.own_description
    if slot.has_gone(day, cut=campus_date(now), now=now):
        return
    interval = slot.interval_on(day)
    if interval is None or not slot.includes(day):
        raise SeriesHasNoDate
    if (occupancy.classroom_id, registration.interval) != (series.classroom_id, interval):
        buffers = buffers_of(Placement(series.classroom_id, group.pk, series.created_by_id, interval))
        occupancy.before_minutes, occupancy.after_minutes = buffers.before_minutes, buffers.after_minutes
    occupancy.classroom, occupancy.starts_at, occupancy.ends_at = series.classroom, interval.starts_at, interval.ends_at
    is_own = week.own_attendees is not None and week.own_attendees <= series.classroom.capacity
    registration.attendees = week.own_attendees or None if is_own else series.attendees


def _for_decision(holding: Holding) -> Registration:
    if holding.registration.status == RegistrationStatus.CANCELLED:
        raise RegistrationIsCancelled
    return holding.registration


def _decide(registration: Registration, status: RegistrationStatus) -> None:
    registration.status = status
    put_off(updating(registration))
