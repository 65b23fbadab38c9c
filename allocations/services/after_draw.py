"""What becomes of single entries once the draw has decided: given back, taken back, granted by hand.

The draw's record never changes. What was given stays recorded on the entry (`grant`, `position`), so that a promotion
goes on from there.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from accounts.models import User
from allocations.enums import EntryStatus, EventStatus, Grant, Reason
from allocations.facts.entries import EntryGivenBack, EntryGranted, EntryTakenBack
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.queries.outlook import in_the_way, outlook
from allocations.services.entries import locked_entry
from allocations.services.placing import series_draft
from allocations.services.progress import event_for_write
from classrooms.services.room_holding import hold_rooms
from classrooms.services.room_time import RoomAlreadyBooked
from groups.services.holding import GroupIsArchived, hold_groups
from kernel.campus_time import campus_date
from kernel.db.transactions import transactional
from kernel.errors import InvalidState
from kernel.facts import publish, publish_many
from registrations.facts.registrations import RegistrationCancelled
from registrations.facts.sentences import ENTRY_IS_REJECTED, ENTRY_IS_WITHDRAWN
from registrations.services.judging import RULES_ARE_READ
from registrations.services.series_cancelling import set_series_cancelled
from registrations.services.series_holding import hold_series
from registrations.services.series_writing import place_series


class EventIsNotDistributed(InvalidState):
    message = "The allocation event has not been distributed yet"


class EventIsOver(InvalidState):
    message = "The dates of the allocation event are over"


@transactional
def withdraw_entry(*, event_id: int, entry_id: int, by: User, now: datetime) -> AllocationRegistration:
    """Give an entry back after the draw: a winner's future occurrences are cancelled, a loser is promoted no more.

    Returns the entry with its API relations. Publishes `EntryGivenBack` and, untold, a `RegistrationCancelled` for
    each occurrence; withdrawing a withdrawn one is a no-op.
    Raises: EventNotFound, EntryNotFound, PermissionDenied (neither cspace nor its own group), EventIsNotDistributed.
    """
    event = event_for_write(event_id, now=now)
    entry = locked_entry(event_id, entry_id, by.access)
    if event.status != EventStatus.DISTRIBUTED:
        raise EventIsNotDistributed
    if entry.status == EntryStatus.WITHDRAWN:
        return entry
    cancelled = _free(entry, by=by, now=now, reason=ENTRY_IS_WITHDRAWN)
    entry.status = EntryStatus.WITHDRAWN
    entry.save(update_fields=["status"])
    fact = EntryGivenBack(
        entry=entry.summary, actor_id=by.pk, occurred_at=now, cancelled_ids=_registration_ids(cancelled)
    )
    publish_many([fact, *cancelled])
    return entry


def take_back(entry: AllocationRegistration, *, by: User, now: datetime) -> AllocationRegistration:
    """Refuse an entry after the draw: a winner's future occurrences are cancelled, a loser is promoted no more.

    Event and entry are held. Returns it. Publishes `EntryTakenBack` and, untold, a `RegistrationCancelled` for each
    occurrence; nothing for one that was refused before.
    """
    if entry.reason == Reason.REJECTED_BY_ADMIN:
        return entry
    cancelled = _free(entry, by=by, now=now, reason=ENTRY_IS_REJECTED)
    entry.status, entry.reason, entry.lost_to = EntryStatus.REJECTED, Reason.REJECTED_BY_ADMIN, None
    entry.save(update_fields=["status", "reason", "lost_to"])
    fact = EntryTakenBack(
        entry=entry.summary, actor_id=by.pk, occurred_at=now, cancelled_ids=_registration_ids(cancelled)
    )
    publish_many([fact, *cancelled])
    return entry


def grant(event: AllocationEvent, entry: AllocationRegistration, *, by: User, now: datetime) -> AllocationRegistration:
    """Give a loser its slot by hand, from tomorrow on, if it is still free by the event's own measure. Event and
    entry are held. Returns it. Publishes `EntryGranted`; granting a winner is a no-op.

    Raises:
        EventIsOver, GroupIsArchived
        RoomAlreadyBooked: too many of its remaining dates are taken (all of them must be free under `reject`).
    """
    if entry.status == EntryStatus.APPROVED:
        return entry
    if entry.group_id not in hold_groups([entry.group_id]):
        raise GroupIsArchived
    hold_rooms([entry.classroom_id], after=[RULES_ARE_READ])
    first = first_to_give(event, now)
    prospect = outlook(event, entry, first=first)
    if not prospect.is_available:
        raise RoomAlreadyBooked(in_the_way(entry, prospect.open_dates))
    (series,) = place_series([series_draft(event, entry, first)], now=now)
    entry.status, entry.grant, entry.series_id = EntryStatus.APPROVED, Grant.OVERRIDE, series.id
    entry.reason, entry.lost_to = "", None
    entry.save(update_fields=["status", "grant", "series", "reason", "lost_to"])
    publish(
        EntryGranted(
            entry=entry.summary,
            actor_id=by.pk,
            occurred_at=now,
            series_id=series.id,
            registration_ids=tuple(series.occurrences.values()),
            skip_reasons=tuple(row.why for row in series.skipped if row.why),
        )
    )
    return entry


def first_to_give(event: AllocationEvent, now: datetime) -> date:
    """The first date that can still be given away: tomorrow, or the event's first. Raises: EventIsOver."""
    first = max(event.target_starts_on, campus_date(now) + timedelta(days=1))
    if first > event.target_ends_on:
        raise EventIsOver
    return first


def _free(entry: AllocationRegistration, *, by: User, now: datetime, reason: str) -> list[RegistrationCancelled]:
    """Cancel what has not started of a winner's series, save what was changed by hand; the facts to publish.

    The command's own fact says what `SeriesCancelled` would say.
    """
    if entry.status != EntryStatus.APPROVED or entry.series_id is None:
        return []
    locked = hold_series(entry.series_id, now)
    today = campus_date(now)
    occurrences = [row.summary for row in locked.following(now, today).values()]
    facts = set_series_cancelled([locked.series], occurrences, actor_id=by.pk, now=now, from_day=today, reason=reason)
    return [fact for fact in facts if isinstance(fact, RegistrationCancelled)]


def _registration_ids(facts: Sequence[RegistrationCancelled]) -> tuple[int, ...]:
    return tuple(fact.registration.id for fact in facts)
