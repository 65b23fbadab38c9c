"""A person's notices as they are shown: a page of them, how many there are, and the version of both. One statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from kernel.campus_time import format_instant
from kernel.db.batch import Statement, ask
from kernel.db.plans import USUAL_SIZES
from kernel.languages import question_of_language
from kernel.phrases import said_in

NOTICE = ("id", "description", "status", "created_at", "kind", "target", "params")
"""What is shown of a notice, in order."""
# Nothing is counted: an inbox is the sum of its parts, which are of the same snapshot as the page beside them. Behind
# the notices of one status stands the number of unread ones too, so their version is that of both, and of the language
# in which they are said, which is of this snapshot as well. The page is not read
# for whoever has this version, nor where it lies past the end. The planner is not told which status is asked for: where
# most notices are of it, it would walk through those of all and hope.
INBOX = """
SELECT inbox.version, inbox.number, inbox.unread, reader.language, notice.*
  FROM (SELECT coalesce(({language}), %s) AS language) AS reader
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(number) FILTER (WHERE {matches}), 0)::bigint AS number,
              coalesce(sum(number) FILTER (WHERE status = 'unread'), 0)::bigint AS unread,
              md5(coalesce(sum(version) FILTER (WHERE {matches} OR status = 'unread'), 0) || reader.language)::uuid
                  AS version
         FROM notifications_inboxpart WHERE user_id = %s) AS inbox
  LEFT JOIN LATERAL (
       SELECT {notice} FROM notifications_notification
        WHERE user_id = %s AND {is_listed} AND inbox.number > {first} AND NOT inbox.version = ANY(%s::uuid[])
        ORDER BY created_at DESC, id DESC OFFSET {first} LIMIT {size}) AS notice ON true
 ORDER BY notice.created_at DESC, notice.id DESC
"""
OWN = "SELECT 1 FROM notifications_notification WHERE id = %s AND user_id = %s"


@dataclass(frozen=True)
class Inbox:
    """`notices`: those of the page, JSON; none, where the reader has the version. `number`: of all that match."""

    version: UUID
    number: int
    unread: int
    notices: list[dict[str, Any]]


def asking_for_inbox(
    user_id: int, *, status: str | None, places: tuple[int, int], versions: Sequence[UUID]
) -> Statement:
    """The question for `inbox`: a person's notices, newest first, from one place (not included) to another, of any
    status or of one. `versions`: those that the reader has."""
    first, last = places
    # PostgreSQL plans once where it need not ask where a page begins and how long it is: the first ones are read most.
    is_usual = not first and last in USUAL_SIZES
    texts = {"first": "0", "size": str(last)} if is_usual else {"first": "%s::bigint", "size": "%s::bigint"}
    matches, is_listed, values = "true", "true", []
    if status is not None:
        matches, is_listed, values = "status = %s", "status = (SELECT %s)", [status]
    language = question_of_language()
    sql = INBOX.format(language=language, matches=matches, is_listed=is_listed, notice=", ".join(NOTICE), **texts)
    reader = (user_id, settings.CSPACE_LANGUAGE)
    page = [] if is_usual else [first, first, last - first]
    seen_by_reader = [str(version) for version in versions]
    return Statement(sql, (*reader, *values, *values, user_id, user_id, *values, *page[:1], seen_by_reader, *page[1:]))


def inbox(question: Statement) -> Inbox:
    """What a person is shown of his notices, in his language."""
    rows = ask(question)
    version, number, unread, language = rows[0][:4]
    return Inbox(version, number, unread, [shown_notice(row[4:], language) for row in rows if row[4] is not None])


def asking_for_own(notification_id: int, user_id: int) -> Statement:
    """The question for `is_own`."""
    return Statement(OWN, (notification_id, user_id))


def is_own(notification_id: int, user_id: int) -> bool:
    """Whether there is such a notification, and it is this person's."""
    return bool(ask(asking_for_own(notification_id, user_id)))


def shown_notice(row: Sequence[Any], language: str) -> dict[str, Any]:
    """A row of `NOTICE` as a reader of this language is shown it, JSON."""
    notice = dict(zip(NOTICE, row, strict=True))
    notice["description"] = said_in(language, notice["kind"], notice["params"], english=notice["description"])
    notice["created_at"] = format_instant(notice["created_at"])
    return notice
