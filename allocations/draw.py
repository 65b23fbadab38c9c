"""CSpace's lottery `cspace-draw/v1` and the verifier of its draws, in one file that needs only Python 3.10 or newer.

    python draw.py verify manifest.tsv draw.json [result.tsv]     exits 0, or 1 with the first difference
    python draw.py draw manifest.tsv draw.json                    prints the result

The least-served group goes next: the group with the fewest weekly minutes so far takes its next entry that still fits;
ties go by a ticket drawn once per group. A group whose remaining entries all clash is out. Everything here is pure: the
same manifest, seed and salt give the same bytes, whatever the order of rows, the process or the locale.

Minutes are minutes of the day, 0 to 1440, intervals half-open; days of the week are 1 = Sunday to 7 = Saturday.
"""

from __future__ import annotations

import heapq
import io
import json
import re
import sys
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache, reduce
from hashlib import sha256
from itertools import groupby, islice, zip_longest
from operator import attrgetter, or_
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

ALGORITHM = "cspace-draw/v1"
RESULT_HEADER = "cspace-draw-result/v1"
EVERY_ROOM = 0
PENDING, APPROVED, REJECTED = "P", "A", "R"
REJECTED_BY_ADMIN, UNAVAILABLE, OTHER_CHOICE_WON, LOST, MAX_WINS = (
    "REJECTED_BY_ADMIN", "UNAVAILABLE", "OTHER_CHOICE_WON", "LOST", "MAX_WINS",
)  # fmt: skip

DAY_MINUTES = 24 * 60
SCALE = 840
"""The least common multiple of the weights 1 to 8: served time ÷ weight stays a whole number."""

_CLOCK = tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in range(DAY_MINUTES + 1))
_SALT = re.compile("[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{0,200}")
_FIRST = tuple((1 << minute) - 1 for minute in range(DAY_MINUTES + 1))


class DrawError(ValueError):
    """One sentence about what cannot be drawn."""


class ManifestError(DrawError):
    """One sentence about what is wrong with a manifest; a manifest that was read names the line."""


class Difference(DrawError):
    """One sentence about the first thing in which a published draw is not what it claims to be."""


# ---- what is drawn --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Params:
    balance: str = "minutes"
    conflict: str = "skip"
    max_wins: int = 0
    """0 is no limit. Entries approved by hand count."""
    min_percent: int = 50
    tie: str = "ticket"

    def __post_init__(self) -> None:
        _require(self.balance in ("minutes", "entries"), f"balance is minutes or entries, not {self.balance!a}")
        _require(self.conflict in ("skip", "reject"), f"conflict is skip or reject, not {self.conflict!a}")
        _require(self.max_wins >= 0, "max_wins is not negative")
        _require(1 <= self.min_percent <= 100, f"min_percent is 1 to 100, not {self.min_percent}")
        _require(self.tie in ("ticket", "spread"), f"tie is ticket or spread, not {self.tie!a}")

    def named(self) -> dict[str, str | int]:
        """Each by its name, sorted."""
        return {name: getattr(self, name) for name in sorted(Params.__slots__)}


class _BookedFields(NamedTuple):
    room_id: int
    date: date
    start_minute: int
    end_minute: int


class Booked(_BookedFields):
    """Another occupancy of a room, cut to one date."""

    # A checked tuple: a campus has hundreds of thousands, and frozen fields would be set one by one.
    __slots__ = ()

    def __new__(cls, room_id: int, date: date, start_minute: int, end_minute: int) -> Booked:
        if room_id < 1:
            raise ManifestError("a booked line names one room")
        if not 0 <= start_minute < end_minute <= DAY_MINUTES:
            raise ManifestError("a booked time ends before it starts")
        return tuple.__new__(cls, (room_id, date, start_minute, end_minute))


class _EntryFields(NamedTuple):
    id: int
    group_id: int
    room_id: int
    day: int
    start_minute: int
    end_minute: int
    rank: int
    choice: int
    state: str


class Entry(_EntryFields):
    """A group's wish for a room, every week on one day. `choice` is the group's own number of a set, 0 for none."""

    __slots__ = ()

    def __new__(
        cls,
        id: int,  # noqa: A002 - as the field is called
        group_id: int,
        room_id: int,
        day: int,
        start_minute: int,
        end_minute: int,
        rank: int = 1,
        choice: int = 0,
        state: str = PENDING,
    ) -> Entry:
        if id < 1 or group_id < 1 or room_id < 1 or rank < 1 or choice < 0:
            raise ManifestError("ids and ranks of an entry start at 1, choice sets at 0")
        if not 1 <= day <= 7:
            raise ManifestError(f"the day of an entry is 1 (Sunday) to 7, not {day}")
        if not 0 <= start_minute < end_minute <= DAY_MINUTES:
            raise ManifestError("an entry ends before it starts")
        if state not in (PENDING, APPROVED, REJECTED):
            raise ManifestError(f"the state of an entry is P, A or R, not {state!a}")
        return tuple.__new__(cls, (id, group_id, room_id, day, start_minute, end_minute, rank, choice, state))


