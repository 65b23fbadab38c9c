"""What was lost to a closure and could be had again."""

from datetime import datetime

from classrooms.queries.obstacles import obstacles_of_each
from classrooms.queries.rooms import rooms_touched
from kernel.campus_time import Interval, campus_date, week_of
from registrations.enums import SkipReason
from registrations.models import Registration, SeriesWeek


def lost_to_closure(
    classroom_id: int, interval: Interval, *, now: datetime
) -> tuple[list[Registration], list[SeriesWeek]]:
    """The registrations cancelled by a closure of a room, and the weeks that its series skip for one, in this time,
    here or where a part of it is used: those that lie ahead and with nothing in their way now, by time. Three queries
    at most."""
    rooms = rooms_touched(classroom_id).values("pk")
    registrations = Registration.objects.lost_to_closures().filter(
        occupancy__classroom__in=rooms,
        occupancy__starts_at__gt=now,
        occupancy__starts_at__lt=interval.ends_at,
        occupancy__ends_at__gt=interval.starts_at,
    )
    first, last = week_of(campus_date(interval.starts_at)), campus_date(interval.ends_at)
    weeks = SeriesWeek.objects.skipped().filter(why=SkipReason.CLOSED, begins_on__range=(first, last))
    weeks = weeks.filter(series__classroom__in=rooms).select_related("series__group", "series__classroom")
    losses: list[tuple[Registration | SeriesWeek, int, Interval]] = [
        (row, row.occupancy.classroom_id, row.interval) for row in registrations.with_api_relations().in_order()
    ]
    for week in weeks.order_by("series_id", "begins_on"):
        slot = week.series.slot
        day = slot.day_in(week.begins_on)
        span = slot.interval_on(day)
        if (
            span
            and slot.includes(day)
            and now < span.starts_at < interval.ends_at
            and span.ends_at > interval.starts_at
        ):
            losses.append((week, slot.classroom_id, span))
    taken = obstacles_of_each([(room, span) for _, room, span in losses]) if losses else {}
    free = [row for place, (row, *_) in enumerate(losses) if place not in taken]
    return [row for row in free if isinstance(row, Registration)], [row for row in free if isinstance(row, SeriesWeek)]
