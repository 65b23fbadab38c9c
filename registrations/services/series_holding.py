"""How a command holds a series: its group, then its rooms; then everything is read again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from classrooms.services.room_time import lock_and_reload
from groups.models import Group
from groups.services.holding import hold_groups
from kernel.campus_time import campus_date
from kernel.errors import InvalidState, NotFound
from registrations import rules
from registrations.models import Registration, Series, SkippedDate


class SeriesNotFound(NotFound):
    resource = "Series"


class SeriesIsOver(InvalidState):
    message = "The series is over: it has no dates left"


@dataclass(frozen=True)
class LockedSeries:
    """A series read under the exclusive locks of its rooms, with all its occurrences by time and its skipped dates."""

    series: Series
    occurrences: Sequence[Registration]
    skipped_days: Sequence[date]

    def following(self, now: datetime, from_day: date | None = None) -> list[Registration]:
        """What the commands may touch: live, not started, not changed by hand, on or after a day."""
        return [
            row
            for row in self.occurrences
            if row.occupancy.is_live
            and not row.is_detached
            and not rules.has_started(row.occupancy.starts_at, now)
            and (from_day is None or campus_date(row.occupancy.starts_at) >= from_day)
        ]


def hold_series(series_id: int, now: datetime, *more_rooms: int) -> LockedSeries:
    """A series, re-read under the exclusive locks of its room, its occurrences' rooms ahead and `more_rooms`.

    Every command to a series holds its room, so they run one after another. Raises: SeriesNotFound, StaleRead.
    """

    def load() -> LockedSeries:
        series = Series.objects.select_related("classroom", "group").filter(pk=series_id).first()
        if series is None:
            raise SeriesNotFound
        occurrences = Registration.objects.of_series([series_id]).with_api_relations().in_order()
        skipped = SkippedDate.objects.filter(series=series).order_by("date").values_list("date", flat=True)
        return LockedSeries(series, list(occurrences), list(skipped))

    def rooms(locked: LockedSeries) -> set[int]:
        return {locked.series.classroom_id, *(row.occupancy.classroom_id for row in locked.following(now))}

    return lock_and_reload(load, rooms, *more_rooms)


def hold_group_of(series_id: int) -> Group:
    """The group of a series, held FOR SHARE. Raises: SeriesNotFound; SeriesIsOver where it is archived."""
    group_id = Series.objects.filter(pk=series_id).values_list("group_id", flat=True).first()
    if group_id is None:
        raise SeriesNotFound
    group = hold_groups([group_id]).get(group_id)
    if group is None:
        raise SeriesIsOver
    return group
