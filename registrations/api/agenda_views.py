"""`GET /classrooms/{name}/agenda/` (contract §4), served by the app that knows what the room is used for."""

from rest_framework.request import Request
from rest_framework.response import Response

from classrooms.api.examples import ROOM_IN_PATH
from classrooms.queries.agenda import agenda
from classrooms.queries.rooms import classroom_named
from kernel import clock
from kernel.api.operations import Operation
from kernel.api.pagination import asked_page, check_bound
from kernel.api.permissions import PublicRead
from kernel.api.viewsets import ApiViewSet
from kernel.campus_time import campus_date, days_interval
from registrations.api.agenda_serializers import AgendaOutput, AgendaQuery, bounds, entries_of


class AgendaViewSet(ApiViewSet):
    tag = "classrooms"
    path_example = ROOM_IN_PATH

    @Operation(PublicRead, parameters=[AgendaQuery], responses=AgendaOutput, resource="Classroom", is_paged=True)
    def retrieve(self, request: Request, name: str) -> Response:
        classroom = classroom_named(name)
        first, last = bounds(self.query(AgendaQuery), today=campus_date(clock.now()))
        may_see_names, window = bool(request.user.is_authenticated), days_interval(first, last)
        entries = [
            entry
            for use in agenda(classroom.pk, window)
            for entry in entries_of(use, use.description if may_see_names else use.description.without_names(), window)
        ]
        if asked_page(request) is None:
            check_bound(entries, field="end_date", way_out="ask for fewer days")
        entries.sort(key=lambda entry: (entry["date"], entry["start_time"], entry["id"]))
        response = self.listing(entries, key="registrations")
        response.data = {"classroom": classroom.name, **response.data}
        return response
