"""Reads that read as English."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Self

from django.db.models import Q, QuerySet

from kernel.campus_time import Interval
from kernel.db.overlaps import Overlaps
from kernel.db.querysets import RowT
from registrations.enums import WeekState


class RegistrationQuerySet(QuerySet[RowT]):
    def with_api_relations(self) -> Self:
        """Everything a representation shows, in one query."""
        return self.select_related("occupancy__classroom", "group", "created_by")

    def live(self) -> Self:
        """Holding their rooms."""
        return self.filter(occupancy__is_live=True)

    def overlapping(self, interval: Interval) -> Self:
        """Sharing at least an instant with a half-open interval."""
        return self.filter(Overlaps(interval.starts_at, interval.ends_at, of="occupancy__"))

    def ending_after(self, instant: datetime) -> Self:
        return self.filter(occupancy__ends_at__gt=instant)

    def in_order(self) -> Self:
        return self.order_by("occupancy__starts_at", "occupancy_id")

    def of_series(self, series_ids: Collection[int]) -> Self:
        return self.filter(series_id__in=series_ids)

    def lost_to_closures(self) -> Self:
        """Cancelled by closures and not had again: single ones, and what still stands for a week of its series."""
        return self.filter(Q(series=None) | Q(week__state=WeekState.SETTLED), is_closed_over=True)

    def following_series(self) -> Self:
        """Occurrences that nobody has settled by hand: they go where their series goes."""
        return self.filter(week__state=WeekState.HELD)


class SeriesQuerySet(QuerySet[RowT]):
    def active_on(self, day: date) -> Self:
        """Running on a day, whether or not it is one of their dates."""
        return self.filter(Q(cancelled_from=None) | Q(cancelled_from__gt=day), starts_on__lte=day, ends_on__gte=day)

    def running_from(self, day: date) -> Self:
        """Not over and not cancelled before a day."""
        return self.filter(Q(cancelled_from=None) | Q(cancelled_from__gt=day), ends_on__gte=day)

    def in_order(self) -> Self:
        return self.order_by("starts_on", "day_of_week", "start_minute", "id")


class SeriesWeekQuerySet(QuerySet[RowT]):
    def with_occurrences(self) -> Self:
        """With the registrations that stand for them, as a summary or a move needs them; in one query."""
        return self.select_related(
            "registration__occupancy__classroom", "registration__group", "registration__created_by"
        )

    def of_series(self, series_ids: Collection[int]) -> Self:
        return self.filter(series_id__in=series_ids)

    def skipped(self) -> Self:
        return self.filter(state=WeekState.SKIPPED)

    def without_date(self) -> Self:
        """Skipped, or settled by hand and then lost to a closure: the dates that a series may have again."""
        is_lost = Q(state=WeekState.SETTLED, registration__is_closed_over=True)
        return self.filter(Q(state=WeekState.SKIPPED) | is_lost).select_related("registration__occupancy")

    def held(self) -> Self:
        """Going where their series goes."""
        return self.filter(state=WeekState.HELD)

    def in_order(self) -> Self:
        return self.order_by("series_id", "begins_on")
