"""Rooms and their time over HTTP (contract §4). The agenda is served by `registrations`."""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from classrooms.api.examples import ROOM_IN_PATH, parts_clash, room_taken
from classrooms.api.filters import ClassroomFilter, placed_by
from classrooms.api.search_serializers import AvailabilityOutput, AvailabilityQuery, FreeOutput, FreeQuery
from classrooms.api.searching import (
    TOO_NEAR,
    free_for,
    is_for_somebody,
    names_booker,
    needs_room,
    questions_of_booker,
    room_for,
    search_of,
)
from classrooms.api.serializers import (
    CampusClosureInput,
    ClassroomChangeInput,
    ClassroomInput,
    ClassroomList,
    ClassroomOutput,
    ClosureInput,
    ClosureList,
    ClosureOutput,
    PublicClosureOutput,
)
from classrooms.models import BookingHold, Classroom, Closure
from classrooms.queries.availability import asking_for_slot, room_in_slot
from classrooms.queries.free_rooms import asking_for_hold, free_during
from classrooms.queries.rooms import (
    VIEW_BY_NAME,
    Rooms,
    asking_for_room,
    asking_for_room_list,
    asking_for_room_view,
    asking_for_rooms,
    classroom_named,
    room_list,
    room_view,
    room_views,
)
from classrooms.queries.suggesting import suggestions, weekly
from classrooms.services.closures import close_rooms, lift_closure
from classrooms.services.rooms import (
    ClassroomHasParts,
    ClassroomIsUsed,
    ClassroomNameIsTaken,
    change_classroom,
    create_classroom,
    delete_classroom,
)
from kernel import clock
from kernel.api.conditional import VersionTags, unless_known
from kernel.api.filters import asked_of, filtered
from kernel.api.operations import Operation
from kernel.api.pagination import asked_page, places_of
from kernel.api.permissions import InCSpace, PublicRead
from kernel.campus_time import Interval, campus_interval, cut_per_day, days_interval, format_minute
from kernel.db.batch import Statement, ask_each


def interval_of(slot: Mapping[str, Any]) -> Interval:
    """The instants of a slot that was asked for."""
    return campus_interval(slot["date"], slot["start_time"], slot["end_time"])


