"""Closing rooms and opening them again."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.enums import OccupancyKind
from classrooms.facts import ClosureLifted, RoomClosing, RoomOpening, RoomsClosed
from classrooms.models import Classroom, Closure, RoomOverlap
from classrooms.queries.obstacles import obstacles_in_any
from classrooms.rules import closure_faults
from classrooms.services.parts import part_closures_again
from classrooms.services.precedence import take_many
from classrooms.services.room_holding import hold_rooms
from classrooms.services.room_time import RoomAlreadyBooked, release
from kernel.campus_time import Interval
from kernel.db.transactions import transactional
from kernel.errors import Invalid, NotFound
from kernel.facts import cascade, publish


class ClosureNotFound(NotFound):
    resource = "Closure"


@transactional
def close_rooms(
    *,
    by: User,
    now: datetime,
    classrooms: Sequence[Classroom],
    interval: Interval,
    reason: str = "",
    cancel_registrations: bool = False,
    is_campus_wide: bool = False,
) -> list[Closure]:
    """Close rooms for a time; closures in the order of the rooms. Publishes `RoomsClosed`, one for the command.

    `cancel_registrations`: what is registered there is cancelled and its people told; otherwise it refuses.

    What a room consists of is closed with it, and so is what it is a part of. Buffers give way.

    Raises: PermissionDenied, Invalid, RoomAlreadyBooked (lectures, calendar and fest events always refuse).
    """
    check_cspace(by.access)
    if faults := closure_faults(interval.starts_at, interval.ends_at):
        raise Invalid(faults)
    if not classrooms:
        raise Invalid({"classrooms": ["There is no classroom to close"]})
    ids = tuple(sorted(room.pk for room in classrooms))
    hold_rooms(ids)
    cancelled_targets = _clear(
        RoomClosing(actor_id=by.pk, occurred_at=now, classroom_ids=ids, interval=interval, reason=reason),
        cancel_registrations=cancel_registrations,
    )
    closures, shortened = _insert_closures(classrooms, interval, reason=reason, is_campus_wide=is_campus_wide)
    publish(
        RoomsClosed(
            actor_id=by.pk,
            occurred_at=now,
            closure_ids=tuple(closure.pk for closure in closures),
            classrooms=tuple(room.name for room in classrooms),
            interval=interval,
            reason=reason,
            cancelled_targets=cancelled_targets,
            shortened_buffers=shortened,
        )
    )
    return closures


def _insert_closures(
    classrooms: Sequence[Classroom], interval: Interval, *, reason: str, is_campus_wide: bool
) -> tuple[list[Closure], tuple[int, ...]]:
    """The new closures with their API relations, in the order of the rooms; the bookings whose buffers gave way."""
    ids, taking = take_many([(room.pk, interval) for room in classrooms], kind=OccupancyKind.CLOSURE)
    Closure.objects.bulk_create(
        Closure(occupancy_id=occupancy_id, reason=reason, is_campus_wide=is_campus_wide) for occupancy_id in ids
    )
    closures = Closure.objects.with_api_relations().in_bulk(ids)
    return [closures[occupancy_id] for occupancy_id in ids], taking.shortened


@transactional
def lift_closure(*, closure_id: int, classroom: Classroom, by: User, now: datetime) -> None:
    """Open the room again; who lost time to the closure is told what is free again. Publishes `ClosureLifted`.

    Raises: PermissionDenied, ClosureNotFound.
    """
    check_cspace(by.access)
    hold_rooms([classroom.pk])
    is_divided = Exists(RoomOverlap.objects.filter(classroom=OuterRef("occupancy__classroom")))
    closures = Closure.objects.standing().with_api_relations().annotate(is_divided=is_divided)
    closure = closures.filter(pk=closure_id, occupancy__classroom=classroom).first()
    if closure is None:
        raise ClosureNotFound
    release([closure.pk])
    interval = Interval(closure.occupancy.starts_at, closure.occupancy.ends_at)
    if closure.is_divided:
        part_closures_again(classroom.pk, interval)
    opening = RoomOpening(actor_id=by.pk, occurred_at=now, classroom_id=classroom.pk, interval=interval)
    free_again = tuple(cascade(opening))
    publish(
        ClosureLifted(
            actor_id=by.pk,
            occurred_at=now,
            closure_ids=(closure.pk,),
            classrooms=(classroom.name,),
            interval=interval,
            reason=closure.reason,
            free_again=free_again,
            notices_of_time=tuple(opening.notices),
        )
    )


def _clear(closing: RoomClosing, *, cancel_registrations: bool) -> tuple[str, ...]:
    """Have what is in the way of a closure cancelled; the targets of what was. Closures and buffers are in nobody's
    way.

    Raises: RoomAlreadyBooked, where something is there that is not to be cancelled.
    """
    obstacles = obstacles_in_any(closing.classroom_ids, closing.interval)
    gives_way = {OccupancyKind.CLOSURE, OccupancyKind.BUFFER}
    in_the_way = [row for row in obstacles if row.kind not in gives_way]
    may_go = {OccupancyKind.REGISTRATION} if cancel_registrations else set()
    if [row for row in in_the_way if row.kind not in may_go]:
        raise RoomAlreadyBooked(in_the_way)
    return tuple(cascade(closing)) if in_the_way else ()
