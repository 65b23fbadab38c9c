"""Reads that read as English."""

from typing import Self

from django.db.models import QuerySet

from accounts.rules import Access
from allocations.enums import STANDING, UNDECIDED
from kernel.db.querysets import RowT


class EventQuerySet(QuerySet[RowT]):
    def newest_first(self) -> Self:
        return self.order_by("-registration_start", "-id")

    def without_manifest(self) -> Self:
        """Leaves the frozen manifest, which may be large, in the database."""
        return self.defer("frozen_manifest")


class EntryQuerySet(QuerySet[RowT]):
    def of_event(self, event_id: int) -> Self:
        return self.filter(event_id=event_id)

    def visible_to(self, access: Access) -> Self:
        """cspace sees all; others the entries of their own groups."""
        return self if access.is_cspace else self.filter(group_id__in=access.group_ids)

    def with_api_relations(self) -> Self:
        """Everything a representation shows, in one query."""
        return self.select_related("classroom", "group", "created_by")

    def standing(self) -> Self:
        """Neither refused nor given back."""
        return self.filter(status__in=STANDING)

    def undecided(self) -> Self:
        """Of events whose draw is still to come."""
        return self.filter(event__status__in=UNDECIDED)

    def in_slot(self, classroom_id: int, day_of_week: int, start_minute: int, end_minute: int) -> Self:
        """Sharing at least a minute of a weekly slot: touching does not count."""
        return self.filter(
            classroom_id=classroom_id,
            day_of_week=day_of_week,
            start_minute__lt=end_minute,
            end_minute__gt=start_minute,
        )

    def filer_ids(self) -> QuerySet[RowT, int]:
        """Only who filed them: a query other statements can be built on."""
        return self.order_by().values_list("created_by_id", flat=True)

    def by_day_and_time(self) -> Self:
        return self.order_by("day_of_week", "start_minute", "end_minute", "id")
