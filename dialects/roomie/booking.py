"""A booking as it is wished over this wire, and why it is not made: the rules of the house in the order of the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from classrooms.models import Classroom
from classrooms.queries.obstacles import obstacles
from classrooms.rules import START_IS_OVER
from classrooms.services.holds import TimeIsHeldBack, pieces_held
from dialects.roomie.envelope import RoomieRefusal
from dialects.roomie.house_rules import UNLIMITED_DAYS_AHEAD
from dialects.roomie.parameters import Parameters, day_in, end_in, start_in
from dialects.roomie.refusals import NOT_THEIRS, UNKNOWN_SOCIETY
from dialects.roomie.rooms import has_individual_access, room_called
from groups.queries.key_bearers import KeyBearer, Society
from groups.queries.societies import asking_for_society, society_in
from kernel.campus_time import WallTimeDoesNotExist, campus_date
from kernel.db.batch import ask
from kernel.errors import Conflict, Invalid, PermissionDenied
from policies.enums import Effect, LimitType
from policies.queries.rulebook import rulebook_in_force
from policies.rules.scopes import Party, Stay, deciding
from policies.rules.verdicts import may_be_individual
from registrations.enums import Origin
from registrations.models import Registration
from registrations.services.booking import BookingRequest, Slot, make_booking
from registrations.services.judging import PolicyBroken, place_of

MAX_TEXT = 150
NOT_ALONE = ("ROOM_ACCESS_DENIED", "This room can only be booked by societies")
IN_THE_PAST = ("IN_THE_PAST", "The start lies in the past")
TAKEN = ("SLOT_TAKEN", "The room is already booked at this time")
TOO_FAR = "TOO_FAR_AHEAD"
CODES: Sequence[tuple[LimitType, str]] = (
    (LimitType.NO_BOOKING, "ROOM_ACCESS_DENIED"),
    (LimitType.INDIVIDUAL, "ROOM_ACCESS_DENIED"),
    (LimitType.NOTICE, TOO_FAR),
    (LimitType.OPENING_HOURS, "OUTSIDE_OPENING_HOURS"),
)
"""What is said of a broken rule although the room is taken as well, in this order; before any other that is said."""
QUOTA_EXCEEDED, RULE_BROKEN = "QUOTA_EXCEEDED", "BOOKING_RULE"


@dataclass(frozen=True, kw_only=True)
class BookingForm:
    """What was sent to `rooms.book`, as texts. `society` None: for oneself."""

    room_id: str
    date: str
    start_time: str
    end_time: str
    text: str
    is_for_society: bool
    society: str


def wish_in(parameters: Parameters, bearer: KeyBearer) -> BookingForm:
    """The texts of a booking. Raises: RoomieRefusal."""
    room_id, day = parameters.required("room_id"), parameters.required("date", "data")
    start_time, end_time = parameters.required("start_time"), parameters.required("end_time")
    society, choice = parameters.text("society"), parameters.flag("society_booking")
    notes, event_name = (parameters.text(name, longest=MAX_TEXT) for name in ("notes", "event_name"))
    is_for_society = (bool(society) or bearer.society is not None) if choice is None else choice
    return BookingForm(
        room_id=room_id,
        date=day,
        start_time=start_time,
        end_time=end_time,
        text=(event_name or notes) if is_for_society else notes,
        is_for_society=is_for_society,
        society=society,
    )


def book_room(wish: BookingForm, bearer: KeyBearer, *, now: datetime) -> Registration:
    """Book it, in one's own name or a society's. Raises: RoomieRefusal."""
    society = _society(wish, bearer) if wish.is_for_society else None
    if society is None and bearer.society is not None:
        raise RoomieRefusal("SOCIETY_ACCESS_DENIED", "With the token of a society only the society books")
    room = room_called(wish.room_id)
    slot = _slot(wish, room, None if society is not None else bearer)
    request = BookingRequest(
        classroom=room,
        group_id=None if society is None else society.id,
        slot=slot,
        description=wish.text,
        origin=Origin.ROOMIE if bearer.society is None else Origin.SOCIETY,
        is_approved=True,
    )
    return _booked(request, bearer, now)


def _slot(wish: BookingForm, room: Classroom, alone: KeyBearer | None) -> Slot:
    """When it is wished. `alone`: who wishes it for himself: whether he may have the room comes before when.

    Raises: RoomieRefusal.
    """
    book = None if alone is None else rulebook_in_force()
    try:
        slot = _read_slot(wish)
        interval = slot.interval()
    except (RoomieRefusal, WallTimeDoesNotExist) as fault:
        if book is not None and not has_individual_access(room, book.rules):
            raise RoomieRefusal(*NOT_ALONE) from None
        if isinstance(fault, RoomieRefusal):
            raise
        return slot
    if book is not None and alone is not None:
        stay = Stay(slot.day, slot.start_minute, slot.end_minute, interval)
        if not may_be_individual(deciding(book.rules, Party(alone.user.pk), place_of(room), stay, book.terms)):
            raise RoomieRefusal(*NOT_ALONE)
    return slot


def _read_slot(wish: BookingForm) -> Slot:
    """Raises: RoomieRefusal."""
    day, start, end = day_in(wish.date), start_in(wish.start_time), end_in(wish.end_time)
    if end <= start:
        raise RoomieRefusal("INVALID_DATETIME", "The end must be after the start")
    return Slot(day, start, end)


def _society(wish: BookingForm, bearer: KeyBearer) -> Society:
    """The one that books: of whoever shows a society's key that one, which need not be named. Raises: RoomieRefusal."""
    society = bearer.society_with_code(wish.society) if wish.society else bearer.society
    if society is None:
        is_there = society_in(ask(asking_for_society(wish.society))) is not None
        raise RoomieRefusal(*(NOT_THEIRS if is_there else UNKNOWN_SOCIETY))
    return society


