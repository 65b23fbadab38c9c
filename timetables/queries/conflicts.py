"""What stands in the way of lectures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.campus_time import campus_date, campus_minute, format_minute

MAX_LISTED = 1000
"""How many conflicts an answer lists; all are counted."""


@dataclass(frozen=True)
class LectureConflict:
    """A lecture that does not get its room, and what is there instead."""

    course: str
    room: str
    starts_at: datetime
    ends_at: datetime
    kind: str
    obstacle_id: int
    booking_id: int
    line: int | None = None
    """Of the import file."""

    def __str__(self) -> str:
        wall = self.to_json()
        where = f"line {self.line}: " if self.line else ""
        when = f"{wall['date']} {wall['start_time']}–{wall['end_time']}"
        return f"{where}{self.course} does not get {self.room} on {when}: {self.kind} {self.obstacle_id} is there"

    def to_json(self) -> dict[str, Any]:
        """`registration_id` is null where the obstacle is something else."""
        return {
            "line": self.line,
            "course": self.course,
            "room": self.room,
            "date": campus_date(self.starts_at).isoformat(),
            "start_time": format_minute(campus_minute(self.starts_at)),
            "end_time": format_minute(campus_minute(self.ends_at)),
            "kind": self.kind,
            "registration_id": self.obstacle_id if self.kind == "registration" else None,
        }
