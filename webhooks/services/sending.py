"""Sending what waits: one webhook's deliveries one after the other, in the order in which they were written.

Who sends has a lease, not a lock: it ends by itself, so a worker that dies keeps nobody from going on. Who gives it
back looks once more, and whoever was turned away meanwhile need not come again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from groups.queries.recipients import cspace_people
from kernel.db.batch import Statement, put_off, send
from kernel.db.transactions import transact, transactional
from kernel.facts import publish
from kernel.jobs import HOOKS, Job, enqueuing
from webhooks import rules
from webhooks.facts import WebhookSummary, WebhookSwitchedOff
from webhooks.queries.destinations import destination_of
from webhooks.services.calling import CallOutcome, call

LEASE_SECONDS = 18
"""Longer than a call may take, and over before the job of a worker that died is taken up, which is 20 s later at the
earliest (`jobs.services.stalling`; its last heartbeat may have been 10 s old)."""
TURN_SECONDS = 10.0
"""So long a job goes on with one webhook before it lets others come in between."""
USER_AGENT = "CSpace-Webhooks/1.0"
# First the row, then what it is about: whoever waited for the row sees what was noted meanwhile.
HOLD = "SELECT id FROM webhooks_webhook WHERE id = %s::bigint FOR NO KEY UPDATE"
CLAIM = """
UPDATE webhooks_webhook AS hook
   SET lease = %s::uuid, leased_until = now() + make_interval(secs => %s)
  FROM (SELECT id, message_id, body, attempts, next_try_at FROM webhooks_delivery
         WHERE webhook_id = %s::bigint AND state = 'waiting' ORDER BY id LIMIT 1) AS head
 WHERE hook.id = %s::bigint AND hook.is_active AND ({is_free})
   AND (head.next_try_at IS NULL OR head.next_try_at <= now())
RETURNING hook.url, hook.events, hook.secret,
          CASE WHEN hook.former_secret_until > %s::timestamptz THEN hook.former_secret END,
          head.id, head.message_id, head.body, head.attempts, floor(extract(epoch FROM now()))::bigint
"""
IS_FREE = "hook.leased_until IS NULL OR hook.leased_until <= now()"
DONE = """
UPDATE webhooks_delivery
   SET state = 'done', attempts = attempts + 1, next_try_at = NULL, last_status = %s::int, duration_ms = %s::int,
       error = '', finished_at = %s::timestamptz
 WHERE id = %s::bigint AND state = 'waiting'
"""
FAILED = """
UPDATE webhooks_delivery
   SET attempts = attempts + 1, last_status = %s::int, duration_ms = %s::int, error = %s,
       next_try_at = %s::timestamptz, finished_at = %s::timestamptz, state = %s
 WHERE id = %s::bigint AND state = 'waiting'
   AND EXISTS (SELECT FROM webhooks_webhook AS hook WHERE hook.id = webhook_id AND hook.lease = %s::uuid)
"""
"""Not where the lease was taken away meanwhile: then it leads elsewhere now, and begins anew there."""
GIVE_BACK = """
UPDATE webhooks_webhook SET lease = NULL, leased_until = NULL, failing_since = NULL
 WHERE id = %s::bigint AND lease = %s::uuid
"""
GIVE_BACK_FAILING = """
UPDATE webhooks_webhook
   SET lease = NULL, leased_until = NULL, failing_since = coalesce(failing_since, %s::timestamptz)
 WHERE id = %s::bigint AND lease = %s::uuid
"""
HOLD_OWN = """
SELECT id FROM webhooks_webhook WHERE id = %s::bigint AND lease = %s::uuid AND is_active FOR NO KEY UPDATE
"""
SWITCH_OFF = """
UPDATE webhooks_webhook
   SET is_active = false, lease = NULL, leased_until = NULL, failing_since = coalesce(failing_since, %s::timestamptz),
       updated_at = %s::timestamptz
 WHERE id = %s::bigint AND lease = %s::uuid AND is_active
"""
Call = Callable[..., CallOutcome]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A delivery in hand. `attempts`: how often it was tried before; `timestamp`: seconds since 1970."""

    webhook_id: int
    lease: UUID
    url: str
    events: list[str]
    secrets: tuple[str, ...] = field(repr=False)
    delivery_id: int
    message_id: str
    body: str = field(repr=False)
    attempts: int
    timestamp: int

    @property
    def summary(self) -> WebhookSummary:
        """What facts tell of the webhook."""
        return WebhookSummary(id=self.webhook_id, host=destination_of(self.url).authority, events=tuple(self.events))


