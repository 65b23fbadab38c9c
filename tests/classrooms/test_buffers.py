"""Buffers: whom they keep away, what is told of them, and to what they give way."""

import datetime as dt

import pytest

from auditlog.models import LogEntry
from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from classrooms.queries.states import State, states
from classrooms.rules import NO_BUFFERS, Buffers, are_too_close
from classrooms.services.closures import close_rooms, lift_closure
from classrooms.services.room_time import RoomAlreadyBooked, move_many, occupy_many, release
from kernel import clock
from kernel.campus_time import campus_interval, campus_minute, wall_instant
from registrations.models import Registration
from registrations.services.booking import Slot, book
from registrations.services.changing import RegistrationChange, change_registration
from registrations.services.deciding import approve_registration, reject_registration
from tests.classrooms.divided import make_hall
from tests.factories import make_occupancy
from tests.policies.scenes import time_kept

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
DAY = dt.date(2026, 1, 28)
AROUND = Buffers(15, 30)


def booked(by, group, room, start, end, buffers=NO_BUFFERS):
    slot = Slot(DAY, start, end)
    with time_kept(by, buffers):
        return book(by=by, now=clock.now(), classroom=room, group_id=group.pk, slot=slot)


@pytest.fixture
def held(member, team, room):
    """From 10 to 12, a quarter of an hour before and half an hour after it kept free."""
    return booked(member, team, room, 600, 720, AROUND)


def buffers_in(room, *, is_live=True):
    """The minutes of the buffers in a room, by time."""
    rows = Occupancy.objects.filter(classroom=room, kind=OccupancyKind.BUFFER, is_live=is_live).order_by("starts_at")
    return [(campus_minute(row.starts_at), campus_minute(row.ends_at)) for row in rows]


def test_a_buffer_is_part_of_no_use():
    ten, eleven = campus_interval(DAY, 600, 660), campus_interval(DAY, 660, 720)
    assert not are_too_close((ten, NO_BUFFERS), (eleven, NO_BUFFERS))
    assert are_too_close((ten, Buffers(after_minutes=1)), (eleven, NO_BUFFERS))
    assert are_too_close((ten, NO_BUFFERS), (eleven, Buffers(before_minutes=1)))
    assert not are_too_close((ten, Buffers(30, 0)), (eleven, Buffers(0, 30)))
    later = campus_interval(DAY, 690, 720)
    assert not are_too_close((ten, Buffers(0, 30)), (later, Buffers(30, 0)))


@pytest.mark.parametrize(
    ("start", "end", "buffers", "kind"),
    [
        (570, 586, NO_BUFFERS, "buffer"),
        (570, 585, NO_BUFFERS, None),
        (749, 780, NO_BUFFERS, "buffer"),
        (750, 780, NO_BUFFERS, None),
        (750, 780, Buffers(30, 0), None),
        (750, 780, Buffers(31, 0), "buffer"),
        (570, 585, Buffers(0, 16), "buffer"),
        (570, 585, Buffers(0, 15), None),
        (700, 780, NO_BUFFERS, "registration"),
        (700, 780, AROUND, "registration"),
    ],
)
def test_whom_it_keeps_away(member, team, room, held, start, end, buffers, kind):
    if kind is None:
        booked(member, team, room, start, end, buffers)
        return
    count = Registration.objects.count()
    with pytest.raises(RoomAlreadyBooked) as refusal:
        booked(member, team, room, start, end, buffers)
    details = refusal.value.details
    assert [(row["id"], row["kind"]) for row in details["conflicts"]] == [(held.pk, kind)]
    assert details["existing_registration_id"] == held.pk
    assert Registration.objects.count() == count


