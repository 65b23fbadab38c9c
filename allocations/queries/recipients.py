"""Who hears of an allocation event."""

from allocations.enums import EventStatus
from allocations.models import AllocationEvent, AllocationRegistration
from groups.models import UserGroup
from kernel.facts import PeopleQuery, Recipients


def recipients_of_state(event: AllocationEvent) -> Recipients:
    """Who hears of the state an event has come into: of an open one all who belong to a group, later who filed."""
    if event.status == EventStatus.OPEN:
        return PeopleQuery.of(UserGroup.objects.living().of_active_people().user_ids())
    if event.status in (EventStatus.CLOSED, EventStatus.CANCELLED):
        return PeopleQuery.of(AllocationRegistration.objects.of_event(event.pk).filer_ids())
    return ()
