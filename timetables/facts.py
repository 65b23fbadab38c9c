"""What happens to the timetable. An import is one fact, however much it changes."""

from dataclasses import dataclass
from typing import Any, ClassVar

from kernel.changes import Changes
from kernel.facts import Fact

MAX_NAMED = 200
"""How many conflicts, courses and rooms a log row names; the counts are always whole."""

MAX_SOURCE = 100
"""How much of a file's name stands in the target; the details have all of it."""


def _shortened(booking_ids: tuple[int, ...]) -> dict[str, Any]:
    """Nothing where no buffer gave way."""
    if not booking_ids:
        return {}
    return {
        "shortened_buffer_count": len(booking_ids),
        "shortened_buffers": list(booking_ids[:MAX_NAMED]),
    }


@dataclass(frozen=True, kw_only=True)
class TimetableImported(Fact):
    """`counts` = {noun: {created, changed, kept, withdrawn, restored}}; `conflicts` = what stood in the way, JSON.

    `course_ids` = the courses of which something was written, their lectures and places in plans included.
    """

    action: ClassVar[str] = "timetable.imported"
    source: str
    counts: dict[str, dict[str, int]]
    course_count: int
    course_ids: tuple[int, ...]
    conflict_count: int
    conflicts: tuple[dict[str, Any], ...]
    fault_count: int
    made_rooms: tuple[str, ...]
    shortened_buffers: tuple[int, ...] = ()
    """The ids of the bookings whose buffers gave way to lectures."""

    @property
    def target(self) -> str:
        return f"timetable:{self.source[:MAX_SOURCE]}"

    @property
    def details(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "counts": self.counts,
            "course_count": self.course_count,
            "course_ids": list(self.course_ids[:MAX_NAMED]),
            "conflict_count": self.conflict_count,
            "conflicts": list(self.conflicts[:MAX_NAMED]),
            "fault_count": self.fault_count,
            "made_room_count": len(self.made_rooms),
            "made_rooms": list(self.made_rooms[:MAX_NAMED]),
            **_shortened(self.shortened_buffers),
        }


@dataclass(frozen=True, kw_only=True)
class TimetableRowAdded(Fact):
    """Made by hand. `noun`: course, teacher, semester, unit, studyplan, plannedcourse."""

    action: ClassVar[str] = "timetable.added"
    noun: str
    row_id: int
    name: str

    @property
    def target(self) -> str:
        return f"{self.noun}:{self.row_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {"name": self.name}


@dataclass(frozen=True, kw_only=True)
class TimetableRowChanged(TimetableRowAdded):
    action: ClassVar[str] = "timetable.changed"
    changes: Changes

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": self.changes}


@dataclass(frozen=True, kw_only=True)
class _VisibilityChange(Fact):
    """Which rows of a noun, how many lectures left or took back their rooms, and what stood in the way."""

    noun: str
    row_ids: tuple[int, ...]
    released_count: int
    reclaimed_count: int
    conflicts: tuple[dict[str, Any], ...]
    shortened_buffers: tuple[int, ...] = ()

    @property
    def target(self) -> str:
        return f"{self.noun}:{self.row_ids[0]}"

    @property
    def details(self) -> dict[str, Any]:
        return {
            "ids": list(self.row_ids),
            "released": self.released_count,
            "reclaimed": self.reclaimed_count,
            "conflict_count": len(self.conflicts),
            "conflicts": list(self.conflicts[:MAX_NAMED]),
            **_shortened(self.shortened_buffers),
        }


@dataclass(frozen=True, kw_only=True)
class TimetableRowsWithdrawn(_VisibilityChange):
    action: ClassVar[str] = "timetable.withdrawn"


@dataclass(frozen=True, kw_only=True)
class TimetableRowsRestored(_VisibilityChange):
    action: ClassVar[str] = "timetable.restored"
