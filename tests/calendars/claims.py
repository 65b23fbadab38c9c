"""Claims to rooms, in hours of one morning."""

import datetime as dt

from calendars.rules.clearing import RoomClaim

MORNING = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)
HOUR, MICROSECOND = dt.timedelta(hours=1), dt.timedelta(microseconds=1)


def claimed(number, first, last, /, **fields):
    """A date of an event of its own from an hour of the morning to another, live and in a calendar that is cleared.

    It was entered `number` seconds after the first.
    """
    starts_at, ends_at = MORNING + first * HOUR, MORNING + last * HOUR
    fields = {
        "id": number,
        "rooms": frozenset({1}),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "event_id": number,
        "is_repeated": False,
        "is_chosen": True,
        "priority": 0,
        "is_tentative": False,
        "created": MORNING + dt.timedelta(seconds=number),
        "uid": f"uid-{number}",
        "recurrence": starts_at,
        "is_live": True,
    } | fields
    return RoomClaim(**fields)


def waiting(number, first, last, /, **fields):
    return claimed(number, first, last, is_live=False, **fields)


def foreign(number, first, last, /, **fields):
    fields = {"event_id": None, "is_chosen": False, "uid": "", "priority": 0} | fields
    return claimed(number, first, last, **fields)
