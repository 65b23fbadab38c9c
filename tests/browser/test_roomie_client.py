"""The order of a real web client of the Roomie wire, in a real browser and from another origin (issue of the dialect):
sid, popup, long poll, rooms, slots, book, delete, society token, add user, log out."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from accounts.models import User
from kernel import clock
from kernel.campus_time import campus_date
from tests.browser.chromium import browsing, origin_of
from tests.dialects.roomie.scenes import make_house, ymd
from tests.factories import PASSWORD
from tests.serving.productions import production

CLIENT = Path(__file__).parent / "roomie"
WAIT_SECONDS = 30

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.fixture
def server(tmp_path, server_environment):
    environment = {
        "DATABASE_URL": server_environment["DATABASE_URL"],
        "CSPACE_ENV": "development",
        "CSPACE_JWT_KEY": django_settings.CSPACE_JWT_KEY,
        "SECRET_KEY": django_settings.SECRET_KEY,
        "CSPACE_PUBLIC_URL": "",
    }
    with production(tmp_path / "output", "--streams", "--workers", "1", **environment) as server:
        yield server


def steps(chromium):
    """What the client has done, by the names of its steps."""
    lines = chromium.find_element(By.ID, "log").text.splitlines()
    return {name: json.loads(value) for name, value in (line.split(" ", 1) for line in lines)}


def test_a_web_client_does_all_it_does(server):
    house = make_house()
    hashed = Argon2PasswordHasher().encode(PASSWORD, "a salt of its own")  # the server knows no other hasher
    User.objects.filter(pk=house.wil.pk).update(password=hashed)
    tomorrow = ymd(campus_date(clock.now()) + timedelta(days=1))
    with browsing() as chromium, origin_of(CLIENT) as origin:
        wait = WebDriverWait(chromium, WAIT_SECONDS)
        chromium.get(f"{origin}/index.html?api={server.url}/api/v1&day={tomorrow}")
        page = chromium.current_window_handle
        chromium.find_element(By.ID, "login").click()
        wait.until(lambda _: len(chromium.window_handles) == 2)
        (popup,) = set(chromium.window_handles) - {page}
        chromium.switch_to.window(popup)
        wait.until(lambda _: chromium.find_elements(By.NAME, "password"))
        assert chromium.find_element(By.TAG_NAME, "h1").text == "Log in"
        chromium.find_element(By.NAME, "username").send_keys("wil")
        chromium.find_element(By.NAME, "password").send_keys(PASSWORD)
        chromium.find_element(By.TAG_NAME, "button").click()
        wait.until(lambda _: "This window may be closed" in chromium.page_source)
        chromium.close()
        chromium.switch_to.window(page)
        wait.until(lambda _: "end" in steps(chromium))
        done = steps(chromium)
        complaints = [line["message"] for line in chromium.get_log("browser")]
    assert done == {
        "begun": {"success": "OK", "status": "NOT_LOGGED_IN"},
        "told": {"id": 1, "channel": True, "result": "success", "groups": ["Group_2", "Group_3", "Group_4"]},
        "status": "LOGGED_IN",
        "rooms": [["RO-PIZZA", False], ["RO-POO", True]],
        "booked": True,
        "slots": [{"username": "wil", "notes": "revision", "start": "11:00:00", "end": "13:00:00"}],
        "own": ["11:00:00"],
        "deleted": True,
        "society": 40,
        "event": True,
        "user": "Successfully added student to society access groups!",
        "refused": True,
        "logout": True,
        "after": 401,
        "end": True,
    }
    assert all("401" in line for line in complaints), complaints
