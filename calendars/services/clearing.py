"""Clearing calendars: cancelled events go, and of those that overlap all but the one that comes first.

What goes is decided by `rules.clearing`; here it is read and written, room by room, each in a transaction of its own
under the locks of its calendars and its room. A test reads the same and writes nothing.
"""

from collections.abc import Iterable, Sequence
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
from calendars.queries.claims import ClearingClaims, claims_in_calendar, claims_in_room
from calendars.queries.clearings import Cleared, Clearing, clearing_of
from calendars.queries.organizers import people_with
from calendars.queries.waiting import words_to_mask
from calendars.rules.clearing import ClearingDecision, RoomClaim, decide
from calendars.services.claiming import claim_in_calendar, claim_room, note_live
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
    for room, group in groupby(sorted(calendars, key=_place), key=_place):
        ids = [calendar.pk for calendar in group]
        if is_test:
            with one_moment():
                result.add(_ClearedPlace(ids, room[0], by, now).looked_at())
        else:
            result.add(_clear_place(ids, room[0], by, now))
    return result


def _place(calendar: Calendar) -> tuple[int, int]:
    """Calendars of one room are cleared together, the others each by itself."""
    return (calendar.classroom_id, 0) if calendar.classroom_id is not None else (0, calendar.pk)


@transactional
def _clear_place(calendar_ids: Sequence[int], classroom_id: int, by: User | None, now: datetime) -> Clearing:
    return _ClearedPlace(calendar_ids, classroom_id, by, now).cleared()


class _ClearedPlace:
    """Calendars of one room (0: one calendar without a room)."""

    def __init__(self, calendar_ids: Sequence[int], classroom_id: int, by: User | None, now: datetime) -> None:
        self.ids, self.room, self.by, self.now = calendar_ids, classroom_id or None, by, now
        self.within = Interval(now, now + timedelta(days=settings.CALENDAR_CLEAR_HORIZON_DAYS))
        self.calendars: dict[int, Calendar] = {}
        self.claims = ClearingClaims()
        self.words: list[str] = []

    def looked_at(self) -> Clearing:
        self._load(Calendar.objects.filter(pk__in=self.ids))
        cancelled = self._cancelled()
        return clearing_of(cancelled, self._decide(), self.claims.dates)

    def cleared(self) -> Clearing:
        self._load(hold_calendars(self.ids))
        cancelled = self._cancelled()
        decision = self._decide()
        report = clearing_of(cancelled, decision, self.claims.dates)
        self._remove_cancelled(cancelled)
        self._write(decision)
        self._tell(cancelled, decision, report)
        return report

    def _load(self, calendars: Iterable[Calendar]) -> None:
        """Those that are still there, and still of this room."""
        self.calendars = {each.pk: each for each in calendars if each.classroom_id == self.room}

    def _cancelled(self) -> list[CalendarEvent]:
        """The events that were cancelled as a whole, and are not over."""
        dates = CalendarOccurrence.objects.filter(event=OuterRef("pk"))
        ahead = dates.overlapping(self.within.starts_at, self.within.ends_at)
        is_ahead = Exists(ahead) | Q(ends_at__gt=self.within.starts_at, starts_at__lt=self.within.ends_at)
        events = CalendarEvent.objects.standing().filter(is_ahead, calendar__in=self.calendars)
        return list(events.filter(status=CalendarEventStatus.CANCELLED).select_related("calendar").order_by("pk"))

    def _decide(self) -> ClearingDecision:
        if self.room is not None:
            self.claims = claims_in_room(self.room, self.calendars, self.within)
        else:
            for calendar in self.calendars.values():
                self.claims = claims_in_calendar(calendar, self.within)
        return decide(self.claims.claims)

    def _remove_cancelled(self, events: Sequence[CalendarEvent]) -> None:
        for calendar_id, group in groupby(sorted(events, key=lambda each: each.calendar_id), lambda e: e.calendar_id):
            remove_events(self.calendars[calendar_id], list(group), now=self.now)

    def _write(self, decision: ClearingDecision) -> None:
        lost = [self.claims.dates[removal.claim.id] for removal in decision.losers]
        back = [self.claims.dates[claim.id] for claim in decision.demoted]
        promoted = [self.claims.dates[claim.id] for claim in decision.promoted]
        self._give_up(lost, back)
        self._remove(lost)
        if self.room is not None:
            live = take_again([date.occupancy_id for date in promoted if date.occupancy_id is not None])
            note_live([date.pk for date in promoted if date.occupancy_id in live])
            claim_room(self.room, [], [Interval(date.starts_at, date.ends_at) for date in lost])
        else:
            for calendar in self.calendars.values():
                claim_in_calendar(calendar)

    def _give_up(self, lost: Sequence[CalendarOccurrence], back: Sequence[CalendarOccurrence]) -> None:
        """Room time, before anybody else gets it."""
        if back:
            release([date.occupancy_id for date in back if date.occupancy_id is not None])
            CalendarOccurrence.objects.filter(pk__in=[date.pk for date in back]).update(
                state=OccurrenceState.CONFLICTING
            )
        if lost:
            occupancies = [date.occupancy_id for date in lost if date.occupancy_id is not None]
            CalendarOccurrence.objects.filter(pk__in=[date.pk for date in lost]).update(
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
