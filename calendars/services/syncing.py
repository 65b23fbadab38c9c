"""Calendars from elsewhere are read, and their servers told what has happened here: one calendar at a time.

The network is waited for under the lease of the calendar, without any lock; what has come is written in portions. The
state from which the next reading goes on is noted when all of it is written: whatever ends in between is done again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from calendars.enums import CalendarSource
from calendars.models import Calendar, CalendarEvent, CalendarOutbox
from calendars.queries.calendars import calendar_used_by
from calendars.services.caldav import CalDavCollection
from calendars.services.expanding import reading_for
from calendars.services.leasing import leased
from calendars.services.remote import RemoteFailed
from calendars.services.sealing import SealIsBroken, opened
from calendars.services.subscribing import Unchanged, fetch
from calendars.services.taking_in import (
    Incoming,
    SyncReport,
    TakingIn,
    Unreadable,
    check_volume,
    count_waiting,
    incoming_of,
    remove_gone,
    take_in,
)
from calendars.services.telling import tell_waiting
from calendars.services.whereabouts import Whereabouts
from kernel.calling.wire import Deadline
from kernel.db.transactions import transactional
from kernel.errors import Invalid, InvalidState
from kernel.ical.charsets import encoding_of
from kernel.ical.errors import UnreadableCalendar
from kernel.ical.series import read_series
from kernel.jobs import OUTSIDE, Job, Periodic, enqueue

SYNC_SECONDS = 300.0
"""For all that a job does with one calendar."""
MAX_PAUSE_MINUTES = 6 * 60
DUE_AT_ONCE = 500


class CalendarIsLocal(InvalidState):
    message = "The calendar has no source elsewhere"


class CalendarIsSubscribed(InvalidState):
    message = "Files are imported into local calendars only"


def sync_calendar(*, slug: str, by: User, now: datetime, seconds: float = 20.0) -> SyncReport:
    """Synchronise a calendar that somebody uses, now. Publishes `CalendarSynced`, nothing where all is as it was.

    Raises: CalendarNotFound, CalendarIsLocal, RemoteFailed.
    """
    calendar = calendar_used_by(by.access, slug)
    if calendar.source == CalendarSource.LOCAL:
        raise CalendarIsLocal
    return synchronise(calendar.pk, now=now, by=by, seconds=seconds)


def import_file(*, slug: str, by: User, now: datetime, data: bytes, charset: str = "") -> SyncReport:
    """Take the events of a file into a local calendar; what it does not have stays. `charset`: what it is said to be
    written in. Publishes `CalendarSynced`.

    Raises: CalendarNotFound, CalendarIsSubscribed, Invalid (`file`).
    """
    calendar = calendar_used_by(by.access, slug)
    if calendar.source != CalendarSource.LOCAL:
        raise CalendarIsSubscribed
    report = SyncReport()
    try:
        # All of it is read before any of it is written: a file is refused as a whole.
        incoming = list(_incoming(data, calendar, report, now, charset=charset))
        check_volume(len(incoming))
        take_in(TakingIn(calendar_id=calendar.pk, by=by, now=now), incoming, report)
    except UnreadableCalendar as error:
        raise Invalid({"file": [f"The file {error}"]}) from error
    report.conflicting = count_waiting(calendar)
    return report


def synchronise(
    calendar_id: int, *, now: datetime, by: User | None = None, seconds: float = SYNC_SECONDS
) -> SyncReport:
    """Tell its server what waits, then read what is new there. What goes wrong is noted.

    Raises: RemoteFailed; after so many seconds, too.
    """
    deadline = Deadline(seconds)
    with leased(calendar_id, wait_seconds=min(seconds, 20.0)) as lease:
        calendar = Calendar.objects.get(pk=calendar_id)
        try:
            return _synchronised(calendar, TakingIn(calendar_id=calendar_id, by=by, now=now, lease=lease), deadline)
        except (RemoteFailed, SealIsBroken) as problem:
            _note_failure(calendar_id, lease, str(problem), now=now)
            raise RemoteFailed(str(problem)) from None
        except TimeoutError:
            _note_failure(calendar_id, lease, TOO_SLOW, now=now)
            raise RemoteFailed(TOO_SLOW) from None
        except Exception:
            _note_failure(calendar_id, lease, NOT_WRITTEN, now=now)
            raise


NOT_WRITTEN = "What has come could not be written"
TOO_SLOW = "It has taken too long"


def _synchronised(calendar: Calendar, taking: TakingIn, deadline: Deadline) -> SyncReport:
    report = SyncReport()
    if calendar.source == CalendarSource.ICS:
        state = _read_file(calendar, taking, deadline, report)
    else:
        state = _read_server(calendar, taking, deadline, report)
    report.conflicting = count_waiting(calendar)
    _note_success(taking, report, state)
    return report


def _read_file(calendar: Calendar, taking: TakingIn, deadline: Deadline, report: SyncReport) -> dict[str, str]:
    """The state to go on from."""
    fetched = fetch(
        calendar.source_url,
        etag=calendar.etag,
        last_modified=calendar.source_modified,
        username=calendar.source_username,
        secret=opened(calendar.source_secret),
        deadline=deadline,
    )
    if isinstance(fetched, Unchanged):
        report.unchanged = CalendarEvent.objects.standing().filter(calendar=calendar).count()
        return {}
    try:
        incoming = _incoming(fetched.body, calendar, report, taking.now, charset=fetched.charset)
        uids = take_in(taking, incoming, report)
    except UnreadableCalendar as error:
        raise RemoteFailed(f"The file {error}") from error
    rows = CalendarEvent.objects.filter(calendar=calendar).values_list("pk", "uid", "href")
    there = uids | report.unreadable
    # Of what has lost its UID nobody knows which event it is: then nothing has vanished for sure.
    gone = {} if "" in there else {event_id: href for event_id, uid, href in rows if uid not in there}
    remove_gone(taking, gone, report)
    errors = report.errors_text
    return {"etag": fetched.etag, "source_modified": fetched.last_modified, "last_error": errors}


def _read_server(calendar: Calendar, taking: TakingIn, deadline: Deadline, report: SyncReport) -> dict[str, str]:
    """The state to go on from: the same as before, where something was passed over."""
    collection = CalDavCollection(
        calendar.source_url,
        username=calendar.source_username,
        secret=opened(calendar.source_secret),
        deadline=deadline,
    )
    tell_waiting(calendar, collection, taking)
    delta = collection.changes(calendar.sync_token)
    places = Whereabouts(calendar, delta)
    hrefs = places.unread()
    report.unchanged += len(delta.changed) - len(hrefs)
    take_in(taking, _incoming_objects(collection, hrefs, calendar, report, places, taking.now), report)
    more = places.elsewhere()
    take_in(taking, _incoming_objects(collection, more, calendar, report, places, taking.now), report)
    places.settle(taking)
    remove_gone(taking, places.gone(), report)
    report.is_partial = report.is_partial or len(places) < len(hrefs) + len(more)
    state = {} if report.is_partial else {"sync_token": delta.token}
    return state | ({"last_error": report.errors_text} if hrefs or calendar.failures else {})


def _incoming(
    data: bytes, calendar: Calendar, report: SyncReport, now: datetime, *, charset: str = "", **place: str
) -> Iterator[Incoming]:
    """What can be read; what cannot is complained of. `place`: where it is on a server. Raises: UnreadableCalendar."""
    reading = replace(reading_for(calendar, now=now), encoding=encoding_of(data, charset))
    for series in read_series(data, reading):
        event = incoming_of(series, **place)
        if isinstance(event, Incoming):
            for remark in event.remarks:
                report.complain(Unreadable(remark, event.uid))
            yield event
        else:
            report.complain(event)


PORTION = 50
"""Objects that are asked for at once."""


def _incoming_objects(
    collection: CalDavCollection,
    hrefs: Sequence[str],
    calendar: Calendar,
    report: SyncReport,
    places: Whereabouts,
    now: datetime,
) -> Iterator[Incoming]:
    """Notes in `places` which events are where."""
    for first in range(0, len(hrefs), PORTION):
        for href, each in collection.bodies(hrefs[first : first + PORTION]).items():
            unreadable = SyncReport()
            try:
                data = each.data.encode("utf-8", "replace")
                incoming = list(_incoming(data, calendar, unreadable, now, href=href, etag=each.etag))
            except UnreadableCalendar as error:
                report.complain(Unreadable(f"{href.rsplit('/', 1)[-1][:60]} {error}", ANY))
                places.note(href, each.etag, places.former_uids(href))
                continue
            for sentence in unreadable.errors:
                report.complain(Unreadable(f"{href.rsplit('/', 1)[-1][:60]}, {sentence}", ANY))
            uids = {event.uid for event in incoming} | unreadable.unreadable
            places.note(href, each.etag, uids | places.former_uids(href) if "" in uids else uids)
            yield from incoming


ANY = "?"
"""In place of a UID, where what is there says which is meant."""


@transactional
def _note_success(taking: TakingIn, report: SyncReport, state: dict[str, str]) -> None:
    """What was complained of stays, until the source is read again: of one that has not changed nothing was."""
    taking.hold()
    Calendar.objects.filter(pk=taking.calendar_id).update(
        last_synced_at=taking.now,
        failures=0,
        next_sync_at=taking.now + timedelta(minutes=settings.CALENDAR_SYNC_MINUTES),
        **state,
    )


@transactional
def _note_failure(calendar_id: int, lease: UUID, sentence: str, *, now: datetime) -> None:
    mine = Calendar.objects.select_for_update(no_key=True).filter(pk=calendar_id, lease=lease).first()
    if mine is None:
        return
    mine.failures += 1
    minutes = min(settings.CALENDAR_SYNC_MINUTES * 2 ** min(mine.failures - 1, 10), MAX_PAUSE_MINUTES)
    mine.last_error, mine.next_sync_at = sentence[:2000], now + timedelta(minutes=minutes)
    mine.save(update_fields=["failures", "last_error", "next_sync_at"])


def synchronise_in_turn(*, now: datetime, calendar_id: int) -> None:
    """What the job does: an error is noted with the calendar, and the next time comes by itself."""
    if not Calendar.objects.exclude(source=CalendarSource.LOCAL).filter(pk=calendar_id).exists():
        return
    try:
        synchronise(calendar_id, now=now)
    except RemoteFailed:
        return


SYNCHRONISE = Job(name="calendars.synchronise", do=synchronise_in_turn, queue=OUTSIDE)
"""One argument, `calendar_id`."""


@transactional
def enqueue_due(*, now: datetime) -> int:
    """Have those calendars synchronised whose time has come, or whose servers wait to be told something."""
    waiting = CalendarOutbox.objects.filter(done_at=None, next_try_at__lte=now).values("calendar")
    is_due = Q(next_sync_at=None) | Q(next_sync_at__lte=now) | Q(pk__in=waiting)
    due = Calendar.objects.exclude(source=CalendarSource.LOCAL).filter(is_due).order_by("pk")
    ids = list(due.values_list("pk", flat=True)[:DUE_AT_ONCE])
    for calendar_id in ids:
        enqueue(SYNCHRONISE, {"calendar_id": calendar_id}, key=key_of(calendar_id))
    return len(ids)


def key_of(calendar_id: int) -> str:
    """One job waits for a calendar at most."""
    return f"{SYNCHRONISE.name}:{calendar_id}"


ENQUEUE_DUE = Periodic(name="calendars.enqueue_due", do=enqueue_due, every_seconds=60)
