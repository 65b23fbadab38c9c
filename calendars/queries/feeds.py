"""What calendar programs read that have subscribed to something: looked for by its token, written as one file.

Whose token it is takes one statement, what takes place one round trip more, however much it is. No instance of a model
is made: a room has thousands of dates in a year.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from calendars.enums import FeedKind, OccurrenceState
from calendars.queries.waiting import words_to_mask
from calendars.rules.dates import window
from calendars.rules.feeds import BUSY, FeedSubject, span_of, uid_of_date
from calendars.rules.priorities import masked
from classrooms.queries.overlapping import IN_THE_SLOT, SLOT
from kernel.campus_time import Interval, campus_date, campus_zone, days_interval
from kernel.db.batch import Statement, send
from kernel.db.overlaps import OVERLAP
from kernel.db.pipeline import ResultRow, ResultRows
from kernel.errors import NotFound
from kernel.ical.writing import CalendarEntry, calendar_text
from kernel.letters import host_of_letters
from kernel.text import plain_line

OF_PERSON_OR_GROUP = """
SELECT 'user', person.id, person.username
  FROM calendars_calendarfeed AS feed
  JOIN accounts_user AS person ON person.id = substring(feed.subject FROM '^user:([0-9]+)$')::bigint
 WHERE feed.token = %s AND person.is_active
 UNION ALL
SELECT 'group', team.id, team.name
  FROM calendars_calendarfeed AS feed
  JOIN groups_group AS team ON team.id = substring(feed.subject FROM '^group:([0-9]+)$')::bigint
 WHERE feed.token = %s AND team.archived_at IS NULL
"""
OF_CALENDAR = """
SELECT 'calendar', calendar.id, calendar.name
  FROM calendars_calendar AS calendar
  JOIN calendars_calendarfeed AS feed ON feed.subject = 'calendar:' || calendar.id
 WHERE calendar.slug = %s AND feed.token = %s
"""
OF_CLASSROOM = """
SELECT 'classroom', room.id, room.name
  FROM classrooms_classroom AS room
  JOIN calendars_calendarfeed AS feed ON feed.subject = 'classroom:' || room.id
 WHERE room.name = %s AND feed.token = %s
"""
# Its uid and SEQUENCE are those of the mails (`mail.rules.icalendars`): whoever has both has it once.
BOOKINGS = f"""
SELECT registration.occupancy_id, classrooms_occupancy.starts_at, classrooms_occupancy.ends_at,
       registration.status = 'approved', registration.description,
       registration.revision + classrooms_occupancy.revision, registration.created_at, room.name, room.building
  FROM {SLOT}
 CROSS JOIN registrations_registration AS registration
  JOIN classrooms_occupancy ON classrooms_occupancy.id = registration.occupancy_id
  JOIN classrooms_classroom AS room ON room.id = classrooms_occupancy.classroom_id
 WHERE registration.{{owner}} = %s AND {IN_THE_SLOT}
 ORDER BY classrooms_occupancy.starts_at, classrooms_occupancy.id
"""  # noqa: S608 - constants of ours
BY_OWNER = {
    FeedKind.USER: BOOKINGS.format(owner="created_by_id"),
    FeedKind.GROUP: BOOKINGS.format(owner="group_id"),
}
IS_IN_THE_SLOT = OVERLAP.format(
    starts_at="occurrence.starts_at", ends_at="occurrence.ends_at", since="slot.starts_at", until="slot.ends_at"
)
DATES = f"""
SELECT event.uid, CASE WHEN event.is_repeated THEN occurrence.recurrence_id END,
       occurrence.starts_at, occurrence.ends_at, event.is_all_day, occurrence.state,
       coalesce(occurrence.name, event.name), coalesce(occurrence.description, event.description),
       greatest(event.sequence, occurrence.sequence),
       coalesce(greatest(event.last_modified, occurrence.last_modified), occurrence.created_at, event.created_at),
       calendar.id, calendar.timezone, room.name, {{owner}}
  FROM {SLOT}
 CROSS JOIN calendars_calendar AS calendar
  JOIN calendars_calendarevent AS event ON event.calendar_id = calendar.id AND event.deleted_at IS NULL
  JOIN calendars_calendaroccurrence AS occurrence ON occurrence.event_id = event.id
  LEFT JOIN classrooms_classroom AS room ON room.id = calendar.classroom_id
  {{owners}}
 WHERE calendar.{{place}} = %s AND occurrence.state IN ('live', 'conflicting', 'free') AND {IS_IN_THE_SLOT}
 ORDER BY occurrence.starts_at, event.uid, occurrence.id
"""  # noqa: S608 - constants of ours
# Of an event that several calendars of the room have alike, the least of them calls it by its UID: whatever is in the
# window, so that nothing gets another UID as the days pass.
OWNERS = """
  LEFT JOIN (SELECT twin.uid, min(twin.calendar_id) AS calendar_id
               FROM calendars_calendarevent AS twin
               JOIN calendars_calendar AS beside ON beside.id = twin.calendar_id AND beside.classroom_id = %s
              WHERE twin.deleted_at IS NULL
              GROUP BY twin.uid HAVING count(*) > 1) AS shared ON shared.uid = event.uid
