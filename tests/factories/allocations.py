"""Allocation events and entries, through the services."""

import datetime as dt
from typing import Any

from accounts.models import User
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.services.entries import Wish, file_entry
from allocations.services.events import create_event
from classrooms.models import Classroom
from groups.models import Group
from kernel import clock

TERM = (dt.date(2026, 2, 22), dt.date(2026, 6, 12))
"""The document's target range: Sunday to Friday, sixteen weeks."""


def make_event(*, by: User, opens_in: dt.timedelta = dt.timedelta(0), **more: Any) -> AllocationEvent:
    """An event for `TERM` whose window of ten days opens now, or later."""
    now = clock.now()
    values = {
        "registration_start": now + opens_in,
        "registration_end": now + opens_in + dt.timedelta(days=10),
        "target_starts_on": TERM[0],
        "target_ends_on": TERM[1],
    }
    return create_event(by=by, now=now, **values | more)


def make_entry(
    event: AllocationEvent, *, by: User, group: Group, classroom: Classroom, start: int = 600, **more: Any
) -> AllocationRegistration:
    """A wish for Tuesdays from `start` (minutes) on for two hours."""
    values = {"day_of_week": 3, "start_minute": start, "end_minute": start + 120}
    wish = Wish(classroom=classroom, group_id=group.pk, **values | more)
    return file_entry(event_id=event.pk, by=by, now=clock.now(), wish=wish)
