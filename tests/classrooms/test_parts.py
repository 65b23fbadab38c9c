"""Rooms that consist of rooms, as literal JSON: who writes it, what is booked with what, what is shown where."""

import datetime as dt

import pytest

from auditlog.models import LogEntry
from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy, RoomOverlap, RoomPart
from classrooms.queries.soonest import soonest_runs
from classrooms.queries.states import State, states
from classrooms.queries.utilisation import Grouping, utilisation
from kernel import clock
from kernel.campus_time import campus_interval, wall_instant
from registrations.services.cancelling import cancel_registration
from registrations.services.deciding import approve_registration, reject_registration
from tests.classrooms.divided import divide, make_hall
from tests.factories import make_classroom, make_occupancy, make_registration

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
DAY = dt.date(2026, 1, 28)
MORNING = {"date": "2026-01-28", "start_time": "10:00", "end_time": "12:00"}
SLOT = "date=2026-01-28&start_time=10:00&end_time=12:00"
SELF = {"parts": ["A classroom cannot contain itself"]}


@pytest.fixture
def hall(db):
    return make_hall()


@pytest.fixture
def booked(hall, member, team):
    """A registration of one of the rooms, from 10 to 12."""
    return lambda name, **more: make_registration(by=member, group=team, classroom=hall[name], day=DAY, **more)


def rows_of(registration, *, is_live=True):
    """{room: kind} of its satellites."""
    rows = Occupancy.objects.filter(main=registration.pk, is_live=is_live)
    return dict(rows.order_by("classroom__name").values_list("classroom__name", "kind"))


def test_cspace_says_what_a_room_consists_of(api, cspace, member):
    for name in ("A10", "A2"):
        make_classroom(name)
    made = api(cspace).post("classrooms/", {"name": "A", "capacity": 60, "floor": 2, "parts": ["A10", "A2", "A2"]})
    assert (made.status_code, made.json()["parts"]) == (201, ["A2", "A10"])
    assert api(member).get("classrooms/A/").json() == made.json()
    assert [room["parts"] for room in api(member).get("classrooms/").json()["results"]] == [["A2", "A10"], [], []]
    changed = api(cspace).put("classrooms/A/", {"parts": ["A10"]})
    assert (changed.status_code, changed.json()) == (200, made.json() | {"parts": ["A10"]})
    assert LogEntry.objects.latest("id").details == {"name": "A", "changes": {"parts": [["A2", "A10"], ["A10"]]}}
    assert api(cspace).patch("classrooms/A/", {"capacity": 61}).json()["parts"] == ["A10"]
    before = LogEntry.objects.count()
    assert api(cspace).patch("classrooms/A/", {"parts": ["A10"]}).status_code == 200
    assert LogEntry.objects.count() == before
    assert api(cspace).patch("classrooms/A/", {"parts": []}).json()["parts"] == []
    assert (RoomPart.objects.count(), RoomOverlap.objects.count()) == (0, 0)
    assert api(member).put("classrooms/A/", {"parts": ["A10"]}).status_code == 403


@pytest.mark.parametrize(
    ("parts", "faults"),
    [
        ("a", ["A list of classroom names is required"]),
        ([1], ["A list of classroom names is required"]),
        (None, ["This field may not be null."]),
        (["a", "x", "y"], ["Unknown classroom: x", "Unknown classroom: y"]),
        (["a"] * 101, ["Must name at most 100"]),
    ],
)
def test_what_is_no_list_of_rooms(api, cspace, hall, parts, faults):
    before = LogEntry.objects.count()
    refused = api(cspace).put("classrooms/abc/", {"parts": parts})
    assert (refused.status_code, refused.json()["details"]) == (400, {"parts": faults})
    assert LogEntry.objects.count() == before


def test_a_room_does_not_contain_itself(api, cspace, hall):
    before = LogEntry.objects.count(), list(RoomOverlap.objects.values_list())
    for name, parts in (("a", ["a"]), ("a", ["ab"]), ("b", ["abc", "c"]), ("ab", ["a", "abc"])):
        refused = api(cspace).put(f"classrooms/{name}/", {"parts": parts})
        assert (refused.status_code, refused.json()["details"]) == (400, SELF)
    assert (LogEntry.objects.count(), list(RoomOverlap.objects.values_list())) == before


