"""Which dates and moments people may name at all, and from when to when. No database, no clock."""

from collections.abc import Mapping
from datetime import date

from django.conf import settings

KNOWN_YEARS = range(1900, 2501)
OUTSIDE_KNOWN_YEARS = f"Must lie between {KNOWN_YEARS[0]} and {KNOWN_YEARS[-1]}"


def horizon_days() -> int:
    """How many days ahead a room may be booked (`CSPACE_BOOKING_HORIZON_DAYS`)."""
    return settings.CSPACE_BOOKING_HORIZON_DAYS


def year_faults(moments: Mapping[str, date | None]) -> dict[str, list[str]]:
    """What is wrong with the years of dates or instants, {name: moment} (None = missing or malformed)."""
    return {
        name: [OUTSIDE_KNOWN_YEARS]
        for name, moment in moments.items()
        if moment is not None and moment.year not in KNOWN_YEARS
    }


def days_faults(first: date, last: date, *, most_days: int | None = None) -> dict[str, list[str]]:
    """What is wrong with a first and a last day, the last at most so many days after the first."""
    if first > last:
        return {"start_date": ["Start date must not be after end date"]}
    if most_days is not None and (last - first).days > most_days:
        return {"end_date": [f"At most {most_days} days after the start date"]}
    return {}
