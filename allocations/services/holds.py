"""The room time an event keeps from single registrations."""

from allocations.enums import UNDECIDED
from allocations.models import AllocationEvent
from classrooms.services.holds import lift_hold, place_hold
from kernel.campus_time import days_interval


def update_hold(event: AllocationEvent) -> None:
    """Place, move or lift the hold of `hold_singles`: it stands from the creation until the draw or its end."""
    if event.hold_singles and event.status in UNDECIDED:
        place_hold(
            source=_source(event),
            interval=days_interval(event.target_starts_on, event.target_ends_on),
            reason=f"Single registrations from {event.target_starts_on} to {event.target_ends_on} are closed"
            " until the allocation event for these dates has been distributed",
        )
    else:
        release_hold(event)


def release_hold(event: AllocationEvent) -> None:
    """Open the target range to single registrations again."""
    lift_hold(source=_source(event))


def _source(event: AllocationEvent) -> str:
    return f"allocation_event:{event.pk}"
