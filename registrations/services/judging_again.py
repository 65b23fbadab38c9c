"""Registrations that are there already and meet the rules of the house again: changed, or brought back."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from accounts.models import User
from classrooms.models import Classroom
from classrooms.queries.rooms import room_as_it_is
from groups.models import Group
from kernel.db.batch import put_off
from kernel.errors import PermissionDenied
from policies.queries.rulebook import kept_rulebook
from policies.rules.scopes import Stay
from policies.rules.verdicts import TYPE_ORDER, is_asked, may_be_individual
from policies.services.charges import recharging
from registrations import rules
from registrations.enums import RegistrationStatus
from registrations.facts.registrations import Overridden
from registrations.models import Registration
from registrations.services.judging import Judged, judged, party_of, place_of, wish_in


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a registration is to be: its group, room, time and number of attendees."""

    group: Group | None
    classroom: Classroom
    stay: Stay
    attendees: int | None


def judge_target(
    registration: Registration, target: Target, *, by: User, now: datetime, is_overriding: bool
) -> Judged | None:
    """What the rules say to a change, which is not refused by it yet; None, where it changes nothing that they ask
    about.

    Raises: PermissionDenied (no rule allows the booking without a group there).
    """
    present = wish_in(registration, now)
    rulebook = kept_rulebook()
    classroom = room_as_it_is(target.classroom) if rulebook.rules else target.classroom
    wish = replace(
        present,
        party=party_of(target.group, registration.created_by_id),
        place=place_of(classroom),
        stay=target.stay,
        attendees=target.attendees,
    )
    if wish == present:
        return None
    takes_more = rules.takes_more_time(
        (present.place.classroom_id, present.stay.interval), (classroom.pk, target.stay.interval)
    )
    wish = replace(wish, gives_up=not takes_more and wish.party == present.party)
    judgement = judged(wish, rulebook)
    is_individual = target.group is None and not wish.gives_up
    if is_individual and not (is_overriding or may_be_individual(judgement.verdict.deciding)):
        raise PermissionDenied
    return judgement


def judge_return(registration: Registration, *, now: datetime, is_overriding: bool) -> Overridden:
    """Whether what it was booked for can be given back: quotas may not be overdrawn by it. It is charged again.

    Raises: PolicyBroken.
    """
    wish = replace(wish_in(registration, now), reclaimed_from=registration.created_at)
    judgement = judged(wish)
    judgement.check(is_overridden=is_overriding)
    charge_again(registration, judgement)
    return tuple(judgement.verdict.json) if is_overriding else None


def rules_to_decide_on(registration: Registration, judgement: Judged) -> list[dict[str, Any]] | None:
    """The rules for which somebody has to decide on a registration, as JSON, once it is as judged; None for none.

    What it has been waiting for, and was not asked again, it waits for still: who gives up a minute has no decision.
    """
    verdict, is_waiting = judgement.verdict, registration.status == RegistrationStatus.PENDING
    broken = verdict.json if verdict.needs_approval else []
    not_asked = [
        rule
        for rule in (registration.broken_rules or [] if is_waiting else [])
        if not is_asked(rule["type"], judgement.wish)
    ]
    return sorted(not_asked + broken, key=lambda rule: (TYPE_ORDER[rule["type"]], rule["rule_id"])) or None


def charge_again(registration: Registration, judgement: Judged) -> None:
    """From the commit on it is charged what the judgement says, and nothing else."""
    if judgement.rulebook.quotas:
        put_off(*recharging([registration.pk], judgement.charges(registration.pk)))
