"""Keeping room time from single registrations, on behalf of an app above."""

from collections.abc import Iterable
from typing import Any

from classrooms.models import BookingHold
from classrooms.queries.obstacles import Obstacle
from kernel.campus_time import Interval
from kernel.db.batch import Statement
from kernel.db.pipeline import ResultRow
from kernel.db.querysets import statement_of
from kernel.errors import InvalidState


class TimeIsHeldBack(InvalidState):
    """The time is kept from single registrations; the message is the hold's own sentence."""


def place_hold(*, source: str, interval: Interval, reason: str) -> None:
    """Keep an interval from single registrations of everybody but cspace, in every room.

    One hold per `source`; placing it again moves it. Part of the caller's transaction and command: no fact of its own.
    """
    BookingHold.objects.update_or_create(
        source=source,
        defaults={"starts_at": interval.starts_at, "ends_at": interval.ends_at, "reason": reason},
    )


def lift_hold(*, source: str) -> None:
    """End the hold of a source, if it has one."""
    BookingHold.objects.filter(source=source).delete()


def hold_over(interval: Interval) -> BookingHold | None:
    """The earliest hold over an interval, or None."""
    return BookingHold.objects.over(interval).order_by("starts_at", "id").first()


def pieces_held(interval: Interval) -> list[dict[str, Any]]:
    """The hold over an interval as a conflict, cut per campus day; nothing, where there is none."""
    hold = hold_over(interval)
    overlap = None if hold is None else Interval(hold.starts_at, hold.ends_at).within(interval)
    return [] if overlap is None else Obstacle(None, "hold", overlap).pieces()


def check_not_held(interval: Interval) -> None:
    """Raises: TimeIsHeldBack."""
    if hold := hold_over(interval):
        raise TimeIsHeldBack(hold.reason)


def asking_for_hold(interval: Interval) -> Statement:
    """The question for `check_no_hold`."""
    return statement_of(BookingHold.objects.over(interval).order_by("starts_at", "id").values_list("reason")[:1])


def check_no_hold(rows: Iterable[ResultRow]) -> None:
    """Raises: TimeIsHeldBack, where there is a hold."""
    for (reason,) in rows:
        raise TimeIsHeldBack(reason)
