"""The same in Chromium, which keeps to the policies of the pages: no redirect of a form leaves our origin."""

import httpx
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.chromium import PAGE_SECONDS, browsing

pytestmark = [pytest.mark.timeout(300), pytest.mark.django_db]


def show_who_it_is(chromium, issuer, name):
    """On the provider's two pages."""
    waiting = WebDriverWait(chromium, PAGE_SECONDS)
    waiting.until(lambda page: page.current_url.startswith(f"{issuer}/interaction/"))
    chromium.find_element(By.NAME, "login").send_keys(name)
    chromium.find_element(By.NAME, "password").send_keys("any")
    first = chromium.find_element(By.TAG_NAME, "form")
    first.submit()
    waiting.until(lambda page: page.find_elements(By.CSS_SELECTOR, "input[value=consent]"))
    chromium.find_element(By.TAG_NAME, "form").submit()


def test_a_program_is_logged_in_by_a_button(everybody, issuer):
    begun = httpx.get(f"{everybody.origin}/api/v1/user.login.getToken/").json()
    with browsing() as chromium:
        chromium.get(begun["loginUrl"])
        button = chromium.find_element(By.CSS_SELECTOR, 'form[action^="/sso/oidc/login/"] button')
        assert button.text == "Log in with Campus <ID>"
        button.click()
        show_who_it_is(chromium, issuer, "wil")
        WebDriverWait(chromium, PAGE_SECONDS).until(lambda page: "user.login.callback" in page.current_url)
        assert "This window may be closed" in chromium.find_element(By.TAG_NAME, "main").text
    told = httpx.post(f"{everybody.origin}/api/v1/user.login.status/", data={"sid": begun["sid"]}).json()
    assert (told["status"], told["user_data"]["email"]) == ("LOGGED_IN", "wil@example.edu")


def test_a_person_comes_back_with_the_cookie(everybody, issuer):
    with browsing() as chromium:
        chromium.get(f"{everybody.origin}/sso/oidc/login/?next=/api/docs/")
        show_who_it_is(chromium, issuer, "wil")
        WebDriverWait(chromium, PAGE_SECONDS).until(lambda page: page.current_url == f"{everybody.origin}/api/docs/")
        answer = chromium.execute_async_script(
            "const done = arguments[0]; fetch('/api/v1/auth/token/refresh/', {method: 'POST'})"
            ".then(answer => answer.json()).then(done)"
        )
        assert list(answer) == ["access"]
        assert chromium.execute_script("return document.cookie.includes('sso_state')") is False
