"""Cancelling registrations: one by hand, or those of a command, a cascade, a closure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.services.room_time import release, releasing
from kernel.db.batch import put_off
from kernel.db.expressions import IsAmong
from kernel.db.transactions import transactional
from kernel.facts import publish, publish_many
from policies.queries.rulebook import is_kept
from registrations import rules
from registrations.enums import RegistrationStatus
from registrations.facts.registrations import Overridden, RegistrationCancelled, RegistrationSummary
from registrations.models import Registration
from registrations.services.judging import RULES_ARE_READ, check_not_late
from registrations.services.registration_holding import check_cancellable, hold_registration
from registrations.services.registration_rows import cancelling
from registrations.services.week_rows import settle_weeks, settling_week


@transactional
def cancel_registration(
    *,
    registration_id: int,
    by: User,
    now: datetime,
    reason: str = "",
    is_overriding: bool = False,
    refund_notice: timedelta = timedelta(),
) -> Registration:
    """Give the room back, and what was charged for it, unless it is to begin in less than the `refund_notice`.

    Publishes `RegistrationCancelled`; cancelling a cancelled one is a no-op for cspace.

    Raises:
        RegistrationNotFound: there is none, or it is cancelled and the caller is not cspace.
        PermissionDenied, RegistrationHasStarted
        PolicyBroken: a rule of the house refuses it so late.
    """
    if is_overriding:
        check_cspace(by.access)
    holding = hold_registration(registration_id, after=[RULES_ARE_READ])
    is_kept(holding.rules_version)  # the rules in force are read now, if others were kept; they are held
    registration = holding.registration
    check_cancellable(registration, by.access, now)
    if registration.status == RegistrationStatus.CANCELLED:
        return registration
    overridden: Overridden = () if is_overriding else None
    had_room = rules.holds_room(registration.status)
    if had_room:
        overridden = check_not_late(registration, by=by, now=now, is_overriding=is_overriding)
    registration.is_still_charged = had_room and registration.occupancy.starts_at - now < refund_notice
    registration.occupancy.is_live, registration.status = False, RegistrationStatus.CANCELLED
    # The row before its room time: the trigger that gives back what was charged looks at it.
    released = [releasing([registration.pk])] if had_room else []
    put_off(*settling_week(registration), cancelling(registration), *released)
    publish(
        RegistrationCancelled(
            registration=registration.summary,
            actor_id=by.pk,
            occurred_at=now,
            reason=reason,
            overridden=overridden,
            is_still_charged=registration.is_still_charged,
        )
    )
    return registration


def cancel_locked(
    registrations: Sequence[RegistrationSummary], *, actor_id: int | None, now: datetime, reason: str = ""
) -> None:
    """Cancel registrations whose rooms are held exclusively, each with its own fact; a constant number of statements.

    The weeks of occurrences are settled by it. Publishes `RegistrationCancelled`.
    """
    settle_weeks(registrations)
    publish_many(set_cancelled(registrations, actor_id=actor_id, now=now, reason=reason))


def set_cancelled(
    registrations: Sequence[RegistrationSummary],
    *,
    actor_id: int | None,
    now: datetime,
    reason: str = "",
    has_own_notice: bool = True,
) -> list[RegistrationCancelled]:
    """The writing half of `cancel_locked`: returns the facts for a command that has one of its own to publish too."""
    if not registrations:
        return []
    ids = [row.id for row in registrations]
    release(ids)
    Registration.objects.filter(IsAmong("pk", ids)).update(status=RegistrationStatus.CANCELLED)
    return [
        RegistrationCancelled(
            registration=row, actor_id=actor_id, occurred_at=now, reason=reason, has_own_notice=has_own_notice
        )
        for row in registrations
    ]
