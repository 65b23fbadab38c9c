"""Reads of the app's own tables."""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.rules import Access
from calendars.enums import CLAIMING
from kernel.db.overlaps import Overlaps
from kernel.db.querysets import RowT


class CalendarQuerySet(QuerySet[RowT]):
    def used_by(self, access: Access) -> "CalendarQuerySet[RowT]":
        """Those that somebody may use: he is among its users or in its group; cspace uses all."""
        return self if access.is_cspace else self.joined_by(access)

    def joined_by(self, access: Access) -> "CalendarQuerySet[RowT]":
        """Those he uses without being cspace."""
        through = self.model._meta.get_field("users").remote_field.through  # type: ignore[union-attr]
        mine = through._default_manager.filter(user_id=access.user_id).values("calendar_id")
        return self.filter(Q(pk__in=mine) | Q(group__in=list(access.group_ids)))


class CalendarEventQuerySet(QuerySet[RowT]):
    def standing(self) -> "CalendarEventQuerySet[RowT]":
        """Those that have not been deleted, and that their source has."""
        return self.filter(deleted_at=None, missing_since=None)


class CalendarOccurrenceQuerySet(QuerySet[RowT]):
    def claiming(self) -> "CalendarOccurrenceQuerySet[RowT]":
        """Live ones, and those that wait for their room."""
        return self.filter(state__in=CLAIMING)

    def overlapping(self, since: datetime, until: datetime) -> "CalendarOccurrenceQuerySet[RowT]":
        return self.filter(Overlaps(since, until))
