"""What would become of a booking, without making it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from classrooms.queries.obstacles import obstacles
from classrooms.rules import NO_BUFFERS
from classrooms.services.holds import pieces_held
from groups.services.holding import living_group
from policies.queries.rulebook import rulebook_in_force
from policies.rules.verdicts import may_be_individual
from registrations.services.booking import BookingRequest, check_booking, wish_of
from registrations.services.judging import judged, party_of


@dataclass(frozen=True, kw_only=True)
class BookingProspect:
    """What a booking would meet. `rules` as refusals name them; `conflicts`: what is in the way, cut per campus day."""

    is_allowed: bool
    needs_approval: bool
    rules: list[dict[str, Any]]
    conflicts: Sequence[Mapping[str, Any]]


def check_wish(*, by: User, now: datetime, request: BookingRequest) -> BookingProspect:
    """What would become of it, if it were asked for now; nothing is written, nobody is held up.

    Raises: PermissionDenied (not a member of the group), Invalid.
    """
    check_booking(by.access, now, request)
    group = None if request.group_id is None else living_group(request.group_id)
    judgement = judged(wish_of(party_of(group, by.pk), request, now), rulebook_in_force())
    interval, buffers = request.slot.interval(), NO_BUFFERS if request.is_overriding else judgement.buffers
    in_the_way = obstacles(request.classroom.pk, interval, buffers=buffers)
    conflicts = [piece for row in in_the_way for piece in row.pieces()]
    if not by.access.is_cspace:
        conflicts += pieces_held(interval)
    verdict = judgement.verdict
    may_be_his = request.is_overriding or group is not None or may_be_individual(verdict.deciding)
    is_refused = verdict.is_refused and not request.is_overriding
    return BookingProspect(
        is_allowed=may_be_his and not is_refused and not conflicts,
        needs_approval=verdict.needs_approval and not request.is_overriding,
        rules=verdict.json,
        conflicts=conflicts,
    )
