"""The listener that tells people, and what people do with what they were told."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from kernel.db.transactions import transactional
from kernel.errors import NotFound
from kernel.facts import Fact, PeopleQuery
from notifications.enums import NotificationStatus
from notifications.models import Notification

MAX_LENGTH = 1000


def deliver(facts: Sequence[Fact]) -> None:
    """Write the notices of all facts: one statement for those with listed recipients, one per query of recipients.

    The actor of a fact gets none, unless the notice says so.
    """
    rows: list[tuple[int, str, datetime]] = []
    for fact in facts:
        for notice in fact.notices():
            text, at = notice.text[:MAX_LENGTH], fact.occurred_at
            left_out = (None if notice.includes_actor else fact.actor_id, notice.except_for)
            if isinstance(notice.recipients, PeopleQuery):
                _insert_for_query(notice.recipients, text, at, left_out)
            else:
                rows += [(user_id, text, at) for user_id in notice.recipients if user_id not in left_out]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO notifications_notification (user_id, description, status, created_at)"
                " SELECT recipient, text, 'unread', at FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[])"
                " WITH ORDINALITY AS notice (recipient, text, at, place) ORDER BY place",
                [list(column) for column in zip(*rows, strict=True)],
            )


def _insert_for_query(people: PeopleQuery, text: str, at: datetime, left_out: tuple[int | None, int | None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_notification (user_id, description, status, created_at)"
            f" SELECT DISTINCT recipient, %s, 'unread', %s::timestamptz FROM ({people.sql}) AS people (recipient)"
            " WHERE recipient IS DISTINCT FROM %s AND recipient IS DISTINCT FROM %s",
            [text, at, *people.parameters, *left_out],
        )


class NotificationNotFound(NotFound):
    resource = "Notification"


@transactional
def mark(*, notification_id: int, by_id: int, status: str) -> Notification:
    """Put one's own notification into any of the three states. Not logged (contract §9).

    Raises: NotificationNotFound (also for somebody else's).
    """
    notification = Notification.objects.select_for_update().filter(pk=notification_id, user_id=by_id).first()
    if notification is None:
        raise NotificationNotFound
    if notification.status != status:
        notification.status = status
        notification.save(update_fields=["status"])
    return notification


@transactional
def read_all(*, by_id: int) -> int:
    """Mark every unread notification of a person as read; how many there were."""
    return Notification.objects.filter(user_id=by_id, status=NotificationStatus.UNREAD).update(
        status=NotificationStatus.READ
    )
