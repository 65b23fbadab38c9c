"""Reads that read as English."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from accounts.access import Access
from allocations.enums import EventStatus

if TYPE_CHECKING:
    from allocations.models import AllocationEvent, AllocationRegistration
else:
    AllocationEvent = AllocationRegistration = Any

LAST_SECOND = timedelta(seconds=1)
"""A window's end is its last second: it is over one second later (contract §6)."""


class EventQuerySet(QuerySet["AllocationEvent"]):
    def newest_first(self) -> "EventQuerySet":
        return self.order_by("-registration_start", "-id")

    def due(self, now: datetime) -> "EventQuerySet":
        """Whose moment to open or to close has come."""
        to_open = self.filter(status=EventStatus.UPCOMING, registration_start__lte=now)
        to_close = self.filter(status=EventStatus.OPEN, registration_end__lte=now - LAST_SECOND)
        return to_open | to_close


class EntryQuerySet(QuerySet["AllocationRegistration"]):
    def of_event(self, event_id: int) -> "EntryQuerySet":
        return self.filter(event_id=event_id)

    def visible_to(self, access: Access) -> "EntryQuerySet":
        """cspace sees all; others the entries of their own groups."""
        return self if access.is_cspace else self.filter(group_id__in=access.group_ids)

    def with_api_relations(self) -> "EntryQuerySet":
        """Everything a representation shows, in one query."""
        return self.select_related("classroom", "group", "created_by")

    def by_day_and_time(self) -> "EntryQuerySet":
        return self.order_by("day_of_week", "start_minute", "end_minute", "id")
