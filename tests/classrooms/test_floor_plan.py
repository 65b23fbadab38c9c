"""The floor plan as a picture: `GET /classrooms/floor-plan.svg`."""

import datetime as dt
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.queries.floorplan import LOOKS, TEXT, WIDTH, draw
from classrooms.queries.states import RoomState, State, states
from classrooms.rules import MAX_COORDINATE
from classrooms.services.closures import close_rooms
from demo.loading import load
from kernel import clock
from kernel.campus_time import Interval, wall_instant
from kernel.pictures import contrast
from tests.conftest import DOCUMENT_TIME
from tests.factories import make_classroom, make_registration, make_user

pytestmark = pytest.mark.usefixtures("document_clock")
SVG = "{http://www.w3.org/2000/svg}"
PLAN = "classrooms/floor-plan.svg"
TODAY = dt.date(2026, 1, 20)
NOW = dt.datetime(2026, 1, 20, 2, tzinfo=dt.UTC)
"""10:00 in Taipei."""


def box(x=0, y=0, width=100, height=100, text=""):
    return {"svg": {"x": x, "y": y, "width": width, "height": height, "text": text, "type": "a"}}


def occupy(room, start, end, kind=OccupancyKind.CALENDAR, day=TODAY, **more):
    """Minutes of the wall; an end past 1440 is on a later day."""
    later = day + dt.timedelta(days=end // 1440)
    ends_at = wall_instant(later, end % 1440)
    Occupancy.objects.create(classroom=room, starts_at=wall_instant(day, start), ends_at=ends_at, kind=kind, **more)


def drawn(api, user, query="floor=2"):
    response = api(user).get(f"{PLAN}?{query}", Accept="image/svg+xml")
    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml"), response.content
    return ElementTree.fromstring(response.content)


def titles(picture):
    return [title.text for title in picture.iterfind(f"{SVG}g/{SVG}title")]


def written(picture):
    return [text.text for text in picture.iter(f"{SVG}text")]


def described(picture):
    return picture.find(f"{SVG}desc").text


def test_every_room_says_what_it_is_doing(api, member):
    for number in range(8):
        make_classroom(f"R{number}", equipment=box(x=number * 200))
    rooms = {room.name: room for room in Classroom.objects.all()}
    occupy(rooms["R1"], 840, 900)
    occupy(rooms["R2"], 630, 660)
    occupy(rooms["R3"], 600, 720)
    occupy(rooms["R4"], 600, 720, OccupancyKind.CLOSURE)
    Classroom.objects.filter(name="R5").update(is_active=False)
    occupy(rooms["R6"], 540, 600)
    occupy(rooms["R6"], 600, 1440, is_live=False)
    occupy(rooms["R7"], 660, 720)
    picture = drawn(api, member)
    assert titles(picture) == [
        "R0, 30 seats, free",
        "R1, 30 seats, free until 14:00",
        "R2, 30 seats, soon taken: free until 10:30",
        "R3, 30 seats, taken until 12:00",
        "R4, 30 seats, closed until 12:00",
        "R5, 30 seats, closed",
        "R6, 30 seats, free",
        # An hour ahead is not in less than an hour.
        "R7, 30 seats, free until 11:00",
    ]
    assert picture.find(f"{SVG}title").text == "Floor 2, 2026-01-20 10:00"
    assert described(picture) == ("8 rooms: 4 free, 1 soon taken (in less than 60 minutes), 1 taken, 2 closed.")
    looks = [
        {name: room.find(f"{SVG}rect").get(name) for name in LOOKS[State.TAKEN]} for room in picture.iterfind(f"{SVG}g")
    ]
    assert looks[3] == LOOKS[State.TAKEN]
    assert len({tuple(look.values()) for look in looks}) == 4


@pytest.mark.parametrize(
    ("uses", "words"),
    [
        # Back to back is one use; a break ends it; a lecture beside another may be the longer one.
        ([(540, 660), (660, 720), (725, 800)], "taken until 12:00"),
        ([(600, 630, OccupancyKind.LECTURE), (600, 700, OccupancyKind.LECTURE)], "taken until 11:40"),
        ([(540, 720, OccupancyKind.LECTURE), (610, 640, OccupancyKind.LECTURE)], "taken until 12:00"),
        ([(540, 630), (630, 720, OccupancyKind.CLOSURE)], "taken until 10:30"),
        ([(540, 630, OccupancyKind.CLOSURE), (630, 720)], "closed until 10:30"),
        ([(540, 1440)], "taken until 24:00"),
        ([(540, 1440 + 90)], "taken until 2026-01-21 01:30"),
        ([(1439, 1440)], "free until 23:59"),
        ([(1440 + 1, 1440 + 2)], "free"),
        ([(540, 600)], "free"),
    ],
)
def test_until_when(api, member, uses, words):
    room = make_classroom("Room A", equipment=box())
    for start, end, *kind in uses:
        day = TODAY + dt.timedelta(days=start // 1440)
        occupy(room, start % 1440, end - start // 1440 * 1440, *kind, day=day)
    assert titles(drawn(api, member)) == [f"Room A, 30 seats, {words}"]


def test_any_moment_can_be_asked_for(api, member):
    room = make_classroom("Room A", equipment=box(), capacity=1, floor=-1)
    occupy(room, 0, 60, day=TODAY + dt.timedelta(days=1))
    for at, words in (
        ("2026-01-20T15:29:59Z", "soon taken: free until 24:00"),
        ("2026-01-20T14:59:59Z", "free until 24:00"),
        ("2026-01-20T16:00:00Z", "taken until 01:00"),
        ("2026-01-21T01:00:00%2B08:00", "free"),
    ):
        expected = words if words != "free until 24:00" else "free"
        assert titles(drawn(api, member, f"floor=-1&at={at}")) == [f"Room A, 1 seat, {expected}"], at


def test_a_screen_reader_finds_a_title_for_everything(api, member):
    make_classroom("Room A", equipment=box())
    make_classroom("Room B", equipment=box(x=200))
    picture = drawn(api, member)
    ids = {element.get("id"): element.text for element in picture.iter() if element.get("id")}
    assert picture.get("role") == "group"
    assert ids[picture.get("aria-labelledby")] == "Floor 2, 2026-01-20 10:00"
    assert ids[picture.get("aria-describedby")].startswith("2 rooms: 2 free")
    rooms = picture.findall(f"{SVG}g")
    assert [(room.get("role"), ids[room.get("aria-labelledby")]) for room in rooms] == [
        ("img", "Room A, 30 seats, free"),
        ("img", "Room B, 30 seats, free"),
    ]
    assert len(ids) == 4


def test_a_state_is_written_not_only_coloured(api, member):
    make_classroom("Wide", equipment=box(width=300, text="Wide\n30"))
    make_classroom("Narrow", equipment=box(x=310, width=10))
    assert written(drawn(api, member)) == [
        "Floor 2, 2026-01-20 10:00",
        "N…",
        "F",
        "Wide",
        "30",
        "free",
        "F",
        "free: 2",
        "S",
        "soon taken (in less than 60 minutes): 0",
        "T",
        "taken: 0",
        "C",
        "closed: 0",
    ]


def test_the_text_can_be_read_on_every_colour():
    assert {state: contrast(TEXT, look["fill"]) >= 7 for state, look in LOOKS.items()} == dict.fromkeys(State, True)
    assert len({look.get("stroke-dasharray", look["stroke-width"]) for look in LOOKS.values()}) == 4


def test_rooms_without_a_box_are_named(api, member):
    make_classroom("Room A", equipment=box())
    occupy(make_classroom("Room B & C"), 600, 660)
    picture = drawn(api, member)
    assert written(picture)[-1] == "Not on the plan: Room B & C"
    assert described(picture).endswith(" Not on the plan: Room B & C, taken until 11:00.")


def test_a_floor_without_any_box_says_so(api, member):
    make_classroom("Room A")
    picture = drawn(api, member)
    assert titles(picture) == []
    assert "No room of this floor has a place on the plan yet." in written(picture)
    assert written(picture)[-1] == "Not on the plan: Room A"


def test_one_building_of_several(api, member):
    make_classroom("Room A", equipment=box(), building="Main")
    make_classroom("BC01", equipment=box(), building="BC")
    assert titles(drawn(api, member)) == ["BC01, 30 seats, free", "Room A, 30 seats, free"]
    assert titles(drawn(api, member, "floor=2&building=BC")) == ["BC01, 30 seats, free"]
    assert api(member).get(f"{PLAN}?floor=2&building=bc").json() == {"error": "Floor not found", "code": "NOT_FOUND"}


@pytest.mark.parametrize("accept", ["image/svg+xml", "image/avif,image/*;q=0.8,*/*;q=0.5", "application/json", "*/*"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_it_answers_whatever_a_browser_accepts(api, member, room, accept, slash):
    response = api(member).get(f"{PLAN}{slash}?floor=2", Accept=accept)
    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml")
    assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert b"style" not in response.content


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ("", {"floor": ["This field is required."]}),
        ("floor=", {"floor": ["This field is required."]}),
        ("floor=first", {"floor": ["A whole number is required"]}),
        ("floor=1.0", {"floor": ["A whole number is required"]}),
        ("floor=%D9%A1", {"floor": ["Only the digits 0 to 9 are read"]}),
        ("floor=2&at=now", {"at": ["A timestamp such as 2026-01-15T00:00:00Z is required"]}),
        ("floor=2&at=2026-01-20T10:00:00", {"at": ["A timestamp such as 2026-01-15T00:00:00Z is required"]}),
        ("floor=2&at=2026-01-20", {"at": ["A timestamp such as 2026-01-15T00:00:00Z is required"]}),
        ("floor=2&at=9999-12-31T23:59:59Z", {"at": ["Must lie between 1900 and 2500"]}),
        ("floor=2&at=0001-01-01T00:00:00Z", {"at": ["Must lie between 1900 and 2500"]}),
        (
            "floor=x&at=x",
            {
                "floor": ["A whole number is required"],
                "at": ["A timestamp such as 2026-01-15T00:00:00Z is required"],
            },
        ),
    ],
)
def test_a_bad_question_is_refused_in_the_envelope(api, member, room, query, details):
    response = api(member).get(f"{PLAN}?{query}", Accept="image/svg+xml")
    assert (response.status_code, response["Content-Type"]) == (400, "application/json")
    assert response.json() == {"error": "Validation failed", "code": "VALIDATION_ERROR", "details": details}


@pytest.mark.parametrize("floor", ["3", "-2", "201", "9" * 18])
def test_a_floor_nobody_knows_is_not_found(api, member, room, floor):
    response = api(member).get(f"{PLAN}?floor={floor}", Accept="image/svg+xml")
    assert (response.status_code, response["Content-Type"]) == (404, "application/json")
    assert response.json() == {"error": "Floor not found", "code": "NOT_FOUND"}


def test_it_is_open_where_the_campus_opens_its_reads(api, room, settings):
    assert api().get(f"{PLAN}?floor=2", Accept="image/svg+xml").status_code == 401
    settings.CSPACE_PUBLIC_READS = True
    assert titles(drawn(api, None)) == []


def test_people_are_not_in_the_picture(api, member, team, cspace):
    room = make_classroom("Room A", equipment=box())
    make_registration(by=member, group=team, classroom=room, day=TODAY, start=660, end=720, description="secret")
    night = Interval(wall_instant(TODAY, 1200), wall_instant(TODAY, 1260))
    close_rooms(by=cspace, now=clock.now(), classrooms=[room], interval=night, reason="secret")
    content = api(make_user()).get(f"{PLAN}?floor=2").content.decode()
    assert [word for word in ("secret", "522", "Mem Ber", "member") if word in content] == []


def test_two_queries_however_many_rooms_and_uses(api, member):
    costs = []
    for number in range(3):
        for _ in range(1 + 4 * number):
            occupy(make_classroom(equipment=box()), 600, 660)
        with CaptureQueriesContext(connection) as captured:
            drawn(api, member)
        costs.append(len(captured))
    assert costs == [3, 3, 3]  # who asks, the rooms, their uses


EVIL = [
    "<script>alert(1)</script>",
    "]]><script>",
    "&amp; & &lt;",
    "\"quoted' <b>",
    "--><!--",
    "\u202eevil\u202c",
    "שלום עולם",
    "👩‍👩‍👧 room",
    "\ufffe\uffff",
    "a\nb\r\nc",
    "-",
]


@pytest.mark.parametrize("text", EVIL)
def test_markup_in_a_text_is_text(db, text):
    make_classroom(text, equipment=box(text=text, width=1000))
    make_classroom(f"{text} without a box")
    rooms = list(Classroom.objects.in_order())
    source = draw(rooms, states(rooms, NOW), at=NOW)
    picture = ElementTree.fromstring(source)
    assert {element.tag for element in picture.iter()} == {f"{SVG}{tag}" for tag in SHAPES}
    plain = text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd").replace("\r\n", "\n")
    assert titles(picture) == [f"{plain}, 30 seats, free"]


SHAPES = ("svg", "title", "desc", "g", "rect", "text")
numbers = st.floats(-MAX_COORDINATE, MAX_COORDINATE) | st.integers(-100_000, 100_000)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
rooms_with_boxes = st.lists(
    st.tuples(texts, numbers, numbers, numbers, numbers, texts, st.sampled_from(State)), min_size=1
)


@given(rooms_with_boxes)
def test_any_names_and_boxes_make_a_picture_that_stays_in_its_frame(given_rooms):
    rooms, told = [], {}
    for pk, (name, x, y, width, height, text, state) in enumerate(given_rooms):
        rooms.append(Classroom(pk=pk, name=name, capacity=1, floor=0, equipment=box(x, y, width, height, text)))
        told[pk] = RoomState(state, NOW if state in (State.SOON, State.TAKEN) else None, NOW)
    picture = ElementTree.fromstring(draw(rooms, told, at=NOW, highlighted=0))
    assert {element.tag for element in picture.iter()} <= {f"{SVG}{tag}" for tag in SHAPES}
    left, top, width, height = map(float, picture.get("viewBox").split())
    assert (left, top, width, str(width), str(height)) == (0, 0, WIDTH, "960.0", f"{height}")
    assert height <= 1000
    for shape in picture.iterfind(f"{SVG}g/{SVG}rect"):
        x, y, across, down = (float(shape.get(name)) for name in ("x", "y", "width", "height"))
        assert min(across, down) >= 2
        assert -10 <= x <= x + across <= WIDTH + 10
        assert -10 <= y <= y + down <= height + 10
    assert len(titles(picture)) == len(rooms)


EXAMPLE_AT = dt.datetime(2026, 1, 21, 2, 30, tzinfo=dt.UTC)


def test_the_example_of_the_docs_is_what_the_demo_draws_today(db, settings, tmp_path):
    """The third floor of the demo campus, loaded on the day of the documents, one day later."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    load(now=dt.datetime.fromisoformat(DOCUMENT_TIME))
    rooms = list(Classroom.objects.on_floor(3, building="Main").in_order())
    fresh = tmp_path / "floor-plan.svg"
    fresh.write_text(draw(rooms, states(rooms, EXAMPLE_AT), at=EXAMPLE_AT), encoding="utf-8")
    shipped = Path(str(finders.find("classrooms/floor-plan.svg")))
    drawn_today = fresh.read_text(encoding="utf-8")
    assert shipped.read_text(encoding="utf-8") == drawn_today, f"if that is meant: cp {fresh} {shipped}"


def test_the_docs_page_shows_the_example(client, db):
    schema = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    told = schema["paths"]["/api/v1/classrooms/floor-plan.svg/"]["get"]["description"]
    (address,) = re.findall(r"!\[[^\]]+\]\((\S+)\)", told)
    served = client.get(address)
    assert (served.status_code, served["Content-Type"]) == (200, "image/svg+xml")
    assert b"".join(served.streaming_content) == Path(str(finders.find("classrooms/floor-plan.svg"))).read_bytes()
    assert "img-src 'self'" in client.get("/api/docs/")["Content-Security-Policy"]
