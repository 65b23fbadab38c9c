"""A rule as JSON says it (policy §1), made of the values it means; everything that is wrong with it at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any, TypeVar

from kernel.campus_time import MINUTES_PER_DAY
from kernel.dates import days_faults
from kernel.names import is_visible, one_line
from kernel.text import has_forbidden_text
from kernel.written import read_known_day, read_minute
from policies.enums import Effect, LimitType, Period, WhereKind, WhoKind
from policies.rules.scopes import EVERY_DAY, At, During

MAX_NAME = 100
MAX_LABEL = 50
MAX_ID = 2**63 - 1
OBJECT_REQUIRED = "An object is required"
REQUIRED = "This field is required"
UNKNOWN_FIELD = "Unknown field"
T = TypeVar("T")
ChoiceT = TypeVar("ChoiceT", bound=Enum)


@dataclass
class RuleReading:
    """An object of a request that is being read: what is wrong with its fields is gathered under their path."""

    data: Any
    path: str
    faults: dict[str, list[str]]
    read: set[str] = field(default_factory=set)

    @property
    def is_object(self) -> bool:
        return isinstance(self.data, Mapping)

    def fault(self, name: str, sentence: str) -> None:
        path = f"{self.path}.{name}" if self.path and name else self.path or name
        self.faults.setdefault(path, []).append(sentence)

    def has(self, name: str) -> bool:
        """Whether it is said; null says nothing."""
        self.read.add(name)
        return self.is_object and self.data.get(name) is not None

    def value(self, name: str, make: Callable[[Any], T], *, required: bool = False) -> T | None:
        """What `make` makes of a field; its `ValueError` is the fault."""
        if not self.has(name):
            if required:
                self.fault(name, REQUIRED)
            return None
        try:
            return make(self.data[name])
        except ValueError as error:
            self.fault(name, str(error))
            return None

    def integer(self, name: str, allowed: range, *, required: bool = False) -> int | None:
        def make(data: Any) -> int:
            if type(data) is not int or data not in allowed:
                raise ValueError(f"Must be a whole number from {allowed[0]} to {allowed[-1]}")
            return int(data)

        return self.value(name, make, required=required)

    def choice(self, name: str, choices: type[ChoiceT], *, required: bool = True) -> ChoiceT | None:
        def make(data: Any) -> ChoiceT:
            if not isinstance(data, str) or data not in {each.value for each in choices}:
                raise ValueError(f"Must be one of {', '.join(each.value for each in choices)}")
            return choices(data)

        return self.value(name, make, required=required)

    def minute(self, name: str, *, latest: int = MINUTES_PER_DAY - 1, required: bool = False) -> int | None:
        return self.value(name, lambda data: read_minute(data, latest=latest), required=required)

    def day(self, name: str) -> date | None:
        return self.value(name, read_known_day)

    def boolean(self, name: str, *, required: bool = False) -> bool | None:
        def make(data: Any) -> bool:
            if type(data) is not bool:
                raise ValueError("Must be true or false")
            return bool(data)

        return self.value(name, make, required=required)

    def text(self, name: str, longest: int, *, required: bool = False) -> str | None:
        """One visible line."""

        def make(data: Any) -> str:
            text = one_line(data) if isinstance(data, str) and not has_forbidden_text(data) else ""
            if not text or not is_visible(text) or len(text) > longest:
                raise ValueError(f"A text of 1 to {longest} visible characters is required")
            return text

        return self.value(name, make, required=required)

    def weekdays(self, name: str, *, required: bool = False) -> tuple[int, ...] | None:
        def make(data: Any) -> tuple[int, ...]:
            if not isinstance(data, list) or not data or not all(type(day) is int and 1 <= day <= 7 for day in data):
                raise ValueError("A list of days is required, 1 = Sunday to 7 = Saturday")
            return tuple(sorted(set(data)))

        return self.value(name, make, required=required)

    def span(self, *, required: bool = False) -> tuple[int | None, int | None]:
        """`from` and `until`, minutes of the day."""
        begins = self.minute("from", required=required)
        ends = self.minute("until", latest=MINUTES_PER_DAY, required=required)
        if (0 if begins is None else begins) >= (MINUTES_PER_DAY if ends is None else ends):
            self.fault("from", "Must be before until")
        return begins, ends

    def inside(self, name: str) -> "RuleReading":
        """An object in this one."""
        self.read.add(name)
        path = f"{self.path}.{name}" if self.path else name
        inside = RuleReading(self.data.get(name) if self.is_object else None, path, self.faults)
        if not inside.is_object:
            inside.fault("", OBJECT_REQUIRED)
        return inside

    def finish(self) -> None:
        """Whatever has not been asked for does not belong here."""
        if self.is_object:
            for name in self.data:
                if name not in self.read:
                    self.fault(str(name), UNKNOWN_FIELD)


@dataclass(frozen=True)
class WhoNamed:
    """For whom a rule is, by the names of a request."""

    kind: WhoKind
    label: str = ""
    group_id: int | None = None
    username: str | None = None


@dataclass(frozen=True)
class WhereNamed:
    """Where a rule holds, by the names of a request."""

    kind: WhereKind
    building: str | None = None
    floor: int | None = None
    classroom: str | None = None


def read_who(reading: RuleReading) -> WhoNamed | None:
    """`who` of a rule; None where it cannot be read."""
    kind = reading.choice("kind", WhoKind)
    words = WhoNamed(
        kind or WhoKind.EVERYBODY,
        label=(reading.text(kind.value, MAX_LABEL, required=True) or "")
        if kind in (WhoKind.TAG, WhoKind.GROUP_KIND)
        else "",
        group_id=reading.integer("group_id", range(1, MAX_ID + 1), required=True) if kind == WhoKind.GROUP else None,
        username=reading.text("username", 150, required=True) if kind == WhoKind.USER else None,
    )
    _finish_scope(reading, ("group_kind", "tag", "group_id", "username"))
    return words if kind else None


def read_where(reading: RuleReading, floors: range) -> WhereNamed | None:
    """`where` of a rule; None where it cannot be read. A floor may be one of all buildings."""
    kind = reading.choice("kind", WhereKind)
    building = floor = classroom = None
    if kind in (WhereKind.BUILDING, WhereKind.FLOOR):
        building = reading.text("building", 100, required=kind == WhereKind.BUILDING)
    if kind == WhereKind.FLOOR:
        floor = reading.integer("floor", floors, required=True)
    if kind == WhereKind.CLASSROOM:
        classroom = reading.text("classroom", 100, required=True)
    _finish_scope(reading, ("building", "floor", "classroom"))
    return WhereNamed(kind, building, floor, classroom) if kind else None


def _finish_scope(reading: RuleReading, names: tuple[str, ...]) -> None:
    """What belongs to another kind may be null, and nothing else."""
    for name in names:
        if name not in reading.read and reading.has(name):
            reading.fault(name, "Does not belong to this kind")
    reading.finish()


def read_during(reading: RuleReading) -> During | None:
    first, last = reading.day("from"), reading.day("until")
    period = reading.choice("period", Period, required=False)
    reading.finish()
    if first is not None and last is not None and days_faults(first, last):
        reading.fault("from", "Must not be after until")
    if reading.is_object and not any((first, last, period)) and not _has_faults(reading):
        reading.fault("", "Name from, until or period, or say null")
    return During(first, last, period)


def read_at(reading: RuleReading) -> At | None:
    weekdays, (begins, ends) = reading.weekdays("weekdays"), reading.span()
    reading.finish()
    if reading.is_object and weekdays is None and begins is None and ends is None and not _has_faults(reading):
        reading.fault("", "Name weekdays, from or until, or say null")
    return At(weekdays or EVERY_DAY, begins or 0, MINUTES_PER_DAY if ends is None else ends)


def _has_faults(reading: RuleReading) -> bool:
    return any(path == reading.path or path.startswith(f"{reading.path}.") for path in reading.faults)


def effect_faults(effect: Effect, of_type: LimitType) -> list[str]:
    """What is wrong with an effect: some limits say themselves what becomes of a booking."""
    is_fixed = of_type in (LimitType.CANCEL, LimitType.BUFFER)
    return [f"A {of_type.value} rule cannot send to approval"] if is_fixed and effect == Effect.APPROVAL else []
