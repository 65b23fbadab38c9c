"""New notices in the order of their ids, none missed: what the streams are fed with.

A sequence gives out ids in another order than that in which transactions commit, so that "all after the last one I saw"
would pass over a notice whose transaction took its id early and ended late. Whoever writes notices holds an advisory
lock, shared and taken by a trigger before the first id, until his transaction ends. So every notice up to the id that
was the last one given out at some moment is either there or never will be, once those have ended who held the lock just
after that moment. Nobody waits for anybody: the lock is only looked at.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings

from kernel.db.batch import Statement, send
from kernel.db.locks import Namespace
from kernel.languages import question_of_language
from notifications.queries.inbox import NOTICE, shown_notice

MAX_REPLAYED = 500
"""Notices that somebody who comes back is told one by one."""
COLUMNS = ", ".join(f"notice.{name}" for name in NOTICE)
LAST_ID = "SELECT coalesce(pg_sequence_last_value('notifications_notification_id_seq'), 0)::bigint"
WRITERS = """
SELECT virtualtransaction FROM pg_locks
 WHERE locktype = 'advisory' AND classid = %s::bigint AND objid = 0 AND objsubid = 2
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
# Each is said in its reader's language, as he has chosen it by now.
BETWEEN = """
SELECT notice.user_id, coalesce(({language}), %s), {notice} FROM notifications_notification AS notice
 WHERE notice.id > %s AND notice.id <= %s AND notice.user_id = ANY(%s::bigint[]) ORDER BY notice.id LIMIT %s
"""
UNREAD = """
SELECT user_id, sum(number)::bigint FROM notifications_inboxpart
 WHERE user_id = ANY(%s::bigint[]) AND status = 'unread' GROUP BY user_id
"""


def last_id() -> int:
    """The last id that was given to a notice, whether it is there or not."""
    (((number,),),) = send(Statement(LAST_ID))
    return int(number)


def writers() -> frozenset[str]:
    """The transactions, by PostgreSQL's name for them, that may have taken ids and not ended yet."""
    (rows,) = send(Statement(WRITERS, (int(Namespace.NOTICES),)))
    return frozenset(name for (name,) in rows)


def notices_between(
    first: int, last: int, people: Collection[int], *, most: int | None = None
) -> list[tuple[int, dict[str, Any]]]:
    """(whose, the notice as the API shows it) for `first` < id ≤ `last`, by id; at most so many."""
    sql = BETWEEN.format(language=question_of_language() % "notice.user_id", notice=COLUMNS)
    (rows,) = send(Statement(sql, (settings.CSPACE_LANGUAGE, first, last, list(people), most)))
    return [(user_id, shown_notice(row, language)) for user_id, language, *row in rows]


def notices_missed(user_id: int, *, since: int, until: int) -> list[dict[str, Any]] | None:
    """A person's notices of `since` < id ≤ `until`; None if they are more than `MAX_REPLAYED`."""
    missed = notices_between(since, until, [user_id], most=MAX_REPLAYED + 1)
    return None if len(missed) > MAX_REPLAYED else [notice for _, notice in missed]


def unread_counts(people: Collection[int]) -> Mapping[int, int]:
    """{person: how many unread notices he has}; who has none may be missing."""
    (rows,) = send(Statement(UNREAD, (list(people),)))
    return {user_id: int(number) for user_id, number in rows}
