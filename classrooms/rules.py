"""Pure rules about rooms: names, equipment, sorting, and which slots may be asked for at all."""

import re
import unicodedata
from collections.abc import Collection
from datetime import date, datetime, timedelta

from cspace.db.ranges import WallTimeDoesNotExist, campus_date, campus_interval, campus_minute

BOTH_ENDS = frozenset({"date", "start_time"})


def name_key(name: str) -> str:
    """What makes two room names the same: case is ignored."""
    return unicodedata.normalize("NFKC", name).casefold()


def natural_order(name: str) -> str:
    """A sort key under which "9" comes before "10": runs of digits are padded."""
    return re.sub(r"[0-9]+", lambda digits: digits[0].zfill(20), name_key(name))


def slot_faults(
    *,
    now: datetime,
    horizon_days: int,
    day: date | None,
    start_minute: int | None,
    end_minute: int | None,
    changed: Collection[str] = BOTH_ENDS,
) -> dict[str, list[str]]:
    """What is wrong with a wanted slot, as far as its parts are known (None = missing or malformed).

    "Past" and the horizon are judged on the campus clock, and only for what `changed` (contract §0).
    """
    faults: dict[str, list[str]] = {}
    today = campus_date(now)
    if start_minute is not None and end_minute is not None and start_minute >= end_minute:
        faults.setdefault("start_time", []).append("Start time must be before end time")
    if day is None:
        return faults
    if "date" in changed and day < today:
        faults["date"] = ["Date cannot be in the past"]
    elif "date" in changed and day > today + timedelta(days=horizon_days):
        faults["date"] = [f"Date cannot be more than {horizon_days} days ahead"]
    elif day == today and start_minute is not None and start_minute < campus_minute(now) and BOTH_ENDS & set(changed):
        faults.setdefault("start_time", []).append("Start time cannot be in the past")
    if not faults and start_minute is not None and end_minute is not None:
        faults |= _gap_faults(day, start_minute, end_minute)
    return faults


def _gap_faults(day: date, start_minute: int, end_minute: int) -> dict[str, list[str]]:
    try:
        interval = campus_interval(day, start_minute, end_minute)
    except WallTimeDoesNotExist as gap:
        return {"start_time" if gap.minute == start_minute else "end_time": [str(gap)]}
    return {} if interval.starts_at < interval.ends_at else {"start_time": ["Start time must be before end time"]}
