"""Bookings that show what the demo's rules do: hours nearly used up, what waits for a decision, a late cancellation."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import User
from classrooms.models import Classroom
from demo.booking_rules import SOCIETY
from demo.campus import HALL, HALL_PARTS, STUDY_ROOM
from groups.models import Group
from kernel.campus_time import campus_date, wall_instant
from registrations.enums import RegistrationStatus
from registrations.models import Registration
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from registrations.services.deciding import approve_registration

REHEARSALS = 3
"""A week, of two and a half hours each: half an hour is left to the society, in this week and in the next."""
REHEARSAL_DAYS = (1, 3, 5, 0)
"""After Monday. Today has no bookings on the demo campus: then it is the next of them."""
FRIDAY = 4
CASES = 2 * REHEARSALS + 5


@dataclass(frozen=True)
class Case:
    """A booking by somebody for a group, or for himself."""

    username: str
    group: str | None
    room: str
    slot: Slot
    description: str
    attendees: int


def cases(today: date) -> Iterator[Case]:
    """What is booked, but for what is cancelled again."""
    monday = today - timedelta(days=today.weekday())
    for first in (monday, monday + timedelta(days=7)):
        days = [day for after in REHEARSAL_DAYS if (day := first + timedelta(days=after)) != today]
        for day in days[:REHEARSALS]:
            slot = Slot(day, 18 * 60 + 30, 21 * 60)
            yield Case("hsinmu", SOCIETY, HALL_PARTS[0], slot, "Choir rehearsal", 34)
    concert = Slot(monday + timedelta(days=7 + FRIDAY), 18 * 60, 21 * 60)
    yield Case("ta217", "522", HALL, concert, "Term concert", 120)
    workshop = Slot(today + timedelta(days=5), 13 * 60, 17 * 60)
    yield Case("hil", "research-team", STUDY_ROOM, workshop, "Writing workshop", 8)
    for days_ahead, username in enumerate(("stranger", "hsinmu"), start=1):
        study = Slot(today + timedelta(days=days_ahead), 10 * 60, 11 * 60 + 30)
        yield Case(username, None, STUDY_ROOM, study, "Reading", 1)


def book_cases(*, admin: User, now: datetime) -> Iterator[Registration]:
    """One after the other. What a rule sends to approval is left waiting, the other requests are approved."""
    today = campus_date(now)
    for case in cases(today):
        moment = asked_at(case.slot, now)
        registration = _book(case, moment)
        if registration.status == RegistrationStatus.PENDING and not registration.broken_rules:
            approve_registration(registration_id=registration.pk, by=admin, now=moment)
        yield registration
    yield _cancelled_late(today, now)


def asked_at(slot: Slot, now: datetime) -> datetime:
    """Two days before, so that what lies behind was once ahead."""
    return min(now, wall_instant(slot.day, slot.start_minute) - timedelta(days=2))


def _cancelled_late(today: date, now: datetime) -> Registration:
    """Given up by the society two hours before it began, on the Friday before: its one mark."""
    friday = today - timedelta(days=today.weekday() + 7 - FRIDAY)
    slot = Slot(friday, 19 * 60, 20 * 60 + 30)
    registration = _book(Case("hsinmu", SOCIETY, HALL_PARTS[1], slot, "Stage meeting", 12), asked_at(slot, now))
    late = wall_instant(friday, 17 * 60)
    cancel_registration(registration_id=registration.pk, by=registration.created_by, now=late)
    return registration


def _book(case: Case, now: datetime) -> Registration:
    group = None if case.group is None else Group.objects.living().get(name=case.group)
    return book(
        by=User.objects.get(username=case.username),
        now=now,
        classroom=Classroom.objects.get(name=case.room),
        group_id=None if group is None else group.pk,
        slot=case.slot,
        description=case.description,
        attendees=case.attendees,
    )
