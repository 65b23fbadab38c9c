"""Asking for a room."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from accounts.models import User
from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.services.room_time import occupy
from groups.models import Group
from groups.querysets import cspace_people
from groups.services.holding import hold_group
from kernel.db.ranges import Interval, campus_interval
from kernel.db.transactions import transactional_in_pipeline
from kernel.errors import Invalid, PermissionDenied
from kernel.facts import Recipients, publish
from registrations import rules
from registrations.enums import RegistrationStatus
from registrations.facts.registrations import RegistrationCreated
from registrations.models import Registration


@dataclass(frozen=True)
class Slot:
    """A wanted date and span on the campus wall; minutes since midnight, the end may be `MINUTES_PER_DAY`."""

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
    if not rules.may_book_for(by.access, group_id):
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
    group = hold_group(group_id)
    interval = slot.interval()
    status = rules.initial_status(auto_approve=classroom.auto_approve)
    occupancy_id = occupy(
        classroom_id=classroom.pk,
        interval=interval,
        kind=OccupancyKind.REGISTRATION,
        respect_holds=not by.access.is_cspace,
    )
    registration = _record(
        occupancy=Occupancy(
            id=occupancy_id,
            classroom=classroom,
            starts_at=interval.starts_at,
            ends_at=interval.ends_at,
            kind=OccupancyKind.REGISTRATION,
        ),
        group=group,
        by=by,
        now=now,
        description=description,
        status=status,
    )
    publish(
        RegistrationCreated.about(
            registration, actor_id=by.pk, occurred_at=now, status=status, deciders=deciders_of(status)
        )
    )
    return registration


def deciders_of(status: RegistrationStatus) -> Recipients:
    """Who has to decide: cspace while it is pending, else nobody."""
    return cspace_people() if status == RegistrationStatus.PENDING else ()


def _record(
    *, occupancy: Occupancy, group: Group, by: User, now: datetime, description: str, status: RegistrationStatus
) -> Registration:
    """Written as SQL: this is the busiest INSERT of the house, and the ORM doubles its price (`make bench`).

    It looks for the place in the group again, now that the group is held: who has lost it meanwhile books no more.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registrations_registration"
            " (occupancy_id, group_id, created_by_id, description, status, created_at, is_detached)"
            " SELECT %s, %s, %s, %s, %s, %s, false WHERE %s OR EXISTS"
            " (SELECT FROM groups_usergroup WHERE group_id = %s AND user_id = %s) RETURNING occupancy_id",
            [occupancy.pk, group.pk, by.pk, description, status.value, now, by.access.is_cspace, group.pk, by.pk],
        )
        if cursor.fetchone() is None:
            raise PermissionDenied
    registration = Registration(
        occupancy=occupancy, group=group, created_by=by, description=description, status=status, created_at=now
    )
    registration._state.adding = False
    return registration
