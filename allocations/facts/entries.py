"""What happens to entries, before the draw and after it, and how the people concerned are told."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from allocations.facts import wording
from allocations.facts.sentences import SLOT
from kernel.campus_time import format_minute
from kernel.changes import Changes
from kernel.facts import Fact, Notice
from kernel.languages import ENGLISH
from registrations.facts.sentences import WEEKLY_SLOT


@dataclass(frozen=True, kw_only=True)
class EntrySummary:
    """An entry as the log and the people see it."""

    id: int
    event_id: int
    created_by_id: int
    classroom: str
    group: str
    day_of_week: int
    start_minute: int
    end_minute: int

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
        return SLOT.say(self.details, ENGLISH)

    @property
    def weekly_slot(self) -> str:
        """ "Room A, Tuesdays 09:10–10:20"."""
        return WEEKLY_SLOT.say(self.details, ENGLISH)

    def notice(self, **more: Any) -> Notice:
        """What who filed it is told of it."""
        return Notice(recipients=[self.created_by_id], params={**self.details, **more})


@dataclass(frozen=True, kw_only=True)
class _AboutEntry(Fact):
    entry: EntrySummary

    @property
    def target(self) -> str:
        return f"allocation_registration:{self.entry.id}"

    @property
    def details(self) -> dict[str, Any]:
        return self.entry.details


@dataclass(frozen=True, kw_only=True)
class EntryFiled(_AboutEntry):
    action: ClassVar[str] = "allocation_registration.filed"


@dataclass(frozen=True, kw_only=True)
class EntryChanged(_AboutEntry):
    action: ClassVar[str] = "allocation_registration.changed"
    changes: Changes

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": self.changes}

    def notices(self) -> Iterable[Notice]:
        yield self.entry.notice()


@dataclass(frozen=True, kw_only=True)
class EntryDeleted(_AboutEntry):
    action: ClassVar[str] = "allocation_registration.deleted"

    def notices(self) -> Iterable[Notice]:
        yield self.entry.notice()


@dataclass(frozen=True, kw_only=True)
class EntryApproved(_AboutEntry):
    """A fixed winner, before the draw."""

    action: ClassVar[str] = "allocation_registration.approved"

    def notices(self) -> Iterable[Notice]:
        yield self.entry.notice(is_override=False)


@dataclass(frozen=True, kw_only=True)
class EntryRejected(_AboutEntry):
    """Out of the draw."""

    action: ClassVar[str] = "allocation_registration.rejected"

    def notices(self) -> Iterable[Notice]:
        yield self.entry.notice(is_drawn=False)


@dataclass(frozen=True, kw_only=True)
class EntryWithdrawn(_AboutEntry):
    """Given back: its group has been archived."""

    action: ClassVar[str] = "allocation_registration.withdrawn"
    reason: str

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"reason": self.reason}

    def notices(self) -> Iterable[Notice]:
        yield self.entry.notice(reason=self.reason)


@dataclass(frozen=True, kw_only=True)
class _Freed(_AboutEntry):
    """`cancelled_ids`: the occurrences that were still ahead; each has a fact of its own beside it."""

    cancelled_ids: tuple[int, ...]

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {
            "cancelled_count": len(self.cancelled_ids),
            "cancelled_ids": list(self.cancelled_ids),
        }

    def notices(self) -> Iterable[Notice]:
        yield self.entry.notice(is_drawn=True, cancelled_count=len(self.cancelled_ids))


@dataclass(frozen=True, kw_only=True)
class EntryGivenBack(_Freed):
    """Its group, or cspace for it, has withdrawn a drawn entry."""

    action: ClassVar[str] = "allocation_registration.withdrawn"


@dataclass(frozen=True, kw_only=True)
class EntryTakenBack(_Freed):
    """cspace has refused a winner after the draw."""

    action: ClassVar[str] = "allocation_registration.rejected"


@dataclass(frozen=True, kw_only=True)
class EntryGranted(_AboutEntry):
    """An override: a loser got its slot by hand. `skip_reasons`: one for each date it did not get."""

    action: ClassVar[str] = "allocation_registration.approved"
    series_id: int
    registration_ids: tuple[int, ...]
    skip_reasons: tuple[str, ...]

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {
            "is_override": True,
            "series_id": self.series_id,
            "registration_count": len(self.registration_ids),
            "registration_ids": list(self.registration_ids),
        }

    def notices(self) -> Iterable[Notice]:
        dates = wording.dates_made_of(len(self.registration_ids), self.skip_reasons)
        yield self.entry.notice(is_override=True, **dates)
