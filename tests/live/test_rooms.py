"""What the rooms are doing, as it changes: by what is written, and by the clock."""

import random
from datetime import date, timedelta

import pytest
import time_machine

from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from classrooms.queries.states import SOON, picture_of
from classrooms.streams import RoomFeed, RoomWish, _next_change
from kernel import clock
from kernel.campus_time import Interval, day_start, format_instant
from tests.crash.processes import await_true
from tests.factories import make_classroom, make_occupancy
from tests.live.readers import SECONDS, readers_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def readers():
    with readers_of(RoomFeed()) as readers:
        yield readers


def seen_by(reader):
    """{room: (state, until)} as a client knows it by now."""
    rooms = {}
    for event in list(reader.events):
        elements = event.data["rooms"] if event.name == "rooms" else [event.data]
        if event.name == "rooms":
            rooms = {}
        rooms |= {element["classroom"]: (element["state"], element["until"]) for element in elements}
    return rooms


def there_is(wish=None):
    wish = wish or RoomWish()
    picture = picture_of(clock.now(), floor=wish.floor, building=wish.building)
    return {name: (str(state), until and format_instant(until)) for name, (state, until) in picture.rooms.items()}


def from_now(*, begins, lasts):
    start = clock.now() + timedelta(seconds=begins)
    return Interval(start, start + timedelta(seconds=lasts))


def test_the_whole_picture_comes_first_and_then_what_changes(readers):
    room, _ = make_classroom("101", floor=1), make_classroom("102", floor=1)
    make_classroom("201", floor=2)
    reader = readers.open("rooms", RoomWish(floor=1))
    (picture,) = reader.told("rooms", 1)
    assert [element["classroom"] for element in picture["rooms"]] == ["101", "102"]
    assert picture["rooms"][0] == {"classroom": "101", "state": "free", "until": None}
    held = make_occupancy(room, from_now(begins=-60, lasts=900))
    (change,) = reader.told("room", 1)
    assert change == {"classroom": "101", "state": "taken", "until": format_instant(held.ends_at)}
    Occupancy.objects.update(is_live=False)
    assert reader.told("room", 2)[1] == {"classroom": "101", "state": "free", "until": None}
    make_occupancy(room, from_now(begins=-60, lasts=900), OccupancyKind.CLOSURE)
    assert reader.told("room", 3)[2]["state"] == "closed"


def test_a_state_changes_by_the_clock_too(readers):
    room = make_classroom("101")
    reader = readers.open("rooms", RoomWish())
    reader.told("rooms", 1)
    make_occupancy(room, from_now(begins=SOON.total_seconds() + 2, lasts=60))
    states = [change["state"] for change in reader.told("room", 2)]
    assert states == ["free", "soon"]
    Occupancy.objects.all().delete()
    make_occupancy(room, from_now(begins=-1, lasts=3))
    await_true(lambda: seen_by(reader)["101"][0] == "taken", SECONDS)
    await_true(lambda: seen_by(reader)["101"] == ("free", None), SECONDS)


def test_what_does_not_change_is_not_said(readers):
    room, elsewhere = make_classroom("101", floor=1), make_classroom("201", floor=2)
    reader = readers.open("rooms", RoomWish(floor=1))
    reader.told("rooms", 1)
    make_occupancy(elsewhere, from_now(begins=-60, lasts=900))
    make_occupancy(room, from_now(begins=-60, lasts=900))
    reader.told("room", 1)
    assert [event.name for event in reader.events] == ["rooms", "room"]


def test_another_room_is_another_picture(readers):
    make_classroom("101", building="Main")
    reader = readers.open("rooms", RoomWish(building="Main"))
    reader.told("rooms", 1)
    make_classroom("102", building="Main")
    picture = reader.told("rooms", 2)[1]
    assert [element["classroom"] for element in picture["rooms"]] == ["101", "102"]


