"""Series together with the registrations that are their occurrences."""

from django.db.models import F, Prefetch

from kernel.db.batch import Statement
from registrations.enums import RegistrationStatus, WeekState
from registrations.models import Registration, Series, SeriesWeek
from registrations.queries.registrations import group_of
from registrations.querysets import SeriesQuerySet


def with_api_relations(series: SeriesQuerySet[Series]) -> SeriesQuerySet[Series]:
    """All that a representation shows, with `live_occurrences` and `skipped_weeks`: three queries for any number."""
    return series.select_related("classroom", "group", "created_by").prefetch_related(
        Prefetch(
            "occurrences",
            Registration.objects.live().annotate(starts_at=F("occupancy__starts_at")).only("series").in_order(),
            to_attr="live_occurrences",
        ),
        Prefetch("weeks", SeriesWeek.objects.without_date().in_order(), to_attr="skipped_weeks"),
    )


FOLLOWED = (
    "SELECT series.{column} FROM registrations_registration AS registration"
    " JOIN registrations_seriesweek AS week ON week.registration_id = registration.occupancy_id"
    " JOIN registrations_series AS series ON series.id = week.series_id"
    " WHERE registration.occupancy_id = %s AND registration.status = %s AND week.state = %s"
)
"""The series that a rejected occurrence follows."""


def group_to_approve_for(registration_id: int) -> Statement:
    """The query of the group a registration would be approved for: that of the series a rejected occurrence follows,
    else its own."""
    followed, own = FOLLOWED.format(column="group_id"), group_of(registration_id)
    return Statement(f"SELECT coalesce(({followed}), ({own.sql}))", (*_followed_by(registration_id), *own.parameters))


def room_to_follow_to(registration_id: int) -> Statement:
    """The query of the room of the series that a rejected occurrence follows."""
    return Statement(FOLLOWED.format(column="classroom_id"), _followed_by(registration_id))


def _followed_by(registration_id: int) -> tuple[int, str, str]:
    return registration_id, RegistrationStatus.REJECTED.value, WeekState.HELD.value
