"""Reads that read as English."""

from collections.abc import Collection
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch, Q, QuerySet

from registrations.enums import RegistrationStatus

if TYPE_CHECKING:
    from registrations.models import Registration, Series
else:
    Registration = Series = Any


class RegistrationQuerySet(QuerySet["Registration"]):
    def with_api_relations(self) -> "RegistrationQuerySet":
        """Everything a representation shows, in one query."""
        return self.select_related("occupancy__classroom", "group", "created_by")

    def live(self) -> "RegistrationQuerySet":
        """Holding their rooms."""
        return self.filter(occupancy__is_live=True)

    def not_cancelled(self) -> "RegistrationQuerySet":
        return self.exclude(status=RegistrationStatus.CANCELLED)

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

    def starting_after(self, instant: datetime) -> "RegistrationQuerySet":
        return self.filter(occupancy__starts_at__gt=instant)

    def of_series(self, series_ids: Collection[int]) -> "RegistrationQuerySet":
        return self.filter(series_id__in=series_ids)

    def following_series(self) -> "RegistrationQuerySet":
        """Occurrences that nobody has changed by hand: they go where their series goes."""
        return self.filter(series__isnull=False, is_detached=False)


class SeriesQuerySet(QuerySet["Series"]):
    def with_api_relations(self) -> "SeriesQuerySet":
        """Everything a representation shows: three queries however many series."""
        occurrences: Any = self.model._meta.get_field("occurrences").related_model
        return self.select_related("classroom", "group", "created_by").prefetch_related(
            Prefetch(
                "occurrences",
                RegistrationQuerySet(occurrences).live().select_related("occupancy").in_order(),
                to_attr="live_occurrences",
            ),
            "skipped_dates",
        )

    def active_on(self, day: date) -> "SeriesQuerySet":
        """Running on a day, whether or not it is one of their dates."""
        return self.filter(Q(cancelled_from=None) | Q(cancelled_from__gt=day), starts_on__lte=day, ends_on__gte=day)

    def running_from(self, day: date) -> "SeriesQuerySet":
        """Not over and not cancelled before a day."""
        return self.filter(Q(cancelled_from=None) | Q(cancelled_from__gt=day), ends_on__gte=day)

    def in_order(self) -> "SeriesQuerySet":
        return self.order_by("starts_on", "day_of_week", "start_minute", "id")
