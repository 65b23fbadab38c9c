"""Asking for a room."""

from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import User
from accounts.rules import Access
from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.services.room_time import occupy
from groups.queries.recipients import cspace_people
from groups.services.holding import hold_group
from kernel.campus_time import Interval, campus_interval
from kernel.db.transactions import transactional_in_pipeline
from kernel.errors import Invalid, PermissionDenied
from kernel.facts import Recipients, publish
from registrations import rules
from registrations.enums import RegistrationStatus
from registrations.facts.registrations import RegistrationCreated
from registrations.models import Registration
from registrations.services.registration_rows import insert_registration


@dataclass(frozen=True)
class Slot:
    """The date and time of a booking on the campus wall. Minutes since midnight; the end may be `MINUTES_PER_DAY`."""

    day: date
    start_minute: int
    end_minute: int

    def interval(self) -> Interval:
        """The instants. Ask `booking_faults` first: a time in a DST gap raises `WallTimeDoesNotExist`."""
        return campus_interval(self.day, self.start_minute, self.end_minute)


@transactional_in_pipeline
def book(
    *, by: User, now: datetime, classroom: Classroom, group_id: int, slot: Slot, description: str = ""
) -> Registration:
    """Hold a room for a group, `pending` or, where the room says so, `approved`.

    Returns the registration with its API relations. Publishes `RegistrationCreated`.

    Raises:
        PermissionDenied: not a member of the group.
        Invalid: the slot, the room or the group cannot be booked; {field: [sentences]}.
        TimeIsHeldBack: the time is kept from single registrations, and the caller is not cspace.
        RoomAlreadyBooked: something live is in the way.
    """
    _check_booking(by.access, now, classroom, group_id, slot, description)
    group = hold_group(group_id)
    status = rules.initial_status(auto_approve=classroom.auto_approve)
    registration = insert_registration(
        occupancy=_occupy(classroom, slot.interval(), respect_holds=not by.access.is_cspace),
        group=group,
        by=by,
        now=now,
        description=description,
        status=status,
    )
    publish(
        RegistrationCreated(
            registration=registration.summary,
            actor_id=by.pk,
            occurred_at=now,
            status=status,
            deciders=deciders_of(status),
        )
    )
    return registration


def _check_booking(
    access: Access, now: datetime, classroom: Classroom, group_id: int, slot: Slot, description: str
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
    )
    if faults:
        raise Invalid(faults)


def _occupy(classroom: Classroom, interval: Interval, *, respect_holds: bool) -> Occupancy:
    kind = OccupancyKind.REGISTRATION
    occupancy_id = occupy(classroom_id=classroom.pk, interval=interval, kind=kind, respect_holds=respect_holds)
    return Occupancy(
        id=occupancy_id, classroom=classroom, starts_at=interval.starts_at, ends_at=interval.ends_at, kind=kind
    )


def deciders_of(status: RegistrationStatus) -> Recipients:
    """Who has to decide: cspace while it is pending, else nobody."""
    return cspace_people() if status == RegistrationStatus.PENDING else ()
