"""The page of the published documents in a real browser: each can be chosen and tried, nothing is refused."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from calendars.models import CalendarEvent
from tests.browser.chromium import requests_of
from tests.dialects.room_booking.scenes import make_department, new_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
WAIT_SECONDS = 60


def complaints(chromium):
    return [line["message"] for line in chromium.get_log("browser") if line["level"] in ("SEVERE", "WARNING")]


def await_text(chromium, text):
    WebDriverWait(chromium, WAIT_SECONDS).until(
        lambda _: text in chromium.execute_script("return document.getElementById('swagger-ui').innerText")
    )


def click(chromium, selector):
    element = WebDriverWait(chromium, WAIT_SECONDS).until(
        lambda _: next(iter(chromium.find_elements(By.CSS_SELECTOR, selector)), None)
    )
    chromium.execute_script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].click()", element)
    return element


def test_both_documents_are_offered(chromium, live_server):
    chromium.get("about:blank")
    complaints(chromium)
    requests_of(chromium, to=live_server.url)
    chromium.get(f"{live_server.url}/api/docs/")
    await_text(chromium, "/api/v1/classrooms/")
    choice = Select(chromium.find_element(By.CSS_SELECTOR, "#select"))
    assert [option.text for option in choice.options] == ["CSpace", "Room Booking"]
    choice.select_by_visible_text("Room Booking")
    await_text(chromium, "/api/clear-bookings")
    assert complaints(chromium) == []  # nor was anybody else's server asked: the policy allows none
    sent = {request.url.removeprefix(live_server.url) for request in requests_of(chromium, to=live_server.url)}
    assert {"/api/docs/", "/api/schema/", "/api/openapi.json"} <= sent


def test_an_example_is_sent_by_the_page(chromium, live_server):
    department = make_department()
    key = new_key(department.head)
    chromium.get(f"{live_server.url}/api/docs/?urls.primaryName=Room%20Booking")
    await_text(chromium, "/api/clear-bookings")
    click(chromium, ".btn.authorize")
    field = WebDriverWait(chromium, WAIT_SECONDS).until(
        lambda _: next(iter(chromium.find_elements(By.CSS_SELECTOR, ".auth-container input")), None)
    )
    field.send_keys(key)
    click(chromium, ".auth-btn-wrapper .authorize")
    click(chromium, ".auth-btn-wrapper .btn-done")
    click(chromium, "#operations-default-createEvent .opblock-summary-control")
    click(chromium, "#operations-default-createEvent .try-out__btn")
    click(chromium, "#operations-default-createEvent .execute")
    WebDriverWait(chromium, WAIT_SECONDS).until(lambda _: CalendarEvent.objects.exists())
    event = CalendarEvent.objects.get()
    assert (event.name, event.calendar.slug) == ("Event Title", "test-kalender")
