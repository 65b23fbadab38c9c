"""Events that come from elsewhere are taken in: what is new, is otherwise, or has gone.

In portions, each in a transaction of its own: nobody waits for the room until a whole file is written. A portion is
repeated without harm; what was read as the last state of a source is noted when all of it is there.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from calendars.enums import CalendarEventStatus, CalendarSource, OccurrenceState
from calendars.facts import CalendarSynced
from calendars.models import Calendar, CalendarEvent, CalendarOccurrence, CalendarOutbox
from calendars.rules.dates import EventDate, shown_name
from calendars.rules.numbers import number_of
from calendars.services.dates import withdraw_dates, write_dates
from calendars.services.expanding import dates_in, reading_for
from calendars.services.holding import hold_calendar
from calendars.services.leasing import keep_lease
from calendars.services.staying_away import Versions, kept_events, says_nothing_else, versions_of
from kernel.campus_time import Interval
from kernel.db.ids import next_ids
from kernel.db.transactions import transactional
from kernel.facts import publish
from kernel.ical.errors import UnreadableCalendar
from kernel.ical.events import Event
from kernel.ical.series import EventSeries
from kernel.text import FORBIDDEN_TEXT

PORTION = 200
MAX_ERRORS, MAX_UID, MAX_EVENTS = 100, 1000, 20_000
STAMP = re.compile(r"^DTSTAMP[;:][^\r\n]*\r?\n", re.MULTILINE)
"""Some servers stamp everything anew whenever they are asked."""


@dataclass
class SyncReport:
    """Events, by what became of them; `conflicting`: those that wait for their room in the end."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    conflicting: int = 0
    errors: list[str] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    """The UIDs of those that could not be read; empty of one that has none."""
    promoted: list[str] = field(default_factory=list)
    is_partial: bool = False
    """Something was passed over, for now: the state from which the next reading goes on is not noted."""

    @property
    def has_changes(self) -> bool:
        return bool(self.created or self.updated or self.removed)

    @property
    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("created", "updated", "unchanged", "removed", "conflicting")}

    @property
    def errors_text(self) -> str:
        return "; ".join(self.errors)[:2000]

    def complain(self, event: "Unreadable") -> None:
        """Of more than `MAX_ERRORS` the rest is not told."""
        self.unreadable.add(event.uid)
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(event.sentence)


@dataclass(frozen=True)
class Unreadable:
    """An event that is left out, and why."""

    sentence: str
    uid: str = ""


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """An event as its source says it is. `href`, `etag`: where it is on a CalDAV server."""

    uid: str
    whole: Event
    dates: Sequence[EventDate]
    raw: str
    is_repeated: bool
    href: str = ""
    etag: str = ""
    remarks: Sequence[str] = ()
    """What has been left out of it, and why."""
    versions: Versions = frozenset()


def incoming_of(series: EventSeries, *, href: str = "", etag: str = "") -> Incoming | Unreadable:
    """What a series of a file means."""
    uid = next((member.uid for member in series.members if member.uid), "")
    if series.faults:
        return Unreadable(f"line {series.faults[0].line}: {series.faults[0].sentence}", uid)
    if not uid:
        return Unreadable(f"line {series.line}: an event without a UID cannot be recognized again")
    if len(uid.encode("utf-8", "replace")) > MAX_UID or FORBIDDEN_TEXT.search(uid):
        return Unreadable(f"line {series.line}: its UID has more than {MAX_UID} bytes, or such as nobody writes", uid)
    events = [member for member in series.members if isinstance(member, Event)]
    whole = next((event for event in events if event.recurrence is None), None) or events[0]
    is_repeated = series.is_repeated or len(events) > 1 or whole.recurrence is not None
    return Incoming(
        uid=uid,
        whole=whole,
        dates=dates_in(series) if is_repeated else single_date(whole),
        raw=series.raw,
        is_repeated=is_repeated,
        href=href,
        etag=etag,
        remarks=[f"line {each.line}: {each.sentence}" for each in (*series.orphans, *series.remarks)],
        versions=versions_of(series),
    )


def single_date(event: Event) -> list[EventDate]:
    """The one date of an event that is no series, whenever it is; what has no length has none."""
    starts_at, ends_at = _span(event)
    if starts_at >= ends_at:
        return []
    return [
        EventDate(
            recurrence=starts_at,
            interval=Interval(starts_at, ends_at),
            is_cancelled=event.is_cancelled,
            is_tentative=event.is_tentative,
            is_transparent=event.is_transparent,
            sequence=event.sequence,
            last_modified=event.last_modified,
        )
    ]


def check_volume(count: int) -> None:
    """Raises: UnreadableCalendar, of more events than are taken in."""
    if count > MAX_EVENTS:
        raise UnreadableCalendar(f"has more than {MAX_EVENTS} events")


