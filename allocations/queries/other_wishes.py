"""The other wishes of a group for an event, as far as they decide whether one more may be filed."""

from collections.abc import Sequence

from allocations.enums import STANDING
from allocations.models import AllocationRegistration
from kernel.db.batch import Statement

OTHERS = (
    "FROM allocations_allocationregistration AS other"
    " WHERE other.event_id = %s AND other.group_id = %s AND other.id IS DISTINCT FROM %s::bigint"
)
# Sharing at least a minute of the weekly slot: touching does not count.
IN_SLOT = (
    f"SELECT start_minute, end_minute, choice, status = ANY(%s) {OTHERS}"
    " AND classroom_id = %s AND day_of_week = %s AND start_minute < %s AND end_minute > %s ORDER BY id"
)
# They are counted only where there is a limit, which is looked up before.
COUNT = (
    f"SELECT count(*) {OTHERS} AND status = ANY(%s) AND EXISTS (SELECT FROM allocations_allocationevent AS event"  # noqa: S608  # constants of ours
    " WHERE event.id = %s AND event.max_entries_per_group IS NOT NULL)"
)


def asking_for_other_wishes(entry: AllocationRegistration) -> Sequence[Statement]:
    """Two queries for an entry as it is to stand: (start, end, choice, whether it stands) of the others that share its
    weekly slot; and how many of them stand, as far as the event limits that."""
    standing = [status.value for status in STANDING]
    others = (entry.event_id, entry.group_id, entry.pk)
    slot = (entry.classroom_id, entry.day_of_week, entry.end_minute, entry.start_minute)
    return (
        Statement(IN_SLOT, (standing, *others, *slot)),
        Statement(COUNT, (*others, standing, entry.event_id)),
    )
