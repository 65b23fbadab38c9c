"""The wire format of a room's agenda."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from operator import itemgetter
from typing import Any

from rest_framework import serializers

from classrooms.enums import SATELLITES, OccupancyKind
from classrooms.queries.agenda import UseRow, heading
from kernel.api.examples import day_ahead
from kernel.api.fields import DateField, EndTimeField, TimeField
from kernel.api.serializers import Query, Shape
from kernel.campus_time import DayCutter, Interval, campus_date
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
    kind = serializers.ChoiceField(choices=[kind for kind in OccupancyKind.choices if kind[0] not in SATELLITES])
    via = serializers.CharField(required=False)


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


def entries(uses: Iterable[UseRow], window: Interval, *, may_see_names: bool) -> list[dict[str, Any]]:
    """One entry per use and campus day of the window, by time; without a login no more than when, and in what state."""
    pieces = DayCutter(window).pieces
    rows = [
        {
            "id": number,
            "date": day,
            "start_time": start,
            "end_time": end,
            "status": status,
            "reserved_by": who if may_see_names else None,
            "reserved_group": group if may_see_names else None,
            "description": heading(code, title) if may_see_names else None,
            "kind": kind,
            **({} if via is None else {"via": via}),
        }
        for number, _, starts_at, ends_at, kind, title, code, _, who, group, status, _, via in uses
        for day, start, end in pieces(starts_at, ends_at)
    ]
    rows.sort(key=itemgetter("date", "start_time", "id"))
    return rows
