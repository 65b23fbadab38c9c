"""What happens to allocation events before the draw, and how the people concerned are told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from allocations.enums import EventStatus
from allocations.facts.entries import EntrySummary
from kernel.campus_time import format_instant
from kernel.changes import Changes
from kernel.facts import Fact, Notice, Recipients

TOLD_STATES = frozenset({EventStatus.OPEN, EventStatus.CLOSED, EventStatus.CANCELLED})


@dataclass(frozen=True, kw_only=True)
class EventSummary:
    """An event as the log and the people see it."""

    id: int
    status: str
    registration_start: datetime
    registration_end: datetime
    target_starts_on: date
    target_ends_on: date

    @property
    def details(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "registration_start": format_instant(self.registration_start),
            "registration_end": format_instant(self.registration_end),
            "target_start_date": self.target_starts_on.isoformat(),
            "target_end_date": self.target_ends_on.isoformat(),
        }


@dataclass(frozen=True, kw_only=True)
class _AboutEvent(Fact):
    """`event`: what it is afterwards."""

    event: EventSummary

    @property
    def target(self) -> str:
        return f"allocation_event:{self.event.id}"

    @property
    def details(self) -> dict[str, Any]:
        return self.event.details


@dataclass(frozen=True, kw_only=True)
class _MovedOn(_AboutEvent):
    """A fact with which the event may have come into another state; `recipients` hear of that state."""

    recipients: Recipients = ()

    def notices(self) -> Iterable[Notice]:
        if self.event.status in TOLD_STATES:
            yield Notice(recipients=self.recipients, params=self.event.details | {"about": "event"})


@dataclass(frozen=True, kw_only=True)
class EventCreated(_MovedOn):
    """Created, and in the state its window asks for at once. `commitment`: hex SHA-256 of the seed."""

    action: ClassVar[str] = "allocation_event.created"
    commitment: str

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"commitment": self.commitment}


@dataclass(frozen=True, kw_only=True)
class EventChanged(_MovedOn):
    """`status` is among the changes where a new window moved the event on.

    `entries_without_dates`: the wishes for whose day of the week the new range has no date.
    """

    action: ClassVar[str] = "allocation_event.changed"
    changes: Changes
    entries_without_dates: tuple[EntrySummary, ...] = ()

    @property
    def details(self) -> dict[str, Any]:
        ids = [entry.id for entry in self.entries_without_dates]
        return super().details | {"changes": self.changes} | ({"entries_without_dates": ids} if ids else {})

    def notices(self) -> Iterable[Notice]:
        yield from super().notices()
        for entry in self.entries_without_dates:
            params = {**self.event.details, **entry.details, "about": "entry", "entry_id": entry.id}
            yield Notice(recipients=[entry.created_by_id], params=params)


@dataclass(frozen=True, kw_only=True)
class EventDeleted(_AboutEvent):
    action: ClassVar[str] = "allocation_event.deleted"


@dataclass(frozen=True, kw_only=True)
class EventOpened(_MovedOn):
    action: ClassVar[str] = "allocation_event.opened"


@dataclass(frozen=True, kw_only=True)
class EventClosed(_MovedOn):
    """The entries are frozen. `manifest_sha256`: of the list as it was published then."""

    action: ClassVar[str] = "allocation_event.closed"
    entry_count: int
    manifest_sha256: str

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"entries": self.entry_count, "manifest_sha256": self.manifest_sha256}


@dataclass(frozen=True, kw_only=True)
class EventCancelled(_MovedOn):
    action: ClassVar[str] = "allocation_event.cancelled"
    entry_count: int

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"entries": self.entry_count}


@dataclass(frozen=True, kw_only=True)
class WeightsSet(_AboutEvent):
    """`changes` = {group id: [old, new]}."""

    action: ClassVar[str] = "allocation_event.weights_set"
    changes: dict[int, list[int]]

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": {str(group): pair for group, pair in self.changes.items()}}
