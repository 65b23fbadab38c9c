"""Filing, changing and deleting wishes while the window is open.

Filings of one event go on side by side; those of one group one at a time (`lock_filing`), so that its limits and
overlaps are counted against what stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.rules import Access
from allocations.enums import EntryStatus, EventStatus
from allocations.facts.entries import EntryChanged, EntryDeleted, EntryFiled
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.queries.entries import EntryNotFound, entry_of_event
from allocations.rules import entry_faults, may_file_for
from allocations.services.progress import event_for_filing
from classrooms.models import Classroom
from groups.models import Group
from groups.rules import UNKNOWN_GROUP
from groups.services.holding import hold_group, hold_groups
from kernel.changes import changes_between
from kernel.db.constraints import naming
from kernel.db.locks import lock_filing
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import AlreadyExists, Invalid, InvalidState, LimitReached, PermissionDenied
from kernel.facts import publish


class EventIsNotOpen(InvalidState):
    message = "The allocation event is not open"


class EntryIsDecided(InvalidState):
    message = "Only a pending entry can be changed or deleted"


class WishIsFiled(AlreadyExists):
    message = "The group has already filed this wish"
    field = "non_field_errors"


class WishOverlapsAnother(AlreadyExists):
    message = "The group has already filed a wish that overlaps this one; alternatives carry the same choice"
    field = "start_time"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A weekly slot a group asks for; minutes since midnight, `day_of_week` 1 = Sunday.

    As a change, None = stays. Alternatives of which at most one may win carry the same `choice`; 0 = none.
    """

    classroom: Classroom | None = None
    group_id: int | None = None
    day_of_week: int | None = None
    start_minute: int | None = None
    end_minute: int | None = None
    description: str | None = None
    rank: int | None = None
    choice: int | None = None


@transactional
def file_entry(*, event_id: int, by: User, now: datetime, wish: Wish) -> AllocationRegistration:
    """File a wish; `rank`, `choice` and `description` may be absent. Returns the entry with its API relations.

    Publishes `EntryFiled`.

    Raises:
        EventNotFound, PermissionDenied
        Invalid: the group, the room, the span or the day cannot be; {field: [sentences]}.
        EventIsNotOpen, LimitReached, WishIsFiled, WishOverlapsAnother
    """
    event = event_for_filing(event_id, now=now)
    group = _group_to_file_for(wish, by)
    entry = AllocationRegistration(event=event, created_by=by, created_at=now)
    _apply(entry, wish, group)
    lock_filing(entry.group_id)
    _check_entry(event, entry, is_new_room=True, is_new_day=True)
    if event.status != EventStatus.OPEN:
        raise EventIsNotOpen
    _check_limits(event, entry, is_new_of_group=True)
    with naming({"allocationregistration_wish_is_unique": WishIsFiled()}):
        entry.save(force_insert=True)
    publish(EntryFiled(entry=entry.summary, actor_id=by.pk, occurred_at=now))
    return entry


@transactional
def change_entry(*, event_id: int, entry_id: int, by: User, now: datetime, wish: Wish) -> AllocationRegistration:
    """Change a pending entry while its event is open. Returns it with its API relations.

    Publishes `EntryChanged`, nothing for a no-op. Raises: EntryNotFound, EntryIsDecided, and what `file_entry` raises.
    """
    event = event_for_filing(event_id, now=now)
    group = _group_to_file_for(wish, by) if wish.group_id is not None else None
    entry = _held_entry(event_id, entry_id, group, by)
    before, room, day, group_id = _readable(entry), entry.classroom_id, entry.day_of_week, entry.group_id
    _apply(entry, wish, group)
    _check_entry(event, entry, is_new_room=entry.classroom_id != room, is_new_day=entry.day_of_week != day)
    _check_changeable(event, entry)
    changes = changes_between(before, _readable(entry))
    if not changes:
        return entry
    if changes.keys() - {"description", "rank"}:
        _check_limits(event, entry, is_new_of_group=entry.group_id != group_id)
    with naming({"allocationregistration_wish_is_unique": WishIsFiled()}):
        entry.save()
    publish(EntryChanged(entry=entry.summary, actor_id=by.pk, occurred_at=now, changes=changes))
    return entry


@transactional
def delete_entry(*, event_id: int, entry_id: int, by: User, now: datetime) -> None:
    """Take a pending entry back while its event is open; the row goes. Publishes `EntryDeleted`.

    Raises: EventNotFound, EntryNotFound, PermissionDenied, EventIsNotOpen, EntryIsDecided.
    """
    event = event_for_filing(event_id, now=now)
    entry = _held_entry(event_id, entry_id, None, by)
    _check_changeable(event, entry)
    fact = EntryDeleted(entry=entry.summary, actor_id=by.pk, occurred_at=now)
    entry.delete()
    publish(fact)


