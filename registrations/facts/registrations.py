"""What happens to registrations, and how the people concerned are told."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from kernel.db.ranges import Interval, cut_per_day, format_minute
from kernel.facts import Fact, Notice, Recipients

if TYPE_CHECKING:
    from registrations.models import Registration


def spoken(interval: Interval) -> str:
    """ "2026-02-01 10:00–12:00"."""
    piece = next(cut_per_day(interval))
    return f"{piece.date} {format_minute(piece.start_minute)}–{format_minute(piece.end_minute)}"


@dataclass(frozen=True, kw_only=True)
class _AboutRegistration(Fact):
    registration_id: int
    created_by_id: int
    classroom: str
    group: str
    interval: Interval

    @classmethod
    def about(cls, registration: "Registration", **more: Any) -> Any:
        """The fact of a registration that is loaded with its API relations."""
        return cls(
            registration_id=registration.pk,
            created_by_id=registration.created_by_id,
            classroom=registration.occupancy.classroom.name,
            group=registration.group.name,
            interval=registration.interval,
            **more,
        )

    @property
    def target(self) -> str:
        return f"registration:{self.registration_id}"

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
    def slot(self) -> str:
        return f"{self.classroom}, {spoken(self.interval)}"


@dataclass(frozen=True, kw_only=True)
class RegistrationCreated(_AboutRegistration):
    """`deciders` are told of it while it waits for a decision; empty where none is needed."""

    action: ClassVar[str] = "registration.created"
    status: str
    deciders: Recipients

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"status": self.status}

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=self.deciders, text=f"{self.group} asks for {self.slot}.")


@dataclass(frozen=True, kw_only=True)
class RegistrationChanged(_AboutRegistration):
    """`changes` = {field: [old, new]}; `deciders` as above, where the change needs a decision again."""

    action: ClassVar[str] = "registration.changed"
    status: str
    changes: dict[str, list[Any]]
    deciders: Recipients

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"status": self.status, "changes": self.changes}

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=[self.created_by_id], text=f"Your room registration has been changed: {self.slot}.")
        asks = f"{self.group} has changed its request: {self.slot}."
        yield Notice(recipients=self.deciders, text=asks, but=self.created_by_id)


@dataclass(frozen=True, kw_only=True)
class _Decided(_AboutRegistration):
    word: ClassVar[str]
    reason: str = ""
    is_told: bool = True
    """Whether its creator gets a sentence about it alone; not where one about the whole series is published too."""

    @property
    def details(self) -> dict[str, Any]:
        return super().details | ({"reason": self.reason} if self.reason else {})

    def notices(self) -> Iterable[Notice]:
        if not self.is_told:
            return
        because = f" Reason: {self.reason}" if self.reason else ""
        yield Notice(
            recipients=[self.created_by_id],
            text=f"Your room registration has been {self.word}: {self.slot}.{because}",
        )


@dataclass(frozen=True, kw_only=True)
class RegistrationApproved(_Decided):
    action: ClassVar[str] = "registration.approved"
    word: ClassVar[str] = "approved"


@dataclass(frozen=True, kw_only=True)
class RegistrationRejected(_Decided):
    action: ClassVar[str] = "registration.rejected"
    word: ClassVar[str] = "rejected"


@dataclass(frozen=True, kw_only=True)
class RegistrationCancelled(_Decided):
    action: ClassVar[str] = "registration.cancelled"
    word: ClassVar[str] = "cancelled"
