"""The rooms of a LOCATION. Pure."""

import re
from collections.abc import Collection

from timetables.importing.name_tables import NameTable

BETWEEN_ROOMS = re.compile(r"\s*[,;]\s*")
BETWEEN_KNOWN_ROOMS = re.compile(r"\s*[+/&]\s*|\s+(?:and|et|und)\s+", re.IGNORECASE)
"""Names may have these in them: they separate only what is known."""


class RoomNames:
    """What the rooms of a calendar are called here."""

    def __init__(self, table: NameTable, room_names: Collection[str]) -> None:
        self._table, self._room_names = table, frozenset(room_names)

    def rooms(self, location: str) -> list[str]:
        """The larger text counts before its parts: all of it, each line, what stands between commas."""
        text = location.strip()
        whole = self._table.exactly(text) if text else ()
        if whole is None:
            whole = tuple(room for line in text.splitlines() for room in self._rooms_of_line(line))
        return list(dict.fromkeys(whole))

    def is_room(self, name: str) -> bool:
        return name in self._room_names or self._table.exactly(name) is not None

    def _rooms_of_line(self, line: str) -> list[str]:
        rooms = self._one(line)
        if rooms is None:
            rooms = [room for part in BETWEEN_ROOMS.split(line) if part.strip() for room in self._rooms_of_part(part)]
        return rooms

    def _rooms_of_part(self, part: str) -> list[str]:
        rooms = self._one(part)
        if rooms is not None:
            return rooms
        pieces = [self._one(piece) for piece in BETWEEN_KNOWN_ROOMS.split(part)]
        meanings = [piece for piece in pieces if piece is not None]
        return [room for piece in meanings for room in piece] if len(meanings) == len(pieces) else [part.strip()]

    def _one(self, name: str) -> list[str] | None:
        """What a name stands for by itself; None: it is not known."""
        name = name.strip()
        meaning = self._table.exactly(name)
        if meaning is None and name in self._room_names:
            meaning = (name,)
        if meaning is None:
            meaning = self._table.meaning(name)
        return None if meaning is None else [*meaning]
