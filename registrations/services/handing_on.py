"""What a series says of itself, handed on to those of its occurrences that follow it."""

from collections.abc import Collection, Mapping
from datetime import date

from kernel.errors import Invalid
from registrations.models import Registration, SeriesWeek
from registrations.rules import Layout, attendees_faults
from registrations.services.series_holding import LockedSeries

OWN = {"description": "own_description", "attendees": "own_attendees"}
"""Where a week keeps what was said of it alone."""
HANDED_ON = ("group_id", *OWN)


def hand_on(locked: LockedSeries, occurrences: Mapping[date, Registration], names: Collection[str]) -> set[int]:
    """Give the occurrences ahead, by week, what their series has under the names, of `HANDED_ON`; the ids of those
    that had something else. What was said of one date alone stays. One statement at most for each name."""
    changed: set[int] = set()
    for name in names:
        value, own = getattr(locked.series, name), _weeks_with_own(locked, name)
        others = {row.pk for week, row in occurrences.items() if week not in own and getattr(row, name) != value}
        if others:
            Registration.objects.filter(pk__in=others).update(**{name: value})
        changed |= others
    return changed


def check_seats(
    locked: LockedSeries, following: Mapping[date, Registration], layout: Layout, names: Collection[str]
) -> None:
    """Whether all find a seat where the layout puts the occurrences ahead, once the names are handed on to them; judged
    is where either is new. Nothing is written yet. Raises: Invalid."""
    series, own = locked.series, _weeks_with_own(locked, "attendees")
    for week, row in following.items():
        room, attendees = row.occupancy.classroom, row.attendees
        if week in layout.outside or week in layout.given_up:
            continue
        if week in layout.to_take:
            room = series.classroom
        if "attendees" in names and week not in own:
            attendees = series.attendees
        is_new = (room.pk, attendees) != (row.occupancy.classroom_id, row.attendees)
        if is_new and (faults := attendees_faults(attendees, room)):
            raise Invalid(faults)


def own_attendees(locked: LockedSeries, occurrences: Mapping[date, Registration]) -> dict[int, int | None]:
    """Of the occurrences of which a number was said alone, that number, by id."""
    own = _weeks_with_own(locked, "attendees")
    return {row.pk: row.attendees for week, row in occurrences.items() if week in own}


def _weeks_with_own(locked: LockedSeries, name: str) -> set[date]:
    """The weeks of which something was said alone."""
    return {week.begins_on for week in locked.weeks if _has_own(week, name)}


def _has_own(week: SeriesWeek, name: str) -> bool:
    return name in OWN and getattr(week, OWN[name]) is not None
