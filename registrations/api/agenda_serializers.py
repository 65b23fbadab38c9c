"""The wire format of a room's agenda."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from rest_framework import serializers

from classrooms.enums import OccupancyKind
from classrooms.queries.agenda import Description, RoomUse
from kernel.api.examples import day_ahead
from kernel.api.fields import DateField, EndTimeField, TimeField
from kernel.api.serializers import Query, Shape
from kernel.campus_time import Interval, campus_date, cut_per_day, format_minute
from kernel.dates import days_faults, year_faults
from kernel.errors import Faults
from registrations.api.serializers import ListedRegistrationOutput

DEFAULT_DAYS = 30
MAX_DAYS = 366


class AgendaQuery(Query):
    example = {"start_date": day_ahead, "end_date": day_ahead}

    start_date = DateField(required=False)
    end_date = DateField(required=False)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        if faults := year_faults(values):
            return faults
        return days_faults(*bounds(values, today=campus_date(self.context["now"])), most_days=MAX_DAYS)


class AgendaEntry(Shape):
    example = {**ListedRegistrationOutput.example, "kind": "registration"}

    id = serializers.IntegerField()
    date = DateField()
    start_time = TimeField()
    end_time = EndTimeField()
    status = serializers.CharField(allow_null=True)
    reserved_by = serializers.CharField(allow_null=True)
    reserved_group = serializers.CharField(allow_null=True)
    description = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField(choices=OccupancyKind.choices)


class AgendaOutput(Shape):
    example = {"classroom": "Room A"}

    classroom = serializers.CharField()
    registrations = AgendaEntry(many=True)


def bounds(query: Mapping[str, Any], *, today: date) -> tuple[date, date]:
    """First and last day: today…+30 d; with one bound given, 30 d from it."""
    first, last = query.get("start_date"), query.get("end_date")
    if first is None:
        first = today if last is None else last - timedelta(days=DEFAULT_DAYS)
    return first, last if last is not None else first + timedelta(days=DEFAULT_DAYS)


def entries_of(use: RoomUse, description: Description, window: Interval) -> list[dict[str, Any]]:
    """One entry per campus day of the window, saying no more than is shown."""
    return [
        {
            "id": use.id,
            "date": piece.date.isoformat(),
            "start_time": format_minute(piece.start_minute),
            "end_time": format_minute(piece.end_minute),
            "status": description.status,
            "reserved_by": description.who,
            "reserved_group": description.group,
            "description": description.heading,
            "kind": description.kind,
        }
        for piece in cut_per_day(Interval(use.starts_at, use.ends_at).within(window))
    ]
