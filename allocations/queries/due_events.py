"""Which events the clock moves on: `rules.status_due`, asked of the whole table."""

from datetime import datetime

from django.db.models import Q

from allocations.enums import EventStatus
from allocations.models import AllocationEvent
from allocations.querysets import EventQuerySet
from allocations.rules import LAST_SECOND


def due_events(now: datetime) -> EventQuerySet[AllocationEvent]:
    """Whose moment to open or to close has come."""
    to_open = Q(status=EventStatus.UPCOMING, registration_start__lte=now)
    to_close = Q(status=EventStatus.OPEN, registration_end__lte=now - LAST_SECOND)
    return AllocationEvent.objects.filter(to_open | to_close)