def _booked(request: BookingRequest, bearer: KeyBearer, now: datetime) -> Registration:
    """Raises: RoomieRefusal."""
    try:
        return make_booking(by=bearer.user, now=now, request=request)
    except PolicyBroken as refusal:
        broken: Sequence[Mapping[str, Any]] = refusal.details["rules"]
        if _is_above(bearer, request, broken):
            return _booked(replace(request, is_overriding=True, is_unlimited=True), bearer, now)
        raise _refusal(request, broken) from refusal
    except (Conflict, TimeIsHeldBack) as refusal:
        raise RoomieRefusal(*TAKEN) from refusal
    except PermissionDenied as refusal:
        raise RoomieRefusal(*(NOT_ALONE if request.group_id is None else NOT_THEIRS)) from refusal
    except Invalid as refusal:
        raise _fault(refusal.details, request.slot.day, now) from refusal


def _is_above(bearer: KeyBearer, request: BookingRequest, broken: Sequence[Mapping[str, Any]]) -> bool:
    """Whether somebody unlimited books for himself, and breaks no rule but those of how much and, within bounds, how
    far ahead."""
    is_for_himself = request.group_id is None and bearer.is_unlimited and not request.is_overriding
    return is_for_himself and all(
        rule["type"] == LimitType.QUOTA or (_is_too_far(rule) and rule["wanted"] <= UNLIMITED_DAYS_AHEAD)
        for rule in broken
        if rule["effect"] == Effect.REFUSE
    )


def _is_too_far(rule: Mapping[str, Any]) -> bool:
    """Whether it wants less time between booking and start; the opposite bound is broken by what is below it."""
    return rule["type"] == LimitType.NOTICE and bool(rule["wanted"] >= rule["limit"])


def _refusal(request: BookingRequest, broken: Sequence[Mapping[str, Any]]) -> RoomieRefusal:
    """The first of what is wrong, in the order of this wire, where the room comes before what somebody has used up."""
    refusing = [rule for rule in broken if rule["effect"] == Effect.REFUSE]
    for of_type, code in CODES:
        for rule in refusing:
            if rule["type"] == of_type and (code != TOO_FAR or _is_too_far(rule)):
                return RoomieRefusal(code, rule["sentence"])
    interval = request.slot.interval()
    if obstacles(request.classroom.pk, interval) or pieces_held(interval):
        return RoomieRefusal(*TAKEN)
    rule = refusing[0]
    return RoomieRefusal(QUOTA_EXCEEDED if rule["type"] == LimitType.QUOTA else RULE_BROKEN, rule["sentence"])


def _fault(faults: Mapping[str, Sequence[str]], day: date, now: datetime) -> RoomieRefusal:
    """What CSpace finds wrong with a booking before it asks the rules."""
    if "date" in faults:
        return RoomieRefusal(*IN_THE_PAST) if day < campus_date(now) else RoomieRefusal(TOO_FAR, faults["date"][0])
    if START_IS_OVER in faults.get("start_time", ()):
        return RoomieRefusal(*IN_THE_PAST)
    for name, code in (
        ("start_time", "INVALID_DATETIME"),
        ("end_time", "INVALID_DATETIME"),
        ("classroom", "UNKNOWN_ROOM"),
    ):
        if name in faults:
            return RoomieRefusal(code, faults[name][0])
    return RoomieRefusal("INVALID_PARAMETER", next(iter(faults.values()))[0])
