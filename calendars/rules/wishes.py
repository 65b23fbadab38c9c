"""What somebody may enter into a calendar."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from calendars.rules import MAX_DESCRIPTION, MAX_NAME
from kernel.errors import Faults

MAX_SPAN = timedelta(days=366)
YEARS = range(1900, 9000)


@dataclass(frozen=True, kw_only=True)
class EventWish:
    """An event that somebody wants. `organizer` None: himself; `rrule`: as RFC 5545 writes it, empty for none."""

    name: str
    starts_at: datetime
    ends_at: datetime
    description: str = ""
    organizer: str | None = None
    rrule: str = ""


def name_faults(name: str) -> list[str]:
    if not name:
        return ["Must not be empty"]
    if len(name) > MAX_NAME:
        return [f"Must have at most {MAX_NAME} characters"]
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in name):
        return ["Must not have control characters"]
    return []


def description_faults(text: str) -> list[str]:
    if len(text) > MAX_DESCRIPTION:
        return [f"Must have at most {MAX_DESCRIPTION} characters"]
    if "\x00" in text or any(unicodedata.category(each) == "Cs" for each in text):
        return ["Must not have NUL or lone surrogates"]
    return []


def event_faults(wish: EventWish) -> Faults:
    """By field."""
    faults = {"name": name_faults(wish.name), "description": description_faults(wish.description)}
    if not wish.starts_at < wish.ends_at:
        faults["end"] = ["Must be after the start"]
    elif wish.ends_at - wish.starts_at > MAX_SPAN:
        faults["end"] = [f"Must be at most {MAX_SPAN.days} days after the start"]
    elif wish.starts_at.year not in YEARS or wish.ends_at.year not in YEARS:
        faults["start"] = [f"Must be between {YEARS[0]} and {YEARS[-1]}"]
    return {field: sentences for field, sentences in faults.items() if sentences}