def test_whoever_comes_later_sees_what_the_others_see(readers):
    rooms = [make_classroom(f"10{number}") for number in range(4)]
    first = readers.open("rooms", RoomWish())
    first.told("rooms", 1)
    make_occupancy(rooms[0], from_now(begins=-60, lasts=900))
    first.told("room", 1)
    second = readers.open("rooms", RoomWish())
    second.told("rooms", 1)
    assert seen_by(first) == seen_by(second) == there_is()


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_done_every_reader_knows_it_in_the_end(readers, seed):
    chance = random.Random(seed)
    rooms = [make_classroom(f"{floor}0{number}", floor=floor) for floor in (1, 2) for number in range(3)]
    wishes = [RoomWish(), RoomWish(floor=1), RoomWish(floor=2), RoomWish(floor=1)]
    watching = [(wish, readers.open("rooms", wish)) for wish in wishes]
    for _ in range(40):
        deed = chance.random()
        room = chance.choice(rooms)
        if deed < 0.5:
            begins = chance.randint(-600, 7200)
            interval = from_now(begins=begins, lasts=chance.randint(600, 3000))
            if not Occupancy.objects.live().filter(classroom=room).overlapping(interval).exists():
                make_occupancy(room, interval, chance.choice([OccupancyKind.LECTURE, OccupancyKind.CLOSURE]))
        elif deed < 0.7:
            Occupancy.objects.filter(classroom=room).update(is_live=False)
        elif deed < 0.8:
            room.is_active = not room.is_active
            room.save(update_fields=["is_active"])
        elif deed < 0.9:
            room.floor = chance.choice([1, 2])
            room.save(update_fields=["floor"])
        else:
            wish, reader = watching.pop(chance.randrange(len(watching)))
            readers.close(reader)
            watching.append((wish, readers.open("rooms", wish)))
    for wish, reader in watching:
        await_true(lambda wish=wish, reader=reader: seen_by(reader) == there_is(wish), SECONDS)


@pytest.mark.parametrize(
    ("minutes", "state", "change"),
    [(120, "free", 60), (61, "free", 1), (60, "free", 0), (59, "soon", 59), (0, "taken", 30)],
)
def test_a_room_is_looked_at_again_when_it_will_be_soon_taken(minutes, state, change):
    """Also at the moment itself, which may be that of the look."""
    at = day_start(date(2026, 2, 3)) + timedelta(hours=10)
    begins = at + timedelta(minutes=minutes)
    make_occupancy(make_classroom("101"), Interval(begins, begins + timedelta(minutes=30)))
    picture = picture_of(at, floor=None, building=None)
    assert picture.rooms["101"][0] == state
    assert _next_change(picture) == at + timedelta(minutes=change)


def test_in_the_last_hour_of_a_day_it_is_looked_again_and_again():
    """What is seen then reaches into the next day, a little further at every moment."""
    make_classroom("101")
    midnight = day_start(date(2026, 2, 3))
    an_hour_before, one_second = midnight - timedelta(hours=1), timedelta(seconds=1)
    for minutes, change in (
        (300, an_hour_before),
        (60, an_hour_before + one_second),
        (1, midnight - timedelta(minutes=1) + one_second),
    ):
        at = midnight - timedelta(minutes=minutes)
        assert _next_change(picture_of(at, floor=None, building=None)) == change


def test_in_the_last_hour_of_a_day_what_the_next_one_begins_with_is_told(readers):
    """What nobody could see at the first look comes nearer by the clock alone."""
    midnight = day_start(date(2026, 2, 3))
    begins = midnight + timedelta(minutes=30, seconds=2)
    make_occupancy(make_classroom("101"), Interval(begins, begins + timedelta(minutes=30)))
    with time_machine.travel(midnight - timedelta(minutes=30)):
        reader = readers.open("rooms", RoomWish())
        assert reader.told("rooms", 1)[0]["rooms"] == [{"classroom": "101", "state": "free", "until": None}]
        assert reader.told("room", 1) == [{"classroom": "101", "state": "soon", "until": format_instant(begins)}]
