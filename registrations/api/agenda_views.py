"""`GET /classrooms/{name}/agenda/` (contract §4), served by the app that knows what the room is used for."""

from collections.abc import Callable
from functools import partial

from rest_framework.request import Request
from rest_framework.response import Response

from classrooms.api.examples import ROOM_IN_PATH
from classrooms.queries.agenda import agenda, asking_for_agenda
from classrooms.queries.rooms import classroom_named
from kernel import clock
from kernel.api.conditional import with_etag
from kernel.api.operations import Operation
from kernel.api.pagination import asked_page, check_bound
from kernel.api.permissions import PublicRead
from kernel.api.viewsets import ApiViewSet
from kernel.campus_time import Interval, campus_date, days_interval
from registrations.api.agenda_serializers import AgendaOutput, AgendaQuery, bounds, entries


class AgendaViewSet(ApiViewSet):
    tag = "classrooms"
    path_example = ROOM_IN_PATH

    @Operation(
        PublicRead,
        parameters=[AgendaQuery],
        responses={200: AgendaOutput, 304: None},
        resource="Classroom",
        is_paged=True,
        ahead=lambda view, name: [asking_for_agenda(name, view.window())],
    )
    def retrieve(self, request: Request, name: str) -> Response:
        window = self.window(path=partial(classroom_named, name))
        uses = agenda(name, window)
        rows = entries(uses, window, may_see_names=bool(request.user.is_authenticated))
        if asked_page(request) is None:
            check_bound(rows, field="end_date", way_out="ask for fewer days")
        response = self.listing(rows, key="registrations")
        response.data = {"classroom": name, **response.data}
        return with_etag(request, response)

    def window(self, *, path: Callable[[], object] | None = None) -> Interval:
        """The days that the query asks for; see `query` for `path`."""
        return days_interval(*bounds(self.query(AgendaQuery, path=path), today=campus_date(clock.now())))
