"""What happens at the draw and after it, and how the people concerned are told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from allocations.facts import wording
from allocations.facts.events import AboutEntry
from kernel.facts import Fact, Notice


@dataclass(frozen=True, kw_only=True)
class EventDrawn(Fact):
    """The draw has decided. `outcomes` = {user id: an outcome in words for each entry he filed}.

    Who filed is told also where he started the draw himself: chance decided, not he.
    """

    action: ClassVar[str] = "allocation_event.distributed"
    event_id: int
    total: int
    successful: int
    failed: int
    manifest_sha256: str
    result_sha256: str
    series_ids: Sequence[int]
    occurrences: int
    outcomes: Mapping[int, Sequence[str]]

    @property
    def target(self) -> str:
        return f"allocation_event:{self.event_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {
            "total_registrations": self.total,
            "successful_allocations": self.successful,
            "failed_allocations": self.failed,
            "manifest_sha256": self.manifest_sha256,
            "result_sha256": self.result_sha256,
            "occurrences": self.occurrences,
            "series_ids": list(self.series_ids),
        }

    def notices(self) -> Iterable[Notice]:
        for user_id, outcomes in self.outcomes.items():
            yield Notice(recipients=[user_id], text=wording.notice(self.event_id, outcomes), tells_actor=True)


@dataclass(frozen=True, kw_only=True)
class LosersPromoted(Fact):
    """Time that had become free was given on, from `first` on: the addendum to the draw's record."""

    action: ClassVar[str] = "allocation_event.promoted"
    event_id: int
    first: date
    entry_ids: Sequence[int]
    series_ids: Sequence[int]
    occurrences: int
    outcomes: Mapping[int, Sequence[str]]

    @property
    def target(self) -> str:
        return f"allocation_event:{self.event_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {
            "from_date": self.first.isoformat(),
            "registration_ids": list(self.entry_ids),
            "series_ids": list(self.series_ids),
            "occurrences": self.occurrences,
        }

    def notices(self) -> Iterable[Notice]:
        for user_id, outcomes in self.outcomes.items():
            yield Notice(recipients=[user_id], text=wording.notice(self.event_id, outcomes), tells_actor=True)


@dataclass(frozen=True, kw_only=True)
class _Freed(AboutEntry):
    """`cancelled_ids`: the occurrences that were still ahead; each has a fact of its own beside it."""

    cancelled_ids: tuple[int, ...]
    sentence: ClassVar[str]

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {
            "cancelled_count": len(self.cancelled_ids),
            "cancelled_ids": list(self.cancelled_ids),
        }

    def notices(self) -> Iterable[Notice]:
        ahead = f" Cancelled: {len(self.cancelled_ids)} dates ahead." if self.cancelled_ids else ""
        yield Notice(recipients=[self.created_by_id], text=f"{self.sentence}: {self.slot}.{ahead}")


@dataclass(frozen=True, kw_only=True)
class EntryGivenBack(_Freed):
    """Its group, or cspace for it, has withdrawn a drawn entry."""

    action: ClassVar[str] = "allocation_registration.withdrawn"
    sentence: ClassVar[str] = "Your draw entry has been withdrawn"


@dataclass(frozen=True, kw_only=True)
class EntryTakenBack(_Freed):
    """cspace has refused a winner after the draw."""

    action: ClassVar[str] = "allocation_registration.rejected"
    sentence: ClassVar[str] = "Your draw entry has been rejected after the draw"


@dataclass(frozen=True, kw_only=True)
class EntryGranted(AboutEntry):
    """An override: a loser got its slot by hand. `skipped`: the reason of each date it did not get."""

    action: ClassVar[str] = "allocation_registration.approved"
    series_id: int
    registration_ids: tuple[int, ...]
    skipped: tuple[str, ...]

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {
            "is_override": True,
            "series_id": self.series_id,
            "registration_count": len(self.registration_ids),
            "registration_ids": list(self.registration_ids),
        }

    def notices(self) -> Iterable[Notice]:
        got = wording.dates_in_words(len(self.registration_ids), self.skipped)
        text = f"Your draw entry has been approved by hand: {self.slot}, {got}."
        yield Notice(recipients=[self.created_by_id], text=text)
