"""The listener that tells people, and what people do with what they were told."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from kernel.db.batch import Statement
from kernel.db.chaining import chained
from kernel.db.transactions import transact
from kernel.errors import NotFound
from kernel.facts import Fact, Notice, PeopleQuery
from kernel.phrases import sentence
from notifications.queries.inbox import asking_for_own

MAX_LENGTH = 1000


INSERT = "INSERT INTO notifications_notification (user_id, kind, target, params, description, status, created_at)"
FOR_EACH_OF_A_LIST = (
    f"{INSERT} SELECT recipient, kind, target, params, text, 'unread', at FROM ROWS FROM (jsonb_to_recordset(%s::jsonb)"
    " AS (recipient bigint, kind text, target text, params jsonb, text text, at timestamptz)) WITH ORDINALITY"
    " AS notice (recipient, kind, target, params, text, at, place) ORDER BY place"
)
FOR_EACH_OF_A_QUERY = (
    f"{INSERT} SELECT recipient, kind, target, params, text, 'unread', at FROM ROWS FROM (jsonb_to_recordset(%s::jsonb)"
    " AS (kind text, target text, params jsonb, text text, at timestamptz, actor bigint, other bigint))"
    " WITH ORDINALITY AS notice (kind, target, params, text, at, actor, other, place)"
    " CROSS JOIN (SELECT DISTINCT recipient FROM ({people}) AS each (recipient)) AS people"
    " WHERE recipient IS DISTINCT FROM actor AND recipient IS DISTINCT FROM other ORDER BY place, recipient"
)
"""Of all notices for the same query of recipients."""
MARK = "UPDATE notifications_notification SET status = %s WHERE id = %s AND user_id = %s AND status <> %s"
READ_ALL = """
WITH marking AS MATERIALIZED (
     SELECT set_config('cspace.marking', 'all', true)  -- for the trigger that tells the streams
), marked AS (
     UPDATE notifications_notification SET status = 'read' FROM marking
      WHERE user_id = %s AND status = 'unread' RETURNING 1
)
SELECT count(*) FROM marked
"""


RETURN = "RETURNING id, user_id, kind, target, created_at"
Follower = Callable[[datetime], Statement | None]
_followers: list[Follower] = []


def follow(follower: Follower) -> None:
    """Have every statement that writes notices go on with one that begins with WITH and may read what was written: the
    rows of `told` (id, user_id, kind, target, created_at). So it costs no statement more. `follower` is called with the
    time at which it happens; None where there is nothing to go on with. There is one. Called from `AppConfig.ready`."""
    _followers[:] = [follower]


def deliver(facts: Sequence[Fact]) -> list[Statement]:
    """Write the notices of all facts: one statement for those with listed recipients, one per query of recipients.

    The actor of a fact gets none, unless the notice says so. Whoever follows goes on in the same statements.
    """
    rows: list[dict[str, Any]] = []
    queries: list[tuple[PeopleQuery, list[dict[str, Any]]]] = []
    for fact in facts:
        for notice in fact.notices():
            people, row = notice.recipients, _row(fact, notice)
            left_out = (None if notice.includes_actor else fact.actor_id, notice.except_for)
            if isinstance(people, PeopleQuery):
                same = next((theirs for query, theirs in queries if query == people), None)
                if same is None:
                    queries.append((people, same := []))
                same.append(row | {"actor": left_out[0], "other": left_out[1]})
            else:
                rows += [row | {"recipient": user_id} for user_id in people if user_id not in left_out]
    statements = [
        Statement(FOR_EACH_OF_A_QUERY.format(people=people.sql), (json.dumps(each), *people.parameters))
        for people, each in queries
    ]
    if rows:
        statements.append(Statement(FOR_EACH_OF_A_LIST, (json.dumps(rows),)))
    return [_followed(each, facts[0].occurred_at) for each in statements]


def _row(fact: Fact, notice: Notice) -> dict[str, Any]:
    """A notice as JSON, but for who gets it."""
    text = sentence(fact.action, notice.params)[:MAX_LENGTH]
    at = fact.occurred_at.isoformat()
    return {"kind": fact.action, "target": fact.target, "params": notice.params, "text": text, "at": at}


def _followed(insert: Statement, now: datetime) -> Statement:
    for follower in _followers:
        if going_on := follower(now):
            return chained("told", Statement(f"{insert.sql} {RETURN}", insert.parameters), going_on)
    return insert


class NotificationNotFound(NotFound):
    resource = "Notification"


def mark(*, notification_id: int, by_id: int, status: str) -> None:
    """Put one's own notification into any of the three states. Not logged (contract §9).

    Raises: NotificationNotFound (also for somebody else's).
    """
    marking = Statement(MARK, (status, notification_id, by_id, status))
    _, rows = transact(marking, asking_for_own(notification_id, by_id))
    if not rows:
        raise NotificationNotFound


def read_all(*, by_id: int) -> int:
    """Mark every unread notification of a person as read; how many there were."""
    (((number,),),) = transact(Statement(READ_ALL, (by_id,)))
    return int(number)
