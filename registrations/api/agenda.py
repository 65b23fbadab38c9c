"""`GET /classrooms/{name}/agenda/` (contract §4), served by the app that knows what the room is used for."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from classrooms.enums import OccupancyKind
from classrooms.queries.agenda import Description, RoomUse, agenda
from classrooms.queries.rooms import classroom_named
from kernel import clock
from kernel.api.examples import day_ahead
from kernel.api.fields import DateField, EndTimeField, TimeField
from kernel.api.operations import Operation
from kernel.api.permissions import PublicRead
from kernel.api.serializers import Query, Shape
from kernel.api.viewsets import ApiViewSet
from kernel.campus_time import Interval, campus_date, cut_per_day, days_interval, format_minute
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
    example: ClassVar[Mapping[str, Any]] = {**ListedRegistrationOutput.example, "kind": "registration"}

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
    example: ClassVar[Mapping[str, Any]] = {"classroom": "Room A"}

    classroom = serializers.CharField()
    registrations = AgendaEntry(many=True)


class AgendaViewSet(ApiViewSet):
    tag = "classrooms"
    path_example = {"name": "Room A"}

    @Operation(PublicRead, parameters=[AgendaQuery], responses=AgendaOutput, resource="Classroom")
    def retrieve(self, request: Request, name: str) -> Response:
        classroom = classroom_named(name)
        first, last = bounds(self.query(AgendaQuery), today=campus_date(clock.now()))
        may_see_names, window = bool(request.user.is_authenticated), days_interval(first, last)
        entries = [
            entry
            for use in agenda(classroom.pk, window)
            for entry in _entries(use, use.description if may_see_names else use.description.without_names(), window)
        ]
        entries.sort(key=lambda entry: (entry["date"], entry["start_time"], entry["id"]))
        return Response({"classroom": classroom.name, "registrations": entries})


def bounds(asked: Mapping[str, Any], *, today: date) -> tuple[date, date]:
    """First and last day: today…+30 d; with one bound given, 30 d from it."""
    first, last = asked.get("start_date"), asked.get("end_date")
    if first is None:
        first = today if last is None else last - timedelta(days=DEFAULT_DAYS)
    return first, last if last is not None else first + timedelta(days=DEFAULT_DAYS)


def _entries(use: RoomUse, shown: Description, window: Interval) -> list[dict[str, Any]]:
    """One entry per campus day of the window, saying no more than is shown."""
    return [
        {
            "id": use.id,
            "date": piece.date.isoformat(),
            "start_time": format_minute(piece.start_minute),
            "end_time": format_minute(piece.end_minute),
            "status": shown.status,
            "reserved_by": shown.who,
            "reserved_group": shown.group,
            "description": shown.heading,
            "kind": shown.kind,
        }
        for piece in cut_per_day(Interval(use.starts_at, use.ends_at).within(window))
    ]
