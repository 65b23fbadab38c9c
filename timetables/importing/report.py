"""What an import has done, or would do."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from kernel.db.ranges import campus_date, campus_minute, format_minute
from timetables.importing.records import Fault

MAX_TOLD = 1000
"""How many conflicts and how many faults are named; all are counted."""
MAX_ROOMS_TOLD = 20
MAX_COURSES_HELD = 10_000
"""With more faulty courses, no course loses anything."""


@dataclass(frozen=True)
class Meeting:
    """A lecture that does not get its room, and what it meets there."""

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
        told = self.to_json()
        where = f"line {self.line}: " if self.line else ""
        when = f"{told['date']} {told['start_time']}–{told['end_time']}"
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


@dataclass
class Counts:
    """Rows of one noun."""

    created: int = 0
    changed: int = 0
    kept: int = 0
    withdrawn: int = 0
    restored: int = 0

    @property
    def has_changes(self) -> bool:
        return bool(self.created or self.changed or self.withdrawn or self.restored)


@dataclass
class ImportReport:
    """Counts by noun, and what could not be done; of conflicts and faults the first thousand are named."""

    counts: dict[str, Counts] = field(default_factory=dict)
    conflict_count: int = 0
    conflicts: list[Meeting] = field(default_factory=list)
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)
    made_rooms: list[str] = field(default_factory=list)
    faulty_courses: set[str] | None = field(default_factory=set)
    """Whose rows have faults, by code: nothing of them is withdrawn. None = of no course."""
    held_courses: int = 0
    """How many courses of the file keep what they had."""

    @property
    def has_changes(self) -> bool:
        return bool(self.made_rooms) or any(counts.has_changes for counts in self.counts.values())

    def complain(self, fault: Fault) -> None:
        """Note a fault and its courses; past the first thousand they are only counted."""
        self.fault_count += 1
        if fault.courses is None or self.faulty_courses is None:
            self.faulty_courses = None
        else:
            self.faulty_courses.update(fault.courses)
            if len(self.faulty_courses) > MAX_COURSES_HELD:
                self.faulty_courses = None
        if len(self.faults) < MAX_TOLD:
            self.faults.append(fault)

    def meet(self, meetings: list[Meeting], count: int) -> None:
        """Note lectures that did not get their rooms."""
        self.conflict_count += count
        self.conflicts += meetings[: MAX_TOLD - len(self.conflicts)]

    def counts_to_json(self) -> dict[str, dict[str, int]]:
        return {noun: asdict(counts) for noun, counts in self.counts.items()}

    def lines(self) -> Iterator[str]:
        """For a terminal: faults, conflicts, then the counts."""
        yield from (str(fault) for fault in self.faults)
        if self.fault_count > len(self.faults):
            yield f"… and {self.fault_count - len(self.faults)} faults more"
        yield from (str(meeting) for meeting in self.conflicts)
        if self.conflict_count > len(self.conflicts):
            yield f"… and {self.conflict_count - len(self.conflicts)} conflicts more"
        if self.made_rooms:
            named = [*self.made_rooms[:MAX_ROOMS_TOLD], *["…"] * (len(self.made_rooms) > MAX_ROOMS_TOLD)]
            yield f"rooms made: {len(self.made_rooms)} ({', '.join(named)})"
        if self.faulty_courses is None:
            yield "no lecture is withdrawn: it cannot be told of which courses the rows with faults are"
        elif self.held_courses:
            yield f"courses that keep what they had, because their rows have faults: {self.held_courses}"
        for noun, counts in self.counts.items():
            said = ", ".join(f"{word} {number}" for word, number in asdict(counts).items())
            yield f"{noun:<16} {said}"
        yield f"{'conflicts':<16} {self.conflict_count}"
        yield f"{'faults':<16} {self.fault_count}"
