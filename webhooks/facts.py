"""What happens to webhooks. The log names where one leads by its host: the rest of a URL may be a secret of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from kernel.changes import Changes
from kernel.facts import Fact, Notice, Recipients
from kernel.phrases import Phrase

SENTENCES = {
    "webhook.switched_off": Phrase(
        "The webhook to {host} has been switched off: {tries} tries have failed. The last one: {error}"
    ),
}


@dataclass(frozen=True, kw_only=True)
class WebhookSummary:
    """A webhook as the log and the people see it."""

    id: int
    host: str
    events: tuple[str, ...]

    @property
    def details(self) -> dict[str, Any]:
        return {"host": self.host, "events": list(self.events)}


@dataclass(frozen=True, kw_only=True)
class _AboutWebhook(Fact):
    webhook: WebhookSummary

    @property
    def target(self) -> str:
        return f"webhook:{self.webhook.id}"

    @property
    def details(self) -> dict[str, Any]:
        return self.webhook.details


@dataclass(frozen=True, kw_only=True)
class WebhookCreated(_AboutWebhook):
    action: ClassVar[str] = "webhook.created"


@dataclass(frozen=True, kw_only=True)
class WebhookChanged(_AboutWebhook):
    """`changes`: of the URL the hosts, which may be the same."""

    action: ClassVar[str] = "webhook.changed"
    changes: Changes

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"changes": self.changes}


@dataclass(frozen=True, kw_only=True)
class WebhookDeleted(_AboutWebhook):
    action: ClassVar[str] = "webhook.deleted"


@dataclass(frozen=True, kw_only=True)
class WebhookSecretRotated(_AboutWebhook):
    action: ClassVar[str] = "webhook.secret_rotated"


@dataclass(frozen=True, kw_only=True)
class WebhookTested(_AboutWebhook):
    """Its log row is what is delivered, to this webhook whatever its events are."""

    action: ClassVar[str] = "webhook.tested"


@dataclass(frozen=True, kw_only=True)
class WebhookSwitchedOff(_AboutWebhook):
    """After the last try of a delivery. `error`: what became of that try."""

    action: ClassVar[str] = "webhook.switched_off"
    tries: int
    error: str
    people: Recipients

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"tries": self.tries, "error": self.error}

    def notices(self) -> Iterable[Notice]:
        params = {"host": self.webhook.host, "tries": self.tries, "error": self.error}
        yield Notice(recipients=self.people, params=params)
