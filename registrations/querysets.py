"""Reads that read as English."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from registrations.enums import Status

if TYPE_CHECKING:
    from registrations.models import Registration
else:
    Registration = Any


class RegistrationQuerySet(QuerySet["Registration"]):
    def with_api_relations(self) -> "RegistrationQuerySet":
        """Everything a representation shows, in one query."""
        return self.select_related("occupancy__classroom", "group", "created_by")

    def live(self) -> "RegistrationQuerySet":
        """Holding their rooms."""
        return self.filter(occupancy__is_live=True)

    def not_cancelled(self) -> "RegistrationQuerySet":
        return self.exclude(status=Status.CANCELLED)

    def ending_after(self, instant: datetime) -> "RegistrationQuerySet":
        return self.filter(occupancy__ends_at__gt=instant)

    def in_order(self) -> "RegistrationQuerySet":
        return self.order_by("occupancy__starts_at", "occupancy_id")

    def created_by(self, user_id: int) -> "RegistrationQuerySet":
        return self.filter(created_by_id=user_id)

    def in_period(self, period: str, *, now: datetime) -> "RegistrationQuerySet":
        """`upcoming` = ends after now, soonest first; `past` = the rest, latest first; `all` by time."""
        if period == "upcoming":
            return self.ending_after(now).in_order()
        if period == "past":
            return self.filter(occupancy__ends_at__lte=now).order_by("-occupancy__starts_at", "-occupancy_id")
        return self.in_order()
