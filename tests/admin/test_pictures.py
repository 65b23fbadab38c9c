"""The pictures of the rooms in the admin: the plan above the list, and the heat map of the hours in use."""

import datetime as dt
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classrooms.admin.pictures import plan_of
from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from kernel import clock
from kernel.campus_time import campus_interval
from kernel.pictures import contrast, ink, shade
from tests.factories import make_classroom

pytestmark = pytest.mark.usefixtures("document_clock")
ROOMS, PAGE = "/admin/classrooms/classroom/", "/admin/classrooms/classroom/utilisation/"
TODAY = dt.date(2026, 1, 20)
"""A Tuesday; the clock stands at 10:00."""
SVG = re.compile(r"<svg .*?</svg>", re.DOTALL)
FIRST = ["Floor 1, 2026-01-20 10:00", "Room A, 30 seats, taken until 11:00", "Room B, 30 seats, free"]
TITLE = "{http://www.w3.org/2000/svg}title"


def box(x, text=""):
    return {"svg": {"x": x, "y": 0, "width": 90, "height": 90, "text": text, "type": "a"}}


def occupy(room, start, end, kind=OccupancyKind.CALENDAR):
    span = campus_interval(TODAY, start, end)
    Occupancy.objects.create(classroom=room, starts_at=span.starts_at, ends_at=span.ends_at, kind=kind)


def plans(response):
    """The titles in each plan on a page."""
    pictures = (ElementTree.fromstring(drawn) for drawn in SVG.findall(response.content.decode()))
    return [[title.text for title in picture.iter(TITLE)] for picture in pictures if picture.get("class") == "picture"]


