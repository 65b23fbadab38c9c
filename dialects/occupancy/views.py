"""The eight calls. What goes wrong is raised; `envelope` words it for this wire."""

import hashlib
import json
import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views import View

from classrooms.models import Classroom
from classrooms.queries.free_rooms import free_during
from classrooms.queries.soonest import soonest_runs
from dialects.occupancy import searching, shapes
from dialects.occupancy.bodies import read_body
from dialects.occupancy.distances import Coordinates, metres
from dialects.occupancy.envelope import BadRequest
from dialects.occupancy.occupations import occupations
from groups.api.authentication import SCHEME, identify
from kernel import clock
from kernel.campus_time import campus_date, merged
from kernel.errors import NotAuthenticated, NotFound
from kernel.read_throttling import count_read
from kernel.requests import actor_id_of
from timetables.models import Course, StudyPlan
from timetables.queries.catalogue import with_schedules, with_semester_type, with_study_plans, with_teachers
from timetables.queries.plans import timetable_of

PLAN_ID = re.compile(r"[1-9][0-9]{0,17}")
FLAGS = {"1": True, "true": True, "0": False, "false": False, "": False}


class OccupancyView(View):
    """Open to everybody, whatever `Authorization` says, unless `OCCUPANCY_REQUIRE_LOGIN`."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if settings.OCCUPANCY_REQUIRE_LOGIN:
            _require_login(request)
        count_read(request, user_id=actor_id_of(request))  # its POSTs ask, too
        return super().dispatch(request, *args, **kwargs)

    def shown(self, payload: Any) -> HttpResponseBase:
        """A bare array or object; what was read carries an `ETag` and answers 304 to whoever has it."""
        content = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        response = HttpResponse(content, content_type="application/json")
        if self.request.method not in ("GET", "HEAD"):
            return response
        response["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        response["Cache-Control"] = "private, no-cache" if settings.OCCUPANCY_REQUIRE_LOGIN else "no-cache"
        return get_conditional_response(self.request, etag=response["ETag"], response=response) or response


class CourseListView(OccupancyView):
    def get(self, request: HttpRequest) -> HttpResponseBase:
        courses = with_semester_type(Course.objects.available()).in_order()
        return self.shown([shapes.course_item(course) for course in courses])


class CourseView(OccupancyView):
    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        courses = Course.objects.available().filter(code=code)
        course = with_study_plans(with_schedules(with_teachers(courses))).first()
        if course is None:
            raise NotFound("Course")
        return self.shown(shapes.course_page(course))


class StudyPlanListView(OccupancyView):
    def get(self, request: HttpRequest) -> HttpResponseBase:
        plans = StudyPlan.objects.available().with_api_relations().in_order()
        current = FLAGS.get(request.GET.get("current", ""))
        if current is None:
            raise BadRequest("current must be 0 or 1")
        if current:
            plans = plans.not_ended(today=campus_date(clock.now()))
        return self.shown([shapes.study_plan_item(plan) for plan in plans])


class StudyPlanView(OccupancyView):
    def get(self, request: HttpRequest, plan: str) -> HttpResponseBase:
        if not PLAN_ID.fullmatch(plan):
            raise NotFound("Study plan")
        return self.shown(shapes.study_plan_page(timetable_of(int(plan))))


class RoomListView(OccupancyView):
    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.shown([shapes.room_item(room) for room in _rooms()])


class RoomView(OccupancyView):
    def get(self, request: HttpRequest, name: str) -> HttpResponseBase:
        room = Classroom.objects.active().filter(name=name).first()
        if room is None:
            raise NotFound("Room")
        since, until = searching.bounds(request.GET)
        return self.shown(shapes.room_page(room, occupations(room, since=since, until=until)))


class FreeRoomsView(RoomView):
    """POST is the search. A GET of the same path shows the room that has this word for its name."""

    def post(self, request: HttpRequest, name: str) -> HttpResponseBase:
        body = read_body(request)
        ranges, here = merged(searching.selection(body)), searching.coordinates(body)
        free = free_during(_rooms(), *ranges)
        if here is None:
            return self.shown([shapes.room_item(room) for room in free])
        far = [(room, _distance(here, room)) for room in free]
        far.sort(key=lambda pair: (pair[1] is None, pair[1] or 0))
        return self.shown([shapes.room_near(room, distance) for room, distance in far])


class SoonestBookingsView(RoomView):
    """POST is the search. A GET of the same path shows the room that has this word for its name."""

    def post(self, request: HttpRequest, name: str) -> HttpResponseBase:
        runs = soonest_runs(after=searching.after_date(read_body(request)))
        return self.shown([shapes.room_with_booking(room, runs.get(room.pk)) for room in _rooms()])


def _rooms() -> Any:
    """The available rooms by name."""
    return Classroom.objects.active().order_by("name")


def _distance(here: Coordinates, room: Any) -> float | None:
    """Metres; None if nobody has said where the room is."""
    if room.latitude is None or room.longitude is None:
        return None
    return metres(here, Coordinates(room.latitude, room.longitude))


def _require_login(request: HttpRequest) -> None:
    """A valid access token, as in /api/v1. Raises: NotAuthenticated."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != SCHEME:
        raise NotAuthenticated("missing")
    identify(request, token.strip())
