"""The states of rooms as an event stream (contract live.md §1)."""

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from classrooms.models import Classroom
from classrooms.streams import RoomFeed, RoomWish
from kernel.api.event_streams import EVENTS, StreamQuery, StreamViewSet
from kernel.api.fields import QueryIntegerField
from kernel.api.operations import Operation
from kernel.api.permissions import PublicRead
from kernel.errors import NotFound


class RoomStreamQuery(StreamQuery):
    """Which rooms, all without any."""

    floor = QueryIntegerField(required=False)
    building = serializers.CharField(required=False)


class RoomStreamViewSet(StreamViewSet):
    tag = "classrooms"

    @Operation(
        PublicRead,
        parameters=[RoomStreamQuery],
        responses=EVENTS,
        resource="Floor",
        description=(
            "`rooms` with the state of every room comes first, then `room` whenever one changes, also by the clock,"
            " and `bye` with a `reason` before the server closes the stream. `state` is `free`, `soon`, `taken` or"
            " `closed`, as on the floor plan, `until` when it will be otherwise, or null."
        ),
    )
    def stream_states(self, request: Request) -> HttpResponse:
        query = self.query(RoomStreamQuery)
        wish = RoomWish(query.get("floor"), query.get("building"))
        is_anywhere = wish == RoomWish()
        if not is_anywhere and not Classroom.objects.placed(floor=wish.floor, building=wish.building).exists():
            raise NotFound("Floor")
        return self.stream(request, RoomFeed.name, wish)
