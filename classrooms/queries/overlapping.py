"""What holds a room in a span of time, as a condition of the statements that are written by hand.

`OccupancyQuerySet.overlapping` says the same to querysets.
"""

from kernel.db.overlaps import OVERLAP

IN_THE_SLOT = "classrooms_occupancy.is_live AND " + OVERLAP.format(
    starts_at="classrooms_occupancy.starts_at",
    ends_at="classrooms_occupancy.ends_at",
    since="slot.starts_at",
    until="slot.ends_at",
)
"""Of the rows of `classrooms_occupancy` those that are live and overlap a half-open `slot`: touching does not count."""
SLOT = "(SELECT %s::timestamptz AS starts_at, %s::timestamptz AS ends_at) AS slot"
"""The span; its parameters are the two ends."""
