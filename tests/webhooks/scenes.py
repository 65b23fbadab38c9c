"""Webhooks, facts that have happened, and what is to be sent."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from kernel.facts import Fact, publish_many
from webhooks.models import Delivery, Webhook
from webhooks.services.webhooks import new_secret

WORDS = ("group.created", "group.archived", "closure.created", "webhook.tested")
NOW = dt.datetime(2026, 1, 20, 2, tzinfo=dt.UTC)


@dataclass(frozen=True, kw_only=True)
class Happened(Fact):
    """Anything, of which the log says a number."""

    action: str  # type: ignore[misc]  # of each, not of its kind: `kernel.facts.actions` does not know it
    number: int = 0

    @property
    def target(self) -> str:
        return f"group:{self.number}"

    @property
    def details(self) -> dict[str, Any]:
        return {"number": self.number}

    @classmethod
    def of(cls, word: str, number: int = 0) -> "Happened":
        return cls(action=word, number=number, actor_id=None, occurred_at=NOW)


def make_webhook(*events: str, url: str = "https://hooks.example.org/cspace", is_active: bool = True) -> Webhook:
    return Webhook.objects.create(
        url=url, events=list(events), is_active=is_active, secret=new_secret(), created_at=NOW, updated_at=NOW
    )


def make_delivery(webhook: Webhook, number: int) -> Delivery:
    return Delivery.objects.create(
        webhook=webhook,
        message_id=f"msg_{webhook.pk}_{number}",
        type="group.created",
        body="{}",
        state="waiting",
        attempts=0,
        created_at=NOW,
    )


def jobs_for() -> list[int]:
    """The webhooks that jobs wait for, in order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'webhooks.send' ORDER BY id")
        return sorted(json.loads(arguments)["webhook_id"] for (arguments,) in cursor.fetchall())


def waiting(webhook: Webhook) -> list[Delivery]:
    return list(webhook.deliveries.filter(state="waiting").order_by("id"))


def happen(*numbers: int) -> None:
    """Facts of one action in one transaction."""
    happen_each([Happened.of("group.created", number) for number in numbers])


def happen_each(facts: list[Happened]) -> None:
    with transaction.atomic():
        publish_many(facts)