def test_it_is_told_as_a_buffer_and_shown_nowhere_else(api, member, team, room, held):
    wish = {"classroom": room.name, "group_id": team.pk, "date": "2026-01-28"}
    refused = api(member).post("registrations/", wish | {"start_time": "12:00", "end_time": "13:00"})
    conflict = {"id": held.pk, "kind": "buffer", "date": "2026-01-28", "start_time": "12:00", "end_time": "12:30"}
    assert (refused.status_code, refused.json()["code"], refused.json()["details"]["conflicts"]) == (
        409,
        "CONFLICT",
        [conflict],
    )
    query = "date=2026-01-28&start_time=12:00&end_time=13:00"
    shown = api(member).get(f"classrooms/{room.name}/availability/?{query}").json()
    assert (shown["is_available"], shown["conflicts"]) == (
        False,
        [{"id": held.pk, "start_time": "12:00", "end_time": "12:30", "kind": "buffer"}],
    )
    assert api(member).get(f"classrooms/free/?{query}").json()["results"] == []
    entries = api(member).get(f"classrooms/{room.name}/agenda/?start_date=2026-01-28").json()["registrations"]
    assert [(entry["id"], entry["start_time"], entry["end_time"]) for entry in entries] == [(held.pk, "10:00", "12:00")]
    assert states([room], wall_instant(DAY, 735))[room.pk].state == State.FREE
    assert [row["id"] for row in api(member).get("users/me/registrations/").json()["results"]] == [held.pk]


def test_it_reaches_into_every_room_that_has_a_part(member, team):
    hall = make_hall()
    booked(member, team, hall["ab"], 600, 660, Buffers(0, 30))
    assert {name for name, room in hall.items() if buffers_in(room)} == {"ab", "a", "b", "bc", "abc"}
    booked(member, team, hall["c"], 660, 690)
    booked(member, team, hall["bc"], 720, 780, Buffers(30, 0))
    with pytest.raises(RoomAlreadyBooked) as refusal:
        booked(member, team, hall["b"], 670, 700)
    assert [(row.kind, row.via) for row in refusal.value.obstacles] == [("buffer", "ab"), ("buffer", "bc")]


def test_a_flip_of_the_state_keeps_it_and_a_move_gives_it_up(member, cspace, room, held):
    before = buffers_in(room)
    assert before == [(585, 600), (720, 750)]
    approve_registration(registration_id=held.pk, by=cspace, now=clock.now())
    assert buffers_in(room) == before
    reject_registration(registration_id=held.pk, by=cspace, now=clock.now())
    assert (buffers_in(room), buffers_in(room, is_live=False)) == ([], before)
    approve_registration(registration_id=held.pk, by=cspace, now=clock.now())
    assert (buffers_in(room), buffers_in(room, is_live=False)) == (before, [])
    words = RegistrationChange(description="Choir")
    change_registration(registration_id=held.pk, by=cspace, now=clock.now(), change=words)
    assert buffers_in(room) == before
    later = RegistrationChange(start_minute=630)
    change_registration(registration_id=held.pk, by=cspace, now=clock.now(), change=later)
    assert (buffers_in(room), buffers_in(room, is_live=False)) == ([], [])
    held.occupancy.refresh_from_db()
    assert held.occupancy.buffers == NO_BUFFERS


def test_one_s_own_buffer_keeps_nobody_from_moving_into_it(member, room, held):
    change = RegistrationChange(start_minute=590, end_minute=740)
    moved = change_registration(registration_id=held.pk, by=member, now=clock.now(), change=change)
    assert (campus_minute(moved.occupancy.starts_at), buffers_in(room)) == (590, [])


def test_many_at_once_have_their_own(room):
    spans = [campus_interval(DAY, 600, 660), campus_interval(DAY, 700, 760)]
    of_each = [Buffers(0, 15), Buffers(30, 0)]
    ids = occupy_many([(room.pk, span) for span in spans], kind=OccupancyKind.FEST, buffers=of_each)
    assert buffers_in(room) == [(660, 675), (670, 700)]
    release(ids)
    assert buffers_in(room) == []
    move_many({ids[0]: (room.pk, spans[1]), ids[1]: (room.pk, spans[0])}, buffers=[Buffers(5, 0), NO_BUFFERS])
    assert buffers_in(room) == [(695, 700)]


def closed(by, rooms, start, end):
    interval = campus_interval(DAY, start, end)
    return close_rooms(by=by, now=clock.now(), classrooms=rooms, interval=interval, reason="Paint")


