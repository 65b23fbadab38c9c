"""One allocation event, by its id."""

from allocations.models import AllocationEvent
from kernel.db.batch import Statement, ask
from kernel.db.loading import instance_of
from kernel.db.pipeline import ResultRow
from kernel.errors import NotFound

EVENT = tuple(column.attname for column in AllocationEvent._meta.concrete_fields if column.name != "frozen_manifest")
"""What is read of an event: the frozen manifest, which may be large, is left in the database until it is asked for."""
BY_ID = f"SELECT {', '.join(EVENT)} FROM allocations_allocationevent WHERE id = %s"  # noqa: S608  # constants of ours


class EventNotFound(NotFound):
    resource = "Allocation event"


def asking_for_event(pk: int) -> Statement:
    """The question for `event_with_id`."""
    return Statement(BY_ID, (pk,))


def event_with_id(pk: int) -> AllocationEvent:
    """The event. Raises: EventNotFound."""
    for row in ask(asking_for_event(pk)):
        return event_of(row)
    raise EventNotFound


def event_of(row: ResultRow) -> AllocationEvent:
    """The event of a row of `EVENT`."""
    return instance_of(AllocationEvent, dict(zip(EVENT, row, strict=True)))
