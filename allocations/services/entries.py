"""Filing, changing and deleting wishes while the window is open.

Filings of one event go on side by side; those of one group one at a time (`locking_filing`), so that its limits and
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
from allocations.queries.entries import asking_for_entry, entry_in, group_of_entry
from allocations.queries.other_wishes import asking_for_other_wishes
from allocations.rules import entry_faults, may_file_for
from allocations.services.entry_rows import deleting, inserting, updating
from allocations.services.progress import event_for_filing, holding_for_filing
from classrooms.models import Classroom
from groups.models import Group
from groups.queries.places import asking_for_places, renew_access
from groups.rules import UNKNOWN_GROUP
from groups.services.holding import groups_held, holding_groups, id_of_group
from kernel.changes import changes_between
from kernel.db.batch import Statement, put_off, send
from kernel.db.ids import next_id
from kernel.db.locks import locking_filing
from kernel.db.pipeline import ResultRows
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import AlreadyExists, Invalid, InvalidState, LimitReached, PermissionDenied
from kernel.facts import publish
from registrations.rules import attendees_faults


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
    `attendees`: how many come; 0 = not known any more.
    """

    classroom: Classroom | None = None
    group_id: int | None = None
    day_of_week: int | None = None
    start_minute: int | None = None
    end_minute: int | None = None
    description: str | None = None
    rank: int | None = None
    choice: int | None = None
    attendees: int | None = None


@transactional
def file_entry(*, event_id: int, by: User, now: datetime, wish: Wish) -> AllocationRegistration:
    """File a wish; `rank`, `choice`, `description` and `attendees` may be absent.

    Returns the entry with its API relations. Publishes `EntryFiled`.

    Raises:
        EventNotFound, PermissionDenied
        Invalid: the group, the room, the span or the day cannot be; {field: [sentences]}.
        EventIsNotOpen, LimitReached, WishIsFiled, WishOverlapsAnother
    """
    entry = AllocationRegistration(event_id=event_id, group_id=wish.group_id or 0, created_by=by, created_at=now)
    _apply(entry, wish, None)
    to_move, to_hold, groups, places, _, *others = send(
        *holding_for_filing(event_id, now=now),
        holding_groups(id_of_group(wish.group_id)),
        asking_for_places(by),
        locking_filing(id_of_group(wish.group_id)),
        *asking_for_other_wishes(entry),
    )
    entry.event = event = event_for_filing(event_id, to_move, to_hold, now=now)
    entry.group = _group_to_file_for(wish, by, groups, places)
    _check_entry(event, entry, is_new_room=True, is_new_day=True, has_new_attendees=True)
    if event.status != EventStatus.OPEN:
        raise EventIsNotOpen
    _check_limits(event, entry, *others, is_new_of_group=True)
    entry.pk = next_id(AllocationRegistration._meta.db_table)
    entry._state.adding = False
    put_off(inserting(entry))
    publish(EntryFiled(entry=entry.summary, actor_id=by.pk, occurred_at=now))
    return entry


@transactional
def change_entry(*, event_id: int, entry_id: int, by: User, now: datetime, wish: Wish) -> AllocationRegistration:
    """Change a pending entry while its event is open. Returns it with its API relations.

    Publishes `EntryChanged`, nothing for a no-op. Raises: EntryNotFound, EntryIsDecided, and what `file_entry` raises.
    """
    event, entry, group = _hold(event_id, entry_id, wish, by, now)
    before, room, day, group_id = _readable(entry), entry.classroom_id, entry.day_of_week, entry.group_id
    attendees = entry.attendees
    _apply(entry, wish, group)
    _check_entry(
        event,
        entry,
        is_new_room=entry.classroom_id != room,
        is_new_day=entry.day_of_week != day,
        has_new_attendees=entry.attendees != attendees,
    )
    _check_changeable(event, entry)
    changes = changes_between(before, _readable(entry))
    if not changes:
        return entry
    if changes.keys() - {"description", "rank", "attendees"}:
        others = send(*asking_for_other_wishes(entry))
        _check_limits(event, entry, *others, is_new_of_group=entry.group_id != group_id)
    put_off(updating(entry))
    publish(EntryChanged(entry=entry.summary, actor_id=by.pk, occurred_at=now, changes=changes))
    return entry


@transactional
def delete_entry(*, event_id: int, entry_id: int, by: User, now: datetime) -> None:
    """Take a pending entry back while its event is open; the row goes. Publishes `EntryDeleted`.

    Raises: EventNotFound, EntryNotFound, PermissionDenied, EventIsNotOpen, EntryIsDecided.
    """
    event, entry, _ = _hold(event_id, entry_id, Wish(), by, now)
    _check_changeable(event, entry)
    put_off(deleting(entry))
    publish(EntryDeleted(entry=entry.summary, actor_id=by.pk, occurred_at=now))


def locked_entry(event_id: int, entry_id: int, access: Access) -> AllocationRegistration:
    """`entry_of_event`, its row locked until the transaction ends. The event's row is held before.

    Raises: EntryNotFound, PermissionDenied.
    """
    _, rows = send(*_locking_entry(event_id, entry_id))
    return entry_in(rows, access)


def _locking_entry(event_id: int, entry_id: int) -> list[Statement]:
    """What locks the row of an entry, and the question for `entry_in`."""
    return [Statement(LOCK, (event_id, entry_id)), asking_for_entry(event_id, entry_id)]


