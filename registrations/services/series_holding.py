"""How a command holds a series: its group, then its rooms; then everything is read again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from classrooms.services.room_holding import lock_and_reload
from groups.models import Group
from groups.services.holding import hold_groups
from kernel.campus_time import campus_date
from kernel.db.locks import Lock
from kernel.errors import InvalidState, NotFound
from registrations import rules
from registrations.enums import WeekState
from registrations.models import Registration, Series, SeriesWeek


class SeriesNotFound(NotFound):
    resource = "Series"


class SeriesIsOver(InvalidState):
    message = "The series is over: it has no dates left"


class SeriesIsCutOff(InvalidState):
    """It was to end on or after the day from which it has been cancelled."""

    def __init__(self, cancelled_from: date) -> None:
        super().__init__(f"The series has been cancelled from {cancelled_from} on: only a new one can go on from there")


@dataclass(frozen=True)
class LockedSeries:
    """A series read under the exclusive locks of its rooms, with its weeks in order."""

    series: Series
    weeks: Sequence[SeriesWeek]

    def following(self, now: datetime, from_day: date | None = None) -> dict[date, Registration]:
        """What the commands may touch, by week: live, not started, not settled by hand, on or after a day."""
        return {
            week.begins_on: row
            for week in self.weeks
            if week.state == WeekState.HELD
            and (row := week.registration) is not None
            and row.occupancy.is_live
            and not rules.has_started(row.occupancy.starts_at, now)
            and (from_day is None or campus_date(row.occupancy.starts_at) >= from_day)
        }

    def lost(self, now: datetime) -> list[Registration]:
        """What lies ahead of the occurrences that were moved or passed on by hand and then cancelled by closures."""
        rows = [week.registration for week in self.weeks if week.is_lost]
        return [row for row in rows if row is not None and not rules.has_started(row.occupancy.starts_at, now)]


def owners_of_losses(series_id: int) -> set[tuple[int | None, int]]:
    """Group and creator of the occurrences of a series that closures have taken from where they had been moved by
    hand."""
    rows = Registration.objects.of_series([series_id]).lost_to_closures()
    return set(rows.order_by().values_list("group_id", "created_by_id"))


def hold_series(series_id: int, now: datetime, *more_rooms: int, after: Sequence[Lock] = ()) -> LockedSeries:
    """A series, re-read under the exclusive locks of its room, the rooms of what it has or has lost ahead, and
    `more_rooms`; `after` others that come before rooms.

    Every command to a series holds its room, so they run one after another. Raises: SeriesNotFound, StaleRead.
    """

    def load() -> LockedSeries:
        series = Series.objects.select_related("classroom", "group").filter(pk=series_id).first()
        if series is None:
            raise SeriesNotFound
        return LockedSeries(series, list(SeriesWeek.objects.of_series([series_id]).with_occurrences().in_order()))

    def rooms(locked: LockedSeries) -> set[int]:
        rows = [*locked.following(now).values(), *locked.lost(now)]
        return {locked.series.classroom_id, *(row.occupancy.classroom_id for row in rows)}

    return lock_and_reload(load, rooms, *more_rooms, after=after)


def hold_group_of(series_id: int, *more_groups: int) -> Group:
    """The group of a series, held FOR SHARE, with `more_groups`. Raises: SeriesNotFound; SeriesIsOver where it is
    archived."""
    group_id = Series.objects.filter(pk=series_id).values_list("group_id", flat=True).first()
    if group_id is None:
        raise SeriesNotFound
    group = hold_groups([group_id, *more_groups]).get(group_id)
    if group is None:
        raise SeriesIsOver
    return group