def test_it_gives_way_to_a_closure_which_says_so(cspace, room, held):
    (closure,) = closed(cspace, [room], 735, 780)
    assert buffers_in(room) == [(585, 600), (720, 735)]
    entry = LogEntry.objects.latest("id")
    assert (entry.action, entry.details["shortened_buffer_count"], entry.details["shortened_buffers"]) == (
        "closure.created",
        1,
        [held.pk],
    )
    lift_closure(closure_id=closure.pk, classroom=room, by=cspace, now=clock.now())
    assert buffers_in(room) == [(585, 600), (720, 735)]


def test_it_makes_no_room_where_a_lecture_or_closure_is(member, cspace, team, room):
    closed(cspace, [room], 720, 730)
    make_occupancy(room, campus_interval(DAY, 590, 595), OccupancyKind.LECTURE)
    booked(member, team, room, 600, 720, AROUND)
    assert buffers_in(room) == [(585, 590), (595, 600), (730, 750)]


def kinds_in(room):
    rows = Occupancy.objects.live().filter(classroom=room).order_by("starts_at", "ends_at")
    return [(row.kind, campus_minute(row.starts_at), campus_minute(row.ends_at)) for row in rows]


def test_closing_a_part_closes_its_wholes_and_closing_a_whole_its_parts(api, cspace, member, team):
    hall = make_hall()
    closed(cspace, [hall["a"]], 600, 660)
    looked = states(list(hall.values()), wall_instant(DAY, 630))
    assert {name for name, room in hall.items() if looked[room.pk].state == State.CLOSED} == {"a", "ab", "abc"}
    booked(member, team, hall["bc"], 600, 660)
    closed(cspace, [hall["ab"]], 700, 760)
    looked = states(list(hall.values()), wall_instant(DAY, 730))
    assert {name for name, room in hall.items() if looked[room.pk].state == State.CLOSED} == set("ab") | {
        "ab",
        "bc",
        "abc",
    }
    (entry,) = api(member).get("classrooms/b/agenda/?start_date=2026-01-28").json()["registrations"][1:]
    assert (entry["kind"], entry["description"], entry["via"]) == ("closure", "Paint", "ab")


def test_closures_of_wholes_and_parts_are_in_nobody_s_way(cspace):
    """In any order and all at once; what one has left to another is closed by it again once that is lifted."""
    hall = make_hall()
    closed(cspace, [hall["a"]], 600, 720)
    (whole,) = closed(cspace, [hall["ab"]], 660, 780)
    assert kinds_in(hall["ab"]) == [("part", 600, 660), ("closure", 660, 780)]
    closed(cspace, list(hall.values()), 690, 700)
    lift_closure(closure_id=whole.pk, classroom=hall["ab"], by=cspace, now=clock.now())
    assert kinds_in(hall["ab"]) == [
        ("part", 600, 690),
        *[("closure", 690, 700)] * 2,  # its own, and that of the hall
        ("part", 700, 720),
    ]


def test_a_closure_cancels_what_uses_the_room_by_way_of_another(api, cspace, member, team):
    hall = make_hall()
    inside, whole, apart = (
        booked(member, team, hall[name], *times)
        for name, times in (("a", (600, 660)), ("abc", (660, 720)), ("c", (600, 660)))
    )
    period = {"starts_at": "2026-01-28T02:00:00Z", "ends_at": "2026-01-28T04:00:00Z"}
    refused = api(cspace).post("classrooms/ab/closures/", period)
    assert (refused.status_code, [(row["id"], row["via"]) for row in refused.json()["details"]["conflicts"]]) == (
        409,
        [(inside.pk, "a"), (whole.pk, "abc")],
    )
    made = api(cspace).post("classrooms/ab/closures/", period | {"on_conflict": "cancel"})
    assert made.status_code == 201
    left = Registration.objects.live().values_list("pk", flat=True)
    assert list(left) == [apart.pk]
    entry = LogEntry.objects.filter(action="closure.created").latest("id")
    assert entry.details["cancelled"] == [f"registration:{inside.pk}", f"registration:{whole.pk}"]
    lifted = api(cspace).delete(f"classrooms/ab/closures/{made.json()['id']}/")
    assert lifted.status_code == 204
    free = LogEntry.objects.filter(action="closure.deleted").latest("id").details["free_again"]
    assert free == [f"registration:{inside.pk}", f"registration:{whole.pk}"]