@dataclass(frozen=True, slots=True)
class Manifest:
    """All a draw depends on, besides seed and salt. The order inside the tuples means nothing."""

    event_id: int
    target_starts_on: date
    target_ends_on: date
    params: Params = field(default_factory=Params)
    weights: Mapping[int, int] = field(default_factory=dict)
    """Group id → 1 to 8; a group that is not named weighs 1."""
    closed: tuple[tuple[int, date], ...] = ()
    """(room id, or EVERY_ROOM; date)"""
    booked: tuple[Booked, ...] = ()
    entries: tuple[Entry, ...] = ()

    def __post_init__(self) -> None:
        _require(self.event_id >= 1, "the id of an event starts at 1")
        _require(self.target_starts_on <= self.target_ends_on, "the target range ends before it starts")
        for group_id, weight in self.weights.items():
            _weight(group_id, weight)
        for room_id, on in self.closed:
            _closed(room_id, on)
        if (index := _repeated(self.entries)) is not None:
            raise ManifestError(f"entry {self.entries[index].id} is there twice")


class Win(NamedTuple):
    position: int
    """0 for an entry approved by hand, then 1, 2, … as drawn."""
    entry_id: int
    group_id: int
    used_before: int
    """What the group had been given before this: weekly minutes, or entries under `balance entries`."""


class Loss(NamedTuple):
    entry_id: int
    reason: str
    by: int = 0
    """The winning entry it lost to, where the reason is LOST."""


@dataclass(frozen=True, slots=True)
class Result:
    wins: tuple[Win, ...]
    """By position; those approved by hand first, by id."""
    losses: tuple[Loss, ...]
    """By entry id."""


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise ManifestError(otherwise)


def _weight(group_id: int, weight: int) -> tuple[int, int]:
    _require(group_id >= 1 and 1 <= weight <= 8, f"a weight is 1 to 8, not {weight}, and of a group from 1")
    return group_id, weight


def _repeated(entries: Sequence[Entry]) -> int | None:
    """Where the first entry stands whose id an earlier one has."""
    if len({entry.id for entry in entries}) == len(entries):
        return None
    seen: set[int] = set()
    for index, entry in enumerate(entries):
        if entry.id in seen:
            return index
        seen.add(entry.id)
    raise AssertionError("fewer ids than entries, and none twice")


def _closed(room_id: int, on: date) -> tuple[int, date]:
    _require(room_id >= EVERY_ROOM, "a closed line names a room, or 0 for all")
    return room_id, on


# ---- the manifest as bytes ------------------------------------------------------------------------------------------


def write_manifest(manifest: Manifest) -> bytes:
    """The canonical bytes: sorted, and without what the definition leaves out.

    Left out are weights of 1, rooms without entries, dates outside the target range, and bookings on a closed date.
    """
    rooms = {entry.room_id for entry in manifest.entries} | {EVERY_ROOM}
    first, last = manifest.target_starts_on, manifest.target_ends_on
    closed = {(room, on) for room, on in manifest.closed if room in rooms and first <= on <= last}
    in_range = (on for on in {line.date for line in manifest.booked} if first <= on <= last)
    days = {on: on.isoformat() for on in in_range if (EVERY_ROOM, on) not in closed}
    booked = [b for b in manifest.booked if b[1] in days and b[0] in rooms and b[:2] not in closed]
    lines = [ALGORITHM, f"event\t{manifest.event_id}\t{first.isoformat()}\t{last.isoformat()}"]
    lines += [f"param\t{name}\t{value}" for name, value in manifest.params.named().items()]
    lines += [f"weight\t{group}\t{weight}" for group, weight in sorted(manifest.weights.items()) if weight != 1]
    lines += [f"closed\t{room}\t{on.isoformat()}" for room, on in sorted(closed)]
    lines += [f"booked\t{r}\t{days[on]}\t{_CLOCK[start]}\t{_CLOCK[end]}" for r, on, start, end in sorted(booked)]
    lines += [
        f"entry\t{number}\t{group}\t{room}\t{day}\t{_CLOCK[start]}\t{_CLOCK[end]}\t{rank}\t{choice}\t{state}"
        for number, group, room, day, start, end, rank, choice, state in sorted(manifest.entries)
    ]
    return ("\n".join(lines) + "\n").encode("ascii")


