"""How an event comes from one state into the next: by the clock, by hand, or by being cancelled.

Its row decides who is first. Filing holds it FOR SHARE; opening, closing, cancelling and the draw take
FOR NO KEY UPDATE or more, which waits for every filing and keeps new ones waiting.
"""

from datetime import datetime

from django.conf import settings

from accounts.models import User
from accounts.rules import check_cspace
from allocations.enums import UNDECIDED, EventStatus
from allocations.facts.events import EventCancelled, EventClosed, EventOpened
from allocations.models import AllocationEvent
from allocations.queries.due_events import due_events, is_due
from allocations.queries.events import EVENT, EventNotFound, event_of, event_with_id
from allocations.queries.recipients import recipients_of_state
from allocations.rules import status_due
from allocations.services.freezing import freeze
from allocations.services.holds import update_hold
from kernel.db.batch import Statement
from kernel.db.locks import Namespace, try_namespace
from kernel.db.pipeline import ResultRows
from kernel.db.querysets import statement_of
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import InvalidState
from kernel.facts import publish


class EventHasNotBegun(InvalidState):
    message = "The allocation event has not opened yet"


class EventIsCancelled(InvalidState):
    message = "The allocation event has been cancelled"


class EventIsDistributed(InvalidState):
    message = "The allocation event has already been distributed"


def due(event: AllocationEvent, now: datetime) -> EventStatus:
    """What the event has to be now."""
    return status_due(
        event.status, registration_start=event.registration_start, registration_end=event.registration_end, now=now
    )


def event_for_write(event_id: int, *, now: datetime) -> AllocationEvent:
    """The event, locked FOR NO KEY UPDATE until the transaction ends and moved on if its moment has come.

    If the caller then refuses, that goes with the rollback: the periodic step does it again.
    Raises: EventNotFound.
    """
    event = AllocationEvent.objects.without_manifest().select_for_update(no_key=True).filter(pk=event_id).first()
    if event is None:
        raise EventNotFound
    move_on(event, now=now)
    return event


def holding_for_filing(event_id: int, *, now: datetime) -> list[Statement]:
    """For a batch: the event, held FOR SHARE until the transaction ends. It cannot be closed meanwhile, and filings do
    not wait for each other. Two statements, for `event_for_filing`: if its moment has come, the first locks it FOR NO
    KEY UPDATE, and the second passes it over: a lock that is shared cannot be made a stronger one.
    """
    events = AllocationEvent.objects.filter(pk=event_id).order_by()
    to_move = events.filter(is_due(now)).select_for_update(no_key=True)
    to_hold = statement_of(events.exclude(is_due(now)).values_list(*EVENT))
    # FOR SHARE is not in the ORM.
    share = "" if "skip-event-lock" in settings.CSPACE_TEST_FAULTS else " FOR SHARE"
    return [statement_of(to_move.values_list(*EVENT)), Statement(f"{to_hold.sql}{share}", to_hold.parameters)]


def event_for_filing(event_id: int, to_move: ResultRows, to_hold: ResultRows, *, now: datetime) -> AllocationEvent:
    """The event that is held, moved on if its moment has come.

    Raises:
        EventNotFound
        StaleRead: its moment came while it was waited for; the transaction starts again.
    """
    for row in to_hold:
        return event_of(row)
    for row in to_move:
        event = event_of(row)
        move_on(event, now=now)
        return event
    event_with_id(event_id)
    raise StaleRead


def move_on(event: AllocationEvent, *, now: datetime) -> bool:
    """Bring a locked event into the state its window asks for. Returns whether its state has changed.

    Publishes `EventOpened` or `EventClosed`, with nobody as the actor.
    """
    state = due(event, now)
    if state == event.status:
        return False
    enter(event, state, now=now)
    if state == EventStatus.OPEN:
        publish(EventOpened(event=event.summary, actor_id=None, occurred_at=now, recipients=recipients_of_state(event)))
    else:
        publish(_closed(event, actor_id=None, now=now))
    return True


def enter(event: AllocationEvent, status: EventStatus, *, now: datetime) -> None:
    """Write the state a locked event comes into by its window, and what belongs to it. Publishes nothing."""
    if status == EventStatus.CLOSED:
        _close(event, now)
    elif status != event.status:
        event.status = status
        event.save(update_fields=["status"])


def _close(event: AllocationEvent, now: datetime) -> None:
    """Freeze the entries, and publish the manifest as it is at this moment."""
    event.status, event.closed_at = EventStatus.CLOSED, now
    freeze(event)
    event.save(update_fields=["status", "closed_at", "frozen_manifest", "frozen_manifest_sha256"])


@transactional
def end_event(*, event_id: int, by: User, now: datetime) -> AllocationEvent:
    """Close an open event before its time. Publishes `EventClosed`; a closed or distributed one is a no-op.

    Raises: PermissionDenied, EventNotFound, EventHasNotBegun, EventIsCancelled.
    """
    check_cspace(by.access)
    event = event_for_write(event_id, now=now)
    if event.status == EventStatus.UPCOMING:
        raise EventHasNotBegun
    if event.status == EventStatus.CANCELLED:
        raise EventIsCancelled
    if event.status == EventStatus.OPEN:
        _close(event, now)
        publish(_closed(event, actor_id=by.pk, now=now))
    return event


@transactional
def cancel_event(*, event_id: int, by: User, now: datetime) -> AllocationEvent:
    """Call the draw off. Its seed becomes public, its entries are never decided, and it holds back no time any more.

    Publishes `EventCancelled`; cancelling a cancelled one is a no-op.
    Raises: PermissionDenied, EventNotFound, EventIsDistributed.
    """
    check_cspace(by.access)
    event = event_for_write(event_id, now=now)
    if event.status == EventStatus.CANCELLED:
        return event
    if event.status not in UNDECIDED:
        raise EventIsDistributed
    event.status = EventStatus.CANCELLED
    event.save(update_fields=["status"])
    update_hold(event)
    publish(
        EventCancelled(
            event=event.summary,
            actor_id=by.pk,
            occurred_at=now,
            recipients=recipients_of_state(event),
            entry_count=event.entries.count(),
        )
    )
    return event


def advance_due_events(*, now: datetime) -> int:
    """Open and close every event whose moment has come; how many. Idempotent, and safe to run in several places:
    each event is moved on in a transaction of its own, by the one runner that holds the lock.

    An event that cannot be moved on does not keep the others; the first such error is raised in the end.
    """
    moved, problem = 0, None
    for event_id in list(due_events(now).order_by("id").values_list("id", flat=True)):
        try:
            moved += _advance(event_id, now)
        except Exception as error:
            error.add_note(f"allocation event {event_id}")
            problem = problem or error
    if problem is not None:
        raise problem
    return moved


@transactional
def _advance(event_id: int, now: datetime) -> bool:
    if not try_namespace(Namespace.ALLOCATION_STEP):
        return False
    event = AllocationEvent.objects.without_manifest().select_for_update(no_key=True).filter(pk=event_id).first()
    return event is not None and move_on(event, now=now)


def _closed(event: AllocationEvent, *, actor_id: int | None, now: datetime) -> EventClosed:
    return EventClosed(
        event=event.summary,
        actor_id=actor_id,
        occurred_at=now,
        recipients=recipients_of_state(event),
        entry_count=event.entries.count(),
        manifest_sha256=event.frozen_manifest_sha256,
    )
