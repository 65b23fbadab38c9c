"""What a series says of itself, handed on to those of its occurrences that follow it."""

from collections.abc import Collection, Mapping
from datetime import date

from registrations.models import Registration, SeriesWeek
from registrations.services.series_holding import LockedSeries

OWN = {"description": "own_description", "attendees": "own_attendees"}
"""Where a week keeps what was said of it alone."""
HANDED_ON = ("group_id", *OWN)


def hand_on(locked: LockedSeries, occurrences: Mapping[date, Registration], names: Collection[str]) -> set[int]:
    """Give the occurrences ahead, by week, what their series has under the names, of `HANDED_ON`; the ids of those
    that had something else. What was said of one date alone stays. One statement at most for each name."""
    changed: set[int] = set()
    for name in names:
        value, own = getattr(locked.series, name), {week.begins_on for week in locked.weeks if _has_own(week, name)}
        others = {row.pk for week, row in occurrences.items() if week not in own and getattr(row, name) != value}
        if others:
            Registration.objects.filter(pk__in=others).update(**{name: value})
        changed |= others
    return changed


def _has_own(week: SeriesWeek, name: str) -> bool:
    return name in OWN and getattr(week, OWN[name]) is not None
