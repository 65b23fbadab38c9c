"""Asking for a room."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError

from accounts.models import User
from accounts.rules import Access, check_cspace
from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.queries.rooms import room_as_it_is
from classrooms.rules import NO_BUFFERS
from classrooms.services.room_time import NO_OVERLAP, occupying, refuse_to_occupy
from groups.models import Group
from groups.queries.recipients import cspace_people
from groups.services.holding import holding_group, living_group
from kernel.campus_time import Interval, campus_interval
from kernel.db.batch import send
from kernel.db.constraints import missing_column, violated_constraint
from kernel.db.ids import next_id
from kernel.db.locks import taking
from kernel.db.transactions import transactional
from kernel.errors import Invalid, PermissionDenied, Unavailable
from kernel.facts import Recipients, write
from policies.enums import Effect
from policies.queries.rulebook import is_kept, rulebook_version
from policies.rules.scopes import Party, Stay
from policies.rules.verdicts import may_be_individual
from policies.rules.wishes import BookingWish
from registrations import rules
from registrations.enums import Origin, RegistrationStatus
from registrations.facts.registrations import RegistrationCreated
from registrations.models import Registration
from registrations.services.judging import Judged, judged, locks_for_all_rules, party_of, place_of
from registrations.services.registration_rows import inserting

MAX_TRIES = 4
"""One may be spent on learning that a room is divided."""


@dataclass(frozen=True)
class Slot:
    """The date and time of a booking on the campus wall. Minutes since midnight; the end may be `MINUTES_PER_DAY`."""

    day: date
    start_minute: int
    end_minute: int

    def interval(self) -> Interval:
        """The instants. Ask `booking_faults` first: a time in a DST gap raises `WallTimeDoesNotExist`."""
        return campus_interval(self.day, self.start_minute, self.end_minute)


@dataclass(frozen=True, kw_only=True)
class BookingRequest:
    """A booking that somebody wants. `group_id` None: for himself. `is_overriding`: whatever booking rules say, for
    cspace alone, or where the door vouches that those it breaks are none for him (`is_unlimited`). `is_approved`: where
    no rule sends it to approval it does not wait, whatever the room says. `origin`: through which door it comes."""

    classroom: Classroom
    group_id: int | None
    slot: Slot
    description: str = ""
    attendees: int | None = None
    is_overriding: bool = False
    is_unlimited: bool = False
    is_approved: bool = False
    origin: Origin = Origin.CSPACE


def book(
    *,
    by: User,
    now: datetime,
    classroom: Classroom,
    group_id: int | None,
    slot: Slot,
    description: str = "",
    attendees: int | None = None,
    is_overriding: bool = False,
) -> Registration:
    """Hold a room, `pending` or, where the room says so and no rule sends it to approval, `approved`.

    Returns the registration with its API relations. Publishes `RegistrationCreated`.

    Raises:
        PermissionDenied: not a member of the group; no rule allows a booking without one; not cspace, but overriding.
        Invalid: the slot, the room or the group cannot be booked; {field: [sentences]}.
        PolicyBroken: a rule of the house refuses it.
        TimeIsHeldBack: the time is kept from single registrations, and the caller is not cspace.
        RoomAlreadyBooked: something live is in the way, decided by the constraint itself.
        Unavailable: three times in a row the obstacle vanished before it could be named.
    """
    request = BookingRequest(
        classroom=classroom,
        group_id=group_id,
        slot=slot,
        description=description,
        attendees=attendees,
        is_overriding=is_overriding,
    )
    return make_booking(by=by, now=now, request=request)


def make_booking(*, by: User, now: datetime, request: BookingRequest) -> Registration:
    """The same, of a request that somebody has put together."""
    check_booking(by.access, now, request)
    if (registration := _try(by, now, request)) is not None:
        return registration
    for _ in range(MAX_TRIES - 1):
        if (registration := _book_in_turn(by=by, now=now, request=request)) is not None:
            return registration
    raise Unavailable


@transactional
def _book_in_turn(*, by: User, now: datetime, request: BookingRequest) -> Registration | None:
    """The same, when what it was judged by has changed meanwhile: nobody can change it again before this is over."""
    group, party = _group_and_party(by, request)
    first = [] if group is None else [holding_group(group.pk)]
    send(*first, *taking(*locks_for_all_rules(party)))
    is_kept(rulebook_version())
    return _try(by, now, replace(request, classroom=room_as_it_is(request.classroom)))


def _try(by: User, now: datetime, request: BookingRequest) -> Registration | None:
    """Judge the request and write it; None, where something it was judged by was different when it was written."""
    group, party = _group_and_party(by, request)
    judgement = _judged(wish_of(party, request, now), is_overriding=request.is_overriding)
    check_judgement(judgement, is_overriding=request.is_overriding)
    registration = _new_registration(by, now, group, request, judgement)
    if _write(registration, judgement, by=by, now=now, is_overriding=request.is_overriding):
        return registration
    _refuse(registration, judgement, by=by)
    return None


def _group_and_party(by: User, request: BookingRequest) -> tuple[Group | None, Party]:
    group = None if request.group_id is None else living_group(request.group_id)
    return group, party_of(group, by.pk)


def wish_of(party: Party, request: BookingRequest, now: datetime) -> BookingWish:
    """What the rules are asked about."""
    slot = request.slot
    stay = Stay(slot.day, slot.start_minute, slot.end_minute, slot.interval())
    return BookingWish(party, place_of(request.classroom), stay, now, attendees=request.attendees)


def _judged(wish: BookingWish, *, is_overriding: bool) -> Judged:
    """The wish as it was judged; who is refused, by the rules in force: what is written is only compared with them."""
    judgement = judged(wish)
    is_refused = not _may_be(judgement) or judgement.verdict.is_refused
    if is_refused and not is_overriding and not is_kept(rulebook_version(), judgement.rulebook):
        return judged(wish)
    return judgement


def _may_be(judgement: Judged) -> bool:
    """It is for a group, or a rule allows it without one."""
    return judgement.wish.party.group_id is not None or may_be_individual(judgement.verdict.deciding)


def check_judgement(judgement: Judged, *, is_overriding: bool) -> None:
    """Raises: PermissionDenied, PolicyBroken."""
    if not (is_overriding or _may_be(judgement)):
        raise PermissionDenied
    judgement.check(is_overridden=is_overriding)


def _new_registration(
    by: User, now: datetime, group: Group | None, request: BookingRequest, judgement: Judged
) -> Registration:
    """As it will stand in its table, with its API relations."""
    goes_over_buffers = request.is_overriding and not request.is_unlimited
    interval, buffers = request.slot.interval(), NO_BUFFERS if goes_over_buffers else judgement.buffers
    occupancy = Occupancy(
        id=next_id(Occupancy._meta.db_table),
        classroom=request.classroom,
        starts_at=interval.starts_at,
        ends_at=interval.ends_at,
        kind=OccupancyKind.REGISTRATION,
        before_minutes=buffers.before_minutes,
        after_minutes=buffers.after_minutes,
    )
    to_decide_on = _rules_to_decide_on(judgement, request)
    return Registration(
        occupancy=occupancy,
        group=group,
        created_by=by,
        description=request.description,
        status=rules.initial_status(
            auto_approve=(request.is_approved or request.classroom.auto_approve) and not to_decide_on
        ),
        created_at=now,
        attendees=request.attendees,
        broken_rules=to_decide_on,
        origin=request.origin,
    )


def _rules_to_decide_on(judgement: Judged, request: BookingRequest) -> list[dict[str, Any]] | None:
    """The broken rules for which somebody has to decide; whoever is only above others does not decide on these."""
    if request.is_unlimited:
        return [each.json for each in judgement.verdict.broken if each.rule.effect == Effect.APPROVAL] or None
    return judgement.broken if judgement.verdict.needs_approval and not request.is_overriding else None


def _write(registration: Registration, judgement: Judged, *, by: User, now: datetime, is_overriding: bool) -> bool:
    """Room time, registration, what it is charged, log row and notices in one batch; whether they are written."""
    occupancy, status = registration.occupancy, RegistrationStatus(registration.status)
    try:
        write(
            *([] if registration.group_id is None else [holding_group(registration.group_id)]),
            *occupying(
                occupancy_id=occupancy.pk,
                classroom_id=occupancy.classroom_id,
                interval=registration.interval,
                kind=OccupancyKind.REGISTRATION,
                respect_holds=not by.access.is_cspace,
                after=judgement.locks,
                provided=judgement.as_judged,
                buffers=occupancy.buffers,
                is_divided=occupancy.classroom.is_divided,
            ),
            inserting(registration, by=by, charges=judgement.charges(occupancy.pk)),
            fact=RegistrationCreated(
                registration=registration.summary,
                actor_id=by.pk,
                occurred_at=now,
                status=status,
                deciders=deciders_of(status),
                overridden=tuple(judgement.verdict.json) if is_overriding else None,
            ),
        )
    except IntegrityError as error:
        if missing_column(error) is None and violated_constraint(error) != NO_OVERLAP:
            raise
        return False
    return True


def _refuse(registration: Registration, judgement: Judged, *, by: User) -> None:
    """Say why it was not written, if that is still so and the rules it was judged by are. Raises: as `book`."""
    if not is_kept(rulebook_version(), judgement.rulebook):
        return
    if registration.group_id is not None:
        living_group(registration.group_id)
        by.forget_access()
        if not rules.may_book_for(by.access, registration.group_id):
            raise PermissionDenied
    refuse_to_occupy(
        classroom_id=registration.occupancy.classroom_id,
        interval=registration.interval,
        respect_holds=not by.access.is_cspace,
        buffers=registration.occupancy.buffers,
    )


def check_booking(access: Access, now: datetime, request: BookingRequest) -> None:
    """What is asked before the rules of the house are. Raises: PermissionDenied, Invalid."""
    if request.group_id is not None and not rules.may_book_for(access, request.group_id):
        raise PermissionDenied
    if request.is_overriding and not request.is_unlimited:
        check_cspace(access)
    faults = rules.booking_faults(
        now=now,
        day=request.slot.day,
        start_minute=request.slot.start_minute,
        end_minute=request.slot.end_minute,
        room=request.classroom,
        description=request.description,
        attendees=request.attendees,
    )
    if faults:
        raise Invalid(faults)


def deciders_of(status: RegistrationStatus) -> Recipients:
    """Who has to decide: cspace while it is pending, else nobody."""
    return cspace_people() if status == RegistrationStatus.PENDING else ()
