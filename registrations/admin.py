"""Registrations and series in the admin: looked at, decided, cancelled, retried. Booking and moving is the API's."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from cspace import clock
from cspace.admin import ReadOnlyAdmin, site
from cspace.db.ranges import campus_zone, format_minute
from registrations.models import Registration, Series
from registrations.series_facts import DAYS
from registrations.services.changing import cancel_registration
from registrations.services.deciding import approve_registration, reject_registration
from registrations.services.series import cancel_series, retry_skipped


@admin.register(Registration, site=site)
class RegistrationAdmin(ReadOnlyAdmin):
    list_display = ("occupancy_id", "classroom", "starts", "ends", "group", "created_by", "status", "description")
    list_filter = ("status", "occupancy__classroom__floor")
    search_fields = ("occupancy__classroom__name", "group__name", "created_by__username", "description")
    list_select_related = ("occupancy__classroom", "group", "created_by")
    ordering = ("-occupancy__starts_at", "-occupancy_id")
    actions = ("approve", "reject", "cancel")

    @admin.display(ordering="occupancy__classroom__name")
    def classroom(self, registration: Registration) -> str:
        return registration.occupancy.classroom.name

    @admin.display(ordering="occupancy__starts_at")
    def starts(self, registration: Registration) -> str:
        return f"{registration.occupancy.starts_at.astimezone(campus_zone()):%Y-%m-%d %H:%M}"

    @admin.display(ordering="occupancy__ends_at")
    def ends(self, registration: Registration) -> str:
        return f"{registration.occupancy.ends_at.astimezone(campus_zone()):%H:%M}"

    @admin.action(description="Approve")
    def approve(self, request: HttpRequest, chosen: QuerySet[Registration]) -> None:
        self._each(request, chosen, approve_registration, "approved")

    @admin.action(description="Reject")
    def reject(self, request: HttpRequest, chosen: QuerySet[Registration]) -> None:
        self._each(request, chosen, reject_registration, "rejected")

    @admin.action(description="Cancel")
    def cancel(self, request: HttpRequest, chosen: QuerySet[Registration]) -> None:
        self._each(request, chosen, cancel_registration, "cancelled")

    def _each(
        self, request: HttpRequest, chosen: QuerySet[Registration], decide: Callable[..., Any], word: str
    ) -> None:
        """One service call, and so one transaction and one log row, for each."""

        def call(pk: int) -> Callable[[], Any]:
            return lambda: decide(registration_id=pk, by=request.user, now=clock.now())

        done = [
            pk for pk in chosen.values_list("pk", flat=True) if self.attempt(request, f"Registration {pk}", call(pk))
        ]
        if done:
            self.message_user(request, f"{len(done)} {word}.")


@admin.register(Series, site=site)
class SeriesAdmin(ReadOnlyAdmin):
    list_display = ("id", "classroom", "day", "times", "starts_on", "ends_on", "group", "source", "cancelled_from")
    list_filter = ("source", "day_of_week")
    search_fields = ("classroom__name", "group__name", "created_by__username", "description")
    list_select_related = ("classroom", "group")
    ordering = ("-starts_on", "-id")
    actions = ("cancel", "retry")

    @admin.display(ordering="day_of_week")
    def day(self, series: Series) -> str:
        return DAYS[series.day_of_week - 1]

    @admin.display(ordering="start_minute")
    def times(self, series: Series) -> str:
        return f"{format_minute(series.start_minute)}–{format_minute(series.end_minute)}"

    @admin.action(description="Cancel what lies ahead")
    def cancel(self, request: HttpRequest, chosen: QuerySet[Series]) -> None:
        self._each(request, chosen, cancel_series, "cancelled")

    @admin.action(description="Try skipped dates again")
    def retry(self, request: HttpRequest, chosen: QuerySet[Series]) -> None:
        self._each(request, chosen, retry_skipped, "tried again")

    def _each(self, request: HttpRequest, chosen: QuerySet[Series], command: Callable[..., Any], word: str) -> None:
        """One service call, and so one transaction, for each."""

        def call(pk: int) -> Callable[[], Any]:
            return lambda: command(series_id=pk, by=request.user, now=clock.now())

        done = [pk for pk in chosen.values_list("pk", flat=True) if self.attempt(request, f"Series {pk}", call(pk))]
        if done:
            self.message_user(request, f"{len(done)} {word}.")
