"""What happens to rooms and closures."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from kernel.campus_time import Interval, format_instant
from kernel.changes import Changes
from kernel.facts import Cascade, Fact, Notice


@dataclass(frozen=True, kw_only=True)
class RoomClosing(Cascade):
    """Asked under the rooms' locks: registrations that use these rooms, or a part of them, in this time have to go."""

    classroom_ids: tuple[int, ...]
    interval: Interval
    reason: str


@dataclass(frozen=True, kw_only=True)
class RoomOpening(Cascade):
    """Asked under the room's lock when a closure is gone: who lost this time to it, here or in a room that has a part
    in common with this one? Answers add to `notices`."""

    classroom_id: int
    interval: Interval
    notices: list[Notice] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ClassroomMoving(Cascade):
    """Asked when a room has got another building or floor in the tables, with no room locked yet."""

    classroom_id: int


@dataclass(frozen=True, kw_only=True)
class _AboutClassroom(Fact):
    classroom_id: int
    name: str

    @property
    def target(self) -> str:
        return f"classroom:{self.classroom_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {"name": self.name}


@dataclass(frozen=True, kw_only=True)
class ClassroomCreated(_AboutClassroom):
    action: ClassVar[str] = "classroom.created"


@dataclass(frozen=True, kw_only=True)
class ClassroomChanged(_AboutClassroom):
    action: ClassVar[str] = "classroom.changed"
    changes: Changes

    @property
    def details(self) -> dict[str, Any]:
        return {"name": self.name, "changes": self.changes}


@dataclass(frozen=True, kw_only=True)
class ClassroomDeleted(_AboutClassroom):
    action: ClassVar[str] = "classroom.deleted"


@dataclass(frozen=True, kw_only=True)
class _AboutClosure(Fact):
    closure_ids: tuple[int, ...]
    classrooms: tuple[str, ...]
    interval: Interval
    reason: str

    @property
    def target(self) -> str:
        return f"closure:{self.closure_ids[0]}"

    @property
    def details(self) -> dict[str, Any]:
        return {
            "closure_ids": list(self.closure_ids),
            "classrooms": list(self.classrooms),
            "starts_at": format_instant(self.interval.starts_at),
            "ends_at": format_instant(self.interval.ends_at),
            "reason": self.reason,
        }


@dataclass(frozen=True, kw_only=True)
class RoomsClosed(_AboutClosure):
    """One command, one or many rooms. `cancelled_targets`: what was cancelled for it (`registration:100`).

    `shortened_buffers`: the ids of the bookings whose buffers gave way to it."""

    action: ClassVar[str] = "closure.created"
    cancelled_targets: tuple[str, ...]
    shortened_buffers: tuple[int, ...] = ()

    @property
    def details(self) -> dict[str, Any]:
        targets = list(self.cancelled_targets)
        booking_ids = list(self.shortened_buffers)
        shortened = (
            {"shortened_buffer_count": len(booking_ids), "shortened_buffers": booking_ids} if booking_ids else {}
        )
        return super().details | {"cancelled_count": len(targets), "cancelled": targets} | shortened


@dataclass(frozen=True, kw_only=True)
class ClosureLifted(_AboutClosure):
    """`free_again`: what was lost to it and could be had again (`series:7`), with the `notices_of_time` that say so."""

    action: ClassVar[str] = "closure.deleted"
    free_again: tuple[str, ...] = ()
    notices_of_time: tuple[Notice, ...] = ()

    @property
    def details(self) -> dict[str, Any]:
        return super().details | ({"free_again": list(self.free_again)} if self.free_again else {})

    def notices(self) -> Iterable[Notice]:
        return self.notices_of_time
