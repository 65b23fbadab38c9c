"""What a booking is sure to ask, made of its body before it is known who sends it; nothing is decided by it."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from accounts.api.viewsets import CallerViewSet
from classrooms.api.fields import room_named_in
from groups.services.holding import asking_for_group
from kernel import clock
from kernel.api.fields import MAX_ID
from kernel.campus_time import MINUTES_PER_DAY
from kernel.db.batch import Statement
from kernel.written import read_day, read_minute
from policies.queries.rulebook import kept_rulebook
from policies.rules.scopes import Party, Place, Stay
from policies.rules.wishes import BookingWish
from registrations.queries.owners import asking_for_owners
from registrations.rules import booking_faults
from registrations.services.booking import Slot

SOMEWHERE = Place(0, "", 0, 0)
"""What owners have already is the same, wherever the next booking is to be."""


def asking_before_booking(view: CallerViewSet) -> list[Statement]:
    """For the room by name, for the group by id, and where rules count what owners have, for that."""
    body = view.body_at_a_glance()
    group_id = body.get("group_id")
    groups = [asking_for_group(group_id)] if _is_id(group_id) else []
    return [*room_named_in(body), *groups, *_asking_for_owners(body, view)]


def _asking_for_owners(body: Mapping[str, Any], view: CallerViewSet) -> list[Statement]:
    """As the booking will ask it, if the body is in order and the rules stay what they are."""
    group_id, slot, now = body.get("group_id"), _slot_in(body), clock.now()
    is_for_somebody = "group_id" in body and (group_id is None or _is_id(group_id))
    if view.asker is None or slot is None or not is_for_somebody:
        return []
    if booking_faults(now=now, day=slot.day, start_minute=slot.start_minute, end_minute=slot.end_minute, room=None):
        return []
    stay = Stay(slot.day, slot.start_minute, slot.end_minute, slot.interval())
    question = asking_for_owners(
        kept_rulebook(), [BookingWish(Party(view.asker.user_id, group_id), SOMEWHERE, stay, now)]
    )
    return [] if question is None else [question]


def _slot_in(body: Mapping[str, Any]) -> Slot | None:
    try:
        return Slot(
            read_day(body.get("date")),
            read_minute(body.get("start_time"), latest=MINUTES_PER_DAY - 1),
            read_minute(body.get("end_time"), latest=MINUTES_PER_DAY),
        )
    except ValueError:
        return None


def _is_id(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 < value <= MAX_ID
