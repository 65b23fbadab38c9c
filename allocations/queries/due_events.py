"""Which events are to open or to close by now: `rules.status_due`, as a query over all of them."""

from datetime import datetime

from django.db.models import Q

from allocations.enums import EventStatus
from allocations.models import AllocationEvent
from allocations.querysets import EventQuerySet
from allocations.rules import LAST_SECOND


def due_events(now: datetime) -> EventQuerySet[AllocationEvent]:
    """Upcoming events that are to open, and open ones that are to close."""
    return AllocationEvent.objects.filter(is_due(now))


def is_due(now: datetime) -> Q:
    """The condition on an event that its moment has come."""
    to_open = Q(status=EventStatus.UPCOMING, registration_start__lte=now)
    to_close = Q(status=EventStatus.OPEN, registration_end__lte=now - LAST_SECOND)
    return to_open | to_close
