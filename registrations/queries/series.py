"""Series together with the registrations that are their occurrences."""

from django.db.models import F, Prefetch

from registrations.models import Registration, Series, SeriesWeek
from registrations.querysets import SeriesQuerySet


def with_api_relations(series: SeriesQuerySet[Series]) -> SeriesQuerySet[Series]:
    """All that a representation shows, with `live_occurrences` and `skipped_weeks`: three queries for any number."""
    return series.select_related("classroom", "group", "created_by").prefetch_related(
        Prefetch(
            "occurrences",
            Registration.objects.live().annotate(starts_at=F("occupancy__starts_at")).only("series").in_order(),
            to_attr="live_occurrences",
        ),
        Prefetch("weeks", SeriesWeek.objects.skipped().in_order(), to_attr="skipped_weeks"),
    )
