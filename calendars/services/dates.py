"""The dates of events are written: what is new, has moved or has gone, and the room time of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from calendars.enums import CLAIMING, OccurrenceState
from calendars.models import Calendar, CalendarEvent, CalendarOccurrence
from calendars.queries.waiting import tokens_of
from calendars.rules.dates import EventDate, RankKey, rank
from calendars.rules.priorities import priority_of
from calendars.services.claiming import DateClaim, claim_in_calendar, claim_room
from classrooms.services.waiting import removing
from kernel.campus_time import Interval
from kernel.db.batch import send
from kernel.db.ids import ids_for

WORDS = (
    "is_tentative",
    "is_transparent",
    "name",
    "description",
    "organizer",
    "created_at",
    "sequence",
    "last_modified",
)
VERSION = {"sequence", "last_modified"}
"""Nobody sees them: by them alone a date is no other."""
WRITTEN = (*WORDS, "starts_at", "ends_at", "state", "has_room", "occupancy_id")
TABLE = CalendarOccurrence._meta.db_table


@dataclass
class Outcome:
    """What has become of the dates that were written."""

    states: dict[int, set[str]] = field(default_factory=dict)
    """{event: the states of its dates}."""
    changed: set[int] = field(default_factory=set)
    """The events of which a date is new, is otherwise, or has gone."""
    promoted: list[str] = field(default_factory=list)
    """UIDs of other events that have got a room they had waited for."""

    def state_of(self, event_id: int) -> OccurrenceState:
        """Of all its dates: conflicting, where one waits; else live, where one is; else free."""
        states = self.states.get(event_id, set())
        return next((each for each in (OccurrenceState.CONFLICTING, OccurrenceState.LIVE) if each in states), FREE)


FREE = OccurrenceState.FREE


def write_dates(
    calendar: Calendar, dates_by_event: Mapping[CalendarEvent, Sequence[EventDate]], *, since: datetime | None = None
) -> Outcome:
    """Give these events exactly these dates. The calendar and its room are held.

    `since`: what series had before stays; None: all of it is named. A date that stays where it is keeps its room; one
    that was removed by clearing stays away, unless its source says something else of it.
    """
    return _Writing(calendar, dates_by_event, since).outcome()


def withdraw_dates(calendar: Calendar, events: Sequence[CalendarEvent], *, keeps_removed: bool = False) -> Outcome:
    """Take all dates of these events away, and give what they had to whoever waits for it. `keeps_removed`: what
    clearing has removed of series is still known."""
    dates: dict[CalendarEvent, list[EventDate]] = {event: [] for event in events}
    if keeps_removed:
        own = {event.pk: event for event in events}
        rows = CalendarOccurrence.objects.filter(event__in=own, event__is_repeated=True, state=OccurrenceState.REMOVED)
        for row in rows:
            dates[own[row.event_id]].append(date_of(row))
    return write_dates(calendar, dates)


def date_of(row: CalendarOccurrence) -> EventDate:
    """What a date is written by."""
    return EventDate(
        recurrence=row.recurrence_id,
        interval=Interval(row.starts_at, row.ends_at),
        is_cancelled=row.state == OccurrenceState.CANCELLED,
        **{name: getattr(row, name) for name in WORDS},
    )


class _Writing:
    def __init__(
        self, calendar: Calendar, dates_by_event: Mapping[CalendarEvent, Sequence[EventDate]], since: datetime | None
    ) -> None:
        self.calendar, self.dates_by_event, self.since = calendar, dates_by_event, since
        self.tokens = tokens_of([calendar.pk])[calendar.pk]
        self.new: list[tuple[CalendarOccurrence, CalendarEvent]] = []
        self.moved: list[tuple[CalendarOccurrence, CalendarEvent]] = []
        self.reworded: list[CalendarOccurrence] = []
        self.gone: list[CalendarOccurrence] = []
        self.freed: list[Interval] = []
        self.given_up: list[int] = []
        self.result = Outcome()

    def outcome(self) -> Outcome:
        self._compare()
        if not (self.new or self.moved or self.reworded or self.gone):
            return self.result
        self.result.changed |= {row.event_id for row in self.gone}
        self.result.changed |= {event.pk for _, event in (*self.new, *self.moved)}
        self._give_up()
        self._claim()
        CalendarOccurrence.objects.bulk_create([row for row, _ in self.new], batch_size=2000)
        CalendarOccurrence.objects.bulk_update([row for row, _ in self.moved], WRITTEN, batch_size=500)
        CalendarOccurrence.objects.bulk_update(self.reworded, WORDS, batch_size=500)
        if self.calendar.classroom_id is None:
            self._claim_in_calendar()
        for row, event in (*self.new, *self.moved):
            self.result.states.setdefault(event.pk, set()).add(row.state)
        return self.result

    def _compare(self) -> None:
        event_ids = [event.pk for event in self.dates_by_event if not event._state.adding]
        rows = CalendarOccurrence.objects.filter(event__in=event_ids) if event_ids else ()
        there = {(row.event_id, row.recurrence_id): row for row in rows}
        repeated = {event.pk: event.is_repeated for event in self.dates_by_event}
        for event, dates in self.dates_by_event.items():
            for date in dates:
                self._compare_date(event, date, there.pop((event.pk, date.recurrence), None))
        for row in there.values():
            if self.since is None or row.starts_at >= self.since or not repeated[row.event_id]:
                self.gone.append(row)

    def _compare_date(self, event: CalendarEvent, date: EventDate, row: CalendarOccurrence | None) -> None:
        claims = date.claims(tentative_blocks=self.calendar.tentative_blocks)
        if row is None:
            self.new.append((self._filled(CalendarOccurrence(event=event, recurrence_id=date.recurrence), date), event))
            return
        if row.state == OccurrenceState.REMOVED and _version(row) == (date.sequence, date.last_modified):
            self.result.states.setdefault(event.pk, set()).add(row.state)
            return
        is_as_before = (
            Interval(row.starts_at, row.ends_at) == date.interval
            and (row.state in CLAIMING) == claims
            and (claims or row.state == _state_without_claim(date))
        )
        if not is_as_before:
            self._give_up_row(row)
            self.moved.append((self._filled(row, date), event))
            return
        self.result.states.setdefault(event.pk, set()).add(row.state)
        others = {name for name in WORDS if getattr(row, name) != getattr(date, name)}
        if others:
            if others - VERSION:
                self.result.changed.add(event.pk)
            _word(row, date)
            self.reworded.append(row)

    def _filled(self, row: CalendarOccurrence, date: EventDate) -> CalendarOccurrence:
        _word(row, date)
        row.starts_at, row.ends_at = date.interval.starts_at, date.interval.ends_at
        row.has_room, row.occupancy_id = self.calendar.classroom_id is not None, None
        claims = date.claims(tentative_blocks=self.calendar.tentative_blocks)
        row.state = OccurrenceState.CONFLICTING if claims else _state_without_claim(date)
        return row

    def _give_up_row(self, row: CalendarOccurrence) -> None:
        if row.occupancy_id is not None:
            self.given_up.append(row.occupancy_id)
        if row.state == OccurrenceState.LIVE:
            self.freed.append(Interval(row.starts_at, row.ends_at))

    def _give_up(self) -> None:
        for row in self.gone:
            self._give_up_row(row)
        if self.given_up:
            CalendarOccurrence.objects.filter(occupancy__in=self.given_up).update(occupancy=None, state=FREE)
            send(removing(self.given_up))
        if self.gone:
            CalendarOccurrence.objects.filter(pk__in=[row.pk for row in self.gone]).delete()

    def _claim(self) -> None:
        """Room time of what is new or has moved, in a calendar of a room."""
        for (row, _), row_id in zip(self.new, ids_for(TABLE, len(self.new)), strict=True):
            row.pk = row_id
        claiming = [pair for pair in (*self.new, *self.moved) if pair[0].state in CLAIMING]
        if self.calendar.classroom_id is None:
            return
        claims = [
            DateClaim(row.pk, self._rank(row, event), Interval(row.starts_at, row.ends_at)) for row, event in claiming
        ]
        claimed = claim_room(self.calendar.classroom_id, claims, self.freed)
        for row, _ in claiming:
            row.occupancy_id = claimed.occupancy_ids[row.pk]
            if row.pk in claimed.live:
                row.state = OccurrenceState.LIVE
        self.result.promoted += [each.uid for each in claimed.promoted]

    def _claim_in_calendar(self) -> None:
        """The same without a room, when they stand in the table."""
        own = {row.pk: row for row, _ in (*self.new, *self.moved)}
        for each in claim_in_calendar(self.calendar):
            if each.id in own:
                own[each.id].state = OccurrenceState.LIVE
            else:
                self.result.promoted.append(each.uid)

    def _rank(self, row: CalendarOccurrence, event: CalendarEvent) -> RankKey:
        description = event.description if row.description is None else row.description
        return rank(
            priority_of(description, self.tokens, self.calendar.default_priority),
            is_tentative=row.is_tentative,
            created_at=row.created_at or event.created_at,
            uid=event.uid,
            recurrence=row.recurrence_id,
        )


def _word(row: CalendarOccurrence, date: EventDate) -> None:
    for name in WORDS:
        setattr(row, name, getattr(date, name))


def _version(row: CalendarOccurrence) -> tuple[Any, ...]:
    return row.sequence, row.last_modified


def _state_without_claim(date: EventDate) -> OccurrenceState:
    return OccurrenceState.CANCELLED if date.is_cancelled else FREE
