"""Bringing a list of rooms in: each room through its service, all of them or none."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.importing.room_cells import COLUMNS, RoomFaults, read_cells, value_faults
from classrooms.models import Classroom
from classrooms.rules import name_key
from classrooms.services.rooms import CHANGEABLE, ClassroomNameIsTaken, change_classroom, create_classroom
from kernel.changes import Changes, changes_between
from kernel.db.transactions import transactional
from kernel.errors import DomainError
from kernel.names import one_line
from kernel.tables.headers import Row

UNSAID: dict[str, Any] = {"capacity": None, "floor": None, "equipment": {}, "is_active": True, "auto_approve": False}
UNSAID |= {"type": "", "building": "", "link": "", "latitude": None, "longitude": None, "code": ""}
"""What a new room has of which the list says nothing; without a capacity or floor there is none."""


@dataclass
class RoomLine:
    """A row of the list and what becomes of its room."""

    line: int
    name: str
    is_new: bool = False
    changes: Changes = field(default_factory=dict)
    """{column: [old, new]}; of a new room what it has."""
    faults: RoomFaults = field(default_factory=dict)


@dataclass(frozen=True)
class RoomListReport:
    """The rows in their order. With faults in any, nothing was written."""

    lines: tuple[RoomLine, ...]

    @property
    def faulty(self) -> list[RoomLine]:
        return [each for each in self.lines if each.faults]

    @property
    def created(self) -> list[RoomLine]:
        return [each for each in self.lines if each.is_new]

    @property
    def changed(self) -> list[RoomLine]:
        return [each for each in self.lines if each.changes and not each.is_new]

    @property
    def plan(self) -> str:
        """A digest of what becomes of each room, from what to what: another one is another outcome."""
        outcome = [(each.line, each.name, each.is_new, each.changes) for each in self.lines]
        return hashlib.sha256(json.dumps(outcome).encode()).hexdigest()


@transactional
def import_rooms(
    *, by: User, now: datetime, rows: Iterable[Row], dry_run: bool = False, plan: str | None = None
) -> RoomListReport:
    """Make and change the rooms of a list, found by their names. A blank cell leaves what is there.

    All faults of all rows are told; with any, nothing is written. With `dry_run` all is done and rolled back; so it is
    where the report's plan is another than `plan`, the one that was looked at.
    Publishes what the services publish. Raises: PermissionDenied.
    """
    check_cspace(by.access)
    rooms = _KnownRooms()
    lines = tuple(_import_row(row, rooms, by=by, now=now) for row in rows)
    report = RoomListReport(lines)
    if dry_run or report.faulty or plan not in (None, report.plan):
        transaction.set_rollback(True)
    return report


class _KnownRooms:
    """The rooms there are, by name; and which names the list has had so far, on which line."""

    def __init__(self) -> None:
        # Locked: what the report says of a room is then what is written over.
        rooms = Classroom.objects.select_for_update(no_key=True).order_by("pk")
        self._by_name = {one_line(room.name): room for room in rooms}
        self._keys = {name_key(room.name) for room in rooms}
        self._lines: dict[str, int] = {}

    def named(self, name: str) -> Classroom | None:
        return self._by_name.get(name)

    def name_faults(self, name: str, line: int) -> list[str]:
        """Why no row of this name may come: another spelling of it is taken, or the list has had it."""
        key = name_key(name)
        if key in self._keys and name not in self._by_name:
            return [ClassroomNameIsTaken.message]
        earlier = self._lines.setdefault(key, line)
        return [] if earlier == line else [f"it stands on line {earlier} too"]


def _import_row(row: Row, rooms: _KnownRooms, *, by: User, now: datetime) -> RoomLine:
    values, unreadable = read_cells(row)
    name = values.pop("name", "")
    room = rooms.named(name)
    if values.get("code", name) == "":
        values["code"] = name  # a dash: the name again
    before = {column: getattr(room, column) for column in CHANGEABLE} if room else UNSAID
    after = {**before, **values}
    faults = unreadable if row.fault else unreadable | value_faults({"name": name, **after}, unreadable)
    if name and not row.fault and "name" not in faults and (sentences := rooms.name_faults(name, row.line)):
        faults["name"] = sentences
    changes = dict(changes_between(before, values)) if room else {column: [None, values[column]] for column in values}
    if not faults and (changes or room is None):
        faults = _write(room, name, after, by=by, now=now)
    in_order = {column: faults[column] for column in ("", *COLUMNS.known) if column in faults}
    return RoomLine(row.line, name, is_new=room is None, changes=changes, faults=in_order)


def _write(room: Classroom | None, name: str, values: Mapping[str, Any], *, by: User, now: datetime) -> RoomFaults:
    """Through the service; what it refuses."""
    try:
        if room is None:
            create_classroom(by=by, now=now, name=name, **values)
        else:
            change_classroom(classroom_id=room.pk, by=by, now=now, **values)
    except DomainError as refusal:
        return {"": [refusal.message]}
    return {}
