"""Making, changing and deleting allocation events, and the weights of their groups."""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from accounts.models import User
from accounts.rules import check_cspace
from allocations.enums import OPEN_TO_CHANGES, EventStatus
from allocations.facts.events import EventChanged, EventCreated, EventDeleted, WeightsSet
from allocations.models import AllocationEvent, AllocationRegistration, DrawSecret, EventWeight
from allocations.queries.manifest import weights_of
from allocations.queries.recipients import recipients_of_state
from allocations.rules import CHANGEABLE_WHILE_OPEN, MAX_WEIGHT, event_faults
from allocations.services.holds import release_hold, update_hold
from allocations.services.progress import due, enter, event_for_write
from groups.models import Group
from groups.rules import UNKNOWN_GROUP
from kernel.campus_time import format_instant, weekly_dates
from kernel.changes import changes_between
from kernel.db.transactions import transactional
from kernel.errors import Invalid, InvalidState
from kernel.facts import publish

SEED_BYTES = 32
WINDOW_AND_RANGE = ("registration_start", "registration_end", "target_starts_on", "target_ends_on")
OPTIONS = (
    "balance",
    "conflict",
    "tie",
    "min_percent",
    "max_wins_per_group",
    "max_entries_per_group",
    "max_minutes_per_entry",
    "hold_singles",
    "public_source",
)
CHANGEABLE = (*WINDOW_AND_RANGE, *OPTIONS)


class EventIsNotChangeable(InvalidState):
    message = "The allocation event can no longer be changed"


class EventIsOpen(InvalidState):
    message = "Once an allocation event is open, only registration_end and the target dates can be changed"


class EventIsNotDeletable(InvalidState):
    message = "An allocation event that has opened cannot be deleted: cancel it"


class WeightsAreFixed(InvalidState):
    message = "The weights are fixed once registration has ended"


@transactional
def create_event(
    *,
    by: User,
    now: datetime,
    registration_start: datetime,
    registration_end: datetime,
    target_starts_on: date,
    target_ends_on: date,
    **options: Any,
) -> AllocationEvent:
    """A new event with a secret seed of its own, in the state its window asks for; `options`: any of `OPTIONS`.

    Publishes one `EventCreated`, also where it is open or closed at once. Raises: PermissionDenied, Invalid.
    """
    check_cspace(by.access)
    event = AllocationEvent(
        registration_start=registration_start,
        registration_end=registration_end,
        target_starts_on=target_starts_on,
        target_ends_on=target_ends_on,
        **{name: value for name, value in options.items() if name in OPTIONS},
        created_by=by,
        created_at=now,
    )
    _check_window_and_range(event)
    _save_with_seed(event)
    enter(event, due(event, now), now=now)
    if event.hold_singles:
        update_hold(event)
    publish(
        EventCreated(
            event=event.summary,
            actor_id=by.pk,
            occurred_at=now,
            recipients=recipients_of_state(event),
            commitment=event.commitment,
        )
    )
    return event


def _save_with_seed(event: AllocationEvent) -> None:
    """Put a new event into its table, committed to a secret seed that is drawn here."""
    seed = secrets.token_bytes(SEED_BYTES)
    event.commitment = hashlib.sha256(seed).hexdigest()
    event.save(force_insert=True)
    DrawSecret.objects.create(event=event, seed=seed)


@transactional
def change_event(*, event_id: int, by: User, now: datetime, **values: Any) -> AllocationEvent:
    """Change any of `CHANGEABLE`; of an open event only `CHANGEABLE_WHILE_OPEN`.

    Publishes `EventChanged`, nothing for a no-op; a new window that moves the event on is part of the change.
    Raises: PermissionDenied, EventNotFound, Invalid, EventIsNotChangeable, EventIsOpen.
    """
    check_cspace(by.access)
    event = event_for_write(event_id, now=now)
    before = {name: getattr(event, name) for name in (*CHANGEABLE, "status")}
    changed = {name for name in CHANGEABLE if name in values and values[name] != before[name]}
    for name in changed:
        setattr(event, name, values[name])
    if changed & set(WINDOW_AND_RANGE):
        _check_window_and_range(event)
    _check_may_change(event, changed)
    if not changed:
        return event
    event.save(update_fields=sorted(changed))
    enter(event, due(event, now), now=now)
    update_hold(event)
    after = {name: getattr(event, name) for name in before}
    changes = {name: [_readable(old), _readable(new)] for name, (old, new) in changes_between(before, after).items()}
    recipients = recipients_of_state(event) if "status" in changes else ()
    former_range = before["target_starts_on"], before["target_ends_on"]
    publish(
        EventChanged(
            event=event.summary,
            actor_id=by.pk,
            occurred_at=now,
            recipients=recipients,
            changes=changes,
            entries_without_dates=tuple(entry.summary for entry in _entries_without_dates(event, former_range)),
        )
    )
    return event