def read_manifest(data: bytes) -> Manifest:
    """The manifest in these bytes. ManifestError names the line that is malformed, or is not the canonical one."""
    manifest = _parse(_manifest_lines(data))
    canonical = write_manifest(manifest)
    if canonical != data:
        number, found, expected = _first_difference(data, canonical)
        raise ManifestError(f"Manifest line {number} is out of place: it is {found}, but {expected} belongs there.")
    return manifest


def _manifest_lines(data: bytes) -> list[str]:
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ManifestError(f"Manifest line {line} has a byte that is not ASCII.") from None
    if lines[0] != ALGORITHM:
        raise ManifestError(f"Manifest line 1 is {_shown(lines[0])}, but {ALGORITHM!r} belongs there.")
    if lines.pop() != "":
        raise ManifestError(f"Manifest line {len(lines) + 1} has no line feed at its end.")
    return lines


def _parse(lines: list[str]) -> Manifest:
    found: dict[str, list[Any]] = {kind: [] for kind in _LINES}
    number = 2
    for kind, run in groupby(islice(lines, 1, None), key=lambda line: line.partition("\t")[0]):
        while alike := list(islice(run, _AT_ONCE)):
            try:
                found.get(kind, []).extend(_read(kind, alike))
            except ValueError:
                _name_the_first_wrong(kind, alike, number)
            number += len(alike)
    if not found["event"]:
        raise ManifestError("Manifest line 2 is no event line.")
    entries = found["entry"]
    if (index := _repeated(entries)) is not None:
        number = [number for number, line in enumerate(lines, start=1) if line.startswith("entry\t")][index]
        raise ManifestError(f"Manifest line {number}: entry {entries[index].id} is there twice.")
    event_id, first, last = found["event"][-1]
    return Manifest(
        event_id,
        first,
        last,
        params=Params(**dict(found["param"])),
        weights=dict(found["weight"]),
        closed=tuple(found["closed"]),
        booked=tuple(found["booked"]),
        entries=tuple(entries),
    )


_AT_ONCE = 256
"""Lines that are read together: more leave the processor's cache before they are used."""


def _read(kind: str, lines: list[str]) -> Iterator[Any]:
    """What lines of one kind say, column by column: hundreds of thousands of lines are read in a second.

    Raises: ManifestError: a field says what it must not. ValueError: one is no number, or lines differ in length.
    """
    columns = list(zip(*(line.split("\t") for line in lines), strict=True))
    make, *fields = _LINES.get(kind, (None,))
    if make is None or len(columns) != 1 + len(fields):
        raise ManifestError(f"no kind of line looks like {_shown(lines[0])}")
    return map(make, *map(map, fields, columns[1:]))


def _name_the_first_wrong(kind: str, lines: list[str], number: int) -> NoReturn:
    """Of lines of one kind that cannot be read together; `number` is that of the first."""
    for at, line in enumerate(lines, start=number):
        try:
            list(_read(kind, [line]))
        except ManifestError as error:
            raise ManifestError(f"Manifest line {at}: {error}.") from None
        except ValueError:
            raise ManifestError(f"Manifest line {at} has a field that is no number: {_shown(line)}.") from None
    raise AssertionError("lines of which each can be read can be read together")


def _event(event_id: int, first: date, last: date) -> tuple[int, date, date]:
    Manifest(event_id, first, last)
    return event_id, first, last


def _param(name: str, text: str) -> tuple[str, str | int]:
    _require(name in Params.__slots__, f"there is no param {name!a}")
    value = int(text) if name in ("max_wins", "min_percent") else text
    Params(**{name: value})  # type: ignore[arg-type]
    return name, value


@lru_cache(maxsize=1 << 12)
def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ManifestError(f"{text!a} is no date") from None


class _Minutes(dict[str, int]):
    """Times as minutes of the day."""

    def __missing__(self, text: str) -> int:
        raise ManifestError(f"{text!a} is no time from 00:00 to 24:00")


_minute = _Minutes((text, minute) for minute, text in enumerate(_CLOCK)).__getitem__
_LINES: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "event": (_event, int, _date, _date),
    "param": (_param, str, str),
    "weight": (_weight, int, int),
    "closed": (_closed, int, _date),
    "booked": (Booked, int, _date, _minute, _minute),
    "entry": (Entry, int, int, int, int, _minute, _minute, int, int, str),
}
"""What makes a line of each kind, and what reads its fields."""


def _first_difference(found: bytes, expected: bytes) -> tuple[int, str, str]:
    """The number of the first line that differs, and both lines in words."""
    pairs = zip_longest(io.BytesIO(found), io.BytesIO(expected))
    number, (one, other) = next((n, pair) for n, pair in enumerate(pairs, start=1) if pair[0] != pair[1])
    return number, _shown(one), _shown(other)


