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
SATELLITES_IN_THE_SLOT = (
    f"held.main_id IS NOT NULL AND held.kind <> 'buffer' AND {IN_THE_SLOT.replace('classrooms_occupancy.', 'held.')}"
)
"""The same of satellites, `held`, that stand for the use of another room."""
SLOT = "(SELECT %s::timestamptz AS starts_at, %s::timestamptz AS ends_at) AS slot"
"""The span; its parameters are the two ends."""
THE_ROOM = "(SELECT id FROM classrooms_classroom WHERE name = %s)"
"""The id of a room by its exact name, known before its uses are looked for: joined to the room, the planner would not
look for the short and the long ones in an index each, and would read the room's whole past."""
