"""The pages of the admin in a real browser, under a policy without `eval`: nothing is refused, everything opens."""

import pytest
from django.test import Client
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from kernel.admin.site import site
from tests.admin.test_walk import furnish
from tests.browser.chromium import browsing
from tests.factories import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
WAIT_SECONDS = 20
PAGES = sorted(f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in site._registry)


@pytest.fixture
def chromium(live_server):
    """A browser that is logged in as a superuser."""
    furnish()
    client = Client()
    client.force_login(make_user("root", is_superuser=True))
    with browsing() as chromium:
        chromium.set_window_size(1600, 1000)
        chromium.get(f"{live_server.url}/healthz")
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "path": "/"}
        chromium.add_cookie(cookie)
        yield chromium


def complaints(chromium):
    """What the console says of refused scripts and failed expressions since the last call."""
    lines = [line["message"] for line in chromium.get_log("browser") if line["level"] in ("SEVERE", "WARNING")]
    return [line for line in lines if "status of 403" not in line]  # a page that may not be added to


def open_page(chromium, url):
    chromium.get(url)
    ready = (
        "return document.querySelector('script[src*=alpine]') === null"
        " || (window.Alpine !== undefined && document.querySelector('[x-cloak]') === null)"
    )
    WebDriverWait(chromium, WAIT_SECONDS).until(lambda _: chromium.execute_script(ready))
    # What Alpine cannot evaluate it throws in a task of its own.
    chromium.execute_async_script("setTimeout(arguments[0], 50)")


def test_the_policy_has_no_eval_and_the_pages_do_without(chromium, live_server):
    faults = {}
    for address in ["/admin/", "/admin/password_change/", *PAGES, *(f"{page}add/" for page in PAGES)]:
        open_page(chromium, live_server.url + address)
        if lines := complaints(chromium):
            faults[address] = lines
        for link in chromium.find_elements(By.CSS_SELECTOR, "#result_list th a")[:1]:
            open_page(chromium, link.get_attribute("href"))
            if lines := complaints(chromium):
                faults[f"{address} a row"] = lines
    assert faults == {}


def test_eval_is_refused(chromium, live_server):
    open_page(chromium, f"{live_server.url}/admin/")
    # In a task of the page's own: what the driver itself runs is above the policy.
    refused = chromium.execute_async_script(
        "const tell = arguments[0];"
        "setTimeout(() => { try { eval('1'); tell(false) } catch (error) { tell(error instanceof EvalError) } }, 50)"
    )
    assert refused is True


def test_what_opens_by_a_click_opens(chromium, live_server):
    open_page(chromium, f"{live_server.url}/admin/classrooms/classroom/")
    theme = chromium.execute_script("return Alpine.$data(document.documentElement).adminTheme")
    chromium.execute_script("Alpine.$data(document.documentElement).switchTheme('dark')")
    WebDriverWait(chromium, WAIT_SECONDS).until(
        lambda _: "dark" in chromium.find_element(By.TAG_NAME, "html").get_attribute("class")
    )
    assert theme == "auto"
    shown = "return Alpine.$data(document.body).sidebarDesktopOpen"
    before = chromium.execute_script(shown)
    chromium.find_element(By.CSS_SELECTOR, "[x-on\\:click^='sidebarDesktopOpen']").click()
    assert chromium.execute_script(shown) is (not before)
    assert chromium.execute_script("return localStorage.getItem('sidebarDesktopOpen')") == ("0" if before else "1")
    open_page(chromium, f"{live_server.url}/admin/classrooms/classroom/")
    assert chromium.execute_script(shown) is (not before)
    assert complaints(chromium) == []


def test_a_mail_template_is_shown_while_it_is_typed(chromium, live_server):
    """Its HTML in a frame that may do nothing, and without what is elsewhere."""
    open_page(chromium, f"{live_server.url}/admin/calendars/mailtemplate/add/")
    for name, text in (
        ("subject", "{{ name }}"),
        ("text", "To {{ organizer }}"),
        ("html", "<h1>{{ calendar_name }}</h1>"),
    ):
        chromium.find_element(By.ID, f"id_{name}").send_keys(text)
    preview = chromium.find_element(By.CSS_SELECTOR, ".mail-preview")
    WebDriverWait(chromium, WAIT_SECONDS).until(lambda _: "iframe" in preview.get_attribute("innerHTML"))
    assert "Fundraising Weekly" in preview.text
    assert "To head-of-fundraising@my-awesome.org" in preview.text
    frame = preview.find_element(By.TAG_NAME, "iframe")
    assert frame.get_attribute("sandbox") == ""
    chromium.switch_to.frame(frame)
    assert chromium.find_element(By.TAG_NAME, "h1").text == "Meeting Room 1"
    chromium.switch_to.default_content()
    assert complaints(chromium) == []


def test_every_expression_can_be_read(chromium, live_server):
    """Also of what is hidden until somebody clicks or types."""
    faults = {}
    for page in PAGES:
        for address in (page, f"{page}add/"):
            open_page(chromium, live_server.url + address)
            if not chromium.execute_script("return window.Alpine !== undefined"):
                continue
            for expression in chromium.execute_script(EXPRESSIONS):
                fault = chromium.execute_script(PARSE, expression)
                if fault:
                    faults[expression] = fault
    assert faults == {}


EXPRESSIONS = """
    const names = /^(x-on:|x-bind|x-show|x-text|x-if|x-effect|x-model)/;
    return [...new Set([...document.querySelectorAll("*")].flatMap((element) => [...element.attributes]
        .filter((attribute) => names.test(attribute.name)).map((attribute) => attribute.value)))];
"""
PARSE = """
    try { Alpine.evaluateRaw(document.body, arguments[0]); } catch (error) {
        return error.message.startsWith("CSP Parser Error") ? error.message : null;
    }
    return null;
"""
