"""Moving and rewording a registration."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from accounts.models import User
from accounts.rules import Access, check_cspace
from classrooms.models import Classroom
from classrooms.rules import NO_BUFFERS
from classrooms.services.room_time import move
from groups.models import Group
from groups.queries.places import asking_for_places, renew_access
from groups.rules import UNKNOWN_GROUP
from groups.services.holding import groups_held, holding_groups
from kernel.campus_time import cut_per_day
from kernel.changes import changes_between
from kernel.db.batch import Statement, put_off
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import Invalid, InvalidState, PermissionDenied
from kernel.facts import publish
from kernel.wording import interval_in_words
from policies.rules.scopes import Stay
from policies.rules.verdicts import TYPE_ORDER, marks
from registrations import rules
from registrations.enums import RegistrationStatus
from registrations.facts.registrations import Overridden, RegistrationChanged
from registrations.models import Registration
from registrations.queries.registrations import group_of
from registrations.services.booking import Slot, deciders_of
from registrations.services.judging import Judged, PolicyBroken, mark_late, too_late_for, turn_of
from registrations.services.judging_again import Target, charge_again, judge_target, rules_to_decide_on
from registrations.services.registration_holding import (
    RegistrationIsCancelled,
    check_changeable,
    check_visible,
    hold_registration,
)
from registrations.services.registration_rows import updating
from registrations.services.week_rows import keeping_own_attendees, keeping_own_description, settling_week


class RegistrationIsRejected(InvalidState):
    message = "A rejected registration cannot be changed"


@dataclass(frozen=True, kw_only=True)
class RegistrationChange:
    """A change to a registration; None = stays as it is. `attendees`: 0 = not known any more."""

    classroom: Classroom | None = None
    group_id: int | None = None
    day: date | None = None
    start_minute: int | None = None
    end_minute: int | None = None
    description: str | None = None
    attendees: int | None = None
    is_overriding: bool = False
    """Whatever booking rules say; for cspace alone."""

    @property
    def names_slot(self) -> bool:
        """Whether it says where or when."""
        return any(part is not None for part in (self.classroom, self.day, self.start_minute, self.end_minute))


def slot_of(registration: Registration) -> Slot:
    """The date and span of a registration on the campus wall."""
    piece = next(cut_per_day(registration.interval))
    return Slot(piece.date, piece.start_minute, piece.end_minute)


@transactional
def change_registration(*, registration_id: int, by: User, now: datetime, change: RegistrationChange) -> Registration:
    """Carry out a change in one step: the new slot is taken and the old one given up, or nothing happens.

    Returns the registration with its API relations. Publishes `RegistrationChanged`, nothing for a no-op.

    Raises:
        RegistrationNotFound, PermissionDenied, RegistrationHasStarted, RegistrationIsRejected
        Invalid: a changed value breaks a rule.
        TimeIsHeldBack: there is new time in it that is kept from single registrations, and the caller is not cspace.
        PolicyBroken: a rule of the house refuses the new slot, or it is too late to give up the old one.
        RoomAlreadyBooked: the new slot is taken; the old one is kept.
    """
    registration, group = _hold(registration_id, change, by)
    _check_change(registration, change, group, by.access, now)
    judgement, overridden = _judge(registration, change, group, by, now)

    before, was_waiting = _readable(registration), registration.status == RegistrationStatus.PENDING
    is_moved = _move(registration, change, judgement, respect_holds=not by.access.is_cspace)
    registration.group = group or registration.group
    if change.description is not None:
        registration.description = change.description
    registration.attendees = _attendees_after(registration, change)
    changes = changes_between(before, _readable(registration))
    if not changes:
        return registration

    _decide_again(registration, judgement, change, slot_or_group_changed=is_moved or "group" in changes, by=by)
    put_off(updating(registration), *_marking_week(registration, changes))
    needs_decision = registration.status == RegistrationStatus.PENDING and (is_moved or not was_waiting)
    publish(
        RegistrationChanged(
            registration=registration.summary,
            actor_id=by.pk,
            occurred_at=now,
            status=registration.status,
            changes=changes,
            deciders=deciders_of(RegistrationStatus.PENDING) if needs_decision else (),
            overridden=overridden,
        )
    )
    return registration


def _judge(
    registration: Registration, change: RegistrationChange, group: Group | None, by: User, now: datetime
) -> tuple[Judged | None, Overridden]:
    """What the rules say to the change, and which of them it goes over. Raises: PermissionDenied, PolicyBroken."""
    slot = _slot_after(registration, change)
    target = Target(
        group=group or registration.group,
        classroom=change.classroom or registration.occupancy.classroom,
        stay=Stay(slot.day, slot.start_minute, slot.end_minute, slot.interval()),
        attendees=_attendees_after(registration, change),
    )
    judgement = judge_target(registration, target, by=by, now=now, is_overriding=change.is_overriding)
    moves = is_move(registration, change)
    late = too_late_for(registration, now) if moves else []
    broken = judgement.verdict.json if judgement else []
    if change.is_overriding:
        return judgement, (*(each.json for each in late), *broken)
    refusing = [each.json for each in late if not marks(each.rule)]
    if refusing or (judgement is not None and judgement.verdict.is_refused):
        raise PolicyBroken(sorted([*refusing, *broken], key=lambda rule: (TYPE_ORDER[rule["type"]], rule["rule_id"])))
    mark_late(registration, late, by=by, now=now)
    return judgement, None


def _slot_after(registration: Registration, change: RegistrationChange) -> Slot:
    present = slot_of(registration)
    return Slot(
        change.day if change.day is not None else present.day,
        change.start_minute if change.start_minute is not None else present.start_minute,
        change.end_minute if change.end_minute is not None else present.end_minute,
    )


def _attendees_after(registration: Registration, change: RegistrationChange) -> int | None:
    return registration.attendees if change.attendees is None else change.attendees or None


def _hold(registration_id: int, change: RegistrationChange, by: User) -> tuple[Registration, Group | None]:
    """The registration, and the group it is handed to, None if it stays. The group in whose name a new slot is taken is
    held before the room is (lock order), and what the person may do is read after that: nobody can leave it meanwhile.

    Raises:
        Invalid: there is no such group (any more); under `group_id`.
        StaleRead: it changed rooms or groups meanwhile.
    """
    if change.is_overriding:
        check_cspace(by.access)
    rooms = [change.classroom.pk] if change.classroom else []
    turn = turn_of(registration_id, group_id=change.group_id)
    hold = partial(hold_registration, registration_id, rooms=rooms, after=turn.locks)
    if change.group_id is None and (by.access.is_cspace or not change.names_slot):
        holding = hold()
        turn.check(holding)
        return holding.registration, None  # nobody's place is asked for
    group_ids = group_of(registration_id) if change.group_id is None else [change.group_id]
    holding = hold(holding_groups(group_ids), asking_for_places(by))
    turn.check(holding)
    group_rows, places = holding.answers
    groups = groups_held(group_rows)
    renew_access(by, places)
    if change.group_id is not None:
        if not groups:
            raise Invalid({"group_id": [UNKNOWN_GROUP]})
        return holding.registration, groups[change.group_id]
    own_group_id = holding.registration.group_id
    if own_group_id is not None and own_group_id not in groups and by.access.is_member_of(own_group_id):
        raise StaleRead  # he could leave it
    return holding.registration, None


def _check_change(
    registration: Registration, change: RegistrationChange, group: Group | None, access: Access, now: datetime
) -> None:
    """Whether this person may make this change now. `group`: the one it is handed to.

    Raises: what `change_registration` does, but for what stands in the way of the room.
    """
    check_visible(registration, access)
    if group and group.pk != registration.group_id and not rules.may_book_for(access, group.pk):
        raise PermissionDenied
    check_may_move(registration, change, access)
    if faults := change_faults(registration, change, now):
        raise Invalid(faults)
    check_changeable(registration, access, now)
    if registration.status == RegistrationStatus.CANCELLED:
        raise RegistrationIsCancelled
    if registration.status == RegistrationStatus.REJECTED:
        raise RegistrationIsRejected


def is_move(registration: Registration, change: RegistrationChange) -> bool:
    """Whether a change gives a registration another room, date or time."""
    room = change.classroom or registration.occupancy.classroom
    return _slot_after(registration, change) != slot_of(registration) or room.pk != registration.occupancy.classroom_id


def check_may_move(registration: Registration, change: RegistrationChange, access: Access) -> None:
    """A new slot is taken in the name of the group, by somebody who is in it now. Raises: PermissionDenied."""
    group_id = registration.group_id if change.group_id is None else change.group_id
    if group_id is not None and is_move(registration, change) and not rules.may_book_for(access, group_id):
        raise PermissionDenied


def _move(
    registration: Registration, change: RegistrationChange, judgement: Judged | None, *, respect_holds: bool
) -> bool:
    """Take the new room time and give up the old one; whether there was anything to move."""
    occupancy, classroom = registration.occupancy, change.classroom or registration.occupancy.classroom
    if not is_move(registration, change):
        return False
    interval = _slot_after(registration, change).interval()
    buffers = NO_BUFFERS if judgement is None or change.is_overriding else judgement.buffers
    takes_more = rules.takes_more_time((occupancy.classroom_id, registration.interval), (classroom.pk, interval))
    move(
        occupancy_id=registration.pk,
        classroom_id=classroom.pk,
        interval=interval,
        respect_holds=respect_holds and takes_more,
        buffers=buffers,
    )
    occupancy.classroom, occupancy.starts_at, occupancy.ends_at = classroom, interval.starts_at, interval.ends_at
    occupancy.before_minutes, occupancy.after_minutes = buffers.before_minutes, buffers.after_minutes
    return True


def _decide_again(
    registration: Registration,
    judgement: Judged | None,
    change: RegistrationChange,
    *,
    slot_or_group_changed: bool,
    by: User,
) -> None:
    """The status that follows from a change, the rules for which somebody has to decide, and what it is charged."""
    to_decide_on = None
    if judgement is not None and not change.is_overriding:
        to_decide_on = rules_to_decide_on(registration, judgement)
    registration.status = rules.status_after_change(
        registration.status,
        slot_or_group_changed=slot_or_group_changed,
        by_cspace=by.access.is_cspace,
        target_auto_approve=registration.occupancy.classroom.auto_approve,
        breaks_rules=to_decide_on is not None,
    )
    if judgement is not None:
        registration.broken_rules = to_decide_on
        charge_again(registration, judgement)


def _marking_week(registration: Registration, changes: Collection[str]) -> list[Statement]:
    """An occurrence that is no longer like its series is settled; what is said of it alone is kept for its week."""
    if registration.series_id is None:
        return []
    keeping = {"description": keeping_own_description, "attendees": keeping_own_attendees}
    statements = [keep(registration) for name, keep in keeping.items() if name in changes]
    return statements + (settling_week(registration) if set(changes) - set(keeping) else [])


def change_faults(
    registration: Registration, change: RegistrationChange, now: datetime, *, malformed: Collection[str] = ()
) -> dict[str, list[str]]:
    """What is wrong with the values a change would give a registration; past and horizon only where they change.

    `malformed`: what was sent and could not be read; nothing is judged by it.
    """
    present, slot = slot_of(registration), _slot_after(registration, change)
    changed = {
        name
        for name, is_changed in (
            ("date", slot.day != present.day),
            ("start_time", slot.start_minute != present.start_minute),
        )
        if is_changed
    }
    classroom = change.classroom or registration.occupancy.classroom
    faults = rules.booking_faults(
        now=now,
        day=None if "date" in malformed else slot.day,
        start_minute=None if "start_time" in malformed else slot.start_minute,
        end_minute=None if "end_time" in malformed else slot.end_minute,
        room=classroom if is_move(registration, change) else None,
        description=change.description or "",
        changed=changed,
    )
    attendees = _attendees_after(registration, change)
    has_same_seats = attendees == registration.attendees and classroom.pk == registration.occupancy.classroom_id
    if has_same_seats or {"classroom", "attendees"} & set(malformed):
        return faults
    return faults | rules.attendees_faults(attendees, classroom)


def _readable(registration: Registration) -> Mapping[str, Any]:
    return {
        "classroom": registration.occupancy.classroom.name,
        "time": interval_in_words(registration.interval),
        "group": "" if registration.group is None else registration.group.name,
        "description": registration.description,
        "attendees": registration.attendees,
    }
