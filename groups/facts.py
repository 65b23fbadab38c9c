"""What happens to groups and memberships."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from groups.enums import Permissions
from kernel.changes import Changes
from kernel.facts import Cascade, Fact, Notice
from kernel.phrases import Choice, Phrase

LEVEL = {"permissions": Choice("permissions", {level: Phrase(level) for level in Permissions.values})}
SENTENCES = {
    "group.archived": Phrase('The group "{group}" has been archived.'),
    "user_group.added": Phrase('You have been added to the group "{group}" as {permissions}.', parts=LEVEL),
    "user_group.changed": Phrase('You are now {permissions} of the group "{group}".', parts=LEVEL),
    "user_group.removed": Phrase('You have been removed from the group "{group}".'),
}


@dataclass(frozen=True, kw_only=True)
class GroupArchiving(Cascade):
    """Asked while the group is locked: what it still holds has to go. Answer: the targets changed."""

    group_id: int


@dataclass(frozen=True, kw_only=True)
class GroupRelabelling(Cascade):
    """Asked while the group is locked, before its kind or tags are others: what depended on them has to follow.

    `kind`, `tags`: as they will be. The log names none of the targets that are answered.
    """

    group_id: int
    kind: str
    tags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _AboutGroup(Fact):
    group_id: int
    name: str

    @property
    def target(self) -> str:
        return f"group:{self.group_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {"name": self.name}


@dataclass(frozen=True, kw_only=True)
class GroupCreated(_AboutGroup):
    action: ClassVar[str] = "group.created"


@dataclass(frozen=True, kw_only=True)
class GroupChanged(_AboutGroup):
    """`name`: the present one, also where that has changed."""

    action: ClassVar[str] = "group.changed"
    changes: Changes

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": self.changes}


@dataclass(frozen=True, kw_only=True)
class GroupArchived(_AboutGroup):
    """`cancelled_targets`: what was cancelled with it (`registration:100`), each with a log row of its own."""

    action: ClassVar[str] = "group.archived"
    cancelled_targets: tuple[str, ...]
    member_ids: tuple[int, ...]

    @property
    def details(self) -> dict[str, Any]:
        targets = list(self.cancelled_targets)
        return {"name": self.name, "cancelled_count": len(targets), "cancelled": targets}

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=self.member_ids, params={"group": self.name})


@dataclass(frozen=True, kw_only=True)
class MembershipSummary:
    """A person's place in a group as the log and the person see it."""

    id: int
    group_id: int
    group: str
    user_id: int
    username: str
    permissions: str

    @property
    def details(self) -> dict[str, Any]:
        return {
            "group_id": self.group_id,
            "group": self.group,
            "username": self.username,
            "permissions": self.permissions,
        }

    @property
    def notice(self) -> Notice:
        """What the person is told of it."""
        params = {"group_id": self.group_id, "group": self.group, "permissions": self.permissions}
        return Notice(recipients=[self.user_id], params=params)


@dataclass(frozen=True, kw_only=True)
class _AboutMembership(Fact):
    membership: MembershipSummary

    @property
    def target(self) -> str:
        return f"user_group:{self.membership.id}"

    @property
    def details(self) -> dict[str, Any]:
        return self.membership.details


@dataclass(frozen=True, kw_only=True)
class MemberAdded(_AboutMembership):
    action: ClassVar[str] = "user_group.added"

    def notices(self) -> Iterable[Notice]:
        yield self.membership.notice


@dataclass(frozen=True, kw_only=True)
class MemberPermissionsChanged(_AboutMembership):
    action: ClassVar[str] = "user_group.changed"
    previous: str

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"previous": self.previous}

    def notices(self) -> Iterable[Notice]:
        yield self.membership.notice


@dataclass(frozen=True, kw_only=True)
class MemberRemoved(_AboutMembership):
    action: ClassVar[str] = "user_group.removed"

    def notices(self) -> Iterable[Notice]:
        yield self.membership.notice
