"""The listener that tells people, and what people do with what they were told."""

from collections.abc import Sequence

from django.db import connection

from kernel.db.transactions import transactional
from kernel.errors import NotFound
from kernel.facts import Fact, Notice, PeopleQuery
from notifications.enums import NotificationStatus
from notifications.models import Notification

MAX_LENGTH = 1000


def deliver(facts: Sequence[Fact]) -> None:
    """Write the notices of all facts: one statement for those with listed recipients, one per query of recipients.

    The actor of a fact is not told of it, unless the notice says so.
    """
    listed: list[tuple[int, str, Fact]] = []
    for fact in facts:
        for notice in fact.notices():
            if isinstance(notice.recipients, PeopleQuery):
                _insert_for_query(notice.recipients, notice, fact)
            else:
                untold = None if notice.tells_actor else fact.actor_id
                listed += [(user_id, notice.text, fact) for user_id in notice.recipients if user_id != untold]
    if listed:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO notifications_notification (user_id, description, status, created_at)"
                " SELECT recipient, text, 'unread', at FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[])"
                " WITH ORDINALITY AS notice (recipient, text, at, place) ORDER BY place",
                [
                    [user_id for user_id, _, _ in listed],
                    [text[:MAX_LENGTH] for _, text, _ in listed],
                    [fact.occurred_at for _, _, fact in listed],
                ],
            )


def _insert_for_query(people: PeopleQuery, notice: Notice, fact: Fact) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_notification (user_id, description, status, created_at)"
            f" SELECT DISTINCT recipient, %s, 'unread', %s::timestamptz FROM ({people.sql}) AS told (recipient)"
            " WHERE recipient IS DISTINCT FROM %s AND recipient IS DISTINCT FROM %s",
            [notice.text[:MAX_LENGTH], fact.occurred_at, *people.parameters, fact.actor_id, notice.but],
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
