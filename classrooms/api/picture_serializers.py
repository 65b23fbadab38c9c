"""The wire format of the floor plan's question, and of the hours in use."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers

from classrooms.queries.utilisation import Grouping, Hours
from classrooms.rules import window_faults
from kernel.api.examples import day_ahead, days_on
from kernel.api.fields import ChoiceField, DateField, QueryIntegerField, TimestampField
from kernel.api.serializers import Output, Query, Shape
from kernel.dates import year_faults
from kernel.errors import Faults


class FloorPlanQuery(Query):
    """`GET /classrooms/floor-plan.svg`. `at` needs `Z` or an offset, whose plus sign is written `%2B`."""

    example = {"floor": 1}

    floor = QueryIntegerField()
    at = TimestampField(required=False)
    building = serializers.CharField(required=False)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        return year_faults({"at": values.get("at")})


class UtilisationQuery(Query):
    """`GET /classrooms/utilisation/`."""

    example = {"start_date": day_ahead, "end_date": days_on(27), "group_by": "room"}

    start_date = DateField()
    end_date = DateField()
    group_by = ChoiceField(choices=[Grouping.ROOM, Grouping.WEEKDAY, Grouping.HOUR], default=Grouping.ROOM)
    floor = QueryIntegerField(required=False)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        return window_faults(values.get("start_date"), values.get("end_date"))


class UtilisationRow(Shape):
    """One of `classroom`, `day_of_week` and `hour` says what the row is about."""

    example = {
        "classroom": "Room A",
        "booked_hours": 24.0,
        "used_hours": 10.5,
        "closed_hours": 0.0,
        "total_hours": 672.0,
    }

    classroom = serializers.CharField(required=False)
    day_of_week = serializers.IntegerField(required=False, min_value=1, max_value=7)
    hour = serializers.IntegerField(required=False, min_value=0, max_value=23)
    booked_hours = serializers.FloatField()
    used_hours = serializers.FloatField()
    closed_hours = serializers.FloatField()
    total_hours = serializers.FloatField()


class UtilisationOutput(Output):
    example = {"start_date": day_ahead, "end_date": days_on(27), "group_by": "room"}

    start_date = DateField()
    end_date = DateField()
    group_by = serializers.ChoiceField(choices=[Grouping.ROOM, Grouping.WEEKDAY, Grouping.HOUR])
    results = UtilisationRow(many=True)

    NAMES: ClassVar[Mapping[Grouping, str]] = {
        Grouping.ROOM: "classroom",
        Grouping.WEEKDAY: "day_of_week",
        Grouping.HOUR: "hour",
    }

    def represent(self, instance: Mapping[str, Any]) -> dict[str, Any]:
        """`instance`: {first, last, by, rows of `utilisation`}."""
        by: Grouping = instance["by"]
        return {
            "start_date": instance["first"].isoformat(),
            "end_date": instance["last"].isoformat(),
            "group_by": str(by),
            "results": [self._row(self.NAMES[by], row) for row in instance["rows"]],
        }

    def _row(self, name: str, row: Hours) -> dict[str, Any]:
        return {
            name: row.key,
            "booked_hours": row.booked_hours,
            "used_hours": row.used_hours,
            "closed_hours": row.closed_hours,
            "total_hours": row.total_hours,
        }
