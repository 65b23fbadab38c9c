"""A booking that somebody wants, and what is known of whose it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.campus_time import Interval
from policies.rules.quotas import Charge
from policies.rules.scopes import Party, Place, Stay


@dataclass(frozen=True)
class BookingWish:
    """A booking that somebody wants; `booked_at`: when, for quotas that count by it."""

    party: Party
    place: Place
    stay: Stay
    now: datetime
    attendees: int | None = None
    registration_id: int | None = None
    """Its own, if it is one already."""
    reclaimed_from: datetime | None = None
    """It is given back what it was booked for at this moment: of the rules only quotas judge it."""
    gives_up: bool = False
    """It takes no room time that it does not have."""

    @property
    def booked_at(self) -> datetime:
        return self.reclaimed_from or self.now


@dataclass(frozen=True)
class OwnBooking:
    """A live booking of the owner."""

    id: int
    classroom_id: int
    interval: Interval


@dataclass(frozen=True)
class MarkGathered:
    points: int
    given_at: datetime


@dataclass(frozen=True)
class Known:
    """What is known of whose booking it is: his bookings near it, what is charged to him, and his marks."""

    bookings: Sequence[OwnBooking] = ()
    charges: Sequence[Charge] = ()
    marks: Sequence[MarkGathered] = ()
