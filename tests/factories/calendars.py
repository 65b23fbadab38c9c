"""Makes calendars and the events in them."""

import itertools
from datetime import datetime
from typing import Any

from accounts.models import User
from calendars.models import Calendar
from calendars.rules.wishes import EventWish
from calendars.services.creating import CreatedEvent, create_event
from kernel import clock
from kernel.campus_time import Interval

_numbers = itertools.count(1)


def make_calendar(slug: str | None = None, *, users: tuple[User, ...] = (), **fields: Any) -> Calendar:
    slug = slug or f"calendar-{next(_numbers)}"
    defaults = {"name": slug, "timezone": "Europe/Berlin", "created_at": clock.now()}
    calendar = Calendar.objects.create(slug=slug, **defaults | fields)
    calendar.users.set(users)
    return calendar


def enter(
    calendar: Calendar, interval: Interval, *, by: User, now: datetime | None = None, name: str = "Meeting", **more: Any
) -> CreatedEvent:
    """An event, entered through the service by somebody who uses the calendar."""
    wish = EventWish(name=name, starts_at=interval.starts_at, ends_at=interval.ends_at, **more)
    return create_event(slug=calendar.slug, by=by, now=now or clock.now(), wish=wish)