def test_what_overlaps_what(hall):
    pairs = RoomOverlap.objects.order_by("classroom__name", "other__name")
    inside = {
        f"{one} {other}"
        for one, other, whole in pairs.values_list("classroom__name", "other__name", "is_inside")
        if whole
    }
    assert inside == {"ab a", "ab b", "bc b", "bc c", "abc ab", "abc bc", "abc a", "abc b", "abc c"}
    everything = {f"{one} {other}" for one, other in pairs.values_list("classroom__name", "other__name")}
    back = {" ".join(reversed(pair.split())) for pair in inside}
    assert everything == inside | back | {"ab bc", "bc ab"}


def test_a_room_with_parts_or_in_a_whole_is_not_deleted(api, cspace, hall):
    sentence = "The classroom consists of others, or is a part of another one: change that before deleting it"
    for name in ("abc", "ab", "a"):
        refused = api(cspace).delete(f"classrooms/{name}/")
        assert (refused.status_code, refused.json()["code"], refused.json()["error"]) == (
            409,
            "INVALID_STATE",
            sentence,
        )
    divide(hall["abc"])
    assert api(cspace).delete("classrooms/abc/").status_code == 204


def test_a_booking_has_what_is_inside_and_marks_what_has_a_part_of_it(booked, hall):
    assert rows_of(booked("abc")) == dict.fromkeys(("a", "ab", "b", "bc", "c"), "registration")
    assert rows_of(booked("ab", start=720, end=780)) == {
        "a": "registration",
        "abc": "part",
        "b": "registration",
        "bc": "part",
    }
    assert rows_of(booked("c", start=720, end=780)) == {"abc": "part", "bc": "part"}
    plain = make_classroom("plain")
    assert not Occupancy.objects.filter(classroom=plain).exists()


@pytest.mark.parametrize(
    ("taken", "left"),
    [("abc", ""), ("ab", "c"), ("bc", "a"), ("a", "bc b c"), ("b", "a c"), ("c", "ab a b")],
)
def test_who_excludes_whom(api, member, team, booked, hall, taken, left):
    held = booked(taken)
    free = [room["name"] for room in api(member).get(f"classrooms/free/?{SLOT}").json()["results"]]
    assert sorted(free) == sorted(left.split())
    for name in hall:
        conflict = {"id": held.pk, "kind": "registration", **MORNING} | ({} if name == taken else {"via": taken})
        answer = api(member).post("registrations/?dry_run=true", {"classroom": name, "group_id": team.pk, **MORNING})
        if name in left.split():
            assert answer.status_code == 201
        else:
            assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
            assert answer.json()["details"] == {"existing_registration_id": held.pk, "conflicts": [conflict]}


def test_it_is_shown_by_way_of_the_room_that_is_used(api, member, booked):
    held = booked("ab", description="Rehearsal")
    times = {"start_time": "10:00", "end_time": "12:00"}
    shown = api(member).get(f"classrooms/bc/availability/?{SLOT}").json()
    assert (shown["is_available"], shown["conflicts"]) == (
        False,
        [{"id": held.pk, **times, "kind": "registration", "via": "ab"}],
    )
    own = api(member).get(f"classrooms/ab/availability/?{SLOT}").json()
    assert own["conflicts"] == [{"id": held.pk, **times}]
    (entry,) = api(member).get("classrooms/bc/agenda/?start_date=2026-01-28").json()["registrations"]
    (own_entry,) = api(member).get("classrooms/ab/agenda/?start_date=2026-01-28").json()["registrations"]
    assert entry == own_entry | {"via": "ab"}
    assert (own_entry["kind"], own_entry["description"], "via" in own_entry) == ("registration", "Rehearsal", False)
    for name in ("a", "b", "abc"):
        (entry,) = api(member).get(f"classrooms/{name}/agenda/?start_date=2026-01-28").json()["registrations"]
        assert entry == own_entry | {"via": "ab"}
    assert api(member).get("classrooms/c/agenda/?start_date=2026-01-28").json()["registrations"] == []


def test_states_and_hours_follow_the_whole(booked, hall, cspace):
    booked("a")
    make_occupancy(make_classroom("other"), campus_interval(DAY, 600, 720), OccupancyKind.CLOSURE)
    looked = states(list(hall.values()), wall_instant(DAY, 660))
    assert {name: looked[room.pk].state for name, room in hall.items()} == {
        **dict.fromkeys(("abc", "ab", "a"), State.TAKEN),
        **dict.fromkeys(("bc", "b", "c"), State.FREE),
    }
    assert soonest_runs(after=wall_instant(DAY, 0)).keys() >= {hall[name].pk for name in ("abc", "ab", "a")}
    hours = {row.key: row.booked_hours for row in utilisation(DAY, DAY, by=Grouping.ROOM, now=clock.now())}
    assert hours == {"a": 2, "ab": 2, "abc": 2, "b": 0, "bc": 0, "c": 0, "other": 0}


