"""Dated lectures and their rooms: made by imports, withdrawn and restored by hand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from kernel.admin.site import site
from kernel.campus_time import campus_end, format_minute, format_wall
from timetables.admin.visibility import WithdrawableAdmin
from timetables.models import CourseBooking, CourseSchedule


class _LookedAt(WithdrawableAdmin):
    """To look at, withdraw and restore."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _wall(schedule: CourseSchedule) -> str:
    return f"{format_wall(schedule.starts_at)}–{format_minute(campus_end(schedule.ends_at)[1])}"


@admin.register(CourseSchedule, site=site)
class CourseScheduleAdmin(_LookedAt):
    list_display = ("course", "when", "label", "is_available")
    list_filter = ("is_available", "label")
    search_fields = ("course__code", "course__name")
    list_select_related = ("course",)
    ordering = ("-starts_at", "-id")

    @admin.display(ordering="starts_at")
    def when(self, schedule: CourseSchedule) -> str:
        return _wall(schedule)


@admin.register(CourseBooking, site=site)
class CourseBookingAdmin(_LookedAt):
    list_display = ("course", "classroom", "when", "is_available", "holds_room")
    list_filter = ("is_available", "classroom__floor")
    search_fields = ("schedule__course__code", "classroom__name")
    list_select_related = ("schedule__course", "classroom", "occupancy")
    ordering = ("-schedule__starts_at", "-occupancy_id")

    @admin.display(ordering="schedule__course__code")
    def course(self, booking: CourseBooking) -> str:
        return str(booking.schedule.course)

    @admin.display(ordering="schedule__starts_at")
    def when(self, booking: CourseBooking) -> str:
        return _wall(booking.schedule)

    @admin.display(boolean=True)
    def holds_room(self, booking: CourseBooking) -> bool:
        return booking.occupancy.is_live
