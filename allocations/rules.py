"""Pure decisions about allocation events and their entries: no database, no clock.

Faults stand under the API's field names, as everywhere.
"""

from datetime import date, datetime, timedelta

from accounts.rules import Access
from allocations import draw
from allocations.enums import EventStatus
from classrooms.rules import bookable_faults, time_faults
from kernel.campus_time import campus_date, weekly_dates
from kernel.dates import year_faults
from registrations.rules import RoomWithSeats, attendees_faults, description_faults

ALGORITHM = "cspace-draw/v1"
"""The version of the draw's definition."""
MAX_PUBLIC_SOURCE = 200
MAX_TARGET_DAYS = 366
MAX_RANK = 1000
MAX_CHOICE = 1_000_000
MAX_LIMIT = 100_000
MAX_WEIGHT = 8
LAST_SECOND = timedelta(seconds=1)
"""A window's end is its last second: it is over one second later (contract §6)."""
CHANGEABLE_WHILE_OPEN = frozenset({"registration_end", "target_starts_on", "target_ends_on"})


def status_due(status: str, *, registration_start: datetime, registration_end: datetime, now: datetime) -> EventStatus:
    """What an event has to be at an instant: open while start ≤ now < end + 1 s, then closed.

    Only upcoming and open events move by the clock. One whose whole window was missed goes straight to closed.
    """
    if status not in (EventStatus.UPCOMING, EventStatus.OPEN):
        return EventStatus(status)
    if now >= registration_end + LAST_SECOND:
        return EventStatus.CLOSED
    return EventStatus.OPEN if now >= registration_start else EventStatus(status)


def may_file_for(access: Access, group_id: int) -> bool:
    """A member for his group; cspace for any (contract §6: as §5)."""
    return access.is_cspace or access.is_member_of(group_id)


def event_faults(
    *,
    registration_start: datetime | None,
    registration_end: datetime | None,
    target_starts_on: date | None,
    target_ends_on: date | None,
) -> dict[str, list[str]]:
    """What is wrong with an event's window and range, as far as they are known (None = missing or malformed)."""
    moments = {
        "registration_start": registration_start,
        "registration_end": registration_end,
        "target_start_date": target_starts_on,
        "target_end_date": target_ends_on,
    }
    if faults := year_faults(moments):
        return faults
    if registration_start and registration_end and registration_start >= registration_end:
        faults["registration_start"] = ["Registration start must be before registration end"]
    if registration_end and target_starts_on and target_starts_on < campus_date(registration_end):
        faults["target_start_date"] = ["Target start must not be before the day on which registration ends"]
    if target_starts_on and target_ends_on:
        if target_starts_on > target_ends_on:
            faults.setdefault("target_start_date", []).append("Target start must not be after target end")
        elif (target_ends_on - target_starts_on).days > MAX_TARGET_DAYS:
            faults["target_end_date"] = [f"At most {MAX_TARGET_DAYS} days after the target start"]
    return faults


def entry_faults(
    *,
    start_minute: int | None,
    end_minute: int | None,
    room: RoomWithSeats | None,
    description: str = "",
    attendees: int | None = None,
    on_day: int | None = None,
    target: tuple[date, date] | None = None,
) -> dict[str, list[str]]:
    """What is wrong with a wish for a weekly span, as far as its parts are known (None = missing or malformed).

    `on_day` has to occur in the event's `target` range, where both are given. The body of a request and the service
    that files the wish are judged by this one rule.
    """
    faults = time_faults(start_minute, end_minute)
    if on_day is not None and target is not None and not weekly_dates(*target, on_day):
        faults["day_of_week"] = [f"No such day lies between {target[0]} and {target[1]}"]
    return faults | bookable_faults(room) | description_faults(description) | attendees_faults(attendees, room)


def salt_faults(public_value: str) -> list[str]:
    """What is wrong with a public value as a salt (contract of the draw, §2). Its very characters go into the draw."""
    if not public_value:
        return ["At least one character is required"]
    try:
        draw.key(bytes(32), 1, public_value)
    except draw.DrawError as refusal:
        return [str(refusal)]
    return []
