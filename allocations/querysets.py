"""Reads that read as English."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from accounts.rules import Access
from allocations.enums import STANDING, UNDECIDED, EventStatus
from allocations.rules import LAST_SECOND

if TYPE_CHECKING:
    from allocations.models import AllocationEvent, AllocationRegistration
else:
    AllocationEvent = AllocationRegistration = Any


class EventQuerySet(QuerySet["AllocationEvent"]):
    def newest_first(self) -> "EventQuerySet":
        return self.order_by("-registration_start", "-id")

    def without_manifest(self) -> "EventQuerySet":
        """Leaves the frozen manifest, which may be large, in the database."""
        return self.defer("frozen_manifest")

    def due(self, now: datetime) -> "EventQuerySet":
        """Whose moment to open or to close has come."""
        to_open = Q(status=EventStatus.UPCOMING, registration_start__lte=now)
        to_close = Q(status=EventStatus.OPEN, registration_end__lte=now - LAST_SECOND)
        return self.filter(to_open | to_close)


class EntryQuerySet(QuerySet["AllocationRegistration"]):
    def of_event(self, event_id: int) -> "EntryQuerySet":
        return self.filter(event_id=event_id)

    def visible_to(self, access: Access) -> "EntryQuerySet":
        """cspace sees all; others the entries of their own groups."""
        return self if access.is_cspace else self.filter(group_id__in=access.group_ids)

    def with_api_relations(self) -> "EntryQuerySet":
        """Everything a representation shows, in one query."""
        return self.select_related("classroom", "group", "created_by")

    def standing(self) -> "EntryQuerySet":
        """Neither refused nor given back."""
        return self.filter(status__in=STANDING)

    def undecided(self) -> "EntryQuerySet":
        """Of events whose draw is still to come."""
        return self.filter(event__status__in=UNDECIDED)

    def in_slot(self, classroom_id: int, day_of_week: int, start_minute: int, end_minute: int) -> "EntryQuerySet":
        """Sharing at least a minute of a weekly slot: touching does not count."""
        return self.filter(
            classroom_id=classroom_id,
            day_of_week=day_of_week,
            start_minute__lt=end_minute,
            end_minute__gt=start_minute,
        )

    def filer_ids(self) -> QuerySet["AllocationRegistration", int]:
        """Only who filed them: a query other statements can be built on."""
        return self.order_by().values_list("created_by_id", flat=True)

    def by_day_and_time(self) -> "EntryQuerySet":
        return self.order_by("day_of_week", "start_minute", "end_minute", "id")