"""
DATES_OF_CALENDAR = DATES.format(place="id", owner="calendar.id", owners="")
DATES_OF_ROOM = DATES.format(place="classroom_id", owner="coalesce(shared.calendar_id, calendar.id)", owners=OWNERS)
# Of a use of another room that has a part in common with this one, the row in this room says so.
OTHER_USES = f"""
SELECT classrooms_occupancy.id, classrooms_occupancy.starts_at, classrooms_occupancy.ends_at
  FROM {SLOT}
 CROSS JOIN classrooms_occupancy
 WHERE classrooms_occupancy.classroom_id = %s AND classrooms_occupancy.kind <> 'buffer' AND {IN_THE_SLOT}
   AND NOT EXISTS (SELECT FROM calendars_calendaroccurrence AS occurrence
                    WHERE occurrence.occupancy_id = classrooms_occupancy.id)
 ORDER BY classrooms_occupancy.starts_at, classrooms_occupancy.id
"""  # noqa: S608 - constants of ours


CONFLICTING = {"X-CSPACE-STATE": "CONFLICTING"}


class FeedNotFound(NotFound):
    resource = "Feed"


@dataclass(frozen=True)
class FeedFile:
    """What a feed says at present: a VCALENDAR. `name`: what it is of."""

    name: str
    text: str


def feed_of_bookings(token: str, *, now: datetime) -> FeedFile:
    """The live registrations of a person or group. Raises: FeedNotFound."""
    subject = _subject(Statement(OF_PERSON_OR_GROUP, (token, token)))
    rows = send(Statement(BY_OWNER[subject.kind], (*_window(now), subject.id)))[0]
    host = host_of_letters()
    return _file(subject, [_booking(row, host) for row in rows], campus_zone())


def feed_of_calendar(slug: str, token: str, *, now: datetime) -> FeedFile:
    """The dates of a calendar that take place, or wait for their room. Raises: FeedNotFound."""
    subject = _subject(Statement(OF_CALENDAR, (slug, token)))
    dates = send(Statement(DATES_OF_CALENDAR, (*_window(now), subject.id)))[0]
    zone = ZoneInfo(dates[0][11]) if dates else campus_zone()  # of nothing there are no times
    return _file(subject, list(_dates(dates)), zone)


def feed_of_classroom(name: str, token: str, *, now: datetime) -> FeedFile:
    """The same of all calendars of a room, and when it is in use otherwise: not by whom, nor what for.

    Raises: FeedNotFound.
    """
    subject = _subject(Statement(OF_CLASSROOM, (name, token)))
    values = (*_window(now), subject.id)
    dates, uses = send(Statement(DATES_OF_ROOM, (*values, subject.id)), Statement(OTHER_USES, values))
    host = host_of_letters()
    return _file(subject, [*_dates(dates), *(_busy(row, host) for row in uses)], campus_zone())


def _subject(question: Statement) -> FeedSubject:
    """Whose the token is. Raises: FeedNotFound."""
    for kind, subject_id, name, *_ in send(question)[0]:
        return FeedSubject(FeedKind(kind), subject_id, name)
    raise FeedNotFound


def _window(now: datetime) -> tuple[datetime, datetime]:
    """From 31 days ago to 400 days ahead (contract live §6)."""
    days = days_interval(*window(campus_date(now)))
    return days.starts_at, days.ends_at


def _file(subject: FeedSubject, entries: Sequence[CalendarEntry], zone: ZoneInfo) -> FeedFile:
    return FeedFile(subject.name, calendar_text(entries, zone=zone, name=subject.name))


def _booking(row: ResultRow, host: str) -> CalendarEntry:
    registration_id, starts_at, ends_at, is_approved, description, sequence, created_at, room, building = row
    return CalendarEntry(
        uid=f"registration-{registration_id}@{host}",
        sequence=sequence,
        stamp=created_at,
        span=Interval(starts_at, ends_at),
        summary=plain_line(description) or room,
        location=", ".join(part for part in (room, building) if part),
        status="CONFIRMED" if is_approved else "TENTATIVE",
    )


def _dates(rows: ResultRows) -> Iterator[CalendarEntry]:
    """Of an event that several calendars have alike, all but one call it by another UID: in a file each stands once."""
    words = words_to_mask() if rows else []
    for row in rows:
        uid, recurrence, starts_at, ends_at, is_all_day, state, name, description, sequence, changed_at, *where = row
        calendar_id, zone, room, owner_id = where
        is_waiting = state == OccurrenceState.CONFLICTING
        own_uid = uid if owner_id == calendar_id else f"{uid}/calendar-{calendar_id}"
        yield CalendarEntry(
            uid=uid_of_date(own_uid, recurrence),
            sequence=sequence,
            stamp=changed_at,
            span=span_of(Interval(starts_at, ends_at), ZoneInfo(zone), is_all_day=is_all_day),
            summary=masked(name, words),
            description=masked(description, words),
            location=room or "",
            status="TENTATIVE" if is_waiting else "CONFIRMED",
            is_transparent=state == OccurrenceState.FREE,
            marks=CONFLICTING if is_waiting else {},
        )


def _busy(row: ResultRow, host: str) -> CalendarEntry:
    """Since when the room has been booked is nobody's business either: DTSTAMP is a moment that does not change."""
    occupancy_id, starts_at, ends_at = row
    span = Interval(starts_at, ends_at)
    return CalendarEntry(uid=f"occupancy-{occupancy_id}@{host}", stamp=starts_at, span=span, summary=BUSY)
