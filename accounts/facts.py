"""What happens to people and their sessions."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from kernel.changes import Changes
from kernel.facts import Fact, Notice
from kernel.phrases import Phrase

SENTENCES = {
    "auth.refresh_reuse": Phrase(
        "One of your sessions was used from two places and has been ended. If that was not you, change your password."
    ),
    "user.password_set": Phrase("Your password has been changed; all your sessions have ended."),
}


@dataclass(frozen=True, kw_only=True)
class AboutUser(Fact):
    """Something about one person; the log has it as a row and as a line (`accounts.services.trail`)."""

    user_id: int
    username: str

    @property
    def target(self) -> str:
        return f"user:{self.user_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {"username": self.username}

    @property
    def trace(self) -> dict[str, Any]:
        """What a log line adds: no name and no other text."""
        return {}


@dataclass(frozen=True, kw_only=True)
class RefreshReused(AboutUser):
    """A refresh token came a second time: somebody else may hold a copy. The whole family is ended."""

    action: ClassVar[str] = "auth.refresh_reuse"

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=[self.user_id], params={})


@dataclass(frozen=True, kw_only=True)
class UserCreated(AboutUser):
    action: ClassVar[str] = "user.created"


@dataclass(frozen=True, kw_only=True)
class AboutChanges(AboutUser):
    """What was changed of a person."""

    changes: Changes

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": self.changes}

    @property
    def trace(self) -> dict[str, Any]:
        return {"fields": sorted(self.changes)}


@dataclass(frozen=True, kw_only=True)
class UserChanged(AboutChanges):
    """A password is never among the changes."""

    action: ClassVar[str] = "user.changed"

    @property
    def trace(self) -> dict[str, Any]:
        powers = {name: new for name, (_, new) in self.changes.items() if isinstance(new, bool)}
        return super().trace | powers


@dataclass(frozen=True, kw_only=True)
class PreferencesChanged(AboutChanges):
    """Somebody has chosen how he is told."""

    action: ClassVar[str] = "user.preferences_changed"


@dataclass(frozen=True, kw_only=True)
class PasswordSet(AboutUser):
    action: ClassVar[str] = "user.password_set"

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=[self.user_id], params={})
