"""Which buffers bookings have: the one place that says so. Their length is fixed when they are made or moved."""

from collections.abc import Sequence
from typing import NamedTuple

from classrooms.models import Classroom
from classrooms.rules import NO_BUFFERS, Buffers
from groups.models import Group
from kernel.campus_time import Interval
from policies.enums import LimitType
from policies.queries.rulebook import kept_rulebook
from policies.rules.scopes import deciding
from policies.rules.verdicts import buffer_minutes
from registrations.services.judging import party_of, place_of, stay_of


class Placement(NamedTuple):
    """Where and when a group, for which a person acts, is to have a room."""

    classroom_id: int
    group_id: int | None
    person_id: int
    interval: Interval


def buffers_of_each(placements: Sequence[Placement]) -> Sequence[Buffers]:
    """In order, by the rules this process goes by. No statement without rules about buffers, and two with them."""
    rulebook = kept_rulebook()
    rules = [rule for rule in rulebook.rules if rule.limit.type == LimitType.BUFFER]
    if not rules:
        return [NO_BUFFERS] * len(placements)
    rooms = Classroom.objects.in_bulk({each.classroom_id for each in placements})
    groups = Group.objects.in_bulk({each.group_id for each in placements if each.group_id is not None})
    return [
        Buffers(
            *buffer_minutes(
                deciding(
                    rules,
                    party_of(groups[each.group_id] if each.group_id is not None else None, each.person_id),
                    place_of(rooms[each.classroom_id]),
                    stay_of(each.interval),
                    rulebook.terms,
                )
            )
        )
        for each in placements
    ]


def buffers_of(placement: Placement) -> Buffers:
    """The same of one."""
    (buffers,) = buffers_of_each([placement])
    return buffers