@dataclass(frozen=True, kw_only=True)
class TakingIn:
    """Who takes something in, when, into which calendar; `lease`: under that of the calendar."""

    calendar_id: int
    by: User | None
    now: datetime
    lease: UUID | None = None

    def keep_lease(self) -> None:
        """Raises: LeaseIsLost."""
        if self.lease is not None:
            keep_lease(self.calendar_id, self.lease)

    def hold(self) -> Calendar:
        """Raises: LeaseIsLost, CalendarNotFound."""
        self.keep_lease()
        return hold_calendar(self.calendar_id)

    def publish(self, calendar: Calendar, report: SyncReport) -> None:
        if report.has_changes:
            publish(
                CalendarSynced(
                    actor_id=None if self.by is None else self.by.pk,
                    occurred_at=self.now,
                    calendar_id=calendar.pk,
                    slug=calendar.slug,
                    counts=report.counts,
                    promoted=report.promoted,
                )
            )


def take_in(taking: TakingIn, incoming: Iterable[Incoming], report: SyncReport) -> set[str]:
    """Write what has come, portion by portion; the UIDs of all that was there. Publishes `CalendarSynced` for each
    portion that changes something. Raises: LeaseIsLost, UnreadableCalendar (there is too much)."""
    uids, portion = set[str](), list[Incoming]()
    for each in incoming:
        if each.uid in uids:
            report.complain(Unreadable(f"the UID {each.uid[:60]} stands twice", each.uid))
            continue
        uids.add(each.uid)
        check_volume(len(uids))
        portion.append(each)
        if len(portion) == PORTION:
            _take_in(taking, portion, report)
            portion = []
    if portion:
        _take_in(taking, portion, report)
    return uids


@transactional
def _take_in(taking: TakingIn, portion: Sequence[Incoming], report: SyncReport) -> None:
    calendar, now = taking.hold(), taking.now
    pending = pending_uids(calendar)
    uids = [each.uid for each in portion if each.uid not in pending]
    there = {event.uid: event for event in CalendarEvent.objects.filter(calendar=calendar, uid__in=uids)}
    numbers = SyncReport(is_partial=len(uids) < len(portion))
    placed, dates = list[CalendarEvent](), dict[CalendarEvent, Sequence[EventDate]]()
    ids = iter(next_ids(TABLE, count) if (count := len(uids) - len(there)) else ())
    new, reworded = list[CalendarEvent](), set[int]()
    for each in portion:
        event = there.get(each.uid)
        if each.uid in pending:
            continue
        if event is None:
            event = _filled(CalendarEvent(pk=next(ids), calendar=calendar, uid=each.uid), each, calendar, now)
            new.append(event)
        elif _is_as_it_was(event, each, calendar, now):
            numbers.unchanged += 1
            event.href, event.etag, event.missing_since = each.href, each.etag, None
            placed.append(event)
            continue
        else:
            before = _visible(event)
            if _visible(_filled(event, each, calendar, now)) != before:
                reworded.add(event.pk)
        dates[event] = each.dates
    CalendarEvent.objects.bulk_create(new)
    CalendarEvent.objects.bulk_update([event for event in dates if event not in new], WRITTEN, batch_size=PORTION)
    if calendar.source == CalendarSource.CALDAV:
        CalendarEvent.objects.bulk_update(placed, ["href", "etag"], batch_size=PORTION)
    missing = [event.pk for event in placed if event.deleted_at is not None]
    CalendarEvent.objects.filter(pk__in=missing).exclude(missing_since=None).update(missing_since=None)
    outcome = write_dates(calendar, dates, since=reading_for(calendar, now=now).within.starts_at)
    updated = (outcome.changed | reworded) - {event.pk for event in new}
    numbers.created, numbers.updated = len(new), len(updated)
    numbers.unchanged += len(dates) - len(new) - len(updated)
    numbers.promoted = outcome.promoted
    taking.publish(calendar, numbers)
    _add(report, numbers)


def remove_gone(taking: TakingIn, gone: Mapping[int, str], report: SyncReport) -> None:
    """Events whose source does not have them any more: {id: where it was on a server}. One that has come to stand
    elsewhere meanwhile stays; of a file, what was removed here is remembered. Publishes `CalendarSynced`."""
    ids = list(gone)
    for first in range(0, len(ids), PORTION):
        _remove_gone(taking, {pk: gone[pk] for pk in ids[first : first + PORTION]}, report)


