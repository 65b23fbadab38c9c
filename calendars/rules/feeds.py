"""What can be subscribed to, who is told the address, and what the dates in a feed are known by."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from accounts.rules import Access
from calendars.enums import FeedKind
from kernel.campus_time import DAY, Interval
from kernel.ical.writing import WholeDays

MIDNIGHT = time()
BUSY = "Busy"
"""All that a feed of a room says of what does not stand in one of its calendars."""


@dataclass(frozen=True)
class FeedSubject:
    """`name`: what the log calls it by."""

    kind: FeedKind
    id: int
    name: str

    @property
    def key(self) -> str:
        """`group:4`."""
        return f"{self.kind}:{self.id}"


def may_read_feed(access: Access, subject: FeedSubject) -> bool:
    """Who is told the address of a person's, a group's or a room's feed. Of calendars those are told who use them."""
    if subject.kind == FeedKind.USER:
        return access.user_id == subject.id
    return access.is_cspace or (subject.kind == FeedKind.GROUP and subject.id in access.group_ids)


def may_renew_feed(access: Access, subject: FeedSubject) -> bool:
    """Who may give it another address, too: of a group its admins and cspace."""
    if subject.kind == FeedKind.GROUP:
        return access.is_cspace or subject.id in access.admin_group_ids
    return may_read_feed(access, subject)


def uid_of_date(uid: str, recurrence: datetime | None) -> str:
    """What a date is known by in a feed: its event's UID or, in a series (`recurrence`: when it was to begin), a UID of
    its own, for each stands there as an event of its own."""
    return uid if recurrence is None else f"{uid}/{recurrence.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def span_of(interval: Interval, zone: ZoneInfo, *, is_all_day: bool) -> Interval | WholeDays:
    """As it is written: whole days of the wall of its zone where they are meant, and still are some."""
    first, last = interval.starts_at.astimezone(zone), interval.ends_at.astimezone(zone)
    if is_all_day and first.time() == last.time() == MIDNIGHT and first < last:
        return WholeDays(first.date(), last.date() - DAY)
    return interval
