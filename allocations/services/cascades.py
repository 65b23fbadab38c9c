"""What events do when a group below them is archived."""

from allocations.enums import EntryStatus
from allocations.facts.entries import EntryWithdrawn
from allocations.models import AllocationRegistration
from groups.facts import GroupArchiving
from groups.services.holding import GroupIsArchived
from kernel.facts import on_cascade, publish_many

REASON = GroupIsArchived.message


def connect() -> None:
    """Subscribe; called once at start-up."""
    on_cascade(GroupArchiving, withdraw_for_archived_group)


def withdraw_for_archived_group(archiving: GroupArchiving) -> list[str]:
    """Withdraw the group's standing entries of events not drawn yet; the approved ones too, or the draw would
    hand room time to a group that is gone. The group row is locked, so none can be added.

    A constant number of statements; a log row for each entry.
    """
    rows = AllocationRegistration.objects.standing().undecided().filter(group_id=archiving.group_id)
    # In two steps: joined rows cannot be locked beside nullable ones, and are read fresh after the lock.
    ids = list(rows.select_for_update(no_key=True, of=("self",)).order_by("id").values_list("id", flat=True))
    entries = list(AllocationRegistration.objects.filter(pk__in=ids).with_api_relations().order_by("id"))
    AllocationRegistration.objects.filter(pk__in=ids).update(status=EntryStatus.WITHDRAWN)
    publish_many(
        [
            EntryWithdrawn(
                entry=entry.summary, actor_id=archiving.actor_id, occurred_at=archiving.occurred_at, reason=REASON
            )
            for entry in entries
        ]
    )
    return [f"allocation_registration:{entry.pk}" for entry in entries]
