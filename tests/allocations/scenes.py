"""Allocation events with their wishes filed, for tests of the draw. Entries go in through the models."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import User
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.services.events import create_event
from allocations.services.progress import end_event
from classrooms.models import Classroom
from groups.models import Group
from kernel import clock
from kernel.campus_time import campus_date

MONDAY, TUESDAY, WEDNESDAY = 2, 3, 4
WEEKS = 16


def next_sunday(now: datetime) -> date:
    today = campus_date(now)
    return today + timedelta(days=7 - today.isoweekday() % 7)


def make_event(
    by: User,
    *,
    weeks: int = WEEKS,
    starts_on: date | None = None,
    opens_in: timedelta = timedelta(hours=-1),
    **options: Any,
) -> AllocationEvent:
    """An event, open unless it opens later, over whole weeks, Sunday to Saturday, from the Sunday after next on."""
    now = clock.now()
    first = starts_on or next_sunday(now) + timedelta(days=7)
    return create_event(
        by=by,
        now=now,
        registration_start=now + opens_in,
        registration_end=now + max(opens_in, timedelta()) + timedelta(hours=1),
        target_starts_on=first,
        target_ends_on=options.pop("ends_on", first + timedelta(days=7 * weeks - 1)),
        **options,
    )


def make_entry(
    event: AllocationEvent,
    group: Group,
    classroom: Classroom,
    by: User,
    *,
    day: int = MONDAY,
    start: int = 600,
    end: int = 660,
    **fields: Any,
) -> AllocationRegistration:
    return AllocationRegistration.objects.create(
        event=event,
        group=group,
        classroom=classroom,
        created_by=by,
        created_at=clock.now(),
        day_of_week=day,
        start_minute=start,
        end_minute=end,
        **fields,
    )


def make_crowd(
    event: AllocationEvent,
    groups: Sequence[Group],
    rooms: Sequence[Classroom],
    by: User,
    *,
    count: int,
    length: int = 60,
) -> None:
    """`count` wishes that all can win: each a slot of its own."""
    per_day = (20 * 60) // length
    slots = ((room, day, place * length) for place in range(per_day) for room in rooms for day in range(1, 8))
    AllocationRegistration.objects.bulk_create(
        AllocationRegistration(
            event=event,
            group=groups[number % len(groups)],
            classroom=room,
            created_by=by,
            created_at=clock.now(),
            day_of_week=day,
            start_minute=start,
            end_minute=start + length,
        )
        for number, (room, day, start) in zip(range(count), slots, strict=False)
    )


def ended(event: AllocationEvent, by: User) -> AllocationEvent:
    return end_event(event_id=event.pk, by=by, now=clock.now())


def dates(first: date, day: int, weeks: int) -> list[date]:
    """The dates of a weekday in weeks that begin on a Sunday."""
    return [first + timedelta(days=7 * week + day - 1) for week in range(weeks)]


def states(entries: Iterable[AllocationRegistration]) -> list[tuple[Any, ...]]:
    """(status, reason, lost to, position, served before, how), read again."""
    found = AllocationRegistration.objects.in_bulk([entry.pk for entry in entries])
    return [
        (row.status, row.reason, row.lost_to_id, row.position, row.served_before, row.grant)
        for row in (found[entry.pk] for entry in entries)
    ]
