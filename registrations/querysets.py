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