def locked_entry(event_id: int, entry_id: int, access: Access) -> AllocationRegistration:
    """`entry_of_event`, its row locked until the transaction ends. The event's row is held before.

    Raises: EntryNotFound, PermissionDenied.
    """
    entries = AllocationRegistration.objects.of_event(event_id).filter(pk=entry_id)
    if not list(entries.select_for_update(no_key=True).values_list("id")):
        raise EntryNotFound
    return entry_of_event(event_id, entry_id, access)


def _group_to_file_for(wish: Wish, by: User) -> Group:
    """The group of the wish, held FOR SHARE. Raises: Invalid (`group_id`), PermissionDenied."""
    if wish.group_id is None:
        raise Invalid({"group_id": [UNKNOWN_GROUP]})
    if not may_file_for(by.access, wish.group_id):
        raise PermissionDenied
    group = hold_group(wish.group_id)
    by.forget_access()  # read again now that nobody can leave the group any more
    if not may_file_for(by.access, group.pk):
        raise PermissionDenied
    return group


def _held_entry(event_id: int, entry_id: int, group: Group | None, by: User) -> AllocationRegistration:
    """The entry, locked after its group and the filings it will be counted with (lock order: event, group, own rows).

    `group`: the one it is handed to, held already.
    Raises: EntryNotFound, PermissionDenied (also who has left its group), StaleRead (it changed groups meanwhile).
    """
    before = entry_of_event(event_id, entry_id, by.access)
    if group is None and not by.access.is_cspace:
        hold_groups([before.group_id])
        by.forget_access()  # read again now that nobody can leave the group any more
    lock_filing(group.pk if group else before.group_id)
    entry = locked_entry(event_id, entry_id, by.access)
    if entry.group_id != before.group_id:
        raise StaleRead
    return entry


def _apply(entry: AllocationRegistration, wish: Wish, group: Group | None) -> None:
    """Write the wish into the entry, not yet into the table."""
    if group is not None:
        entry.group = group
    if wish.classroom is not None:
        entry.classroom = wish.classroom
    for name in ("day_of_week", "start_minute", "end_minute", "description", "rank", "choice"):
        if (value := getattr(wish, name)) is not None:
            setattr(entry, name, value)


def _check_entry(event: AllocationEvent, entry: AllocationRegistration, *, is_new_room: bool, is_new_day: bool) -> None:
    """Raises `Invalid` with everything that is wrong with the wish itself; of a change, with what is new in it."""
    faults = entry_faults(
        start_minute=entry.start_minute,
        end_minute=entry.end_minute,
        room=entry.classroom if is_new_room else None,
        description=entry.description,
        on_day=entry.day_of_week if is_new_day else None,
        target=(event.target_starts_on, event.target_ends_on),
    )
    if faults:
        raise Invalid(faults)


def _check_changeable(event: AllocationEvent, entry: AllocationRegistration) -> None:
    if event.status != EventStatus.OPEN:
        raise EventIsNotOpen
    if entry.status != EntryStatus.PENDING:
        raise EntryIsDecided


def _check_limits(event: AllocationEvent, entry: AllocationRegistration, *, is_new_of_group: bool) -> None:
    """The event's limits, and the group's other standing wishes. The group's filings are locked."""
    minutes, most = event.max_minutes_per_entry, event.max_entries_per_group
    if minutes is not None and entry.weekly_minutes > minutes:
        raise LimitReached(f"An entry may last at most {minutes} minutes")
    others = AllocationRegistration.objects.of_event(event.pk).filter(group_id=entry.group_id).exclude(pk=entry.pk)
    overlapping = others.standing().in_slot(entry.classroom_id, entry.day_of_week, entry.start_minute, entry.end_minute)
    for start, end, choice in overlapping.values_list("start_minute", "end_minute", "choice"):
        if (start, end) == (entry.start_minute, entry.end_minute):
            raise WishIsFiled
        if not entry.choice or choice != entry.choice:
            raise WishOverlapsAnother
    if is_new_of_group and most is not None and others.standing().count() >= most:
        raise LimitReached(f"A group may file at most {most} entries")


def _readable(entry: AllocationRegistration) -> Mapping[str, Any]:
    return {
        "slot": entry.summary.slot,
        "group": entry.group.name,
        "rank": entry.rank,
        "choice": entry.choice,
        "description": entry.description,
    }
