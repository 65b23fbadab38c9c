"""The one place that keeps room time in step with what is available.

A lecture blocks its room exactly while its course, its schedule and its booking are all available. Whoever changes one
of the three calls `settle` in the same transaction, having taken `Namespace.TIMETABLE` first.
"""

from dataclasses import dataclass

from classrooms.services.precedence import reclaim_many
from classrooms.services.room_holding import hold_rooms
from classrooms.services.room_time import release
from timetables.models import CourseBooking
from timetables.queries.conflicts import LectureConflict
from timetables.queries.obstacles import Bookings, conflicts_of, meeting_others


@dataclass(frozen=True)
class Settlement:
    """How many lectures gave up and took back their rooms, and which could not."""

    released: int
    reclaimed: int
    refused: int
    conflicts: tuple[LectureConflict, ...]
    """At most `MAX_LISTED` of those refused."""
    shortened_buffers: tuple[int, ...] = ()
    """The ids of the bookings whose buffers gave way."""
    rows: int = 0
    """How many rows of those meant are withdrawn or restored by it: the others were so already, or are refused."""


def settle(bookings: Bookings, *, more_rooms: frozenset[int] = frozenset()) -> Settlement:
    """Bring the room time of some bookings into step, in a constant number of statements.

    A booking that is available again but meets something else is withdrawn itself, and reported.
    Locks the rooms concerned (and `more_rooms`) exclusively: call it once per transaction, after the rows are written.
    """
    in_vain, wanting = bookings.blocking_in_vain(), bookings.wanting_room()
    rooms = set(bookings.out_of_step().values_list("classroom_id", flat=True).distinct().order_by())
    all_rooms = hold_rooms(rooms | more_rooms)
    if not rooms:
        return Settlement(0, 0, 0, ())
    obstructed_bookings = meeting_others(wanting)
    conflicts = tuple(conflicts_of(obstructed_bookings))
    refused = CourseBooking.objects.filter(pk__in=obstructed_bookings.values("pk")).update(is_available=False)
    released = release(in_vain.values("pk"))
    taking = reclaim_many(wanting.values("pk"))
    if all_rooms != rooms | more_rooms:  # some are divided: two that came back may have met each other
        conflicts += tuple(conflicts_of(wanting))
        late = CourseBooking.objects.filter(pk__in=wanting.values("pk"))
        refused += late.update(is_available=False)
    return Settlement(released, taking.count, refused, conflicts, taking.shortened)
