"""The client of the Occupancy dialect in a real browser, served from another origin than the API."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from kernel import clock
from kernel.campus_time import campus_date
from tests.browser.chromium import Request, browsing, origin_of, requests_of
from tests.factories import join, make_classroom, make_group, make_registration, make_user
from tests.factories.timetables import make_course, make_lecture, make_plan
from tests.races.server import ROOT, serving

CLIENT = ROOT / "web" / "occupancy"
WAIT_SECONDS = 30
HERE = {"Latitude": "25.0", "Longitude": "121.5"}

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@dataclass
class Page:
    """The client, open in a browser."""

    chromium: webdriver.Chrome
    origin: str
    api_origin: str

    def open(self, place: str, *, api: str = "") -> None:
        """Load it anew at `#/place`, and wait until it has its answer."""
        self.chromium.get("about:blank")
        self.chromium.get(f"{self.origin}/index.html?api={api or self.api_origin}/api#/{place}")
        self.await_true(lambda: self.status not in ("", "Loading …") or self.problem or place == "free")

    def await_true(self, condition: Any) -> None:
        WebDriverWait(self.chromium, WAIT_SECONDS).until(lambda _: condition())

    def await_status(self, text: str) -> None:
        self.await_true(lambda: self.status == text)

    @property
    def status(self) -> str:
        return self.chromium.find_element(By.ID, "status").text

    @property
    def problem(self) -> str:
        return self.chromium.find_element(By.ID, "problem").text

    @property
    def heading(self) -> str:
        return self.chromium.find_element(By.TAG_NAME, "h1").text

    def texts(self, selector: str) -> list[str]:
        return [" ".join(found.text.split()) for found in self.chromium.find_elements(By.CSS_SELECTOR, selector)]

    def control(self, label: str) -> WebElement:
        """The input inside a label with exactly this text."""
        return self.chromium.find_element(By.XPATH, f"//label[normalize-space()='{label}']/input")

    def press(self, text: str) -> None:
        self.chromium.find_element(By.XPATH, f"//button[.='{text}'] | //a[.='{text}']").click()

    def enter(self, label: str, value: str) -> None:
        """Put a value into a control of date or time as its picker does: the keys differ by language."""
        self.chromium.execute_script(
            "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))",
            self.control(label),
            value,
        )

    def requests(self) -> list[Request]:
        return requests_of(self.chromium, to=self.api_origin)

    def tally(self, requests: list[Request]) -> Counter[tuple[Any, ...]]:
        """How often each call was made: method, who asked, path, status."""
        return Counter(
            (one.method, one.asked_by, one.url.removeprefix(self.api_origin), one.status) for one in requests
        )

    def complaints(self) -> list[Any]:
        """What its console says."""
        return list(self.chromium.get_log("browser"))


@pytest.fixture
def chromium() -> Iterator[webdriver.Chrome]:
    with browsing() as chromium:
        yield chromium


@pytest.fixture
def day() -> dt.date:
    """A day ahead, on which rooms can be booked."""
    return campus_date(clock.now()) + dt.timedelta(days=7)


@pytest.fixture
def campus(chromium: webdriver.Chrome, day: dt.date) -> None:
    """Five rooms to be had and one that is not; lectures, bookings, and a room named like an element."""
    booker, group = make_user("booker"), make_group("522")
    join(booker, group)
    algorithms, analysis = make_course("CS-101", credits=6), make_course("MATH-101(a)")
    hall = make_classroom("Hall", latitude=25.01, longitude=121.5)
    make_lecture(hall, algorithms, day=day, start=10 * 60 + 15, end=12 * 60)
    make_lecture(make_classroom("Lab 3"), analysis, day=day, start=8 * 60 + 15, end=10 * 60, label="exercice")
    for name, start in (("Room A", 11 * 60), ("自習室", 12 * 60)):
        room = make_classroom(name, latitude=25.02, longitude=121.5)
        make_registration(by=booker, group=group, classroom=room, day=day, start=start, end=start + 60)
    make_classroom("<i>Attic", latitude=25.003, longitude=121.5)
    make_classroom("Cellar", is_active=False)
    make_plan(algorithms, analysis)


@pytest.fixture
def page(chromium: webdriver.Chrome, campus: None, server_environment: dict[str, str]) -> Iterator[Page]:
    """A browser far from the campus's time zone, which must not matter to the hours it shows."""
    chromium.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "America/New_York"})
    with serving(server_environment, workers=1) as server, origin_of(CLIENT) as origin:
        yield Page(chromium, origin, server.base_url)


