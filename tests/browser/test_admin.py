"""The admin in a real browser: what no answer of the server says, on a wide screen and a narrow one, light and dark."""

import datetime as dt

import pytest
from django.conf import settings
from django.test import Client
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from accounts.models import User
from auditlog.models import LogEntry
from classrooms.models import Classroom
from kernel import clock
from kernel.campus_time import campus_date
from tests.allocations.scenes import ended, make_entry, make_event
from tests.factories import cspace_group, join, make_classroom, make_group, make_series, make_user
from tests.races.server import serving

WAIT_SECONDS = 30
BOX = {"x": 0, "y": 0, "width": 90, "height": 60, "text": "", "type": "a"}
INVISIBLE = """
return [...document.querySelectorAll('#content-main form[id$=_form] :is(input, select, textarea)')]
  .filter(each => each.type != 'hidden' && each.type != 'checkbox' && each.name && each.offsetParent)
  .filter(each => !each.matches('.select2-hidden-accessible'))  // a widget of the theme stands before it
  .filter(each => getComputedStyle(each).borderTopWidth == '0px').map(each => each.name)
"""
WARNINGS = "return document.querySelectorAll('.timezonewarning').length"
OVERHANG = "return document.documentElement.scrollWidth - innerWidth"
PAPER = """
return [...document.querySelectorAll('svg.picture')].map(each => getComputedStyle(each.querySelector('rect')).fill)
"""

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.fixture
def series(transactional_db):
    by = make_user("by")
    join(by, cspace_group())
    team, room = make_group("522"), make_classroom("Room A", equipment={"svg": BOX})
    event = make_event(by, weeks=2)
    make_entry(event, team, room, by)
    ended(event, by)
    return make_series(by=by, group=team, classroom=room, starts_on=campus_date(clock.now()) + dt.timedelta(days=7))


@pytest.fixture
def admin(chromium, series, server_environment):
    """The browser of somebody far from the campus, logged in, and where the admin is."""
    chromium.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "America/New_York"})
    with serving(server_environment, workers=1) as server:
        session = Client()
        session.force_login(User.objects.get(username="by"))
        chromium.get(f"{server.base_url}/healthz")
        chromium.add_cookie(
            {"name": settings.SESSION_COOKIE_NAME, "value": session.cookies[settings.SESSION_COOKIE_NAME].value}
        )
        yield f"{server.base_url}/admin"


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_everything_is_seen_on_every_screen(chromium, admin, series, width, theme):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    chromium.execute_script(f"localStorage.setItem('adminTheme', '\"{theme}\"')")
    event, room = LogEntry.objects.get(action="allocation_event.created"), Classroom.objects.get()
    entry = LogEntry.objects.order_by("pk").first()
    number = event.target.partition(":")[2]
    pages = [
        *("allocations/allocationevent/add/", f"allocations/allocationevent/{number}/change/"),
        *("registrations/registration/add/", "classrooms/closure/add/", "timetables/semester/add/"),
        *(
            "classrooms/classroom/",
            f"classrooms/classroom/{room.pk}/change/",
            f"classrooms/classroom/{room.pk}/history/",
        ),
        *(f"auditlog/logentry/{entry.pk}/change/", f"registrations/series/{series.pk}/history/"),
        "classrooms/classroom/utilisation",
        *("policies/bookingrule/add/", "policies/bookingrule/deciding/"),
        *(f"policies/bookingrule/add/?kind={kind}" for kind in ("opening_hours", "grid", "quota")),
    ]
    for page in pages:
        chromium.get(f"{admin}/{page}")
        WebDriverWait(chromium, WAIT_SECONDS).until(
            lambda driver: driver.execute_script("return document.readyState") == "complete"
        )
        assert chromium.execute_script(WARNINGS) == 0, page
        assert chromium.execute_script(INVISIBLE) == [], page
        assert chromium.execute_script(OVERHANG) <= 0, page
        assert set(chromium.execute_script(PAPER)) <= {"rgb(255, 255, 255)"}, page
    assert chromium.execute_script("return document.documentElement.classList.contains('dark')") == (theme == "dark")


def test_a_series_is_cancelled_by_a_double_click_once(chromium, admin, series):
    chromium.get(f"{admin}/registrations/series/")
    chromium.execute_script(
        """
        document.querySelector('[name=_selected_action]').checked = true;
        document.querySelector('#changelist-form [name=action]').value = 'cancel';
        document.querySelector('#changelist-form').submit();
        """
    )
    WebDriverWait(chromium, WAIT_SECONDS).until(lambda driver: driver.find_elements(By.CLASS_NAME, "asking"))
    assert "4 × Registration cancelled" in chromium.find_element(By.CLASS_NAME, "totals").text
    assert not LogEntry.objects.filter(action="series.cancelled").exists()
    chromium.execute_script("const yes = document.querySelector('.asking [type=submit]'); yes.click(); yes.click();")
    WebDriverWait(chromium, WAIT_SECONDS).until(lambda driver: not driver.find_elements(By.CLASS_NAME, "asking"))
    WebDriverWait(chromium, WAIT_SECONDS).until(
        lambda _: LogEntry.objects.filter(action="registration.cancelled").count() == 4
    )
    assert LogEntry.objects.filter(action="series.cancelled").count() == 1
