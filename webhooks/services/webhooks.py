"""Making, changing and removing webhooks, their secrets, and trying one out."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from accounts.rules import check_cspace
from kernel.changes import changes_between
from kernel.db.batch import Statement, put_off
from kernel.db.locks import Namespace, lock_namespace
from kernel.db.transactions import transactional
from kernel.errors import Faults, Invalid, InvalidState, LimitReached, NotFound
from kernel.facts import actions, publish
from kernel.jobs import enqueue
from webhooks import rules
from webhooks.facts import (
    WebhookChanged,
    WebhookCreated,
    WebhookDeleted,
    WebhookSecretRotated,
    WebhookSummary,
    WebhookTested,
)
from webhooks.models import Webhook
from webhooks.queries.destinations import destination_of, url_faults
from webhooks.services.sending import SEND

SECRET_BYTES = 32
FORMER_SECRET_HOURS = 24
MAX_WEBHOOKS = 20
"""Each is looked at by everything that is written."""
AT_ONCE = (
    "UPDATE webhooks_delivery SET next_try_at = NULL, attempts = 0 WHERE webhook_id = %s::bigint AND state = 'waiting'"
)
CHANGEABLE = ("url", "events", "is_active", "description", "failing_since", "lease", "leased_until", "updated_at")
REMOVE_DELIVERIES = "DELETE FROM webhooks_delivery WHERE webhook_id = %s::bigint"


class WebhookNotFound(NotFound):
    resource = "Webhook"


class WebhookIsSwitchedOff(InvalidState):
    message = "The webhook is switched off: nothing is sent to it"


class TooManyWebhooks(LimitReached):
    message = f"There are {MAX_WEBHOOKS} webhooks already"


@dataclass(frozen=True, kw_only=True)
class WebhookWish:
    """What a webhook is to be; None stays as it is."""

    url: str | None = None
    events: Sequence[str] | None = None
    is_active: bool | None = None
    description: str | None = None

    @property
    def faults(self) -> Faults:
        """By field."""
        faults = {
            "url": [] if self.url is None else url_faults(self.url),
            "events": [] if self.events is None else rules.event_faults(self.events, actions()),
        }
        return {name: sentences for name, sentences in faults.items() if sentences}

    def differing_from(self, webhook: Webhook) -> "WebhookWish":
        """What of it is not so already: rules are asked of nothing else."""
        return WebhookWish(
            url=None if self.url == webhook.url else self.url,
            events=None if self.events == webhook.events else self.events,
        )


@transactional
def create_webhook(*, by: User, now: datetime, wish: WebhookWish) -> Webhook:
    """A new webhook, whose `secret` is shown this once. Publishes `WebhookCreated`.

    Raises: PermissionDenied, Invalid (`url`, `events`), TooManyWebhooks.
    """
    check_cspace(by.access)
    _check(wish)
    lock_namespace(Namespace.WEBHOOKS)
    if Webhook.objects.count() >= MAX_WEBHOOKS:
        raise TooManyWebhooks
    webhook = Webhook(secret=new_secret(), created_at=now, updated_at=now)
    _apply(wish, webhook)
    webhook.save(force_insert=True)
    publish(WebhookCreated(webhook=summary_of(webhook), actor_id=by.pk, occurred_at=now))
    return webhook


@transactional
def change_webhook(*, webhook_id: int, by: User, now: datetime, wish: WebhookWish) -> Webhook:
    """Change what the wish names. Where it leads elsewhere now, or is switched on, what waits is tried at once.

    Publishes `WebhookChanged`, if anything is another. Raises: PermissionDenied, WebhookNotFound, Invalid.
    """
    check_cspace(by.access)
    webhook = _lock(webhook_id)
    _check(wish.differing_from(webhook))
    before, former_url = _readable(webhook), webhook.url
    _apply(wish, webhook)
    leads_elsewhere = webhook.url != former_url
    after = _readable(webhook)
    changes = changes_between(before, after) | ({"url": [before["url"], after["url"]]} if leads_elsewhere else {})
    if not changes:
        return webhook
    is_begun_anew = webhook.is_active and (leads_elsewhere or "is_active" in changes)
    if is_begun_anew:
        # Whoever is calling the old address does not decide about the new one.
        webhook.failing_since = webhook.lease = webhook.leased_until = None
        put_off(Statement(AT_ONCE, (webhook.pk,)))
    webhook.updated_at = now
    webhook.save(update_fields=CHANGEABLE)
    publish(WebhookChanged(webhook=summary_of(webhook), changes=changes, actor_id=by.pk, occurred_at=now))
    if is_begun_anew:
        enqueue(SEND, {"webhook_id": webhook.pk})
    return webhook


@transactional
def delete_webhook(*, webhook_id: int, by: User, now: datetime) -> None:
    """Remove a webhook with all its deliveries. Publishes `WebhookDeleted`.

    Raises: PermissionDenied, WebhookNotFound.
    """
    check_cspace(by.access)
    webhook = _lock(webhook_id)
    summary = summary_of(webhook)
    webhook.delete()
    put_off(Statement(REMOVE_DELIVERIES, (webhook_id,)))
    publish(WebhookDeleted(webhook=summary, actor_id=by.pk, occurred_at=now))


@transactional
def rotate_secret(*, webhook_id: int, by: User, now: datetime) -> str:
    """A new secret; the one before signs too for `FORMER_SECRET_HOURS`, the one before that no more.

    Publishes `WebhookSecretRotated`. Raises: PermissionDenied, WebhookNotFound.
    """
    check_cspace(by.access)
    webhook = _lock(webhook_id)
    webhook.former_secret, webhook.secret = webhook.secret, new_secret()
    webhook.former_secret_until = now + timedelta(hours=FORMER_SECRET_HOURS)
    webhook.updated_at = now
    webhook.save(update_fields=["secret", "former_secret", "former_secret_until", "updated_at"])
    publish(WebhookSecretRotated(webhook=summary_of(webhook), actor_id=by.pk, occurred_at=now))
    return webhook.secret


@transactional
def try_webhook(*, webhook_id: int, by: User, now: datetime) -> None:
    """Have one delivery sent that says nothing but that it is a test. Publishes `WebhookTested`, which is what is sent.

    Raises: PermissionDenied, WebhookNotFound, WebhookIsSwitchedOff.
    """
    check_cspace(by.access)
    webhook = _lock(webhook_id)
    if not webhook.is_active:
        raise WebhookIsSwitchedOff
    publish(WebhookTested(webhook=summary_of(webhook), actor_id=by.pk, occurred_at=now))


def new_secret() -> str:
    """A secret as Standard Webhooks writes them."""
    return rules.SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def summary_of(webhook: Webhook) -> WebhookSummary:
    """What facts tell of a webhook."""
    return WebhookSummary(id=webhook.pk, host=destination_of(webhook.url).authority, events=tuple(webhook.events))


def _lock(webhook_id: int) -> Webhook:
    """Raises: WebhookNotFound."""
    webhook = Webhook.objects.select_for_update(no_key=True).filter(pk=webhook_id).first()
    if webhook is None:
        raise WebhookNotFound
    return webhook


def _check(wish: WebhookWish) -> None:
    if faults := wish.faults:
        raise Invalid(faults)


def _apply(wish: WebhookWish, webhook: Webhook) -> None:
    for name in ("url", "is_active", "description"):
        if (value := getattr(wish, name)) is not None:
            setattr(webhook, name, value)
    if wish.events is not None:
        webhook.events = list(dict.fromkeys(wish.events))


def _readable(webhook: Webhook) -> Mapping[str, Any]:
    return {
        "url": destination_of(webhook.url).authority,
        "events": webhook.events,
        "is_active": webhook.is_active,
        "description": webhook.description,
    }
