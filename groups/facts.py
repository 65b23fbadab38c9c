"""What happens to groups and memberships."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from kernel.facts import Cascade, Fact, Notice


@dataclass(frozen=True, kw_only=True)
class GroupArchiving(Cascade):
    """Asked while the group is locked: what it still holds has to go. Answer: the targets changed."""

    group_id: int


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
        yield Notice(recipients=self.member_ids, text=f'The group "{self.name}" has been archived.')


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
        place = self.membership
        text = f'You have been added to the group "{place.group}" as {place.permissions}.'
        yield Notice(recipients=[place.user_id], text=text)


@dataclass(frozen=True, kw_only=True)
class MemberPermissionsChanged(_AboutMembership):
    action: ClassVar[str] = "user_group.changed"
    previous: str

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"previous": self.previous}

    def notices(self) -> Iterable[Notice]:
        place = self.membership
        yield Notice(recipients=[place.user_id], text=f'You are now {place.permissions} of the group "{place.group}".')


@dataclass(frozen=True, kw_only=True)
class MemberRemoved(_AboutMembership):
    action: ClassVar[str] = "user_group.removed"

    def notices(self) -> Iterable[Notice]:
        place = self.membership
        yield Notice(recipients=[place.user_id], text=f'You have been removed from the group "{place.group}".')