LOCK = "SELECT FROM allocations_allocationregistration WHERE event_id = %s AND id = %s FOR NO KEY UPDATE"


def _group_to_file_for(wish: Wish, by: User, groups: ResultRows, places: ResultRows) -> Group:
    """The group of the wish, which is held FOR SHARE if it lives. Raises: Invalid (`group_id`), PermissionDenied."""
    if wish.group_id is None:
        raise Invalid({"group_id": [UNKNOWN_GROUP]})
    if not may_file_for(by.access, wish.group_id):
        raise PermissionDenied
    group = groups_held(groups).get(wish.group_id)
    if group is None:
        raise Invalid({"group_id": [UNKNOWN_GROUP]})
    renew_access(by, places)  # as it is now that nobody can leave the group any more
    if not may_file_for(by.access, group.pk):
        raise PermissionDenied
    return group


def _hold(
    event_id: int, entry_id: int, wish: Wish, by: User, now: datetime
) -> tuple[AllocationEvent, AllocationRegistration, Group | None]:
    """Event and entry, and the group that the wish names; the entry is locked after its group, or that one, and the
    filings it will be counted with (lock order: event, group, own rows). One batch; for cspace too, which needs the
    group only where it names one: who asks is not known to the statements.

    Raises: EventNotFound, EntryNotFound, PermissionDenied (also who has left the group), Invalid (`group_id`),
    StaleRead (the entry changed groups meanwhile).
    """
    group_id = group_of_entry(event_id, entry_id) if wish.group_id is None else id_of_group(wish.group_id)
    to_move, to_hold, groups, places, filing, _, rows = send(
        *holding_for_filing(event_id, now=now),
        holding_groups(group_id),
        asking_for_places(by),
        locking_filing(group_id),
        *_locking_entry(event_id, entry_id),
    )
    event = event_for_filing(event_id, to_move, to_hold, now=now)
    if wish.group_id is not None:
        group = _group_to_file_for(wish, by, groups, places)
        return event, entry_in(rows, by.access), group
    entry = entry_in(rows, by.access)
    group_ids = {*groups_held(groups), *(row[0] for row in filing)}
    if group_ids != {entry.group_id}:
        raise StaleRead
    if not by.access.is_cspace:
        renew_access(by, places)  # as it is now that nobody can leave the group any more
        if not may_file_for(by.access, entry.group_id):
            raise PermissionDenied
    return event, entry, None


def _apply(entry: AllocationRegistration, wish: Wish, group: Group | None) -> None:
    """Write the wish into the entry, not yet into the table."""
    if group is not None:
        entry.group = group
    if wish.classroom is not None:
        entry.classroom = wish.classroom
    for name in ("day_of_week", "start_minute", "end_minute", "description", "rank", "choice"):
        if (value := getattr(wish, name)) is not None:
            setattr(entry, name, value)
    if wish.attendees is not None:
        entry.attendees = wish.attendees or None


def _check_entry(
    event: AllocationEvent,
    entry: AllocationRegistration,
    *,
    is_new_room: bool,
    is_new_day: bool,
    has_new_attendees: bool,
) -> None:
    """Raises `Invalid` with everything that is wrong with the wish itself; of a change, with what is new in it."""
    faults = entry_faults(
        start_minute=entry.start_minute,
        end_minute=entry.end_minute,
        room=entry.classroom if is_new_room else None,
        description=entry.description,
        on_day=entry.day_of_week if is_new_day else None,
        target=(event.target_starts_on, event.target_ends_on),
    )
    if is_new_room or has_new_attendees:
        faults |= attendees_faults(entry.attendees, entry.classroom)
    if faults:
        raise Invalid(faults)


def _check_changeable(event: AllocationEvent, entry: AllocationRegistration) -> None:
    if event.status != EventStatus.OPEN:
        raise EventIsNotOpen
    if entry.status != EntryStatus.PENDING:
        raise EntryIsDecided


def _check_limits(
    event: AllocationEvent,
    entry: AllocationRegistration,
    others: ResultRows,
    count: ResultRows,
    *,
    is_new_of_group: bool,
) -> None:
    """The event's limits, and the group's other wishes, as `asking_for_other_wishes` was answered under the lock of its
    filings. Raises: LimitReached, WishIsFiled, WishOverlapsAnother."""
    minutes, most = event.max_minutes_per_entry, event.max_entries_per_group
    if minutes is not None and entry.weekly_minutes > minutes:
        raise LimitReached(f"An entry may last at most {minutes} minutes")
    same_slot = (entry.start_minute, entry.end_minute)
    for start, end, choice, is_standing in others:
        if is_standing and (start, end) == same_slot:
            raise WishIsFiled
        if is_standing and (not entry.choice or choice != entry.choice):
            raise WishOverlapsAnother
    if is_new_of_group and most is not None and count[0][0] >= most:
        raise LimitReached(f"A group may file at most {most} entries")
    # One that was refused or given back has its slot once, too.
    if any((start, end) == same_slot for start, end, *_ in others):
        raise WishIsFiled


def _readable(entry: AllocationRegistration) -> Mapping[str, Any]:
    return {
        "slot": entry.summary.slot,
        "group": entry.group.name,
        "rank": entry.rank,
        "choice": entry.choice,
        "description": entry.description,
        "attendees": entry.attendees,
    }