class ClassroomViewSet(CallerViewSet):
    tag = "classrooms"
    path_example = ROOM_IN_PATH

    @Operation(
        PublicRead,
        parameters=[ClassroomFilter],
        responses={200: ClassroomList, 304: None},
        ahead=lambda view: [view.question_of_list],
    )
    def list(self, request: Request) -> Response:
        version, rooms, count = room_list(self.question_of_list)
        if version is None:
            return self.listing_of(rooms, count=count)
        is_known = version in self._tags.known
        response = Response(status=304) if is_known else self.listing_of(rooms, count=count)
        return unless_known(request, self._tags.of(version), response)

    @cached_property
    def question_of_list(self) -> Statement:
        """What `list` asks: the rooms, unless they are of a version that the reader has. Raises: Invalid."""
        rooms = placed_by(asked_of(ClassroomFilter, self.request))
        return asking_for_room_list(rooms, places_of(asked_page(self.request)), self._tags.known)

    @cached_property
    def _tags(self) -> VersionTags:
        return VersionTags(self.request, VIEW_BY_NAME)

    def _rooms(self) -> Rooms:
        """The rooms that the query string asks for. Raises: Invalid."""
        rooms = Classroom.objects.in_order()
        # To find by a form that there is nothing to filter by costs more than to read the rooms.
        return filtered(ClassroomFilter, rooms, self.request) if asked_of(ClassroomFilter, self.request) else rooms

    @Operation(PublicRead, responses=ClassroomOutput, ahead=lambda view, name: [asking_for_room_view(name)])
    def retrieve(self, request: Request, name: str) -> Response:
        return Response(room_view(name))

    @Operation(
        InCSpace,
        request=ClassroomInput,
        responses={201: ClassroomOutput},
        conflicts=[ClassroomNameIsTaken, parts_clash],
    )
    def create(self, request: Request) -> Response:
        classroom = create_classroom(by=self.caller, now=clock.now(), **self.body(ClassroomInput))
        return self.created(ClassroomOutput(classroom).data, f"/api/v1/classrooms/{classroom.name}/")

    @Operation(InCSpace, request=ClassroomChangeInput, responses=ClassroomOutput, conflicts=[parts_clash])
    def update(self, request: Request, name: str) -> Response:
        classroom = classroom_named(name)
        change = self.changes(ClassroomChangeInput, classroom=classroom)
        change.pop("name", None)
        classroom = change_classroom(classroom_id=classroom.pk, by=self.caller, now=clock.now(), **change)
        return Response(ClassroomOutput(classroom).data)

    partial_update = update

    @Operation(InCSpace, responses={204: None}, conflicts=[ClassroomIsUsed, ClassroomHasParts])
    def destroy(self, request: Request, name: str) -> Response:
        delete_classroom(classroom_id=classroom_named(name).pk, by=self.caller, now=clock.now())
        return Response(status=204)

    @Operation(
        PublicRead,
        parameters=[AvailabilityQuery],
        responses=AvailabilityOutput,
        ahead=lambda view, name: view.questions_of_availability(name),
    )
    def availability(self, request: Request, name: str) -> Response:
        self._check_named()
        slot = self.query(AvailabilityQuery, path=partial(classroom_named, name))
        room = room_in_slot(name, interval_of(slot))
        answer = room_for(self, slot, room)
        day = days_interval(slot["date"], slot["date"])
        conflicts = [
            {
                "id": use.id,
                "start_time": format_minute(piece.start_minute),
                "end_time": format_minute(piece.end_minute),
                **use.peculiarity,
            }
            for use in answer.uses
            if use.interval.starts_at < day.ends_at and day.starts_at < use.interval.ends_at
            for piece in cut_per_day(use.interval.within(day))
        ]
        reason = room.refusal(is_bound=not self.access.is_cspace) or answer.reason
        if answer.uses and not conflicts:
            reason = reason or TOO_NEAR
        return Response(
            {
                "classroom": room.name,
                "date": slot["date"].isoformat(),
                "start_time": format_minute(slot["start_time"]),
                "end_time": format_minute(slot["end_time"]),
                "is_available": not conflicts and not reason,
                "conflicts": conflicts,
                **({"reason": reason} if reason else {}),
                **({} if answer.rules is None else {"rules": answer.rules}),
            }
        )

    def questions_of_availability(self, name: str) -> Sequence[Statement]:
        """What `availability` asks of the room, and for whom. Raises: ValidationError."""
        slot = self.query(AvailabilityQuery)
        rooms = [asking_for_room(name)] if needs_room(slot) else []
        return [asking_for_slot(name, interval_of(slot)), *rooms, *questions_of_booker(slot)]

    def _check_named(self) -> None:
        """Raises: NotAuthenticated, where nobody asks for somebody."""
        if names_booker(self.request):
            self.caller  # noqa: B018 - it says who he is, or refuses

    @Operation(
        PublicRead,
        parameters=[FreeQuery, ClassroomFilter],
        responses=FreeOutput,
        is_paged=True,
        ahead=lambda view: view.questions_of_free,
    )
    def free(self, request: Request) -> Response:
        self._check_named()
        query = self.query(FreeQuery)
        if is_for_somebody(query) or query["explain"]:
            return free_for(self, query)
        (rooms, count), hold = self._free()
        response = self.listing_of([] if hold else rooms, count=0 if hold else count)
        if query["suggest"]:
            holds = BookingHold.objects.binding(self.access)
            response.data["suggestions"] = suggestions(self._rooms_for(query), query, holds, now=clock.now())
        if hold:
            response.data["reason"] = hold
        return response

    @cached_property
    def questions_of_free(self) -> Sequence[Statement]:
        """What `free` asks: the rooms, and whether a hold keeps callers from them. Raises: ValidationError, Invalid."""
        query = self.query(FreeQuery)
        if is_for_somebody(query) or query["explain"]:
            return [*search_of(self, query).questions, *questions_of_booker(query)]
        slots = weekly(query)
        rooms = asking_for_rooms(free_during(self._rooms_for(query), *slots), places_of(asked_page(self.request)))
        return rooms, asking_for_hold(slots)

    def _rooms_for(self, query: Mapping[str, Any]) -> Rooms:
        """The same that seat so many as are to come, the smallest first."""
        rooms, attendees = self._rooms(), query.get("attendees")
        return rooms if attendees is None else rooms.seating(attendees)

    def _free(self) -> tuple[tuple[Sequence[Any], int], str | None]:
        """The rooms, and how many there are; what the caller reads whom a hold keeps from them."""
        rooms, holds = ask_each(*self.questions_of_free)
        is_bound = holds and not self.access.is_cspace
        return room_views(rooms), holds[0][0] if is_bound else None


class ClosureViewSet(CallerViewSet):
    tag = "closures"
    path_example = ROOM_IN_PATH

    @Operation(PublicRead, responses=ClosureList, resource="Classroom")
    def list(self, request: Request, name: str) -> Response:
        rows = Closure.objects.standing().with_api_relations().filter(occupancy__classroom=classroom_named(name))
        output = ClosureOutput if request.user.is_authenticated else PublicClosureOutput
        return self.listing(rows.order_by("occupancy__starts_at", "occupancy_id"), output)

    @Operation(
        InCSpace, request=ClosureInput, responses={201: ClosureOutput}, conflicts=[room_taken], resource="Classroom"
    )
    def create(self, request: Request, name: str) -> Response:
        classroom, period = classroom_named(name), self.body(ClosureInput)
        (closure,) = self._close([classroom], period)
        url = f"/api/v1/classrooms/{classroom.name}/closures/{closure.pk}/"
        return self.created(ClosureOutput(closure).data, url)

    @Operation(InCSpace, request=CampusClosureInput, responses={201: ClosureList}, conflicts=[room_taken])
    def create_many(self, request: Request) -> Response:
        period = self.body(CampusClosureInput)
        rooms = period.pop("classrooms")
        closures = self._close(rooms or list(Classroom.objects.in_order()), period, is_campus_wide=rooms is None)
        return Response({"results": [ClosureOutput(closure).data for closure in closures]}, status=201)

    @Operation(InCSpace, responses={204: None})
    def destroy(self, request: Request, name: str, pk: int) -> Response:
        lift_closure(closure_id=pk, classroom=classroom_named(name), by=self.caller, now=clock.now())
        return Response(status=204)

    def _close(
        self, rooms: Sequence[Classroom], period: Mapping[str, Any], *, is_campus_wide: bool = False
    ) -> Sequence[Closure]:
        return close_rooms(
            by=self.caller,
            now=clock.now(),
            classrooms=rooms,
            interval=Interval(period["starts_at"], period["ends_at"]),
            reason=period.get("reason", ""),
            cancel_registrations=period["on_conflict"] == "cancel",
            is_campus_wide=is_campus_wide,
        )
