"""The filters of `GET /registrations/` and `GET /batch-allocations/`; unknown values are refused with 400."""

from datetime import date, timedelta

import django_filters
from django.db.models import QuerySet

from classrooms.models import Classroom
from classrooms.rules import UNKNOWN_CLASSROOM
from groups.models import Group
from groups.rules import UNKNOWN_GROUP
from kernel import clock
from kernel.api.filters import DateFilter, FilterSet, IdFilter, NameFilter, PersonFilter
from kernel.campus_time import campus_date, day_start
from registrations.enums import LIVE, RegistrationStatus
from registrations.models import Registration, Series
from registrations.queries import events
from registrations.querysets import SeriesQuerySet

SHOWN_BACK_DAYS = 30
"""Without paging and without `date_from`, only what ends after this many days ago."""
Registrations = QuerySet[Registration]


class RegistrationFilter(FilterSet):
    """Contract §5. Without `status`: pending and approved."""

    ranges = [("date_from", "date_to")]

    status = django_filters.ChoiceFilter(choices=[*RegistrationStatus.choices, ("all", "all")], method="with_status")
    classroom = NameFilter(
        field_name="occupancy__classroom_id", rows=Classroom.objects.all, key="name", unknown=UNKNOWN_CLASSROOM
    )
    group_id = IdFilter(field_name="group_id", rows=Group.objects.all, unknown=UNKNOWN_GROUP)
    date_from = DateFilter(method="from_date")
    date_to = DateFilter(method="to_date")
    user = PersonFilter(field_name="created_by_id")

    def filter_queryset(self, queryset: Registrations) -> Registrations:
        rows: Registrations = super().filter_queryset(queryset)
        values = self.form.cleaned_data
        if not values.get("status"):
            rows = rows.filter(status__in=LIVE)
        if not values.get("date_from") and not {"page", "per_page"} & set(self.data or ()):
            earliest = day_start(campus_date(clock.now()) - timedelta(days=SHOWN_BACK_DAYS))
            rows = rows.filter(occupancy__ends_at__gt=earliest)
        return rows

    def with_status(self, rows: Registrations, name: str, value: str) -> Registrations:
        return rows if value == "all" else rows.filter(status=value)

    def from_date(self, rows: Registrations, name: str, value: date) -> Registrations:
        return rows.filter(occupancy__ends_at__gt=day_start(value))

    def to_date(self, rows: Registrations, name: str, value: date) -> Registrations:
        return rows.filter(occupancy__starts_at__lt=day_start(value + timedelta(days=1)))


class SeriesFilter(FilterSet):
    """Contract §7. `active_on`: running on that day, whether or not it is one of their dates."""

    classroom = NameFilter(field_name="classroom_id", rows=Classroom.objects.all, key="name", unknown=UNKNOWN_CLASSROOM)
    group_id = IdFilter(field_name="group_id", rows=Group.objects.all, unknown=UNKNOWN_GROUP)
    event_id = IdFilter(field_name="event_id", rows=events.rows, unknown=events.UNKNOWN_EVENT)
    active_on = DateFilter(method="running_on")

    def running_on(self, rows: SeriesQuerySet[Series], name: str, value: date) -> QuerySet[Series]:
        return rows.active_on(value)