def _shown(line: bytes | str | None) -> str:
    if line is None:
        return "missing"
    text = line.decode("ascii", "backslashreplace") if isinstance(line, bytes) else line
    return ascii(text if len(text) <= 120 else text[:120] + "...")


# ---- dates ----------------------------------------------------------------------------------------------------------


class DrawCalendar:
    """Which dates of an entry are open and which of them are kept; indexed once, asked often."""

    def __init__(self, manifest: Manifest) -> None:
        self._params = manifest.params
        self._closed: dict[int, set[date]] = defaultdict(set)
        for room_id, on in manifest.closed:
            self._closed[room_id].add(on)
        self._booked: dict[int, dict[date, int]] = defaultdict(dict)
        for room_id, on, start, end in manifest.booked:
            masks = self._booked[room_id]
            masks[on] = masks.get(on, 0) | _span(start, end)
        self._in_range: dict[int, list[date]] = {day: [] for day in range(1, 8)}
        for days in range((manifest.target_ends_on - manifest.target_starts_on).days + 1):
            on = manifest.target_starts_on + timedelta(days=days)
            self._in_range[on.isoweekday() % 7 + 1].append(on)
        self._slots: dict[tuple[int, int], _Slot] = {}

    def _slot(self, entry: Entry) -> _Slot:
        found = self._slots.get((entry.room_id, entry.day))
        if found is None:
            closed = self._closed.get(entry.room_id, set()) | self._closed.get(EVERY_ROOM, set())
            masks = self._booked.get(entry.room_id, {})
            is_open = {on: masks.get(on, 0) for on in self._in_range[entry.day] if on not in closed}
            alike = list(Counter(is_open.values()).items())
            ever = reduce(or_, is_open.values(), 0)
            found = self._slots[entry.room_id, entry.day] = _Slot(is_open, ever, alike)
        return found

    def dates(self, entry: Entry) -> list[date]:
        """The dates in range with the entry's weekday."""
        return list(self._in_range[entry.day])

    def open_dates(self, entry: Entry) -> list[date]:
        """The dates in range with the entry's weekday on which the room is not closed."""
        return list(self._slot(entry).booked)

    def kept_dates(self, entry: Entry) -> list[date]:
        """The open dates on which nothing is booked during the entry."""
        span = _span(entry.start_minute, entry.end_minute)
        return [on for on, booked in self._slot(entry).booked.items() if not booked & span]

    def skipped_dates(self, entry: Entry) -> list[tuple[date, str]]:
        """The dates in range that are not kept, in order, each with its reason: "closed" or "booked"."""
        is_open, is_kept = set(self.open_dates(entry)), set(self.kept_dates(entry))
        in_range = self._in_range[entry.day]
        return [(on, "booked" if on in is_open else "closed") for on in in_range if on not in is_kept]

    def is_available(self, entry: Entry) -> bool:
        """Whether enough open dates are kept: all of them under `conflict reject`, else `min_percent`; never none."""
        slot, span = self._slot(entry), _span(entry.start_minute, entry.end_minute)
        if not slot.ever & span:
            return bool(slot.booked)
        kept = sum([dates for booked, dates in slot.alike if not booked & span])
        if self._params.conflict == "reject":
            return kept > 0 and kept == len(slot.booked)
        return kept > 0 and 100 * kept >= self._params.min_percent * len(slot.booked)


class _Slot(NamedTuple):
    """A weekday in a room."""

    booked: dict[date, int]
    """Each open date, in order, with the minutes that are booked on it, as of _span()."""
    ever: int
    """The minutes that are booked on any of them."""
    alike: list[tuple[int, int]]
    """The same, counted: booked minutes, and on how many dates just these. Most bookings come every week."""


def open_and_kept_dates(manifest: Manifest, entry: Entry) -> tuple[list[date], list[date]]:
    """The two lists for one entry, which need not be in the manifest. For many entries keep one DrawCalendar."""
    calendar = DrawCalendar(manifest)
    return calendar.open_dates(entry), calendar.kept_dates(entry)


def skipped_dates(manifest: Manifest, entry: Entry) -> list[tuple[date, str]]:
    """Why each other date in range is not kept, "closed" or "booked"; a closed date is not also booked."""
    return DrawCalendar(manifest).skipped_dates(entry)


def _span(start_minute: int, end_minute: int) -> int:
    """The minutes from start to before end, as bits of a 1440-bit number. Intervals overlap where they share a bit."""
    return _FIRST[end_minute] ^ _FIRST[start_minute]


# ---- seed, key, tickets ---------------------------------------------------------------------------------------------


def commitment(seed: bytes) -> str:
    """What is published of the seed when the event is created."""
    return sha256(seed).hexdigest()


