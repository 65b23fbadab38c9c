"""How the rows of wishes are written, for a batch."""

from allocations.models import AllocationRegistration
from kernel.db.batch import Statement

WISH = (
    *("group_id", "classroom_id", "day_of_week", "start_minute", "end_minute"),
    *("rank", "choice", "description", "attendees"),
)
"""What a wish says; a change of it writes all."""
NEW = ("id", "event_id", *WISH, "created_by_id", "created_at", "status", "reason", "grant")
"""The columns of a new wish; the others stay empty until the draw."""
INSERT = 'INSERT INTO allocations_allocationregistration ("{columns}") VALUES ({values})'.format(  # noqa: S608
    columns='", "'.join(NEW), values=", ".join("%s" for _ in NEW)
)
UPDATE = f"UPDATE allocations_allocationregistration SET {', '.join(f'{column} = %s' for column in WISH)} WHERE id = %s"  # noqa: S608
DELETE = "DELETE FROM allocations_allocationregistration WHERE id = %s"


def inserting(entry: AllocationRegistration) -> Statement:
    """What writes a new wish as it stands in the model."""
    return Statement(INSERT, tuple(getattr(entry, column) for column in NEW))


def updating(entry: AllocationRegistration) -> Statement:
    """What writes what a wish says, as it stands in the model, into its row."""
    return Statement(UPDATE, (*(getattr(entry, column) for column in WISH), entry.pk))


def deleting(entry: AllocationRegistration) -> Statement:
    """What takes a wish out of its table."""
    return Statement(DELETE, (entry.pk,))
