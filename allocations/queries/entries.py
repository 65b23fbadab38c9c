"""One entry of an event, for those who may see it."""

from accounts.rules import Access
from allocations.models import AllocationRegistration
from allocations.rules import may_file_for
from kernel.errors import NotFound, PermissionDenied


class EntryNotFound(NotFound):
    resource = "Allocation registration"


def entry_of_event(event_id: int, entry_id: int, access: Access) -> AllocationRegistration:
    """The entry with its API relations, for those who may see it: cspace and its own group.

    Raises: EntryNotFound (also under another event), PermissionDenied.
    """
    entry = AllocationRegistration.objects.of_event(event_id).with_api_relations().filter(pk=entry_id).first()
    if entry is None:
        raise EntryNotFound
    if not may_file_for(access, entry.group_id):
        raise PermissionDenied
    return entry
