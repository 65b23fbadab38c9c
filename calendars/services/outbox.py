"""What a CalDAV server is to be told of a calendar, in the order in which it happened here."""

from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.rules import check_cspace
from calendars.enums import OutboxOperation
from calendars.facts import CalendarTellingTriedAgain
from calendars.models import Calendar, CalendarOutbox
from calendars.services.syncing import SYNCHRONISE, key_of
from kernel.db.transactions import transactional
from kernel.errors import InvalidState
from kernel.facts import publish
from kernel.jobs import enqueue


class TellingHasNotFailed(InvalidState):
    """The server knows it, or has not been tried yet."""

    message = "The server has been told, or is about to be"


def tell_server(
    calendar: Calendar, operation: OutboxOperation, uid: str, *, now: datetime, payload: dict[str, Any] | None = None
) -> None:
    """Have the server of a calendar told, after the commit. The calendar is held."""
    CalendarOutbox.objects.create(
        calendar=calendar, operation=operation, uid=uid, payload=payload or {}, next_try_at=now, created_at=now
    )
    enqueue(SYNCHRONISE, {"calendar_id": calendar.pk}, key=key_of(calendar.pk))


@transactional
def try_again(*, entry_id: int, by: User, now: datetime) -> None:
    """Have a server told at once what it could not be told, with all tries. Publishes `CalendarTellingTriedAgain`.

    Raises: PermissionDenied, TellingHasNotFailed.
    """
    check_cspace(by.access)
    entries = CalendarOutbox.objects.select_for_update(no_key=True, of=("self",)).select_related("calendar")
    entry = entries.filter(pk=entry_id, done_at=None, attempts__gt=0).first()
    if entry is None:
        raise TellingHasNotFailed
    entry.attempts, entry.next_try_at = 0, now
    entry.save(update_fields=["attempts", "next_try_at"])
    enqueue(SYNCHRONISE, {"calendar_id": entry.calendar_id}, key=key_of(entry.calendar_id))
    publish(
        CalendarTellingTriedAgain(
            actor_id=by.pk,
            occurred_at=now,
            calendar_id=entry.calendar_id,
            slug=entry.calendar.slug,
            operation=entry.operation,
            uid=entry.uid,
        )
    )