def test_what_is_given_up_is_free_everywhere(api, member, cspace, booked):
    held = booked("abc")
    cancel_registration(registration_id=held.pk, by=member, now=clock.now())
    assert rows_of(held) == {}
    assert len(api(member).get(f"classrooms/free/?{SLOT}").json()["results"]) == 6


def test_what_is_rejected_takes_all_of_it_again(api, member, cspace, booked):
    held = booked("ab")
    before = rows_of(held)
    reject_registration(registration_id=held.pk, by=cspace, now=clock.now())
    assert (rows_of(held), rows_of(held, is_live=False)) == ({}, before)
    approve_registration(registration_id=held.pk, by=cspace, now=clock.now())
    assert (rows_of(held), rows_of(held, is_live=False)) == (before, {})


def test_what_was_rejected_does_not_come_back_over_a_part(api, cspace, booked):
    held = booked("abc")
    reject_registration(registration_id=held.pk, by=cspace, now=clock.now())
    other = booked("c")
    refused = api(cspace).post(f"registrations/{held.pk}/approve/", {})
    assert (refused.status_code, refused.json()["details"]["conflicts"]) == (
        409,
        [{"id": other.pk, "kind": "registration", **MORNING, "via": "c"}],
    )


def test_a_move_takes_the_rooms_of_where_it_goes(api, member, booked):
    held = booked("ab")
    moved = api(member).put(f"registrations/{held.pk}/", {"classroom": "bc", "end_time": "13:00"})
    assert moved.status_code == 200
    assert rows_of(held) == {"ab": "part", "abc": "part", "b": "registration", "c": "registration"}
    plain = make_classroom("plain")
    assert api(member).put(f"registrations/{held.pk}/", {"classroom": plain.name}).status_code == 200
    assert not Occupancy.objects.filter(main=held.pk).exists()


def test_what_is_booked_follows_when_parts_change(hall, booked):
    held = booked("a")
    divide(hall["ab"], hall["b"])
    assert rows_of(held) == {}
    divide(hall["c"], hall["a"])
    assert rows_of(held) == {"abc": "part", "bc": "part", "c": "part"}


def test_parts_whose_bookings_would_clash_are_refused_with_them(api, cspace, hall, booked):
    divide(hall["abc"])
    first, second = booked("ab", end=660), booked("c", start=630)
    booked("c", start=720, end=780)
    earlier = make_occupancy(hall["abc"], campus_interval(DAY, 600, 720), OccupancyKind.FEST)
    before = LogEntry.objects.count(), list(RoomOverlap.objects.values_list())
    refused = api(cspace).put("classrooms/abc/", {"parts": ["ab", "bc"], "capacity": 7})
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    details = refused.json()["details"]
    assert [(row["id"], row["via"]) for row in details["conflicts"]] == [
        (first.pk, "ab"),
        (earlier.pk, "abc"),
        (second.pk, "c"),
    ]
    assert details["existing_registration_id"] == first.pk
    assert (LogEntry.objects.count(), list(RoomOverlap.objects.values_list())) == before
    hall["abc"].refresh_from_db()
    assert hall["abc"].capacity == 30


def test_series_take_parts_and_mind_each_other(api, cspace, team, hall):
    """Two of one request, of the hall and of its part: the later one gives way."""
    hours = {"day_of_week": 4, "start_time": "10:00", "end_time": "12:00", "group_id": team.pk}
    dates = {"start_date": "2026-01-28", "end_date": "2026-02-11"}
    items = [{"classroom": name, **hours, **dates, "on_conflict": "skip"} for name in ("c", "ab", "b")]
    refused = api(cspace).post("batch-allocations/", {"items": items})
    assert (refused.status_code, refused.json()["details"]["conflicts"][0]) == (
        409,
        {"item": 2, "id": None, "kind": "registration", **MORNING},
    )
    made = api(cspace).post("batch-allocations/", {"items": items[:2]})
    assert made.status_code == 201
    ids = [[row["id"] for row in series["registrations"]] for series in made.json()["results"]]
    assert list(map(len, ids)) == [3, 3]
    assert Occupancy.objects.filter(main__in=ids[0]).count() == 3 * 2
    assert Occupancy.objects.filter(main__in=ids[1]).count() == 3 * 4
    taken = api(cspace).post("batch-allocations/", items[2] | {"on_conflict": "fail"})
    assert taken.json()["details"]["conflicts"][0] == {"id": ids[1][0], "kind": "registration", **MORNING, "via": "ab"}
