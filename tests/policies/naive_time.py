"""Wall time of a campus, found by walking through its minutes and its days."""

import datetime as dt
from functools import lru_cache

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


@lru_cache(maxsize=1_000)
def minutes_of(zone, day):
    """Every instant of a campus day on a whole minute, and what the wall shows then."""
    instant = dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC) - 16 * 60 * MINUTE
    minutes = []
    for _ in range(60 * 60):
        wall = instant.astimezone(zone)
        if wall.date() == day:
            minutes.append((instant, wall.hour * 60 + wall.minute))
        instant += MINUTE
    return minutes


@lru_cache(maxsize=1_000)
def first_instant(zone, day, minute):
    """When the wall first shows a time of the day, or one after it where the clocks leave it out."""
    return next(instant for instant, shown in minutes_of(zone, day) if shown >= minute)


def days_between(first, last):
    return [first + ahead * DAY for ahead in range((last - first).days + 1)]


def weekday_of(day):
    return ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday").index(f"{day:%A}") + 1
