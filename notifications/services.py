"""The listener that tells people, and what people do with what they were told."""

import json
from collections.abc import Sequence
from typing import Any

from kernel.db.batch import Statement
from kernel.db.transactions import transact
from kernel.errors import NotFound
from kernel.facts import Fact, PeopleQuery
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
    f"{INSERT} SELECT DISTINCT recipient, %s, %s, %s::jsonb, %s, 'unread', %s::timestamptz"
    " FROM ({people}) AS people (recipient)"
    " WHERE recipient IS DISTINCT FROM %s::bigint AND recipient IS DISTINCT FROM %s::bigint"
)
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


def deliver(facts: Sequence[Fact]) -> list[Statement]:
    """Write the notices of all facts: one statement for those with listed recipients, one per query of recipients.

    The actor of a fact gets none, unless the notice says so.
    """
    statements: list[Statement] = []
    rows: list[dict[str, Any]] = []
    for fact in facts:
        kind, target, at = fact.action, fact.target, fact.occurred_at
        for notice in fact.notices():
            params, people = notice.params, notice.recipients
            text = sentence(kind, params)[:MAX_LENGTH]
            left_out = (None if notice.includes_actor else fact.actor_id, notice.except_for)
            if isinstance(people, PeopleQuery):
                sql = FOR_EACH_OF_A_QUERY.format(people=people.sql)
                values = (kind, target, json.dumps(params), text, at)
                statements.append(Statement(sql, (*values, *people.parameters, *left_out)))
            else:
                row = {"kind": kind, "target": target, "params": params, "text": text, "at": at.isoformat()}
                rows += [row | {"recipient": user_id} for user_id in people if user_id not in left_out]
    if rows:
        statements.append(Statement(FOR_EACH_OF_A_LIST, (json.dumps(rows),)))
    return statements


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
