"""What happens to registrations, and how the people concerned are told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from kernel.campus_time import Interval, cut_per_day, format_minute
from kernel.changes import Changes
from kernel.facts import Fact, Notice, Recipients
from kernel.phrases import MOST_KEPT


@dataclass(frozen=True, kw_only=True)
class RegistrationSummary:
    """A registration as the log and the people see it."""

    id: int
    created_by_id: int
    classroom: str
    group: str | None
    """None: it is its creator's own."""
    interval: Interval
    series_id: int | None = None
    """Of an occurrence its series."""
    person: str | None = None
    """Whose own it is, where it has no group."""

    @property
    def details(self) -> dict[str, Any]:
        piece = next(cut_per_day(self.interval))
        return {
            "classroom": self.classroom,
            "group": self.group,
            "date": piece.date.isoformat(),
            "start_time": format_minute(piece.start_minute),
            "end_time": format_minute(piece.end_minute),
        }

    @property
    def params(self) -> dict[str, Any]:
        """What sentences about it are made of."""
        return self.details | {"group": self.group or self.person}


Overridden = tuple[Mapping[str, Any], ...] | None
"""The booking rules that a command has broken because it said so, as refusals name them; None: it has not said so."""


def overriding_details(overridden: Overridden) -> dict[str, Any]:
    """What the log says of a command that went over the rules."""
    return {} if overridden is None else {"override": True, "rules": [dict(rule) for rule in overridden]}


def slots_are_free_again(user_id: int, registrations: Sequence[RegistrationSummary]) -> Notice:
    """What somebody is told whose registrations a closure had cancelled, now that it is lifted."""
    slots = [row.details | {"id": row.id} for row in registrations[:MOST_KEPT]]
    params = {"about": "registrations", "slots": slots, "slot_count": len(registrations)}
    return Notice(recipients=[user_id], params=params)


@dataclass(frozen=True, kw_only=True)
class _AboutRegistration(Fact):
    registration: RegistrationSummary

    @property
    def target(self) -> str:
        return f"registration:{self.registration.id}"

    @property
    def details(self) -> dict[str, Any]:
        return self.registration.details


@dataclass(frozen=True, kw_only=True)
class RegistrationCreated(_AboutRegistration):
    """`deciders` are told of it while it waits for a decision; empty where none is needed."""

    action: ClassVar[str] = "registration.created"
    status: str
    deciders: Recipients
    overridden: Overridden = None

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"status": self.status} | overriding_details(self.overridden)

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=self.deciders, params=self.registration.params)


@dataclass(frozen=True, kw_only=True)
class RegistrationChanged(_AboutRegistration):
    """`deciders` as above, where the change needs a decision again."""

    action: ClassVar[str] = "registration.changed"
    status: str
    changes: Changes
    deciders: Recipients
    overridden: Overridden = None

    @property
    def details(self) -> dict[str, Any]:
        outcome = {"status": self.status, "changes": self.changes}
        return super().details | outcome | overriding_details(self.overridden)

    def notices(self) -> Iterable[Notice]:
        creator_id, params = self.registration.created_by_id, self.registration.params
        yield Notice(recipients=[creator_id], params=params | {"about": "registration"})
        yield Notice(recipients=self.deciders, params=params | {"about": "request"}, except_for=creator_id)


@dataclass(frozen=True, kw_only=True)
class _Decided(_AboutRegistration):
    reason: str = ""
    has_own_notice: bool = True
    """Whether its creator gets a sentence about it alone; not where one about the whole series is published too."""
    overridden: Overridden = None

    @property
    def details(self) -> dict[str, Any]:
        return super().details | self.because | overriding_details(self.overridden)

    @property
    def because(self) -> dict[str, str]:
        return {"reason": self.reason} if self.reason else {}

    def notices(self) -> Iterable[Notice]:
        if self.has_own_notice:
            params = self.registration.params | self.because
            yield Notice(recipients=[self.registration.created_by_id], params=params)


@dataclass(frozen=True, kw_only=True)
class RegistrationApproved(_Decided):
    action: ClassVar[str] = "registration.approved"


@dataclass(frozen=True, kw_only=True)
class RegistrationRejected(_Decided):
    action: ClassVar[str] = "registration.rejected"


@dataclass(frozen=True, kw_only=True)
class RegistrationCancelled(_Decided):
    """`is_still_charged`: its quotas are not given back."""

    action: ClassVar[str] = "registration.cancelled"
    is_still_charged: bool = False

    @property
    def details(self) -> dict[str, Any]:
        return super().details | ({"is_still_charged": True} if self.is_still_charged else {})


@dataclass(frozen=True, kw_only=True)
class RegistrationNeared(_AboutRegistration):
    """It starts in so many hours as its creator wants to be reminded before it."""

    action: ClassVar[str] = "registration.reminder"
    is_logged: ClassVar[bool] = False

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=[self.registration.created_by_id], params=self.registration.params)


@dataclass(frozen=True, kw_only=True)
class DecisionDelayed(_AboutRegistration):
    """It starts soon, and nobody has decided on it. `has_active_creator`: whether he is told beside the `deciders`."""

    action: ClassVar[str] = "registration.waiting"
    is_logged: ClassVar[bool] = False
    deciders: Recipients
    has_active_creator: bool

    def notices(self) -> Iterable[Notice]:
        creator_id, params = self.registration.created_by_id, self.registration.params
        if self.has_active_creator:
            yield Notice(recipients=[creator_id], params=params | {"about": "registration"})
        yield Notice(recipients=self.deciders, params=params | {"about": "request"}, except_for=creator_id)
