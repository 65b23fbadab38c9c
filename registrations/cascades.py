"""What registrations do when something below them goes: an archived group, a closing room."""

from datetime import datetime

from classrooms.facts import RoomClosing
from classrooms.services.room_time import hold_exclusively
from cspace.facts import on_cascade
from groups.facts import GroupArchiving
from registrations.models import Registration
from registrations.querysets import RegistrationQuerySet
from registrations.services.changing import cancel_held


def connect() -> None:
    """Subscribe; called once at start-up."""
    on_cascade(GroupArchiving, cancel_for_archived_group)
    on_cascade(RoomClosing, cancel_for_closing_room)


def cancel_for_archived_group(archiving: GroupArchiving) -> list[str]:
    """Cancel the group's live registrations that have not ended. The group row is locked, so none can be added."""
    rows = Registration.objects.filter(group_id=archiving.group_id).ending_after(archiving.occurred_at)

    def load() -> list[Registration]:
        return list(rows.live().with_api_relations().in_order())

    held = hold_exclusively(load, lambda found: {row.occupancy.classroom_id for row in found})
    return _cancel(held, archiving.actor_id, archiving.occurred_at, "The group has been archived")


def cancel_for_closing_room(closing: RoomClosing) -> list[str]:
    """Cancel what is registered over the closure. The closing side holds the rooms exclusively."""
    rows: RegistrationQuerySet = Registration.objects.filter(
        occupancy__classroom_id__in=closing.classroom_ids,
        occupancy__starts_at__lt=closing.interval.ends_at,
        occupancy__ends_at__gt=closing.interval.starts_at,
    )
    found = list(rows.live().with_api_relations().in_order())
    return _cancel(found, closing.actor_id, closing.occurred_at, closing.reason or "The room is closed")


def _cancel(found: list[Registration], actor_id: int | None, now: datetime, reason: str) -> list[str]:
    if found:
        cancel_held(found, actor_id=actor_id, now=now, reason=reason)
    return [f"registration:{registration.pk}" for registration in found]