@transactional
def _remove_gone(taking: TakingIn, gone: Mapping[int, str], report: SyncReport) -> None:
    calendar = taking.hold()
    pending = pending_uids(calendar)
    there = CalendarEvent.objects.filter(pk__in=gone, calendar=calendar)
    events = [event for event in there if event.href == gone[event.pk] and event.uid not in pending]
    memory = kept_events(calendar, events, now=taking.now)
    outcome = withdraw_dates(calendar, [event for event in events if event.pk not in memory])
    missing = [event for event in events if event.pk in memory and event.missing_since is None]
    more = withdraw_dates(calendar, missing, keeps_removed=True)
    CalendarEvent.objects.filter(pk__in=[event.pk for event in missing]).update(missing_since=taking.now)
    CalendarEvent.objects.filter(pk__in=[event.pk for event in events if event.pk not in memory]).delete()
    removed = sum(event.deleted_at is event.missing_since is None for event in events)
    numbers = SyncReport(removed=removed, promoted=[*outcome.promoted, *more.promoted])
    numbers.is_partial = any(event.uid in pending for event in there)
    taking.publish(calendar, numbers)
    _add(report, numbers)


def count_waiting(calendar: Calendar) -> int:
    """The events of a calendar of which a date waits for its room."""
    waiting = CalendarOccurrence.objects.filter(
        event__calendar=calendar, event__deleted_at=None, state=OccurrenceState.CONFLICTING
    )
    return waiting.values("event").distinct().count()


def pending_uids(calendar: Calendar) -> set[str]:
    """What a server is still to be told of: until it knows, what it says of these counts for nothing."""
    if calendar.source != CalendarSource.CALDAV:
        return set()
    return set(CalendarOutbox.objects.filter(calendar=calendar, done_at=None).values_list("uid", flat=True))


def _add(report: SyncReport, numbers: SyncReport) -> None:
    """What a portion has come to, once: a transaction that is tried again begins with new numbers."""
    for name, number in numbers.counts.items():
        setattr(report, name, getattr(report, name) + number)
    report.promoted += numbers.promoted
    report.is_partial = report.is_partial or numbers.is_partial


def _is_as_it_was(event: CalendarEvent, incoming: Incoming, calendar: Calendar, now: datetime) -> bool:
    is_same = STAMP.sub("", event.raw_ics) == STAMP.sub("", incoming.raw)
    if event.deleted_at is not None:
        return is_same or says_nothing_else(event, incoming.versions, calendar, now)
    return is_same and event.missing_since is None


def _filled(event: CalendarEvent, incoming: Incoming, calendar: Calendar, now: datetime) -> CalendarEvent:
    """The event as its source says it is."""
    whole = incoming.whole
    if event._state.adding:
        event.public_id = number_of(incoming.uid)
        event.created_at = whole.created or whole.stamp or now
    elif whole.created is not None:
        event.created_at = whole.created
    starts_at, ends_at = _span(whole)
    values: dict[str, Any] = {
        "name": shown_name(whole.summary),
        "description": whole.description,
        "organizer": whole.organizer,
        "last_modified": whole.last_modified,
        "sequence": whole.sequence,
        "status": _status(whole),
        "is_transparent": whole.is_transparent,
        "is_all_day": whole.is_whole_day,
        "is_repeated": incoming.is_repeated,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "tzid": _zone_name(whole, calendar),
        "rrule": "",
        "raw_ics": incoming.raw,
        "expanded_until": reading_for(calendar, now=now).within.ends_at,
        "href": incoming.href,
        "etag": incoming.etag,
        "deleted_at": None,
        "missing_since": None,
    }
    for name, value in values.items():
        setattr(event, name, value)
    return event


TABLE = CalendarEvent._meta.db_table
WRITTEN = (
    *("name", "description", "organizer", "created_at", "last_modified", "sequence", "status", "is_transparent"),
    *("is_all_day", "is_repeated", "starts_at", "ends_at", "tzid", "rrule", "raw_ics", "expanded_until", "href"),
    *("etag", "deleted_at", "missing_since"),
)


def _visible(event: CalendarEvent) -> tuple[Any, ...]:
    """What people see of an event, but for its dates."""
    return tuple(getattr(event, name) for name in VISIBLE)


VISIBLE = (
    *("name", "description", "organizer", "status", "is_transparent", "is_all_day", "deleted_at", "missing_since"),
)


def _status(event: Event) -> CalendarEventStatus:
    if event.is_cancelled:
        return CalendarEventStatus.CANCELLED
    return CalendarEventStatus.TENTATIVE if event.is_tentative else CalendarEventStatus.CONFIRMED


def _span(event: Event) -> tuple[datetime, datetime]:
    end = (event.start.replace(tzinfo=None) + event.length).replace(tzinfo=event.start.tzinfo)
    starts_at = event.start.astimezone(UTC)
    return starts_at, max(starts_at, end.astimezone(UTC))


def _zone_name(event: Event, calendar: Calendar) -> str:
    return str(getattr(event.start.tzinfo, "key", "") or calendar.timezone)[:64]