def send_waiting(*, now: datetime, webhook_id: int) -> int:
    """Send what waits for a webhook and is due, unless somebody else is at it; how many calls that took."""
    began, calls = time.monotonic(), 0
    while (claim := claim_next(webhook_id=webhook_id, now=now)) is not None:
        outcome = call(claim.url, headers=headers_of(claim), body=claim.body.encode())
        calls += 1
        seconds = time.monotonic() - began
        is_over = seconds > TURN_SECONDS
        note(claim=claim, outcome=outcome, now=now + timedelta(seconds=seconds), goes_on=is_over)
        if is_over:
            break
    return calls


SEND = Job(name="webhooks.send", do=send_waiting, queue=HOOKS)
"""One argument, `webhook_id`. The trigger on the log enqueues it, too."""


def claim_next(*, webhook_id: int, now: datetime) -> Claim | None:
    """Take the oldest delivery in hand, if it is due and nobody has the lease."""
    lease = uuid4()
    is_free = "true" if "share-webhook-lease" in settings.CSPACE_TEST_FAULTS else IS_FREE
    claiming = Statement(CLAIM.format(is_free=is_free), (lease, LEASE_SECONDS, webhook_id, webhook_id, now))
    holding = [] if "skip-webhook-lock" in settings.CSPACE_TEST_FAULTS else [Statement(HOLD, (webhook_id,))]
    *_, rows = transact(*holding, claiming)
    for url, events, secret, former_secret, delivery_id, message_id, body, attempts, timestamp in rows:
        return Claim(
            webhook_id=webhook_id,
            lease=lease,
            url=url,
            events=events,
            secrets=(secret, former_secret) if former_secret else (secret,),
            delivery_id=delivery_id,
            message_id=message_id,
            body=body,
            attempts=attempts,
            timestamp=timestamp,
        )
    return None


def headers_of(claim: Claim) -> dict[str, str]:
    """What stands above the body (Standard Webhooks)."""
    return {
        "User-Agent": USER_AGENT,
        "Content-Type": "application/json",
        "Connection": "close",
        "webhook-id": claim.message_id,
        "webhook-timestamp": str(claim.timestamp),
        "webhook-signature": rules.signature(
            claim.secrets, message_id=claim.message_id, timestamp=claim.timestamp, body=claim.body.encode()
        ),
    }


@transactional
def note(*, claim: Claim, outcome: CallOutcome, now: datetime, goes_on: bool) -> None:
    """Write down what became of a call, and give the lease back. `goes_on`: a new job does what still waits.

    Publishes `WebhookSwitchedOff` after the last try.
    """
    if not outcome.error:
        _note_success(claim, outcome, now)
    elif claim.attempts < len(rules.RETRY_SECONDS):
        _note_failure(claim, outcome, now)
    else:
        _give_up(claim, outcome, now)
    if goes_on:
        put_off(enqueuing(SEND, [{"webhook_id": claim.webhook_id}]))


def _note_success(claim: Claim, outcome: CallOutcome, now: datetime) -> None:
    put_off(
        Statement(GIVE_BACK, (claim.webhook_id, claim.lease)),
        Statement(DONE, (outcome.status, outcome.duration_ms, now, claim.delivery_id)),
    )


def _note_failure(claim: Claim, outcome: CallOutcome, now: datetime) -> None:
    next_try_at = now + timedelta(seconds=rules.RETRY_SECONDS[claim.attempts])
    put_off(
        _failed(claim, outcome, next_try_at=next_try_at, finished_at=None, state="waiting"),
        Statement(GIVE_BACK_FAILING, (now, claim.webhook_id, claim.lease)),
        enqueuing(SEND, [{"webhook_id": claim.webhook_id}], at=next_try_at),
    )


def _give_up(claim: Claim, outcome: CallOutcome, now: datetime) -> None:
    """Unless somebody has switched it off meanwhile, or another has the lease: then it waits on."""
    (own,) = send(Statement(HOLD_OWN, (claim.webhook_id, claim.lease)))
    if not own:
        put_off(Statement(GIVE_BACK_FAILING, (now, claim.webhook_id, claim.lease)))
        return
    failed = _failed(claim, outcome, next_try_at=None, finished_at=now, state="failed")
    put_off(failed, Statement(SWITCH_OFF, (now, now, claim.webhook_id, claim.lease)))
    publish(
        WebhookSwitchedOff(
            webhook=claim.summary,
            tries=rules.MAX_TRIES,
            error=outcome.error,
            people=cspace_people(),
            actor_id=None,
            occurred_at=now,
        )
    )


def _failed(claim: Claim, outcome: CallOutcome, **fields: Any) -> Statement:
    values = (fields["next_try_at"], fields["finished_at"], fields["state"], claim.delivery_id, claim.lease)
    return Statement(FAILED, (outcome.status, outcome.duration_ms, outcome.error, *values))