def test_rooms_and_how_they_stand(page, day):
    page.open("rooms")
    page.enter("At", f"{day}T11:30")
    page.await_status("5 rooms, 2 taken")

    assert Counter(zip(page.texts(".card h2"), page.texts(".card .badge"), strict=True)) == Counter(
        {
            ("<i>Attic", "Free"): 1,
            ("Hall", "Taken until 12:00"): 1,
            ("Lab 3", "Free"): 1,
            ("Room A", "Taken until 12:00"): 1,
            ("自習室", "Free until 12:00"): 1,
        }
    )
    page.control("Free only").click()
    page.await_status("3 rooms, 0 taken")
    assert Counter(page.texts(".card h2")) == Counter(["<i>Attic", "Lab 3", "自習室"])

    requests = page.requests()
    assert page.origin != page.api_origin
    assert page.tally(requests) == {
        ("GET", "script", "/api/rooms", 200): 1,
        # Once: the answer to it is kept.
        ("OPTIONS", "preflight", "/api/rooms/find_soonest_bookings", 204): 1,
        ("POST", "script", "/api/rooms/find_soonest_bookings", 200): 2,
    }
    assert requests[-1].body == {"after_date": f"{day}T11:30:00.000Z"}
    assert page.complaints() == []


def test_the_rooms_that_are_free_in_two_slots(page, day):
    page.open("free")
    page.enter("Day", str(day))
    page.control("10–11").click()
    page.control("11–12").click()
    page.press("Find free rooms")
    page.await_status("3 rooms free")

    assert Counter(page.texts("tbody th a")) == Counter(["<i>Attic", "Lab 3", "自習室"])
    assert page.texts("thead th") == ["Room", "From 12:00 on"]
    requests = page.requests()
    calls = ("/api/rooms/find_free_rooms", "/api/rooms/find_soonest_bookings")
    assert page.tally(requests) == {
        (method, asked_by, call, status): 1
        for call in calls
        for method, asked_by, status in (("OPTIONS", "preflight", 204), ("POST", "script", 200))
    }
    (search,) = (sent.body for sent in requests if sent.method == "POST" and sent.url.endswith(calls[0]))
    assert search == {
        "selection": [
            {"start": f"{day}T10:00:00.000Z", "end": f"{day}T12:00:00.000Z"},
            {"start": f"{day}T11:00:00.000Z", "end": f"{day}T12:00:00.000Z"},
        ]
    }
    assert page.complaints() == []


def test_the_nearest_free_rooms_come_first(page, day):
    page.open("free")
    page.enter("Day", str(day))
    page.control("11–12").click()
    page.chromium.find_element(By.TAG_NAME, "summary").click()
    for label, value in HERE.items():
        page.control(label).send_keys(value)
    page.press("Find free rooms")
    page.await_status("3 rooms free")

    assert page.texts("thead th") == ["Room", "Distance", "From 12:00 on"]
    assert page.texts("tbody th a") == ["<i>Attic", "自習室", "Lab 3"]
    assert page.texts("tbody td:nth-child(2)") == ["334 m", "2224 m", "–"]
    assert page.complaints() == []


def test_from_a_room_to_its_course_and_study_plan(page, day):
    page.open("rooms/Hall")
    page.await_status("1 booking")
    assert page.heading == "Hall"
    assert page.texts(".entry") == ["10:15–12:00 lecture CS-101 About CS-101"]

    page.press("CS-101")
    page.await_status("1 lecture")
    assert page.heading == "CS-101 About CS-101"
    assert page.texts(".entry") == ["10:15–12:00 lecture Hall"]

    page.press("CS-BA3, 2026-2027 fall")
    page.await_status("2 courses")
    assert page.texts(".row") == ["CS-101 About CS-101 6 credits", "MATH-101(a) About MATH-101(a) 4 credits"]
    assert page.texts(".entry") == [
        "08:15–10:00 exercise MATH-101(a) About MATH-101(a) Lab 3",
        "10:15–12:00 lecture CS-101 About CS-101 Hall",
    ]
    page.press("Courses")
    page.await_true(lambda: page.heading == "Courses" and page.status == "2 courses")
    page.press("Study plans")
    page.await_status("1 study plan")
    assert page.texts(".row") == ["CS-BA3 2026-2027 fall"]
    assert page.complaints() == []


def test_what_goes_wrong_is_told(page):
    page.open("rooms/Cellar")
    page.await_true(lambda: page.problem)
    assert (page.problem, page.status) == ("Room not found", "")

    for place, problem in (
        ("rooms/.", "Nothing is called ."),
        ("courses/%2E%2E", "Nothing is called .."),
        ("studyplans/.", "Nothing is called ."),
        ("rooms/%", "Nothing can be called %"),
    ):
        page.open(place)
        page.await_true(lambda: page.problem)
        assert (place, page.problem, page.status) == (place, problem, "")

    page.open("rooms", api="javascript:alert(1)//")
    assert page.problem == "?api=javascript:alert(1)///api is no http or https address"

    # Static files are no API, and allow no other origin.
    with origin_of(CLIENT) as elsewhere:
        page.open("courses", api=elsewhere)
        assert page.problem == f"The API at {elsewhere}/api cannot be reached."


def test_the_project_serves_it_too():
    response = Client().get("/static/occupancy/index.html")
    assert (response.status_code, response["Content-Type"]) == (200, 'text/html; charset="utf-8"')
    assert b"".join(response) == (CLIENT / "index.html").read_bytes()