def key(seed: bytes, event_id: int, salt: str) -> bytes:
    """K. The list of entries is not in it: a withdrawal must not reshuffle everybody."""
    if len(seed) != 32:
        raise DrawError(f"A seed has 32 bytes, not {len(seed)}.")
    if not _SALT.fullmatch(salt):
        raise DrawError("A salt has at most 200 printable characters and no line break.")
    return _hmac(seed)(f"{ALGORITHM}\nevent:{event_id}\nsalt:{salt}\n".encode())


def ticket(key: bytes, kind: str, of_id: int) -> bytes:
    """T_g of ("group", id) or T_e of ("entry", id); the lesser goes first."""
    return _hmac(key)(f"{kind}:{of_id}".encode())


def _hmac(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA256 (RFC 2104) under a key of at most 64 bytes, its two key blocks hashed once for all messages."""
    block = key.ljust(64, b"\0")
    inner, outer = sha256(bytes(b ^ 0x36 for b in block)), sha256(bytes(b ^ 0x5C for b in block))

    def digest(message: bytes) -> bytes:
        inside, outside = inner.copy(), outer.copy()
        inside.update(message)
        outside.update(inside.digest())
        return outside.digest()

    return digest


# ---- the draw -------------------------------------------------------------------------------------------------------


def draw(manifest: Manifest, seed: bytes, salt: str) -> Result:
    """The whole draw. Approved entries stand, available or not; DrawError if two of them overlap."""
    approved = [(0, entry) for entry in manifest.entries if entry.state == APPROVED]
    return _continue(manifest, key(seed, manifest.event_id, salt), approved, freed=frozenset())


def promote(manifest: Manifest, result: Result, key: bytes, freed_entry_ids: Iterable[int]) -> Result:
    """Give what became free after the draw to losers, by the same rule: an addendum of new wins, and who still loses.

    `manifest` is today's: the drawn one with `target_starts_on` moved to the first date to give away, closed and booked
    lines as they are now (never the event's own), losers that are gone left out, and losers approved by hand since the
    draw in state A. `freed_entry_ids` are placed entries that no longer hold their time. They leave their time, and
    nothing else: a group stays as served as it was, its choice set has won, its wins count, and the entry is not a
    candidate. So nobody gains by winning and giving back.

    Positions continue after the result's. For a second promotion pass
    `Result(result.wins + addendum.wins, addendum.losses)`. DrawError if an id is unknown or placed entries overlap.
    """
    entries = {entry.id: entry for entry in manifest.entries}
    positions = {entry.id: 0 for entry in manifest.entries if entry.state == APPROVED}
    positions.update((win.entry_id, win.position) for win in result.wins)
    freed = frozenset(freed_entry_ids)
    if unknown := sorted((positions.keys() - entries) | (freed - positions.keys())):
        raise DrawError(f"Entry {unknown[0]} is freed without having won, or not in the manifest.")
    after = _continue(manifest, key, [(position, entries[one]) for one, position in positions.items()], freed)
    return Result(after.wins[len(positions) :], after.losses)


class _Board:
    """What has been given away so far; the only thing that changes during a draw."""

    def __init__(self, manifest: Manifest) -> None:
        self.max_wins = manifest.params.max_wins
        self.counts_entries = manifest.params.balance == "entries"
        self.weights = manifest.weights
        self.used: dict[int, int] = defaultdict(int)
        self.won: dict[int, int] = defaultdict(int)
        self.won_choices: set[tuple[int, int]] = set()
        self.busy: dict[tuple[int, int], int] = defaultdict(int)
        self.holders: dict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
        """By room and day: start, end and id of those who have it, in the order in which they were placed."""

    def served(self, group_id: int) -> int:
        return self.used[group_id] * (SCALE // self.weights.get(group_id, 1))

    def fits(self, entry: Entry) -> bool:
        """What does not fit now never will: time, choices and wins are only ever used up."""
        _, group_id, room_id, day, start, end, _, choice, _ = entry
        if self.busy[room_id, day] & _span(start, end):
            return False
        if choice and (group_id, choice) in self.won_choices:
            return False
        return not self.max_wins or self.won[group_id] < self.max_wins

    def give(self, entry: Entry, position: int) -> Win:
        number, group_id, _, _, start, end, _, choice, _ = entry
        used = self.used[group_id]
        self.used[group_id] = used + (1 if self.counts_entries else end - start)
        if self.max_wins:
            self.won[group_id] += 1
        if choice:
            self.won_choices.add((group_id, choice))
        return Win(position, number, group_id, used)

    def hold(self, entry: Entry) -> None:
        number, _, room_id, day, start, end, *_ = entry
        slot = (room_id, day)
        self.busy[slot] |= _span(start, end)
        self.holders[slot].append((start, end, number))

    def holder(self, entry: Entry) -> int | None:
        """The id of the first placed entry that overlaps this one."""
        _, _, room_id, day, start, end, *_ = entry
        for other_start, other_end, number in self.holders[room_id, day]:
            if other_start < end and start < other_end:
                return number
        return None


def _continue(manifest: Manifest, key: bytes, placed: list[tuple[int, Entry]], freed: frozenset[int]) -> Result:
    """All wins and all losses after drawing on from placed (position, entry); those in `freed` hold no time."""
    board, hmac, wins = _Board(manifest), _hmac(key), []
    for position, entry in sorted(placed, key=lambda pair: (pair[0], pair[1].id)):
        if entry.id not in freed:
            if other := board.holder(entry):
                raise DrawError(f"Approved entries {other} and {entry.id} overlap.")
            board.hold(entry)
        wins.append(board.give(entry, position))
    taken = {win.entry_id for win in wins}
    calendar = DrawCalendar(manifest)
    # Room by room, so that what is known of one room stays in the processor's cache.
    by_room = sorted(manifest.entries, key=attrgetter("room_id"))
    seeking = [e for e in by_room if e.state == PENDING and e.id not in taken and calendar.is_available(e)]
    wishes = _wishes(seeking, manifest.params, hmac)
    order = sorted(wishes, key=lambda group_id: hmac(b"group:%d" % group_id))
    wins += _take_turns(board, order, wishes, wins[-1].position if wins else 0)
    taken.update(win.entry_id for win in wins)
    available = {entry.id for entry in seeking}
    losses = [_loss(entry, entry.id in available, board) for entry in by_room if entry.id not in taken]
    return Result(tuple(wins), tuple(sorted(losses, key=attrgetter("entry_id"))))


def _wishes(seeking: list[Entry], params: Params, hmac: Callable[[bytes], bytes]) -> dict[int, Iterator[Entry]]:
    """Each group's entries in the order in which it will try them: by (rank, T_e)."""
    ranks = _rivals(seeking) if params.tie == "spread" else {}
    lists: dict[int, list[Entry]] = defaultdict(list)
    for entry in seeking:
        lists[entry.group_id].append(entry)
    for wishes in lists.values():
        wishes.sort(key=lambda entry: (ranks.get(entry.id, entry.rank), hmac(b"entry:%d" % entry.id)))
    return {group_id: iter(wishes) for group_id, wishes in lists.items()}


def _rivals(seeking: list[Entry]) -> dict[int, int]:
    """How many entries of other groups each entry overlaps: those of everybody less those of its own group."""
    together: dict[tuple[int, ...], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for entry in seeking:
        for crowd in ((entry.room_id, entry.day), (entry.room_id, entry.day, entry.group_id)):
            together[crowd][0].append(entry.start_minute)
            together[crowd][1].append(entry.end_minute)
    for starts, ends in together.values():
        starts.sort()
        ends.sort()

    def overlapping(entry: Entry, *crowd: int) -> int:
        starts, ends = together[crowd]
        return bisect_left(starts, entry.end_minute) - bisect_right(ends, entry.start_minute)

    everybody = {e.id: overlapping(e, e.room_id, e.day) for e in seeking}
    return {e.id: everybody[e.id] - overlapping(e, e.room_id, e.day, e.group_id) for e in seeking}


def _take_turns(board: _Board, order: list[int], wishes: dict[int, Iterator[Entry]], position: int) -> Iterator[Win]:
    """The least-served group takes its next wish that fits, until no wish does; `order` is that of the tickets."""
    # Who takes something is served more than before: nobody joins those who are being asked, so each level is sorted
    # once.
    levels: dict[int, list[int]] = defaultdict(list)
    for place, group_id in enumerate(order):
        levels[board.served(group_id)].append(place)
    ahead = list(levels)
    heapq.heapify(ahead)
    while ahead:
        for place in sorted(levels.pop(heapq.heappop(ahead))):
            group_id = order[place]
            entry = next(filter(board.fits, wishes[group_id]), None)
            if entry is None:
                continue
            position += 1
            board.hold(entry)
            yield board.give(entry, position)
            served = board.served(group_id)
            if served not in levels:
                heapq.heappush(ahead, served)
            levels[served].append(place)


def _loss(entry: Entry, is_available: bool, board: _Board) -> Loss:
    if entry.state == REJECTED:
        return Loss(entry.id, REJECTED_BY_ADMIN)
    if not is_available:
        return Loss(entry.id, UNAVAILABLE)
    if entry.choice and (entry.group_id, entry.choice) in board.won_choices:
        return Loss(entry.id, OTHER_CHOICE_WON)
    winner = board.holder(entry)
    return Loss(entry.id, LOST, winner) if winner else Loss(entry.id, MAX_WINS)


def write_result(result: Result, manifest_sha256: str, key: bytes) -> bytes:
    """The result as published."""
    lines = [RESULT_HEADER, f"manifest\t{manifest_sha256}", f"key\t{key.hex()}"]
    lines += (f"win\t{win.position}\t{win.entry_id}\t{win.group_id}\t{win.used_before}" for win in result.wins)
    lines += (f"loss\t{loss.entry_id}\t{loss.reason}\t{loss.by}" for loss in result.losses)
    return ("\n".join(lines) + "\n").encode("ascii")


# ---- the draw as draw.json repeats it -------------------------------------------------------------------------------


def summary(
    manifest: Manifest, key: bytes, result: Result, occurring: Callable[[Entry, list[date]], int]
) -> dict[str, Any]:
    """What draw.json tells of a draw besides its hashes: params, group_order, winners and statistics. JSON.

    `occurring` answers on how many of its kept dates a winner takes place: a gap of the campus clock can swallow one,
    and the clock is not in the manifest.
    """
    winners = _winners(manifest, result, occurring)
    return {
        "params": manifest.params.named(),
        "group_order": _group_order(manifest, key),
        "winners": winners,
        "statistics": _statistics(manifest, result, winners),
    }


def _group_order(manifest: Manifest, key: bytes) -> list[dict[str, Any]]:
    hmac = _hmac(key)
    tickets = sorted((hmac(b"group:%d" % group_id), group_id) for group_id in {e.group_id for e in manifest.entries})
    return [
        {"group_id": group_id, "ticket": ticket.hex(), "place": place}
        for place, (ticket, group_id) in enumerate(tickets, start=1)
    ]


def _winners(manifest: Manifest, result: Result, occurring: Callable[[Entry, list[date]], int]) -> list[dict[str, Any]]:
    """In the order of the draw. `served_before_minutes` is in minutes under either balance."""
    entries, calendar = {entry.id: entry for entry in manifest.entries}, DrawCalendar(manifest)
    minutes: dict[int, int] = defaultdict(int)
    winners = []
    for win in result.wins:
        entry = entries[win.entry_id]
        occurrences = occurring(entry, calendar.kept_dates(entry))
        winners.append(
            {
                "position": win.position,
                "registration_id": win.entry_id,
                "group_id": win.group_id,
                "served_before_minutes": minutes[win.group_id],
                "occurrences": occurrences,
                "skipped": len(calendar.dates(entry)) - occurrences,
            }
        )
        minutes[win.group_id] += entry.end_minute - entry.start_minute
    return winners


def _statistics(manifest: Manifest, result: Result, winners: list[dict[str, Any]]) -> dict[str, Any]:
    minutes = {entry.id: entry.end_minute - entry.start_minute for entry in manifest.entries}
    reasons = Counter(loss.reason for loss in result.losses)
    return {
        "total_registrations": len(manifest.entries),
        "successful_allocations": len(result.wins),
        "failed_allocations": len(result.losses),
        "groups": len({entry.group_id for entry in manifest.entries}),
        "groups_served": len({win.group_id for win in result.wins}),
        "weekly_minutes_wished": sum(minutes.values()),
        "weekly_minutes_given": sum(minutes[win.entry_id] for win in result.wins),
        "occurrences": sum(winner["occurrences"] for winner in winners),
        "reasons": dict(sorted(reasons.items())),
    }


# ---- the verifier ---------------------------------------------------------------------------------------------------

_HASHES = ("seed", "commitment", "manifest_sha256", "result_sha256")
_OPTIONAL = ("algorithm", "key", "params", "group_order", "winners", "statistics")
_ABSENT = object()


def verify(manifest: bytes, record: bytes, result: bytes | None = None) -> Result:
    """Draw again and compare with all that was published; `record` is draw.json. The result, or DrawError.

    Not to be known from these files is how many kept dates of a winner fell into a gap of the campus clock. Any number
    is taken as said, if all its dates occur or are skipped and the statistics give the sum.
    """
    said = _read_record(record)
    _same("commitment", said["commitment"], "the seed's SHA-256", commitment(bytes.fromhex(said["seed"])))
    again = _redraw(manifest, said)
    _same("manifest_sha256", said["manifest_sha256"], "the manifest's SHA-256", sha256(manifest).hexdigest())
    _same("key", said.get("key"), "the key of seed, event and salt", again.key.hex())
    if result is not None and result != again.written:
        number, found, instead = _first_difference(result, again.written)
        raise Difference(f"Result line {number} is {found}, but the draw gives {instead}.")
    written_sha256 = sha256(again.written).hexdigest()
    _same("result_sha256", said["result_sha256"], "the SHA-256 of what the draw gives", written_sha256)
    for name, given in _summary_as_said(again, said).items():
        if name in said:
            _compare(name, said[name], given)
    return again.result


class _Redrawn(NamedTuple):
    manifest: Manifest
    key: bytes
    result: Result
    written: bytes


def _redraw(manifest: bytes, said: Mapping[str, Any]) -> _Redrawn:
    seed, parsed = bytes.fromhex(said["seed"]), read_manifest(manifest)
    drawn_key, drawn = key(seed, parsed.event_id, said["salt"]), draw(parsed, seed, said["salt"])
    return _Redrawn(parsed, drawn_key, drawn, write_result(drawn, sha256(manifest).hexdigest(), drawn_key))


def _same(name: str, said: str | None, what: str, found: str) -> None:
    if said not in (None, found):
        raise Difference(f"draw.json says {name} {said}, but {what} is {found}.")


def _summary_as_said(again: _Redrawn, said: Mapping[str, Any]) -> dict[str, Any]:
    """The summary with the numbers of occurrences that draw.json says, where they can be."""
    winners = said["winners"] if isinstance(said.get("winners"), list) else []
    numbers = {
        win.entry_id: winner.get("occurrences")
        for win, winner in zip(again.result.wins, winners, strict=False)
        if isinstance(winner, dict)
    }

    def occurring(entry: Entry, kept: list[date]) -> int:
        return _at_most(len(kept), numbers.get(entry.id))

    given = summary(again.manifest, again.key, again.result, occurring)
    if "winners" not in said and isinstance(said.get("statistics"), dict):
        statistics = given["statistics"]
        statistics["occurrences"] = _at_most(statistics["occurrences"], said["statistics"].get("occurrences"))
    return given


def _at_most(most: int, said: Any) -> int:
    return said if type(said) is int and 0 <= said <= most else most


def _compare(path: str, said: Any, given: Any) -> None:
    """Difference names the first place at which JSON is not what it should be; 1.0 and true are not 1."""
    if said is _ABSENT:
        raise Difference(f"draw.json does not have {_path(path)}, but the draw gives it.")
    if given is _ABSENT:
        raise Difference(f"draw.json has {_path(path)}, but the draw does not give it.")
    if type(said) is not type(given) or (said != given and not isinstance(given, (dict, list))):
        raise Difference(f"draw.json says {_path(path)} is {_value(said)}, but the draw gives {_value(given)}.")
    if isinstance(given, dict):
        for name in given | said:
            _compare(f"{path}.{name}", said.get(name, _ABSENT), given.get(name, _ABSENT))
    if isinstance(given, list):
        for place, (one, other) in enumerate(zip_longest(said, given, fillvalue=_ABSENT)):
            _compare(f"{path}[{place}]", one, other)


def _path(text: str) -> str:
    """On one line, whatever the names in it are."""
    return _shown(text)[1:-1]


def _value(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value)
    return text if len(text) <= 120 else text[:120] + "..."


def _read_record(data: bytes) -> dict[str, Any]:
    """draw.json, with all that a draw starts from and without what the algorithm does not know."""
    try:
        record = json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)
    except DrawError:
        raise
    except (ValueError, RecursionError) as error:
        raise Difference(f"draw.json is no JSON: {error}.") from None
    if not isinstance(record, dict):
        raise Difference("draw.json is no JSON object.")
    if record.get("algorithm", ALGORITHM) != ALGORITHM:
        raise Difference(f"draw.json is of another algorithm than {ALGORITHM}.")
    if unknown := [name for name in record if name not in (*_HASHES, "salt", *_OPTIONAL)]:
        raise Difference(f"draw.json has {_shown(unknown[0])}, which {ALGORITHM} does not know.")
    for name in (*_HASHES, *({"key"} & record.keys())):
        value = record.get(name)
        if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
            raise Difference(f"draw.json must give {name} as 64 lower-case hexadecimal digits.")
    if not isinstance(record.get("salt"), str):
        raise Difference("draw.json must give the salt as a text.")
    return record


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names differ. Of two values under one name, readers would take either."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise Difference(f"draw.json has {_shown(twice)} twice in one object.")
    return found


def _no_constant(name: str) -> None:
    raise Difference(f"draw.json is no JSON: {name} is no number.")


def main(arguments: list[str]) -> int:
    match arguments:
        case ["verify" | "draw" as command, manifest, record, *rest] if len(rest) <= (command == "verify"):
            paths = [Path(manifest), Path(record), *map(Path, rest)]
        case _:
            sys.stderr.write("\n".join((__doc__ or "").splitlines()[2:4]) + "\n")
            return 2
    try:
        files = [path.read_bytes() for path in paths]
        if command == "draw":
            sys.stdout.buffer.write(_redraw(files[0], _read_record(files[1])).written)
            return 0
        drawn = verify(*files)
    except (DrawError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"The draw is as published: {len(drawn.wins)} won, {len(drawn.losses)} did not.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
