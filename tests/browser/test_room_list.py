"""The preview of a list of rooms in a real browser: a wide and long list stays inside the page."""

import pytest
from django.conf import settings
from django.test import Client
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from classrooms.models import Classroom
from tests.factories import cspace_group, join, make_user
from tests.races.server import serving

WAIT_SECONDS = 30
OVERHANG = "return document.documentElement.scrollWidth - innerWidth"
BOX = "const box = document.querySelector('.scrolls'); return [box.scrollWidth > box.clientWidth, box.clientHeight]"
HEAD = "name;capacity;floor;is_active;auto_approve;equipment;type;building;link;latitude;longitude\n"
ROW = 'T-{};30;1;ja;nein;"{{""projector"": 1}}";Hörsaal;Hauptgebäude am Platz;https://rooms.example.edu/t/{}/{};46,5;6,5\n'

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.fixture
def rooms_page(chromium, transactional_db, server_environment):
    by = make_user("by")
    join(by, cspace_group())
    with serving(server_environment, workers=1) as server:
        session = Client()
        session.force_login(by)
        chromium.get(f"{server.base_url}/healthz")
        cookie = session.cookies[settings.SESSION_COOKIE_NAME].value
        chromium.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": cookie})
        yield f"{server.base_url}/admin/classrooms/classroom"


def upload(chromium, page, path):
    chromium.get(f"{page}/import/")
    chromium.find_element(By.NAME, "import_file").send_keys(str(path))
    chromium.execute_script("document.querySelector('[name=import_file]').form.submit()")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_wide_and_long_list_stays_inside_the_page_and_is_imported(chromium, rooms_page, tmp_path, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    path = tmp_path / "rooms.csv"
    path.write_bytes((HEAD + "".join(ROW.format(n, "x" * 200, n) for n in range(300))).encode("cp1252"))
    upload(chromium, rooms_page, path)
    WebDriverWait(chromium, WAIT_SECONDS).until(lambda driver: driver.find_elements(By.CLASS_NAME, "scrolls"))
    assert chromium.execute_script(OVERHANG) <= 0
    scrolls, height = chromium.execute_script(BOX)
    assert (scrolls, height < 900) == (True, True)
    chromium.find_element(By.CSS_SELECTOR, ".room-list form button").click()
    WebDriverWait(chromium, WAIT_SECONDS).until(lambda driver: "300 rooms made, 0 changed." in driver.page_source)
    assert Classroom.objects.filter(building="Hauptgebäude am Platz", type="Hörsaal", latitude=46.5).count() == 300


@pytest.mark.parametrize("width", [1280, 390])
def test_faults_of_long_cells_stay_inside_the_page(chromium, rooms_page, tmp_path, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    path = tmp_path / "rooms.csv"
    path.write_text(f"name,capacity\n{'x' * 5000},{'y' * 5000}\n", encoding="utf-8")
    upload(chromium, rooms_page, path)
    WebDriverWait(chromium, WAIT_SECONDS).until(lambda driver: driver.find_elements(By.CLASS_NAME, "faults"))
    assert chromium.execute_script(OVERHANG) <= 0
    assert not Classroom.objects.exists()
