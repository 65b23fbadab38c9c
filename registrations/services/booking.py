"""Asking for a room."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError

from accounts.models import User
from accounts.rules import Access
from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.services.room_time import occupying, refuse_to_occupy
from groups.models import Group
from groups.queries.recipients import cspace_people
from groups.services.holding import holding_group, living_group
from kernel.campus_time import Interval, campus_interval
from kernel.db.constraints import missing_column
from kernel.db.ids import next_id
from kernel.errors import Invalid, PermissionDenied, Unavailable
from kernel.facts import Recipients, write
from registrations import rules
from registrations.enums import RegistrationStatus
from registrations.facts.registrations import RegistrationCreated
from registrations.models import Registration
from registrations.services.registration_rows import inserting

MAX_TRIES = 3


@dataclass(frozen=True)
class Slot:
    """The date and time of a booking on the campus wall. Minutes since midnight; the end may be `MINUTES_PER_DAY`."""

    day: date
    start_minute: int
    end_minute: int

    def interval(self) -> Interval:
        """The instants. Ask `booking_faults` first: a time in a DST gap raises `WallTimeDoesNotExist`."""
        return campus_interval(self.day, self.start_minute, self.end_minute)


def book(
    *,
    by: User,
    now: datetime,
    classroom: Classroom,
    group_id: int,
    slot: Slot,
    description: str = "",
    attendees: int | None = None,
) -> Registration:
    """Hold a room for a group, `pending` or, where the room says so, `approved`.

    Returns the registration with its API relations. Publishes `RegistrationCreated`.

    Raises:
        PermissionDenied: not a member of the group.
        Invalid: the slot, the room or the group cannot be booked; {field: [sentences]}.
        TimeIsHeldBack: the time is kept from single registrations, and the caller is not cspace.
        RoomAlreadyBooked: something live is in the way, decided by the constraint itself.
        Unavailable: three times in a row the obstacle vanished before it could be named.
    """
    _check_booking(by.access, now, classroom, group_id, slot, description, attendees)
    for _ in range(MAX_TRIES):
        registration = _new_registration(by, now, classroom, living_group(group_id), slot, description)
        registration.attendees = attendees
        if _write(registration, by=by, now=now):
            return registration
        _refuse(registration, by=by)
    raise Unavailable


def _new_registration(
    by: User, now: datetime, classroom: Classroom, group: Group, slot: Slot, description: str
) -> Registration:
    """As it will stand in its table, with its API relations."""
    interval = slot.interval()
    occupancy = Occupancy(
        id=next_id(Occupancy._meta.db_table),
        classroom=classroom,
        starts_at=interval.starts_at,
        ends_at=interval.ends_at,
        kind=OccupancyKind.REGISTRATION,
    )
    return Registration(
        occupancy=occupancy,
        group=group,
        created_by=by,
        description=description,
        status=rules.initial_status(auto_approve=classroom.auto_approve),
        created_at=now,
    )


def _write(registration: Registration, *, by: User, now: datetime) -> bool:
    """Room time, registration, log row and notices in one batch; whether they are written."""
    occupancy, status = registration.occupancy, RegistrationStatus(registration.status)
    try:
        write(
            holding_group(registration.group_id),
            *occupying(
                occupancy_id=occupancy.pk,
                classroom_id=occupancy.classroom_id,
                interval=registration.interval,
                kind=OccupancyKind.REGISTRATION,
                respect_holds=not by.access.is_cspace,
            ),
            inserting(registration, by=by),
            fact=RegistrationCreated(
                registration=registration.summary,
                actor_id=by.pk,
                occurred_at=now,
                status=status,
                deciders=deciders_of(status),
            ),
        )
    except IntegrityError as error:
        if missing_column(error) is None:
            raise
        return False
    return True


def _refuse(registration: Registration, *, by: User) -> None:
    """Say why it was not written, if that is still so. Raises: as `book`."""
    living_group(registration.group_id)
    by.forget_access()
    if not rules.may_book_for(by.access, registration.group_id):
        raise PermissionDenied
    refuse_to_occupy(
        classroom_id=registration.occupancy.classroom_id,
        interval=registration.interval,
        respect_holds=not by.access.is_cspace,
    )


def _check_booking(
    access: Access,
    now: datetime,
    classroom: Classroom,
    group_id: int,
    slot: Slot,
    description: str,
    attendees: int | None,
) -> None:
    if not rules.may_book_for(access, group_id):
        raise PermissionDenied
    faults = rules.booking_faults(
        now=now,
        day=slot.day,
        start_minute=slot.start_minute,
        end_minute=slot.end_minute,
        room=classroom,
        description=description,
        attendees=attendees,
    )
    if faults:
        raise Invalid(faults)


def deciders_of(status: RegistrationStatus) -> Recipients:
    """Who has to decide: cspace while it is pending, else nobody."""
    return cspace_people() if status == RegistrationStatus.PENDING else ()
