"""What holds a room in a span of time, as a condition of the statements that are written by hand.

`OccupancyQuerySet.overlapping` says the same to querysets; a change here is one there.
"""

IN_THE_SLOT = (
    "classrooms_occupancy.is_live"
    " AND classrooms_occupancy.starts_at < slot.ends_at AND classrooms_occupancy.ends_at > slot.starts_at"
)
"""Of the rows of `classrooms_occupancy` those that are live and overlap a half-open `slot`: touching does not count."""
SLOT = "(SELECT %s::timestamptz AS starts_at, %s::timestamptz AS ends_at) AS slot"
"""The span; its parameters are the two ends."""
