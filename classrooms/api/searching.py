"""Rooms that are looked for on behalf of somebody, by the rules of the house: what is asked, and the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models.expressions import RawSQL
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from classrooms.api.filters import ClassroomFilter
from classrooms.models import BookingHold, Classroom
from classrooms.queries.availability import RoomInSlot
from classrooms.queries.obstacles import Obstacle, asking_for_obstacles, obstacles_found
from classrooms.queries.refusing import (
    Booker,
    RoomSketch,
    asking_for_rules_in_force,
    judge_for,
)
from classrooms.queries.rooms import ClassroomNotFound, Rooms, asking_for_rooms, bookable_room, room_views
from classrooms.queries.sifting import RoomSearch, Sifted, sift
from classrooms.queries.suggesting import slots_judged, suggestions, weekly_slots
from classrooms.rules import NO_BUFFERS
from groups.rules import UNKNOWN_GROUP
from groups.services.holding import asking_for_group, group_with_id
from kernel import clock
from kernel.api.filters import filtered_by
from kernel.api.pagination import asked_page, places_of
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, ask, ask_each
from kernel.errors import Invalid, PermissionDenied
from kernel.written import read_whole_number

MAX_UNAVAILABLE = 500
TOO_NEAR = "There has to be time around a booking near it"


def names_booker(request: Request) -> bool:
    """Whether a query string says for whom a room is looked for."""
    return any(request.query_params.get(name) for name in ("group_id", "individual"))


def is_for_somebody(query: Mapping[str, Any]) -> bool:
    return query["individual"] or "group_id" in query


def questions_of_booker(query: Mapping[str, Any]) -> list[Statement]:
    """What `booker_in` and a judge will ask."""
    if not is_for_somebody(query):
        return []
    groups = [asking_for_group(query["group_id"])] if "group_id" in query else []
    return [*groups, asking_for_rules_in_force()]


def booker_in(view: CallerViewSet, query: Mapping[str, Any]) -> Booker | None:
    """For whom a room is looked for, if that is said. Raises: Invalid (no such group), PermissionDenied."""
    if not is_for_somebody(query):
        return None
    person_id, attendees, is_cspace = view.caller.pk, query.get("attendees"), view.access.is_cspace
    if "group_id" not in query:
        return Booker(person_id, attendees=attendees, is_cspace=is_cspace)
    group = group_with_id(query["group_id"])
    if group is None:
        raise Invalid({"group_id": [UNKNOWN_GROUP]})
    if not (is_cspace or view.access.is_member_of(group.pk)):
        raise PermissionDenied
    return Booker(person_id, group, attendees, is_cspace)


def search_of(view: CallerViewSet, query: Mapping[str, Any]) -> RoomSearch:
    """What is looked for among all rooms of the filters, however few they seat. Raises: Invalid."""
    questions = view.request.query_params.dict()
    filtered_by(ClassroomFilter, Classroom.objects.none(), questions)  # says what is wrong with them
    seats = read_whole_number(questions.pop("min_capacity", "") or "0")
    rooms: Rooms = filtered_by(ClassroomFilter, Classroom.objects.in_order(), questions)
    attendees = query.get("attendees", 0)
    return RoomSearch(
        rooms=rooms.seating(0) if attendees else rooms,
        slots=weekly_slots(query),
        least=max(seats, attendees),
    )


def free_for(view: CallerViewSet, query: Mapping[str, Any]) -> Response:
    """The rooms that can be had by the rules too, and why the others cannot, if that is asked. Three round trips, with
    the one in which it is found out who asks; more where rules have been written meanwhile, and for suggestions."""
    now, search, booker = clock.now(), search_of(view, query), booker_in(view, query)
    slots = slots_judged(query, now=now) if query["suggest"] else search.slots
    judge = None if booker is None else judge_for(booker, slots, now=now, as_series="weekly_until" in query)
    sifted = sift(search, judge, is_bound=not view.access.is_cspace)
    first, last = places_of(asked_page(view.request))
    response = view.listing_of(_room_views(sifted.free[first:last]), count=len(sifted.free))
    if query["suggest"]:
        rooms = search.rooms.filter(capacity__gte=search.least)
        holds = BookingHold.objects.binding(view.access)
        response.data["suggestions"] = suggestions(rooms, query, holds, now=now, judge=judge)
    if sifted.hold is not None:
        response.data["reason"] = sifted.hold
    if query["explain"]:
        response.data |= _explanation(sifted)
    return response


def _room_views(ids: Sequence[int]) -> list[dict[str, Any]]:
    """Rooms as they are shown, in this order."""
    if not ids:
        return []
    rooms = Classroom.objects.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [array_of(ids)]))
    rows, _ = room_views(ask(asking_for_rooms(rooms.in_order(), places_of(None))))
    by_id = {room["id"]: room for room in rows}
    return [by_id[room_id] for room_id in ids if room_id in by_id]


def _explanation(sifted: Sifted) -> dict[str, Any]:
    return {
        "unavailable": [
            {"classroom": each.room.name, "why": each.why.value, "sentence": each.sentence}
            for each in sifted.away[:MAX_UNAVAILABLE]
        ],
        "unavailable_count": len(sifted.away),
    }


@dataclass(frozen=True)
class RoomForSomebody:
    """What stands in the way of somebody's wish. `rules`: those that it breaks, None where nobody is named; `reason`:
    why it cannot be had although nobody uses the room, or an empty text."""

    uses: Sequence[Obstacle]
    rules: Sequence[Mapping[str, Any]] | None = None
    reason: str = ""


def room_for(view: CallerViewSet, query: Mapping[str, Any], room: RoomInSlot) -> RoomForSomebody:
    """A room in a slot, by the rules of the house too and with the buffers that a booking would have. At most two round
    trips. Raises: ClassroomNotFound, Invalid, PermissionDenied."""
    if not needs_room(query):
        return RoomForSomebody(room.uses)
    sketch, booker = _sketch(room.name), booker_in(view, query)
    reason = f"The room seats {sketch.capacity}" if query.get("attendees", 0) > sketch.capacity else ""
    if booker is None:
        return RoomForSomebody(room.uses, None, reason)
    (slot,) = weekly_slots(query)
    judge = judge_for(booker, [slot], now=clock.now())
    (buffers,) = judge.buffers([sketch], [slot]).get(sketch.id, (NO_BUFFERS,))
    near = [asking_for_obstacles(sketch.id, slot.interval, buffers)] if buffers else []
    questions = judge.questions
    answers = ask_each(*questions, *near) if questions or near else []
    if questions:
        judge.hear(answers[: len(questions)])
    uses = obstacles_found(answers[-1]) if near else room.uses
    answer = judge.answer(sketch, slot)
    return RoomForSomebody(uses, answer.rules, answer.refusal or reason)


def needs_room(query: Mapping[str, Any]) -> bool:
    """Whether a question about a slot asks what kind of room it is."""
    return is_for_somebody(query) or "attendees" in query


def _sketch(name: str) -> RoomSketch:
    room = bookable_room(name)
    if room is None:
        raise ClassroomNotFound
    return RoomSketch(room.pk, room.name, room.building, room.floor, room.capacity)
