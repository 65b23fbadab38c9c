"""What happens to allocation events and their entries before the draw, and how the people concerned are told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from allocations.enums import EventStatus
from kernel.db.ranges import campus_date, campus_minute, format_instant, format_minute
from kernel.facts import Fact, Notice, Recipients

if TYPE_CHECKING:
    from allocations.models import AllocationEvent, AllocationRegistration

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
OPENED = "An allocation event has opened: wishes for {range} can be filed until {until}."
CLOSED = "The allocation event for {range} has closed: its entries are frozen until the draw."
CANCELLED = "The allocation event for {range} has been cancelled: nothing will be drawn."
SENTENCES: Mapping[str, str] = {
    EventStatus.OPEN: OPENED,
    EventStatus.CLOSED: CLOSED,
    EventStatus.CANCELLED: CANCELLED,
}


@dataclass(frozen=True, kw_only=True)
class _AboutEvent(Fact):
    event_id: int
    status: str
    """What the event is afterwards."""
    registration_start: datetime
    registration_end: datetime
    target_starts_on: date
    target_ends_on: date

    @classmethod
    def about(cls, event: "AllocationEvent", **more: Any) -> Any:
        """The fact of an event as it is now."""
        return cls(
            event_id=event.pk,
            status=event.status,
            registration_start=event.registration_start,
            registration_end=event.registration_end,
            target_starts_on=event.target_starts_on,
            target_ends_on=event.target_ends_on,
            **more,
        )

    @property
    def target(self) -> str:
        return f"allocation_event:{self.event_id}"

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
class _MovesOn(_AboutEvent):
    """A fact with which the event may have come into another state; `told` hear of that state."""

    told: Recipients = ()

    def notices(self) -> Iterable[Notice]:
        if sentence := SENTENCES.get(self.status):
            until = f"{campus_date(self.registration_end)} {format_minute(campus_minute(self.registration_end))}"
            span = f"{self.target_starts_on} – {self.target_ends_on}"
            yield Notice(recipients=self.told, text=sentence.format(range=span, until=until))


@dataclass(frozen=True, kw_only=True)
class EventCreated(_MovesOn):
    """Created, and in the state its window asks for at once. `commitment`: hex SHA-256 of the seed."""

    action: ClassVar[str] = "allocation_event.created"
    commitment: str

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"commitment": self.commitment}


@dataclass(frozen=True, kw_only=True)
class EventChanged(_MovesOn):
    """`changes` = {field: [old, new]}; `status` among them where a new window moved the event on."""

    action: ClassVar[str] = "allocation_event.changed"
    changes: Mapping[str, list[Any]]

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": dict(self.changes)}


@dataclass(frozen=True, kw_only=True)
class EventDeleted(_AboutEvent):
    action: ClassVar[str] = "allocation_event.deleted"


@dataclass(frozen=True, kw_only=True)
class EventOpened(_MovesOn):
    action: ClassVar[str] = "allocation_event.opened"


@dataclass(frozen=True, kw_only=True)
class EventClosed(_MovesOn):
    """The entries are frozen. `entries`: how many; `manifest_sha256`: of the list as it was published then."""

    action: ClassVar[str] = "allocation_event.closed"
    entries: int
    manifest_sha256: str

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"entries": self.entries, "manifest_sha256": self.manifest_sha256}


@dataclass(frozen=True, kw_only=True)
class EventCancelled(_MovesOn):
    action: ClassVar[str] = "allocation_event.cancelled"
    entries: int

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"entries": self.entries}


@dataclass(frozen=True, kw_only=True)
class WeightsSet(_AboutEvent):
    """`changes` = {group id: [old, new]}."""

    action: ClassVar[str] = "allocation_event.weights_set"
    changes: Mapping[int, list[int]]

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": {str(group): pair for group, pair in self.changes.items()}}


@dataclass(frozen=True, kw_only=True)
class AboutEntry(Fact):
    entry_id: int
    event_id: int
    created_by_id: int
    classroom: str
    group: str
    day_of_week: int
    start_minute: int
    end_minute: int

    @classmethod
    def about(cls, entry: "AllocationRegistration", **more: Any) -> Any:
        """The fact of an entry that is loaded with its API relations."""
        return cls(
            entry_id=entry.pk,
            event_id=entry.event_id,
            created_by_id=entry.created_by_id,
            classroom=entry.classroom.name,
            group=entry.group.name,
            day_of_week=entry.day_of_week,
            start_minute=entry.start_minute,
            end_minute=entry.end_minute,
            **more,
        )

    @property
    def target(self) -> str:
        return f"allocation_registration:{self.entry_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "classroom": self.classroom,
            "group": self.group,
            "day_of_week": self.day_of_week,
            "start_time": format_minute(self.start_minute),
            "end_time": format_minute(self.end_minute),
        }

    @property
    def slot(self) -> str:
        """ "Room A, Tuesday 09:10–10:20"."""
        return spoken_slot(self.classroom, self.day_of_week, self.start_minute, self.end_minute)


@dataclass(frozen=True, kw_only=True)
class EntryFiled(AboutEntry):
    action: ClassVar[str] = "allocation_registration.filed"


@dataclass(frozen=True, kw_only=True)
class EntryChanged(AboutEntry):
    """`changes` = {field: [old, new]}."""

    action: ClassVar[str] = "allocation_registration.changed"
    changes: Mapping[str, list[Any]]

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": dict(self.changes)}

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=[self.created_by_id], text=f"Your draw entry has been changed: {self.slot}.")


@dataclass(frozen=True, kw_only=True)
class EntryDeleted(AboutEntry):
    action: ClassVar[str] = "allocation_registration.deleted"

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=[self.created_by_id], text=f"Your draw entry has been deleted: {self.slot}.")


@dataclass(frozen=True, kw_only=True)
class EntryApproved(AboutEntry):
    """A fixed winner, before the draw."""

    action: ClassVar[str] = "allocation_registration.approved"

    def notices(self) -> Iterable[Notice]:
        text = f"Your draw entry has been approved ahead of the draw: {self.slot}."
        yield Notice(recipients=[self.created_by_id], text=text)


@dataclass(frozen=True, kw_only=True)
class EntryRejected(AboutEntry):
    """Out of the draw."""

    action: ClassVar[str] = "allocation_registration.rejected"

    def notices(self) -> Iterable[Notice]:
        text = f"Your draw entry has been rejected and takes no part in the draw: {self.slot}."
        yield Notice(recipients=[self.created_by_id], text=text)


@dataclass(frozen=True, kw_only=True)
class EntryWithdrawn(AboutEntry):
    """Given back: its group has been archived."""

    action: ClassVar[str] = "allocation_registration.withdrawn"
    reason: str

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"reason": self.reason}

    def notices(self) -> Iterable[Notice]:
        text = f"Your draw entry has been withdrawn: {self.slot}. Reason: {self.reason}"
        yield Notice(recipients=[self.created_by_id], text=text)


def spoken_slot(classroom: str, day_of_week: int, start_minute: int, end_minute: int) -> str:
    """ "Room A, Tuesday 09:10–10:20"."""
    return f"{classroom}, {DAYS[day_of_week - 1]} {format_minute(start_minute)}–{format_minute(end_minute)}"
