"""Clearing calendars: cancelled events go, and of those that overlap all but the one that comes first.

What goes is decided by `rules.clearing`; here it is read and written, room by room (rooms with common parts together),
each in a transaction of its own under the locks of its calendars and its rooms. A test reads the same and writes
nothing.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from calendars.enums import CalendarEventStatus, CalendarSource, OccurrenceState, OutboxOperation
from calendars.facts import CalendarEventCleared
from calendars.models import Calendar, CalendarEvent, CalendarOccurrence
from calendars.queries.calendars import calendars_with
from calendars.queries.claims import ClearingClaims, claims_in_calendar, claims_in_rooms, places_of
from calendars.queries.clearings import Cleared, Clearing, clearing_of
from calendars.queries.organizers import people_with
from calendars.queries.waiting import words_to_mask
from calendars.rules.clearing import ClearingDecision, RoomClaim, decide
from calendars.services.claiming import claim_in_calendar, hand_on, note_live
from calendars.services.creating import remove_events, summary_of
from calendars.services.holding import hold_calendars
from calendars.services.letters import post_letters
from calendars.services.outbox import tell_server
from classrooms.services.room_time import release
from classrooms.services.waiting import removing, take_again
from kernel.campus_time import Interval, format_instant
from kernel.db.batch import send
from kernel.db.transactions import one_moment, transactional
from kernel.facts import publish_many
from kernel.phrases import NoticeParams


def calendars_to_clear(by: User, slugs: Sequence[str] | None) -> list[Calendar]:
    """Those that are named, each of which somebody uses; or all those he uses without being cspace.

    Raises: CalendarNotFound.
    """
    mine = Calendar.objects.all()
    if slugs is None:
        return list(mine.joined_by(by.access).order_by("pk"))
    return calendars_with(slugs, mine.used_by(by.access))


def clear_calendars(calendars: Sequence[Calendar], *, by: User | None, now: datetime, is_test: bool) -> Clearing:
    """Clear these calendars, or say what clearing them would do. Publishes `CalendarEventCleared` for each that goes;
    its organizer is written to."""
    result = Clearing(is_test=is_test)
    for ids, rooms in places_of(calendars):
        if is_test:
            with one_moment():
                result.add(_ClearedPlace(ids, rooms, by, now).looked_at())
        else:
            result.add(_clear_place(ids, rooms, by, now))
    return result


@transactional
def _clear_place(calendar_ids: Sequence[int], rooms: Collection[int], by: User | None, now: datetime) -> Clearing:
    return _ClearedPlace(calendar_ids, rooms, by, now).cleared()


class _ClearedPlace:
    """Calendars of one room, or of rooms with common parts (none: one calendar without a room)."""

    def __init__(self, calendar_ids: Sequence[int], rooms: Collection[int], by: User | None, now: datetime) -> None:
        self.ids, self.rooms, self.by, self.now = calendar_ids, rooms, by, now
        self.within = Interval(now, now + timedelta(days=settings.CALENDAR_CLEAR_HORIZON_DAYS))
        self.calendars: dict[int, Calendar] = {}
        self.claims = ClearingClaims()
        self.words: list[str] = []

    def looked_at(self) -> Clearing:
        self._load(Calendar.objects.filter(pk__in=self.ids))
        cancelled = self._cancelled()
        return clearing_of(cancelled, self._decide(cancelled), self.claims.dates)

    def cleared(self) -> Clearing:
        self._load(hold_calendars(self.ids))
        cancelled = self._cancelled()
        decision = self._decide(cancelled)
        report = clearing_of(cancelled, decision, self.claims.dates)
        self._write(cancelled, decision)
        self._tell(cancelled, decision, report)
        return report

    def _load(self, calendars: Iterable[Calendar]) -> None:
        """Those that are still there, and still of these rooms."""
        rooms: Collection[int | None] = self.rooms or {None}
        self.calendars = {each.pk: each for each in calendars if each.classroom_id in rooms}

    def _cancelled(self) -> list[CalendarEvent]:
        """The events that were cancelled as a whole, and are not over."""
        dates = CalendarOccurrence.objects.filter(event=OuterRef("pk"))
        ahead = dates.overlapping(self.within.starts_at, self.within.ends_at)
        is_ahead = Exists(ahead) | Q(ends_at__gt=self.within.starts_at, starts_at__lt=self.within.ends_at)
        events = CalendarEvent.objects.standing().filter(is_ahead, calendar__in=self.calendars)
        return list(events.filter(status=CalendarEventStatus.CANCELLED).select_related("calendar").order_by("pk"))

    def _decide(self, cancelled: Sequence[CalendarEvent]) -> ClearingDecision:
        """What was cancelled goes with all its dates, also with those that were not: they beat nobody."""
        gone = [event.pk for event in cancelled]
        if self.rooms:
            self.claims = claims_in_rooms(self.rooms, self.calendars, self.within, gone=gone)
        else:
            for calendar in self.calendars.values():
                self.claims = claims_in_calendar(calendar, self.within, gone=gone)
        return decide(self.claims.claims)

    def _remove_cancelled(self, events: Sequence[CalendarEvent]) -> None:
        for calendar_id, group in groupby(sorted(events, key=lambda each: each.calendar_id), lambda e: e.calendar_id):
            remove_events(self.calendars[calendar_id], list(group), now=self.now)

    def _write(self, cancelled: Sequence[CalendarEvent], decision: ClearingDecision) -> None:
        lost = [self.claims.dates[removal.claim.id] for removal in decision.losers]
        back = [self.claims.dates[claim.id] for claim in decision.demoted]
        promoted = [self.claims.dates[claim.id] for claim in decision.promoted]
        left = [*lost, *self._dates_of(cancelled)]
        self._give_up(left, back)
        self._remove_cancelled(cancelled)
        self._remove(lost)
        if self.rooms:
            live = take_again([date.occupancy_id for date in promoted if date.occupancy_id is not None])
            note_live([date.pk for date in promoted if date.occupancy_id in live])
            hand_on([_room_time(date) for date in (*left, *back)])
        else:
            for calendar in self.calendars.values():
                claim_in_calendar(calendar)

    def _dates_of(self, cancelled: Sequence[CalendarEvent]) -> list[CalendarOccurrence]:
        """Those that were not cancelled themselves."""
        if not cancelled:
            return []
        rows = CalendarOccurrence.objects.claiming().filter(event__in=cancelled)
        return list(rows.select_related("event__calendar").order_by("pk"))

    def _give_up(self, left: Sequence[CalendarOccurrence], back: Sequence[CalendarOccurrence]) -> None:
        """Room time, before anybody else gets it."""
        if back:
            release([date.occupancy_id for date in back if date.occupancy_id is not None])
            CalendarOccurrence.objects.filter(pk__in=[date.pk for date in back]).update(
                state=OccurrenceState.CONFLICTING
            )
        if left:
            occupancies = [date.occupancy_id for date in left if date.occupancy_id is not None]
            CalendarOccurrence.objects.filter(pk__in=[date.pk for date in left]).update(
                state=OccurrenceState.REMOVED, occupancy=None
            )
            send(removing(occupancies))

    def _remove(self, lost: Sequence[CalendarOccurrence]) -> None:
        """Whole events that are no series; of series their servers are told which dates."""
        for calendar_id, group in groupby(sorted(lost, key=_by_calendar), key=_by_calendar):
            calendar, dates = self.calendars[calendar_id], list(group)
            single = {date.event_id: date.event for date in dates if not date.event.is_repeated}
            if single:
                remove_events(calendar, list(single.values()), now=self.now)
            if calendar.source != CalendarSource.CALDAV:
                continue
            repeated = sorted((date for date in dates if date.event.is_repeated), key=lambda date: date.event_id)
            for _, of_series in groupby(repeated, key=lambda date: date.event_id):
                those = list(of_series)
                cancelled = [format_instant(date.recurrence_id) for date in those]
                payload = {"cancelled": cancelled}
                tell_server(calendar, OutboxOperation.PUT, those[0].event.uid, now=self.now, payload=payload)

    def _tell(self, cancelled: Sequence[CalendarEvent], decision: ClearingDecision, report: Clearing) -> None:
        items = {item.date_id: item for item in (*report.overlapping, *report.dates) if item.date_id is not None}
        self.words = words_to_mask() if cancelled or decision.losers else []
        people = people_with([item.use.organizer for item in items.values()])
        facts = [self._fact(event, "cancelled") for event in cancelled]
        for removal in decision.losers:
            date, item = self.claims.dates[removal.claim.id], items[removal.claim.id]
            person = people.get(item.use.organizer.lower())
            more = {} if person is None else {"recipients": (person,), "params": _params(item)}
            facts.append(self._fact(date.event, "overlapping", date, removal.winner, **more))
        publish_many(facts)
        post_letters(self.claims, decision, {pk: item.use for pk, item in items.items()}, now=self.now)

    def _fact(
        self,
        event: CalendarEvent,
        reason: str,
        date: CalendarOccurrence | None = None,
        winner: RoomClaim | None = None,
        **more: Any,
    ) -> CalendarEventCleared:
        return CalendarEventCleared(
            actor_id=None if self.by is None else self.by.pk,
            occurred_at=self.now,
            event=summary_of(event, self.calendars[event.calendar_id], self.words),
            reason=reason,
            occurrence=None if date is None else date.recurrence_id,
            winner_uid=None if winner is None else winner.uid or f"occupancy-{winner.id}",
            **more,
        )


def _room_time(date: CalendarOccurrence) -> tuple[int, Interval]:
    return date.event.calendar.classroom_id or 0, Interval(date.starts_at, date.ends_at)


def _by_calendar(date: CalendarOccurrence) -> int:
    return date.event.calendar_id


def _params(item: Cleared) -> NoticeParams:
    """What its organizer is told here."""
    return {
        "about": "date" if item.is_repeated else "event",
        "name": item.use.name,
        "calendar": item.calendar,
        "start": format_instant(item.use.interval.starts_at),
        "winner": "" if item.winner is None else item.winner.name,
    }