class Table(HTMLParser):
    """The rows of the tables of a page: [[(tag, scope, text)]]."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.cell = [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.cell = (tag, dict(attrs).get("scope"), [])

    def handle_data(self, data):
        if self.cell:
            self.cell[2].append(data)

    def handle_endtag(self, tag):
        if tag in ("th", "td") and self.cell:
            kind, scope, said = self.cell
            self.rows[-1].append((kind, scope, "".join(said).strip()))
            self.cell = None


@pytest.fixture
def floors(db):
    taken = make_classroom("Room A", floor=1, equipment=box(0))
    occupy(taken, 600, 660)
    make_classroom("Room B", floor=1, equipment=box(100), building="East")
    make_classroom("Room C", floor=2, equipment=box(0))


def test_the_list_shows_the_plan_of_its_first_floor(admin, floors):
    page = admin.get(ROOMS)
    assert plans(page) == [
        ["Floor 1, 2026-01-20 10:00", "Room A, 30 seats, taken until 11:00", "Room B, 30 seats, free"]
    ]
    assert [(floor["floor"], floor["link"], floor["is_here"]) for floor in page.context["floors"]] == [
        (1, "?floor=1", True),
        (2, "?floor=2", False),
    ]
    assert "classrooms/pictures.css" in page.content.decode()
    assert finders.find("classrooms/pictures.css")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?floor=2", [["Floor 2, 2026-01-20 10:00", "Room C, 30 seats, free"]]),
        ("?building=East", [["Floor 1, 2026-01-20 10:00", "Room B, 30 seats, free"]]),
        ("?q=Room+C", [["Floor 2, 2026-01-20 10:00", "Room C, 30 seats, free"]]),
        ("?q=nowhere", []),
        ("?o=-1", [FIRST]),
    ],
)
def test_the_plan_shows_what_the_list_shows(admin, floors, query, expected):
    assert plans(admin.get(ROOMS + query)) == expected


def test_the_way_to_another_floor_keeps_the_filters(admin, floors):
    page = admin.get(f"{ROOMS}?q=Room&floor=2&p=1")
    assert [floor["link"] for floor in page.context["floors"]] == ["?floor=1&q=Room", "?floor=2&q=Room"]
    assert '<a href="?floor=1&amp;q=Room">Floor 1</a>' in page.content.decode()


def test_a_room_has_a_frame_on_its_own_plan(admin, floors):
    room = Classroom.objects.get(name="Room A")
    page = admin.get(f"{ROOMS}{room.pk}/change/")
    assert plans(page) == [["Floor 1, 2026-01-20 10:00", "Room A, 30 seats, taken until 11:00"]]
    assert page.content.decode().count("#9333ea") == 1
    assert "#9333ea" not in plan_of([room], now=clock.now())


def test_a_refused_form_still_shows_where_the_room_is(admin, floors):
    room = Classroom.objects.get(name="Room A")
    page = admin.post(f"{ROOMS}{room.pk}/change/", {"capacity": "0", "floor": "9", "building": "East"})
    assert "capacity" in page.context["adminform"].form.errors
    assert plans(page) == [["Floor 1, 2026-01-20 10:00", "Room A, 30 seats, taken until 11:00"]]


def test_the_list_costs_no_more_for_more_rooms(admin, floors):
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            admin.get(ROOMS)
        costs.append(len(captured))
        for number in range(5):
            occupy(make_classroom(floor=1, equipment=box(number)), 600, 660)
    assert costs[0] == costs[1]


def test_the_list_leads_to_the_utilisation(admin, floors):
    assert f'href="{PAGE}"' in admin.get(ROOMS).content.decode()
    assert admin.get(PAGE).status_code == 200


def test_the_heat_map_is_a_table_with_numbers(admin):
    room = make_classroom("<b>Room</b> & A")
    make_classroom("Room B")
    occupy(room, 540, 630)
    occupy(room, 1200, 1260, OccupancyKind.CLOSURE)
    page = admin.get(PAGE, {"start_date": "2026-01-20", "end_date": "2026-01-20"})
    rows = Table(page.content.decode()).rows
    assert [cell[:2] for cell in rows[0]] == [("th", "col")] * 25
    assert [row[0] for row in rows[1:8]] == [
        ("th", "row", day) for day in ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
    ]
    expected = ["0"] * 24
    expected[9:11] = ["50", "25"]
    assert [said for _, _, said in rows[3][1:]] == expected
    assert {said for row in (*rows[1:3], *rows[4:8]) for _, _, said in row[1:]} == {"0"}
    content = page.content.decode()
    assert "Tuesday 10:00–11:00: 0.5 h booked, 0.0 h used, 0.0 h closed of 2 h" in content
    assert "Tuesday 20:00–21:00: 0.0 h booked, 0.0 h used, 1.0 h closed of 2 h" in content
    assert f'background: {shade(1.0)}; color: {ink(shade(1.0))}" title="Tuesday 09:00' in content
    assert [[said for _, _, said in row][:5] for row in rows[8:]] == [
        ["Room", "Booked, h", "Used, h", "Closed, h", "Booked, %"],
        ["<b>Room</b> & A", "1.5", "1.0", "1.0", "6.3"],
        ["Room B", "0.0", "0.0", "0.0", "0.0"],
        ["All rooms", "1.5", "1.0", "1.0", "3.1"],
    ]
    assert "<b>Room</b>" not in content


def test_four_weeks_either_way_unless_asked(admin, floors):
    form = admin.get(PAGE).context["form"]
    assert (form["start_date"].value(), form["end_date"].value()) == ("2025-12-23", "2026-02-16")
    one_floor = admin.get(PAGE, {"floor": "2"})
    assert [(room.key, bar) for room, bar in one_floor.context["bars"]] == [("Room C", 0)]


def test_a_little_is_not_nothing(admin, floors):
    page = admin.get(PAGE)
    rows = Table(page.content.decode()).rows
    assert [cell[2] for cell in rows[3][10:13]] == ["0", "4", "0"]
    assert [(room.key, bar) for room, bar in page.context["bars"]] == [("Room A", 100), ("Room B", 0), ("Room C", 0)]
    for _ in range(60):
        make_classroom()
    rows = Table(admin.get(PAGE).content.decode()).rows
    assert [cell[2] for cell in rows[3][10:13]] == ["0", "<1", "0"]


def test_a_campus_without_rooms_has_a_page(admin):
    page = admin.get(PAGE)
    assert (page.status_code, page.context["bars"], page.context["legend"]) == (
        200,
        [],
        [("0 %", "#ffffff", "#000000")],
    )


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ({"start_date": "x"}, {"start_date": ["Enter a valid date."]}),
        (
            {"start_date": "2026-02-01", "end_date": "2026-01-01"},
            {"start_date": ["Start date must not be after end date"]},
        ),
        ({"start_date": "2020-01-01"}, {"end_date": ["At most 366 days, both ends included"]}),
        ({"floor": "9" * 30}, {"floor": ["Ensure this value is less than or equal to 200."]}),
        ({"start_date": "0001-01-01"}, {"start_date": ["Must lie between 1900 and 2500"]}),
    ],
)
def test_a_bad_window_is_said(admin, floors, query, faults):
    page = admin.get(PAGE, query)
    assert (page.status_code, dict(page.context["form"].errors)) == (200, faults)
    assert "week" not in page.context


def test_odd_questions_are_not_our_fault(admin, floors):
    for query in ("?start_date=%00", "?floor=%F0%9F%99%82", "?nonsense=1", "?end_date=" + "9" * 5000):
        assert admin.get(PAGE + query).status_code in {200, 400}, query


def test_nobody_else_sees_it(browser, stranger, client):
    for other in (browser(stranger), client):
        assert other.get(PAGE)["Location"].startswith("/admin/login/")


def test_every_shade_can_be_read():
    assert [step for step in range(101) if contrast(shade(step / 100), ink(shade(step / 100))) < 4.5] == []
    assert (shade(0), shade(1)) == ("#f3e8ff", "#581c87")
    assert (round(contrast("#000000", "#ffffff"), 2), contrast("#777777", "#777777")) == (21, 1)
