"""The floor plan as a picture, and how much the rooms are used (contract §4, extensions)."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from classrooms.api.picture_serializers import FloorPlanQuery, UtilisationOutput, UtilisationQuery
from classrooms.models import Classroom
from classrooms.queries.floorplan import draw
from classrooms.queries.states import states
from classrooms.queries.utilisation import Grouping, utilisation
from kernel import clock
from kernel.api.operations import Operation
from kernel.api.pagination import asked_page, check_bound
from kernel.api.permissions import InCSpace, PublicRead
from kernel.api.rendering import FastJSONRenderer
from kernel.api.viewsets import ApiViewSet, DocumentViewSet
from kernel.errors import NotFound

SVG = "image/svg+xml"
PICTURE = {"type": "string", "xml": {"name": "svg"}}


class Svg(BaseRenderer):
    """Named for the negotiation only: the picture is sent as it is."""

    media_type = SVG
    format = "svg"


class FloorPlanViewSet(DocumentViewSet):
    tag = "classrooms"
    renderer_classes = [FastJSONRenderer, Svg]

    @Operation(
        PublicRead,
        parameters=[FloorPlanQuery],
        responses={(200, SVG): PICTURE},
        description=(
            "The rooms of a floor as their boxes (`equipment.svg`) stand, with what each is doing `at` an instant"
            " (default: now): `free`; `soon` taken, in less than 60 minutes; `taken`; `closed` by a closure or because"
            " the room is inactive. Times in the picture are campus times. Where several buildings have the floor,"
            " `building` chooses one. A floor without any room is a 404; rooms without a box are named below the plan."
            "\n\n![The third floor of the demo campus](/static/classrooms/floor-plan.svg)"
        ),
        resource="Floor",
    )
    def retrieve(self, request: Request) -> HttpResponseBase:
        query = self.query(FloorPlanQuery)
        at = query.get("at") or clock.now()
        rooms = list(Classroom.objects.on_floor(query["floor"], building=query.get("building")).in_order())
        if not rooms:
            raise NotFound("Floor")
        return HttpResponse(draw(rooms, states(rooms, at), at=at), content_type=SVG)


class UtilisationViewSet(ApiViewSet):
    tag = "classrooms"

    @Operation(
        InCSpace,
        parameters=[UtilisationQuery],
        responses=UtilisationOutput,
        is_paged=True,
        description=(
            "How many hours the rooms are booked and used, from `start_date` to `end_date`, both included, at most"
            " 366 days. `group_by` is `room` (the default), `weekday` or `hour` of the campus wall; every room, weekday"
            " (1 = Sunday) or hour (0–23) is there, also with 0.\n\n"
            "- `booked_hours`: a live occupancy keeps the room: a registration, pending or approved, a lecture, the"
            " calendar, a fest. Lectures that share a room at the same time count once.\n"
            "- `used_hours`: what of it has passed.\n"
            "- `closed_hours`: a closure keeps the room; not part of the booked hours.\n"
            "- `total_hours`: all the time there is, of all rooms, active or not."
        ),
    )
    def retrieve(self, request: Request) -> Response:
        query = self.query(UtilisationQuery)
        first, last, by = query["start_date"], query["end_date"], Grouping(query["group_by"])
        rows = utilisation(first, last, by=by, now=clock.now(), floor=query.get("floor"))
        if asked_page(request) is None:
            check_bound(rows, field="floor", way_out="ask for one floor, or group by weekday or hour")
        answer = UtilisationOutput({"first": first, "last": last, "by": by, "rows": rows}).data
        response = self.listing(answer.pop("results"))
        response.data = {**answer, **response.data}
        return response
