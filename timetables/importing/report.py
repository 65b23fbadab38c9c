"""What an import has done, or would do."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from timetables.importing.records import Fault
from timetables.queries.conflicts import MAX_LISTED, LectureConflict

MAX_ROOMS_LISTED = 20
MAX_COURSES_HELD = 10_000
"""With more faulty courses, no course loses anything."""


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
    """Counts by noun, and what could not be done; of conflicts and faults the first `MAX_LISTED` are listed."""

    counts: dict[str, Counts] = field(default_factory=dict)
    conflict_count: int = 0
    conflicts: list[LectureConflict] = field(default_factory=list)
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
        """Note a fault and its courses."""
        self.fault_count += 1
        if fault.courses is None or self.faulty_courses is None:
            self.faulty_courses = None
        else:
            self.faulty_courses.update(fault.courses)
            if len(self.faulty_courses) > MAX_COURSES_HELD:
                self.faulty_courses = None
        if len(self.faults) < MAX_LISTED:
            self.faults.append(fault)

    def add_conflicts(self, conflicts: list[LectureConflict], count: int) -> None:
        """Note lectures that did not get their rooms; `conflicts` need not be all of the `count`."""
        self.conflict_count += count
        self.conflicts += conflicts[: MAX_LISTED - len(self.conflicts)]

    def counts_to_json(self) -> dict[str, dict[str, int]]:
        return {noun: asdict(counts) for noun, counts in self.counts.items()}

    def lines(self) -> Iterator[str]:
        """For a terminal: faults, conflicts, then the counts."""
        yield from (str(fault) for fault in self.faults)
        if self.fault_count > len(self.faults):
            yield f"… and {self.fault_count - len(self.faults)} faults more"
        yield from (str(conflict) for conflict in self.conflicts)
        if self.conflict_count > len(self.conflicts):
            yield f"… and {self.conflict_count - len(self.conflicts)} conflicts more"
        if self.made_rooms:
            names = [*self.made_rooms[:MAX_ROOMS_LISTED], *["…"] * (len(self.made_rooms) > MAX_ROOMS_LISTED)]
            yield f"rooms made: {len(self.made_rooms)} ({', '.join(names)})"
        if self.faulty_courses is None:
            yield "no lecture is withdrawn: it cannot be told of which courses the rows with faults are"
        elif self.held_courses:
            yield f"courses that keep what they had, because their rows have faults: {self.held_courses}"
        for noun, counts in self.counts.items():
            numbers = ", ".join(f"{word} {number}" for word, number in asdict(counts).items())
            yield f"{noun:<16} {numbers}"
        yield f"{'conflicts':<16} {self.conflict_count}"
        yield f"{'faults':<16} {self.fault_count}"
