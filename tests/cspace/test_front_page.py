"""Whoever comes without an address is shown the way, and is nobody's traceback or JSON."""

import re
from contextlib import closing

import pytest
from django.test import Client

from tests.factories import PASSWORD, cspace_group, join, make_user

pytestmark = pytest.mark.django_db
UNKNOWN = (404, {"error": "Endpoint not found", "code": "NOT_FOUND"})


@pytest.fixture
def browser(cspace):
    """Logged in to the admin."""
    client = Client()
    client.force_login(cspace)
    return client


def test_the_page_says_what_runs_here_and_links_to_everything(api, browser):
    page = api().get("/")
    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    text = page.content.decode()
    assert "<title>CSpace</title>" in text
    links = re.findall(r'href="([^"]+)"', text)
    file = "/static/occupancy/index.html"
    assert set(links) == {file, "/admin/", "/api/docs/", "/api/schema/", "/readyz", "/favicon.ico"}
    for link in set(links) - {file}:
        assert browser.get(link).status_code == 200, link
    with closing(browser.get(file)) as page:  # what is open is closed, the connection to the database too
        assert page.status_code == 200


@pytest.mark.parametrize("is_development", [True, False])
def test_a_production_does_not_speak_of_demo_accounts(api, settings, is_development):
    settings.DEBUG = is_development
    text = api().get("/").content.decode()
    assert ("demo accounts" in text) is is_development


def test_the_page_may_load_and_run_nothing(api):
    page = api().get("/")
    assert page["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    assert (page["X-Frame-Options"], page["Cache-Control"]) == ("DENY", "private, no-store")
    assert "Set-Cookie" not in page


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v1/"])
def test_the_api_says_where_its_parts_are(api, path):
    index = api().get(path)
    assert (index.status_code, index.json()) == (
        200,
        {
            "name": "CSpace",
            "api": "/api/v1/",
            "documentation": "/api/docs/",
            "schema": "/api/schema/",
            "admin": "/admin/",
            "pages": "/",
        },
    )


def test_the_icon(api):
    icon = api().get("/favicon.ico")
    assert (icon.status_code, icon["Content-Type"]) == (200, "image/svg+xml")
    assert icon["Cache-Control"] == "public, max-age=86400"
    assert icon.content.startswith(b"<svg ")


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/admin", "/admin/"),
        ("/admin/groups/group", "/admin/groups/group/"),
        ("/admin/groups/group?q=5%202", "/admin/groups/group/?q=5%202"),
        ("/admin/logs", None),
    ],
)
def test_a_page_of_the_admin_is_found_without_its_last_slash(browser, path, location):
    answer = browser.get(path)
    assert (answer.status_code, answer.headers.get("Location")) == ((302, location) if location else (404, None))


def test_without_a_login_nothing_is_told_of_the_admins_pages(api):
    for path in ("/admin/groups/group", "/admin/nope"):
        answer = api().get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={path}")


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/admin", "/api/", "/api/v1/"])
def test_the_front_door_is_for_reading_and_for_hosts_that_are_ours(api, path):
    assert api()("HEAD", path).content == b""
    written = api().post(path, {})
    assert (written.status_code, written["Allow"]) == (405, "GET, HEAD")
    assert written.json() == {"error": "Method Not Allowed", "code": "METHOD_NOT_ALLOWED"}
    elsewhere = api().get(path, Host="evil.example")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("path", ["/nope", "/favicon.png", "/api/nope", "/api/v2/", "/accounts/profile/", "/nope//"])
def test_what_is_not_there_stays_unknown(api, path):
    answer = api().get(path)
    assert (answer.status_code, answer.json()) == UNKNOWN


@pytest.mark.parametrize(
    "query", ["", "?next=", "?next=https://evil.example/", "?next=/admin/", "?next=//evil.example"]
)
def test_a_login_lands_in_the_admin(query):
    join(make_user("ada"), cspace_group())
    answer = Client().post(f"/admin/login/{query}", {"username": "ada", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_a_login_lands_where_it_was_asked_for():
    join(make_user("ada"), cspace_group())
    pair = {"username": "ada", "password": PASSWORD}
    answer = Client().post("/admin/login/?next=/admin/groups/group/", pair)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/groups/group/")
