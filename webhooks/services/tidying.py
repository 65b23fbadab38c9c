"""What the clock does for webhooks: deliveries that nobody looks after any more are taken up, old ones go."""

from datetime import datetime, timedelta

from kernel.db.batch import Statement
from kernel.db.transactions import transact
from kernel.jobs import ENQUEUE_FROM, IS_ENQUEUED, Periodic
from webhooks.services.sending import SEND

MOST_KEPT = 100
KEPT_DAYS = 30
SWEEP_SECONDS = 60
TIDY_SECONDS = 900
LEFT = f"""
SELECT jsonb_build_object('webhook_id', hook.id) FROM webhooks_webhook AS hook
 CROSS JOIN LATERAL (SELECT next_try_at, created_at FROM webhooks_delivery AS delivery
                      WHERE delivery.webhook_id = hook.id AND delivery.state = 'waiting' ORDER BY id LIMIT 1) AS head
 WHERE hook.is_active AND (hook.leased_until IS NULL OR hook.leased_until <= now())
   AND coalesce(head.next_try_at, head.created_at) < now() - make_interval(secs => %s)
   AND NOT {IS_ENQUEUED.format(argument="webhook_id", column="hook.id")}
"""  # noqa: S608 - of the house's own names
TAKE_UP = ENQUEUE_FROM.format(source=LEFT)
FORGET_OLD = """
DELETE FROM webhooks_delivery AS delivery
 WHERE delivery.finished_at < %s::timestamptz AND delivery.state <> 'waiting'
    OR delivery.created_at < %s::timestamptz
       AND EXISTS (SELECT FROM webhooks_webhook AS hook WHERE hook.id = delivery.webhook_id AND NOT hook.is_active)
    OR NOT EXISTS (SELECT FROM webhooks_webhook AS hook WHERE hook.id = delivery.webhook_id)
"""
FORGET_MANY = """
DELETE FROM webhooks_delivery AS delivery
 USING webhooks_webhook AS hook
 CROSS JOIN LATERAL (SELECT id FROM webhooks_delivery AS newer WHERE newer.webhook_id = hook.id
                      ORDER BY id DESC OFFSET %s LIMIT 1) AS last
 WHERE delivery.webhook_id = hook.id AND delivery.id <= last.id AND delivery.state <> 'waiting'
"""


def take_up_left(*, now: datetime) -> None:
    """Have sent what has been due for a minute although nobody is at it: its job has failed, or was taken away."""
    transact(Statement(TAKE_UP, (SEND.queue, SEND.name, SWEEP_SECONDS, SEND.name)))


def forget_deliveries(*, now: datetime) -> None:
    """Keep the last `MOST_KEPT` of each webhook, and nothing that was over `KEPT_DAYS` ago; what waits stays, unless it
    waits for a webhook that has been switched off for as long."""
    before = now - timedelta(days=KEPT_DAYS)
    transact(Statement(FORGET_MANY, (MOST_KEPT,)), Statement(FORGET_OLD, (before, before)))


TAKE_UP_LEFT = Periodic(name="webhooks.take_up_left", do=take_up_left, every_seconds=SWEEP_SECONDS)
FORGET_DELIVERIES = Periodic(name="webhooks.forget_deliveries", do=forget_deliveries, every_seconds=TIDY_SECONDS)
