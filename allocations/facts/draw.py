"""What a draw has decided, and a promotion after it, and how the people concerned are told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from kernel.facts import Fact, Notice
from kernel.phrases import MOST_KEPT, NoticeParams


@dataclass(frozen=True, kw_only=True)
class _AboutDraw(Fact):
    """Room time was given to entries. `outcomes` = {user id: what `OUTCOME` is made of, for each entry he filed}.

    Who filed is told also where he started it himself: chance decided, not he.
    """

    event_id: int
    series_ids: Sequence[int]
    occurrence_count: int
    outcomes: Mapping[int, Sequence[NoticeParams]]

    @property
    def target(self) -> str:
        return f"allocation_event:{self.event_id}"

    def notices(self) -> Iterable[Notice]:
        for user_id, outcomes in self.outcomes.items():
            params = {
                "event_id": self.event_id,
                "outcomes": list(outcomes[:MOST_KEPT]),
                "outcome_count": len(outcomes),
            }
            yield Notice(recipients=[user_id], params=params, includes_actor=True)


@dataclass(frozen=True, kw_only=True)
class EventDrawn(_AboutDraw):
    """The draw has decided on every entry."""

    action: ClassVar[str] = "allocation_event.distributed"
    total: int
    successful: int
    failed: int
    manifest_sha256: str
    result_sha256: str

    @property
    def details(self) -> dict[str, Any]:
        return {
            "total_registrations": self.total,
            "successful_allocations": self.successful,
            "failed_allocations": self.failed,
            "manifest_sha256": self.manifest_sha256,
            "result_sha256": self.result_sha256,
            "occurrences": self.occurrence_count,
            "series_ids": list(self.series_ids),
        }


@dataclass(frozen=True, kw_only=True)
class LosersPromoted(_AboutDraw):
    """Time that had become free was given on, from `from_day` on: the addendum to the draw's record."""

    action: ClassVar[str] = "allocation_event.promoted"
    from_day: date
    entry_ids: Sequence[int]

    @property
    def details(self) -> dict[str, Any]:
        return {
            "from_date": self.from_day.isoformat(),
            "registration_ids": list(self.entry_ids),
            "series_ids": list(self.series_ids),
            "occurrences": self.occurrence_count,
        }
