"""What an import has done, or would do."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from kernel.campus_time import format_wall
from timetables.importing.files import Places
from timetables.importing.records import Fault
from timetables.queries.conflicts import MAX_LISTED, LectureConflict

MAX_ROOMS_LISTED = 20
MAX_COURSES_LISTED = 20
MAX_BUFFERS_LISTED = 20
MAX_FAULTS_PER_KIND = 3
"""More are listed where every detail is asked for."""
MAX_KINDS = 200
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
class FaultKind:
    """Faults of one kind: how many there are, and the first of them."""

    count: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Withdrawal:
    """Lectures of a course that are withdrawn, or with a room: that go on, but not in it."""

    course: str
    room: str | None
    number: int
    first: Sequence[datetime]

    def __str__(self) -> str:
        times = ", ".join([*map(format_wall, self.first), *["…"] * (self.number > len(self.first))])
        where = f" leave {self.room}" if self.room else ""
        return f"withdrawn: {self.number} of {self.course}{where} ({times})"


@dataclass
class ImportReport:
    """Counts by noun, and what could not be done: of conflicts the first `MAX_LISTED` are listed, faults by kind."""

    places: Places = field(default_factory=Places)
    """Where the lines stand that faults and conflicts name."""
    counts: dict[str, Counts] = field(default_factory=dict)
    conflict_count: int = 0
    conflicts: list[LectureConflict] = field(default_factory=list)
    fault_count: int = 0
    kinds: dict[str, FaultKind] = field(default_factory=dict)
    made_rooms: list[str] = field(default_factory=list)
    new_courses: list[str] = field(default_factory=list)
    """The first of them, each with its name."""
    losses: list[Withdrawal] = field(default_factory=list)
    loss_count: int = 0
    faulty_courses: set[str] | None = field(default_factory=set)
    """Whose rows have faults, by code: nothing of them is withdrawn. None = of no course."""
    shortened_buffers: list[int] = field(default_factory=list)
    """The ids of the bookings whose buffers gave way to lectures."""
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
        if fault.kind in self.kinds or len(self.kinds) < MAX_KINDS:
            kind = self.kinds.setdefault(fault.kind, FaultKind())
            kind.count += 1
            if len(kind.faults) < MAX_LISTED:
                kind.faults.append(fault)

    def add_conflicts(self, conflicts: list[LectureConflict], count: int) -> None:
        """Note lectures that did not get their rooms; `conflicts` need not be all of the `count`."""
        self.conflict_count += count
        self.conflicts += conflicts[: MAX_LISTED - len(self.conflicts)]

    def add_losses(self, losses: Sequence[Withdrawal], count: int) -> None:
        """Note what is withdrawn; `losses` need not be all of the `count`."""
        self.loss_count += count
        self.losses += losses

    def counts_to_json(self) -> dict[str, dict[str, int]]:
        return {noun: asdict(counts) for noun, counts in self.counts.items()}

    def lines(self, *, faults_per_kind: int = MAX_FAULTS_PER_KIND) -> Iterator[str]:
        """For a terminal: faults, conflicts, what is new, what goes, then the counts."""
        yield from self._lines_of_faults(faults_per_kind)
        for conflict in self.conflicts:
            where = f"{self.places(conflict.line)}: " if conflict.line else ""
            yield f"{where}{replace(conflict, line=None)}"
        if self.conflict_count > len(self.conflicts):
            yield f"… and {self.conflict_count - len(self.conflicts)} conflicts more"
        yield from _list("rooms made", self.made_rooms, len(self.made_rooms), MAX_ROOMS_LISTED)
        new = self.counts.get("courses", Counts()).created
        yield from _list("new courses", self.new_courses, new, MAX_COURSES_LISTED)
        shortened = [str(booking) for booking in self.shortened_buffers[:MAX_BUFFERS_LISTED]]
        yield from _list("bookings with less buffer", shortened, len(self.shortened_buffers), MAX_BUFFERS_LISTED)
        yield from map(str, self.losses)
        if self.loss_count > len(self.losses):
            yield f"… and lectures of {self.loss_count - len(self.losses)} courses more are withdrawn"
        if self.faulty_courses is None:
            yield "no lecture is withdrawn: it cannot be told of which courses the rows with faults are"
        elif self.held_courses:
            yield f"courses that keep what they had, because their rows have faults: {self.held_courses}"
        for noun, counts in self.counts.items():
            numbers = ", ".join(f"{word} {number}" for word, number in asdict(counts).items())
            yield f"{noun:<16} {numbers}"
        yield f"{'conflicts':<16} {self.conflict_count}"
        yield f"{'faults':<16} {self.fault_count}"

    def _lines_of_faults(self, most: int) -> Iterator[str]:
        """Those that stand alone as they are, others below their kind."""
        for text, kind in self.kinds.items():
            if kind.count == 1:
                yield self._line_of(kind.faults[0])
                continue
            yield f"{text}: {kind.count} times"
            yield from (f"  {self._line_of(fault)}" for fault in kind.faults[:most])
            if kind.count > most:
                yield f"  … and {kind.count - min(most, len(kind.faults))} more"
        listed = sum(kind.count for kind in self.kinds.values())
        if self.fault_count > listed:
            yield f"… and {self.fault_count - listed} faults more, of other kinds"

    def _line_of(self, fault: Fault) -> str:
        position = fault.position
        return f"{self.places(position.line)}, {position.noun}[{position.item}]: {fault.sentence}"


def _list(word: str, names: Sequence[str], count: int, most: int) -> Iterator[str]:
    if count:
        yield f"{word}: {count} ({', '.join([*names[:most], *['…'] * (count > most)])})"