@transactional
def delete_event(*, event_id: int, by: User, now: datetime) -> None:
    """Remove an event that has not opened yet. Publishes `EventDeleted`.

    Raises: PermissionDenied, EventNotFound, EventIsNotDeletable.
    """
    check_cspace(by.access)
    event = event_for_write(event_id, now=now)
    if event.status != EventStatus.UPCOMING:
        raise EventIsNotDeletable
    release_hold(event)
    fact = EventDeleted(event=event.summary, actor_id=by.pk, occurred_at=now)
    event.delete()
    publish(fact)


@transactional
def set_weights(*, event_id: int, by: User, now: datetime, weights: Mapping[int, int]) -> AllocationEvent:
    """Weigh groups in an event's draw, {group id: 1…8}; groups that are not named keep their weight.

    Publishes `WeightsSet`, nothing for a no-op.
    Raises: PermissionDenied, EventNotFound, Invalid (an unknown group, under its id), WeightsAreFixed.
    """
    check_cspace(by.access)
    event = event_for_write(event_id, now=now)
    group_ids = set(Group.objects.living().filter(pk__in=weights).values_list("id", flat=True))
    faults = {str(group): [UNKNOWN_GROUP] for group in weights if group not in group_ids}
    faults |= {
        str(group): [f"Must be a whole number from 1 to {MAX_WEIGHT}"]
        for group, weight in weights.items()
        if not 1 <= weight <= MAX_WEIGHT
    }
    if faults:
        raise Invalid(faults)
    if event.status not in OPEN_TO_CHANGES:
        raise WeightsAreFixed
    before = weights_of(event)
    changes = changes_between({group: before.get(group, 1) for group in weights}, weights)
    if not changes:
        return event
    EventWeight.objects.filter(event=event, group_id__in=changes).delete()
    EventWeight.objects.bulk_create(
        EventWeight(event=event, group_id=group, weight=weight)
        for group, (_, weight) in sorted(changes.items())
        if weight != 1
    )
    publish(WeightsSet(event=event.summary, actor_id=by.pk, occurred_at=now, changes=changes))
    return event


def _entries_without_dates(event: AllocationEvent, former_range: tuple[date, date]) -> list[AllocationRegistration]:
    """The wishes that had dates in the former range and have none in the present one; no query where no day is lost."""
    present = event.target_starts_on, event.target_ends_on
    days = [day for day in range(1, 8) if weekly_dates(*former_range, day) and not weekly_dates(*present, day)]
    entries = event.entries.standing().filter(day_of_week__in=days).with_api_relations().order_by("id")
    return list(entries) if days else []


def _check_window_and_range(event: AllocationEvent) -> None:
    faults = event_faults(
        registration_start=event.registration_start,
        registration_end=event.registration_end,
        target_starts_on=event.target_starts_on,
        target_ends_on=event.target_ends_on,
    )
    if faults:
        raise Invalid(faults)


def _check_may_change(event: AllocationEvent, changed: Collection[str]) -> None:
    if event.status not in OPEN_TO_CHANGES:
        raise EventIsNotChangeable
    if event.status == EventStatus.OPEN and not CHANGEABLE_WHILE_OPEN.issuperset(changed):
        raise EventIsOpen


def _readable(value: Any) -> Any:
    """JSON for the log."""
    if isinstance(value, datetime):
        return format_instant(value)
    return value.isoformat() if isinstance(value, date) else value
