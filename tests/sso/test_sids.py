"""A login that a program waits for is completed through the provider, by whoever means it."""

import re
from urllib.parse import urlencode, urljoin, urlsplit

import pytest

from tests.sso.browsers import LOGIN
from tests.sso.test_signing_on import cookies_of

pytestmark = [pytest.mark.timeout(300), pytest.mark.django_db]
BUTTON = re.compile(
    r'<form method="post" action="(/sso/oidc/login/[^"]*)">\s*<input [^>]*value="(\w+)">\s*<button>([^<]*)<'
)


@pytest.fixture
def begun(browser):
    return browser.client.get("/api/v1/user.login.getToken/").json()


def status(browser, begun):
    return browser.client.post("/api/v1/user.login.status/", data={"sid": begun["sid"]}).json()


def press(browser, begun):
    """The provider's button on our login page; where its page leads on to."""
    parts = urlsplit(begun["loginUrl"])
    page = browser.client.get(f"{parts.path}?{parts.query}")
    match = BUTTON.search(page.text)
    assert match, page.text
    assert match[3] == "Log in with Campus &lt;ID&gt;"
    answer = browser.client.post(match[1].replace("&amp;", "&"), data={"csrfmiddlewaretoken": match[2]})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    return answer.headers["Refresh"].removeprefix("0; url=")


def test_a_program_is_logged_in_through_the_provider(browser, everybody, begun):
    before = len(everybody.trail())
    answer = browser.client.get(browser.show(press(browser, begun), "wil"))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{begun['callbackUrl']}&ticket=")
    # The program is logged in; this browser, which has been lent for that, is not.
    assert sorted(cookies_of(answer)) == ["sso_state"]
    assert status(browser, begun) == {"success": "OK", "status": "NOT_LOGGED_IN"}
    done = browser.client.get(answer.headers["Location"])
    assert (done.status_code, "This window may be closed" in done.text) == (200, True)
    told = status(browser, begun)
    assert (told["status"], told["user_data"]["email"]) == ("LOGGED_IN", "wil@example.edu")
    assert [line["via"] for line in everybody.trail()[before:]] == ["sso"]
    assert browser.refresh().status_code == 401


def test_a_link_does_not_log_anybodys_program_in(browser, begun):
    browser.sign_on("wil")  # so that the provider knows him, and would ask nothing
    page = browser.client.get(f"{LOGIN}?{urlencode({'next': begun['callbackUrl']})}")
    assert (page.status_code, "Log in only if you have just begun that yourself" in page.text) == (200, True)
    refused = browser.client.post(f"{LOGIN}?{urlencode({'next': begun['callbackUrl']})}")
    assert refused.status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    answer = browser.client.post(str(page.url), data={"csrfmiddlewaretoken": token})
    location = browser.show(answer.headers["Refresh"].removeprefix("0; url="), "wil")
    assert "&ticket=" in browser.client.get(location).headers["Location"]


@pytest.mark.parametrize(("name", "state"), [("linus", "LOGIN_ERROR"), ("homeless", "NOT_LOGGED_IN")])
def test_a_program_is_told_of_whoever_is_not_admitted(browse, staff_only, name, state):
    browser = browse(staff_only)
    begun = browser.client.get("/api/v1/user.login.getToken/").json()
    answer = browser.client.get(browser.show(press(browser, begun), name))
    assert answer.status_code in (400, 403)
    assert status(browser, begun) == {"success": "OK", "status": state}


def test_the_page_leads_on_without_its_own_policy_in_the_way(browser, begun):
    address = press(browser, begun)
    assert urljoin(address, "/") != urljoin(browser.origin, "/")
