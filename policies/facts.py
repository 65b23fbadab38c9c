"""What happens to booking rules and marks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from kernel.changes import Changes
from kernel.facts import Cascade, Fact, Notice, Recipients
from kernel.phrases import Choice, Part, Phrase
from policies.enums import MarkKind

WHAT_FOR = Choice(
    "kind",
    {
        MarkKind.NO_SHOW.value: Phrase("not turning up"),
        MarkKind.LATE_CANCEL.value: Phrase("cancelling late"),
        MarkKind.MISUSE.value: Phrase("misuse of a room"),
    },
)
ABOUT_MARK: Mapping[str, Part] = {"kind": WHAT_FOR, "note": Phrase(" Note: {note}", when="note")}
SENTENCES: Mapping[str, Part] = {
    "mark.given": Choice(
        "group",
        {
            None: Phrase(
                "You have got a mark for {kind}: {points} point.{note}",
                many="You have got a mark for {kind}: {points} points.{note}",
                count="points",
                parts=ABOUT_MARK,
            )
        },
        otherwise=Phrase(
            "{group} has got a mark for {kind}: {points} point.{note}",
            many="{group} has got a mark for {kind}: {points} points.{note}",
            count="points",
            parts=ABOUT_MARK,
        ),
    ),
    "mark.withdrawn": Choice(
        "group",
        {
            None: Phrase(
                "Your mark for {kind} has been withdrawn ({points} point). Reason: {reason}",
                many="Your mark for {kind} has been withdrawn ({points} points). Reason: {reason}",
                count="points",
                parts=ABOUT_MARK,
            )
        },
        otherwise=Phrase(
            "The mark of {group} for {kind} has been withdrawn ({points} point). Reason: {reason}",
            many="The mark of {group} for {kind} has been withdrawn ({points} points). Reason: {reason}",
            count="points",
            parts=ABOUT_MARK,
        ),
    ),
}


@dataclass(frozen=True, kw_only=True)
class RulesWriting(Cascade):
    """Asked when rules have been written, under their exclusive lock: nobody books meanwhile."""

    rule_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class _AboutRule(Fact):
    rule_id: int
    name: str
    sentence: str

    @property
    def target(self) -> str:
        return f"booking_rule:{self.rule_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {"name": self.name, "sentence": self.sentence}


@dataclass(frozen=True, kw_only=True)
class BookingRuleCreated(_AboutRule):
    action: ClassVar[str] = "booking_rule.created"


@dataclass(frozen=True, kw_only=True)
class BookingRuleChanged(_AboutRule):
    action: ClassVar[str] = "booking_rule.changed"
    changes: Changes

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": self.changes}


@dataclass(frozen=True, kw_only=True)
class BookingRuleDeleted(_AboutRule):
    action: ClassVar[str] = "booking_rule.deleted"


@dataclass(frozen=True, kw_only=True)
class MarkSummary:
    """A mark as the log and the people see it."""

    id: int
    group: str | None
    username: str | None
    kind: str
    points: int
    registration_id: int | None

    @property
    def details(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "username": self.username,
            "kind": self.kind,
            "points": self.points,
            "registration_id": self.registration_id,
        }


@dataclass(frozen=True, kw_only=True)
class _AboutMark(Fact):
    """`recipients`: the person, or the people of the group."""

    mark: MarkSummary
    recipients: Recipients

    @property
    def target(self) -> str:
        return f"mark:{self.mark.id}"

    @property
    def params(self) -> dict[str, Any]:
        """What sentences about it are made of; `group` is None where a person has it, who is told himself."""
        return {"group": self.mark.group, "kind": self.mark.kind, "points": self.mark.points}


@dataclass(frozen=True, kw_only=True)
class MarkGiven(_AboutMark):
    action: ClassVar[str] = "mark.given"
    note: str

    @property
    def details(self) -> dict[str, Any]:
        return self.mark.details | {"note": self.note}

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=self.recipients, params=self.params | {"note": self.note})


@dataclass(frozen=True, kw_only=True)
class MarkWithdrawn(_AboutMark):
    action: ClassVar[str] = "mark.withdrawn"
    reason: str

    @property
    def details(self) -> dict[str, Any]:
        return self.mark.details | {"reason": self.reason}

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=self.recipients, params=self.params | {"reason": self.reason})
