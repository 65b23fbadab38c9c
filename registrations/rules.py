"""Pure decisions about registrations and series: who may, which transitions exist, what goes to which week."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from accounts.rules import Access
from classrooms.rules import (
    BOTH_ENDS,
    START_IS_OVER,
    Bookable,
    bookable_faults,
    horizon_faults,
    past_faults,
    slot_faults,
    time_faults,
)
from kernel.campus_time import campus_date, campus_minute, clamped_interval, week_number, weekly_dates
from kernel.dates import days_faults
from registrations.enums import LIVE, RegistrationStatus

MAX_DESCRIPTION = 2000
MAX_REASON = 500
MAX_SERIES_DAYS = 366


def may_book_for(access: Access, group_id: int) -> bool:
    """Contract §5: a member for his group; cspace for any."""
    return access.is_cspace or access.is_member_of(group_id)


def may_see(access: Access, created_by_id: int) -> bool:
    """cspace or the creator."""
    return access.is_cspace or access.user_id == created_by_id


def may_change_after_start(access: Access) -> bool:
    """A creator may change or delete until the start; cspace always."""
    return access.is_cspace


def has_started(starts_at: datetime, now: datetime) -> bool:
    return starts_at <= now


def holds_room(status: str) -> bool:
    return status in LIVE


def initial_status(*, auto_approve: bool) -> RegistrationStatus:
    return RegistrationStatus.APPROVED if auto_approve else RegistrationStatus.PENDING


def status_after_change(
    status: str, *, slot_or_group_changed: bool, by_cspace: bool, target_auto_approve: bool
) -> RegistrationStatus:
    """Contract §5, PUT: a non-cspace change of an approved one needs approval again, unless the room grants it."""
    if target_auto_approve and slot_or_group_changed:
        return RegistrationStatus.APPROVED
    if slot_or_group_changed and not by_cspace:
        return RegistrationStatus.PENDING
    return RegistrationStatus(status)


def booking_faults(
    *,
    now: datetime,
    day: date | None,
    start_minute: int | None,
    end_minute: int | None,
    room: Bookable | None,
    description: str = "",
    changed: Collection[str] = BOTH_ENDS,
) -> dict[str, list[str]]:
    """What is wrong with a wanted booking, as far as its parts are known (None = missing or malformed).

    Past and horizon are judged only for what `changed`. The body of a request and the service that books are judged
    by this one rule.
    """
    slot = slot_faults(now=now, day=day, start_minute=start_minute, end_minute=end_minute, changed=changed)
    return slot | bookable_faults(room) | description_faults(description)


def description_faults(description: str) -> dict[str, list[str]]:
    """What is wrong with what somebody wants a room for."""
    return {"description": [f"At most {MAX_DESCRIPTION} characters"]} if len(description) > MAX_DESCRIPTION else {}


def series_faults(
    *,
    now: datetime,
    starts_on: date | None,
    ends_on: date | None,
    on_day: int | None,
    start_minute: int | None,
    end_minute: int | None,
    room: Bookable | None,
    description: str = "",
) -> dict[str, list[str]]:
    """What is wrong with a wanted series, as far as its parts are known (None = missing or malformed).

    The body of a request and the service that enters it are judged by this one rule.
    """
    faults = range_faults(now=now, starts_on=starts_on, ends_on=ends_on)
    if starts_on is not None and (sentences := past_faults(starts_on, now)):
        faults["start_date"] = sentences
    faults |= time_faults(start_minute, end_minute)
    if not faults and starts_on is not None and ends_on is not None and on_day is not None and start_minute is not None:
        faults = _weekly_faults(weekly_dates(starts_on, ends_on, on_day), start_minute, end_minute, now)
    return faults | bookable_faults(room) | description_faults(description)


def _weekly_faults(
    dates: Sequence[date], start_minute: int, end_minute: int | None, now: datetime
) -> dict[str, list[str]]:
    if not dates:
        return {"day_of_week": ["This day does not occur between the start and the end date"]}
    if dates[0] == campus_date(now) and start_minute < campus_minute(now):
        return {"start_time": [START_IS_OVER]}
    if end_minute is not None and not any(clamped_interval(day, start_minute, end_minute) for day in dates):
        return {"start_time": ["These times exist on none of the dates: the clocks are put forward over them"]}
    return {}


def range_faults(*, now: datetime, starts_on: date | None, ends_on: date | None) -> dict[str, list[str]]:
    """What is wrong with the last day of a series, seen from its first."""
    faults: dict[str, list[str]] = {}
    if ends_on is not None and (sentences := horizon_faults(ends_on, now)):
        faults["end_date"] = sentences
    if starts_on is not None and ends_on is not None:
        for name, sentences in days_faults(starts_on, ends_on, most_days=MAX_SERIES_DAYS).items():
            faults.setdefault(name, []).extend(sentences)
    return faults


@dataclass
class Layout:
    """What a move wants: occurrences {new date: registration id}, new dates without one, and ids to give up."""

    moved: dict[date, int] = field(default_factory=dict)
    added: list[date] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)


def lay_out(
    *,
    dates: Sequence[date],
    occurrences: Mapping[int, date],
    settled_weeks: Collection[int],
    too_late: Collection[date],
) -> Layout:
    """Bring the occurrences {registration id: date} of a series to new dates, week by week (Sunday to Saturday).

    `dates`: the dates that the series has from now on, at most one in a week. `settled_weeks` (as of `week_number`):
    nothing is added to them, they have had their occurrence, or somebody decided by hand. `too_late`: new dates
    that have gone by; an occurrence in such a week stays where it is. One whose week has no date is given up.
    """
    layout = Layout()
    of_week = {week_number(day): registration_id for registration_id, day in occurrences.items()}
    for day in dates:
        registration_id = of_week.pop(week_number(day), None)
        if registration_id is not None:
            layout.moved[day] = registration_id
        elif week_number(day) not in settled_weeks:
            layout.added.append(day)
    gone_weeks = {week_number(day) for day in too_late}
    layout.dropped = [registration_id for week, registration_id in of_week.items() if week not in gone_weeks]
    return layout
