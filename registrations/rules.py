"""Pure decisions about registrations and series: who may, which transitions exist, what goes to which week."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

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
from kernel.campus_time import Interval, campus_date, campus_minute, clamped_interval, week_of, weekly_dates
from kernel.dates import days_faults
from registrations.enums import LIVE, RegistrationStatus, SkipReason, WeekState

MAX_DESCRIPTION = 2000
MAX_REASON = 500
MAX_SERIES_DAYS = 366
WAITING_HOURS = 48
"""So long before its start people are told that a registration still waits for a decision."""
ENDING_DAYS = 14
"""So many campus days before its last date people are told that a series comes to its end."""
STAYS_A_GROUPS = "A booking of a group cannot become one without a group"
AFTER_LAST_DAY = "Must not be after the last day of the series"


class RoomWithSeats(Bookable, Protocol):
    """What is known of a room where people say how many they are."""

    @property
    def capacity(self) -> int: ...


def may_book_for(access: Access, group_id: int) -> bool:
    """Contract §5: a member for his group; cspace for any."""
    return access.is_cspace or access.is_member_of(group_id)


def may_see(access: Access, created_by_id: int) -> bool:
    """cspace or the creator."""
    return access.is_cspace or access.user_id == created_by_id


def may_cancel(access: Access, *, created_by_id: int, society_id: int | None) -> bool:
    """Who may see it; what a society has booked itself (`society_id`), its admins."""
    return may_see(access, created_by_id) or (society_id is not None and access.is_admin_of(society_id))


def may_change_after_start(access: Access) -> bool:
    """A creator may change or delete until the start; cspace always."""
    return access.is_cspace


def has_started(starts_at: datetime, now: datetime) -> bool:
    return starts_at <= now


def takes_more_time(present: tuple[int, Interval], wish: tuple[int, Interval]) -> bool:
    """Whether a change of room and time takes anything that the registration does not have: shrinking does not."""
    (room, span), (new_room, new_span) = present, wish
    return new_room != room or new_span.starts_at < span.starts_at or new_span.ends_at > span.ends_at


def holds_room(status: str) -> bool:
    return status in LIVE


def initial_status(*, auto_approve: bool) -> RegistrationStatus:
    return RegistrationStatus.APPROVED if auto_approve else RegistrationStatus.PENDING


def status_after_change(
    status: str,
    *,
    slot_or_group_changed: bool,
    by_cspace: bool,
    target_auto_approve: bool,
    breaks_rules: bool = False,
) -> RegistrationStatus:
    """Contract §5, PUT: a non-cspace change of an approved one needs approval again, unless the room grants it; one
    that breaks rules which send it to approval always does (policy §1)."""
    if breaks_rules:
        return RegistrationStatus.PENDING
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
    room: RoomWithSeats | None,
    description: str = "",
    attendees: int | None = None,
    changed: Collection[str] = BOTH_ENDS,
) -> dict[str, list[str]]:
    """What is wrong with a wanted booking, as far as its parts are known (None = missing or malformed).

    Past and horizon are judged only for what `changed`. The body of a request and the service that books are judged
    by this one rule.
    """
    slot = slot_faults(now=now, day=day, start_minute=start_minute, end_minute=end_minute, changed=changed)
    return slot | bookable_faults(room) | description_faults(description) | attendees_faults(attendees, room)


def description_faults(description: str) -> dict[str, list[str]]:
    """What is wrong with what somebody wants a room for."""
    return {"description": [f"At most {MAX_DESCRIPTION} characters"]} if len(description) > MAX_DESCRIPTION else {}


def attendees_faults(attendees: int | None, room: RoomWithSeats | None) -> dict[str, list[str]]:
    """What is wrong with so many people (None = not known) in a room (None = missing or malformed)."""
    if attendees is None:
        return {}
    if attendees < 1:
        return {"attendees": ["At least one"]}
    return {"attendees": [f"The room seats {room.capacity}"]} if room and attendees > room.capacity else {}


def series_faults(
    *,
    now: datetime,
    starts_on: date | None,
    ends_on: date | None,
    on_day: int | None,
    start_minute: int | None,
    end_minute: int | None,
    room: RoomWithSeats | None,
    description: str = "",
    attendees: int | None = None,
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
    return faults | bookable_faults(room) | description_faults(description) | attendees_faults(attendees, room)


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
    """What is wrong with the last day of a series, present from its first."""
    faults: dict[str, list[str]] = {}
    if ends_on is not None and (sentences := horizon_faults(ends_on, now)):
        faults["end_date"] = sentences
    if starts_on is not None and ends_on is not None:
        for name, sentences in days_faults(starts_on, ends_on, most_days=MAX_SERIES_DAYS).items():
            faults.setdefault(name, []).extend(sentences)
    return faults


@dataclass(frozen=True)
class WeeklySlot:
    """Where and when a series takes its dates, from its first day to its last. Minutes of the campus wall."""

    classroom_id: int
    day_of_week: int
    start_minute: int
    end_minute: int
    starts_on: date
    last_on: date

    def day_in(self, week: date) -> date:
        """The date in the week that begins on a Sunday; whether it is one of the series says `includes`."""
        return week + timedelta(days=self.day_of_week - 1)

    def includes(self, day: date) -> bool:
        return self.starts_on <= day <= self.last_on

    def interval_on(self, day: date) -> Interval | None:
        """None: the clocks are put forward over it."""
        return clamped_interval(day, self.start_minute, self.end_minute)

    def has_gone(self, day: date, *, cut: date, now: datetime) -> bool:
        """Whether its date on a day lies before the day from which a command holds, or has started."""
        interval = self.interval_on(day)
        return day < cut or (interval is not None and has_started(interval.starts_at, now))


class Skip(NamedTuple):
    """A date that a series does not have, and why."""

    day: date
    why: SkipReason


@dataclass(frozen=True)
class PresentWeek:
    """A week as a command finds it; `state` None: the series has never had a date in it."""

    state: WeekState | None = None
    day: date | None = None
    """Of the occurrence, or the date that was skipped."""
    why: str = ""
    is_movable: bool = False
    """Its occurrence lies ahead, from the command's first day on, and is no one's decision by hand."""
    place: tuple[int, Interval] | None = None
    """Room and time of the occurrence."""


NO_DATES_YET = PresentWeek()


@dataclass
class Layout:
    """What a command wants of the weeks ahead, by the Sunday that begins each."""

    in_place: list[date] = field(default_factory=list)
    """Their occurrences are where the series is."""
    to_take: dict[date, date] = field(default_factory=dict)
    """{week: date} to be had, if it is free: by the occurrence of the week, or by a new one where it has none."""
    outside: dict[date, date] = field(default_factory=dict)
    """{week: date} that the new day takes out of the range of the series."""
    given_up: list[date] = field(default_factory=list)
    """Behind the new last day."""


def lay_out(
    weeks: Mapping[date, PresentWeek],
    slot: WeeklySlot,
    *,
    cut: date,
    now: datetime,
    former_last: date,
    moves_occurrences: bool,
    tries_skipped: bool,
) -> Layout:
    """What a command to a series that holds from the day `cut` on wants of its weeks; `slot`: as it is to be.

    A week whose date has gone by keeps what it has. What lies behind the new last day (`former_last`: the old one) is
    given up; what only the new day takes out of the range is `outside`, and comes back when it fits. Weeks without
    an occurrence are taken where nobody has settled them; those that were not free before only if `tries_skipped`.
    """
    layout = Layout()
    ahead = {*_weeks_between(max(cut, slot.starts_on), slot.last_on), *(week for week in weeks if week >= week_of(cut))}
    for week in sorted(ahead):
        present, day = weeks.get(week, NO_DATES_YET), slot.day_in(week)
        if present.state == WeekState.SETTLED or (present.state == WeekState.HELD and not present.is_movable):
            continue
        is_cut_off = (
            present.day is not None
            and present.day > slot.last_on
            and (present.day <= former_last or week > slot.last_on)
        )
        has_date = slot.includes(day) and not slot.has_gone(day, cut=cut, now=now)
        if present.is_movable and not moves_occurrences:
            (layout.given_up if is_cut_off else layout.in_place).append(week)
        elif has_date and present.place == (slot.classroom_id, slot.interval_on(day)):
            layout.in_place.append(week)
        elif has_date and (tries_skipped or present.state != WeekState.SKIPPED or present.why == SkipReason.OUTSIDE):
            layout.to_take[week] = day
        elif has_date or present.state not in (WeekState.HELD, WeekState.SKIPPED):
            continue
        elif is_cut_off:
            layout.given_up.append(week)
        elif not slot.has_gone(day, cut=cut, now=now):
            layout.outside[week] = day
    return layout


def _weeks_between(first: date, last: date) -> list[date]:
    """The Sundays that begin the weeks of two days and of those between them."""
    start = week_of(first)
    return [start + timedelta(days=ahead) for ahead in range(0, (last - start).days + 1, 7)]
