"""A CalDAV server is told what has happened here: of each event in order, whatever becomes of others."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from calendars.enums import OutboxOperation
from calendars.models import Calendar, CalendarEvent, CalendarOutbox
from calendars.services.caldav import CalDavCollection
from calendars.services.expanding import text_of
from calendars.services.remote import PreconditionFailed, RemoteFailed
from calendars.services.taking_in import TakingIn
from kernel.db.transactions import transactional
from kernel.errors import Invalid
from kernel.ical.editing import DateMissing, NotEditable, with_cancelled_date
from kernel.ical.errors import UnreadableCalendar

RETRY_MINUTES = (1, 5, 30, 120)
"""Before the second, third … try; afterwards somebody has to look at it."""


def tell_waiting(calendar: Calendar, collection: CalDavCollection, taking: TakingIn) -> int:
    """Send what waits and is due; how much of it the server knows now. The lease is held."""
    waiting = CalendarOutbox.objects.filter(calendar=calendar, done_at=None).order_by("pk")
    stuck, count, now = set[str](), 0, taking.now
    for entry in list(waiting):
        if entry.uid in stuck:
            continue
        if entry.next_try_at is None or entry.next_try_at > now:
            stuck.add(entry.uid)
            continue
        taking.keep_lease()
        try:
            _tell(entry, collection)
        except NotEditable as problem:
            # It will never be told: what the server has stays there, and is read again.
            _note_end(entry.pk, f"The server cannot be told: {problem}", now=now)
        except (RemoteFailed, UnreadableCalendar, Invalid) as problem:
            stuck.add(entry.uid)
            _note_failure(entry.pk, str(problem), now=now)
        else:
            _note_end(entry.pk, "", now=now)
            count += 1
    return count


def _tell(entry: CalendarOutbox, collection: CalDavCollection) -> None:
    """Raises: RemoteFailed."""
    events = CalendarEvent.objects.select_related("calendar")
    event = events.filter(calendar=entry.calendar_id, uid=entry.uid).first()
    if event is None:
        return
    if entry.operation == OutboxOperation.DELETE:
        _delete(event, collection)
    elif event.deleted_at is None:
        cancelled = [datetime.fromisoformat(text) for text in entry.payload.get("cancelled", ())]
        if cancelled:
            _cancel_dates(event, cancelled, collection, entry.created_at)
        else:
            _put_new(event, collection)


def _put_new(event: CalendarEvent, collection: CalDavCollection) -> None:
    """Where it is there already, an earlier try has arrived: nobody else has its UID."""
    if event.href:
        return
    data, href = event.raw_ics or text_of(event), collection.new_href(event.uid)
    try:
        collection.put(href, data)
    except PreconditionFailed:
        if not _fetched(href, collection)[0]:
            raise
    _note_place(event.pk, href)


def _cancel_dates(event: CalendarEvent, dates: Sequence[datetime], collection: CalDavCollection, now: datetime) -> None:
    """Each is cancelled in what the server has now, wherever that is: what was changed there stays as it is."""
    own = event.href or collection.new_href(event.uid)
    for href in (*event.twins, own):
        if _cancel_dates_at(href, event, dates, collection, now) and href == own:
            _note_place(event.pk, href)


def _cancel_dates_at(
    href: str, event: CalendarEvent, dates: Sequence[datetime], collection: CalDavCollection, now: datetime
) -> bool:
    """Whether it is still there."""
    for is_last in (False, True):
        data, etag = _fetched(href, collection)
        if not data:  # it was deleted there
            return False
        changed = _without(data, dates, event, now)
        try:
            if changed != data:
                collection.put(href, changed, etag=etag)
            break
        except PreconditionFailed:
            if is_last:
                raise
    return True


def _without(data: str, dates: Sequence[datetime], event: CalendarEvent, now: datetime) -> str:
    """The series without these dates; what does not take place there any more needs no cancelling."""
    for date in dates:
        with suppress(DateMissing):
            data = with_cancelled_date(data, recurrence=date, home=ZoneInfo(event.calendar.timezone), now=now)
    return data


def _delete(event: CalendarEvent, collection: CalDavCollection) -> None:
    """Wherever it is; also where it would be, if an earlier try has arrived and nobody knows."""
    own = {event.href or collection.new_href(event.uid): event.etag}
    for href, etag in (event.twins | own).items():
        _delete_at(href, etag, collection)
    event.delete()


def _delete_at(href: str, etag: str, collection: CalDavCollection) -> None:
    for is_last in (False, True):
        if not etag:
            data, etag = _fetched(href, collection)
            if not data:
                break
        try:
            collection.delete(href, etag=etag)
            break
        except PreconditionFailed:
            if is_last:
                raise
            etag = ""


def _fetched(href: str, collection: CalDavCollection) -> tuple[str, str]:
    """What the server has there, and its ETag; both empty where it has nothing."""
    body = collection.bodies([href]).get(href)
    return ("", "") if body is None else (body.data, body.etag)


def _note_place(event_id: int, href: str) -> None:
    """Without its ETag: what the server has made of it is read next."""
    CalendarEvent.objects.filter(pk=event_id).update(href=href, etag="")


@transactional
def _note_end(entry_id: int, sentence: str, *, now: datetime) -> None:
    CalendarOutbox.objects.filter(pk=entry_id).update(done_at=now, last_error=sentence[:500])


@transactional
def _note_failure(entry_id: int, sentence: str, *, now: datetime) -> None:
    entry = CalendarOutbox.objects.select_for_update().filter(pk=entry_id).first()
    if entry is None:
        return
    minutes = RETRY_MINUTES[entry.attempts] if entry.attempts < len(RETRY_MINUTES) else None
    entry.attempts += 1
    entry.next_try_at = None if minutes is None else now + timedelta(minutes=minutes)
    entry.last_error = sentence[:500]
    entry.save(update_fields=["attempts", "next_try_at", "last_error"])
