"""cspace's word on an entry: a fixed winner, or out of the draw."""

from datetime import datetime

from accounts.models import User
from accounts.rules import check_cspace
from allocations.enums import EntryStatus, EventStatus, Reason
from allocations.facts.entries import EntryApproved, EntryRejected
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.queries.outlook import in_the_way, outlook
from allocations.services.after_draw import grant, take_back
from allocations.services.entries import locked_entry
from allocations.services.progress import EventIsCancelled, event_for_write
from classrooms.services.room_time import RoomAlreadyBooked
from kernel.db.transactions import transactional
from kernel.errors import Conflict, InvalidState
from kernel.facts import publish


class EntryIsWithdrawn(InvalidState):
    message = "The entry has been withdrawn"


class AnotherEntryIsApproved(Conflict):
    """Another entry is approved that excludes this one; `details.entry_id` names it."""

    def __init__(self, entry_id: int) -> None:
        super().__init__(entry_id=entry_id)


class SlotIsPromised(AnotherEntryIsApproved):
    """Another approved entry of the event has the room at that time."""

    message = "Another approved entry of this event overlaps it"


class ChoiceIsPromised(AnotherEntryIsApproved):
    """Another entry of its choice is approved, and of a choice at most one wins."""

    message = "Another entry of the same choice is approved already"


@transactional
def approve_entry(*, event_id: int, entry_id: int, by: User, now: datetime) -> AllocationRegistration:
    """Before the draw: make it a fixed winner; after it: grant a loser its slot (`after_draw.grant`).

    Publishes `EntryApproved` or `EntryGranted`; approving an approved one is a no-op.

    Returns the entry with its API relations.

    Raises:
        PermissionDenied, EventNotFound, EntryNotFound, EntryIsWithdrawn, EventIsCancelled
        SlotIsPromised: another approved entry overlaps it.
        ChoiceIsPromised: another entry of its choice is approved.
        RoomAlreadyBooked: too much of it is booked already (`UNAVAILABLE` in the draw's words).
        EventIsOver, GroupArchived: after the draw only.
    """
    event, entry = _hold_for_decision(event_id, entry_id, by, now)
    if event.status == EventStatus.DISTRIBUTED:
        return grant(event, entry, by=by, now=now)
    if entry.status == EntryStatus.APPROVED:
        return entry
    _check_grantable(event, entry)
    _decide(entry, EntryStatus.APPROVED, "")
    publish(EntryApproved(entry=entry.summary, actor_id=by.pk, occurred_at=now))
    return entry


@transactional
def reject_entry(*, event_id: int, entry_id: int, by: User, now: datetime) -> AllocationRegistration:
    """Before the draw: take it out; after it: cancel a winner's future occurrences (`after_draw.take_back`).

    Publishes `EntryRejected` or `EntryTakenBack`; rejecting a rejected one is a no-op.

    Returns the entry with its API relations.
    Raises: PermissionDenied, EventNotFound, EntryNotFound, EntryIsWithdrawn, EventIsCancelled.
    """
    event, entry = _hold_for_decision(event_id, entry_id, by, now)
    if event.status == EventStatus.DISTRIBUTED:
        return take_back(entry, by=by, now=now)
    if entry.status == EntryStatus.REJECTED:
        return entry
    _decide(entry, EntryStatus.REJECTED, Reason.REJECTED_BY_ADMIN)
    publish(EntryRejected(entry=entry.summary, actor_id=by.pk, occurred_at=now))
    return entry


def _hold_for_decision(
    event_id: int, entry_id: int, by: User, now: datetime
) -> tuple[AllocationEvent, AllocationRegistration]:
    """Event and entry, locked: one decision on an event at a time, so that two overlapping approvals cannot pass."""
    check_cspace(by.access)
    event = event_for_write(event_id, now=now)
    entry = locked_entry(event_id, entry_id, by.access)
    if event.status == EventStatus.CANCELLED:
        raise EventIsCancelled
    if entry.status == EntryStatus.WITHDRAWN:
        raise EntryIsWithdrawn
    return event, entry


def _check_grantable(event: AllocationEvent, entry: AllocationRegistration) -> None:
    approved = AllocationRegistration.objects.of_event(event.pk).filter(status=EntryStatus.APPROVED).order_by("id")
    promised = approved.in_slot(entry.classroom_id, entry.day_of_week, entry.start_minute, entry.end_minute).first()
    if promised is not None:
        raise SlotIsPromised(promised.pk)
    rival = approved.filter(group_id=entry.group_id, choice=entry.choice).first() if entry.choice else None
    if rival is not None:
        raise ChoiceIsPromised(rival.pk)
    prospect = outlook(event, entry)
    if not prospect.is_available:
        raise RoomAlreadyBooked(in_the_way(entry, prospect.open_dates))


def _decide(entry: AllocationRegistration, status: EntryStatus, reason: str) -> None:
    entry.status, entry.reason = status, reason
    entry.save(update_fields=["status", "reason"])
