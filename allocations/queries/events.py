"""One allocation event, by its id."""

from allocations.models import AllocationEvent
from kernel.errors import NotFound


class EventNotFound(NotFound):
    resource = "Allocation event"


def event_with_id(pk: int) -> AllocationEvent:
    """The event. Raises: EventNotFound."""
    event = AllocationEvent.objects.without_manifest().filter(pk=pk).first()
    if event is None:
        raise EventNotFound
    return event
