"""Signing on at a real provider ends in the session that our own login gives."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sso.browsers import CALLBACK, LOGIN

pytestmark = [pytest.mark.timeout(300), pytest.mark.django_db]
PEOPLE = "SELECT username, display_name, email, department, password LIKE '!%%' FROM accounts_user WHERE username = %s"
PLACES = """
SELECT g.name FROM groups_usergroup p JOIN groups_group g ON g.id = p.group_id JOIN accounts_user u ON u.id = p.user_id
 WHERE u.username = %s
"""
ACTIONS = """
SELECT action FROM auditlog_logentry e JOIN accounts_user u ON u.id = e.user_id WHERE u.username = %s ORDER BY e.id
"""
SESSIONS = "SELECT user_agent, host(address) FROM accounts_refreshsession WHERE user_id = %s"
LANGUAGE = """
SELECT language FROM accounts_preferences p JOIN accounts_user u ON u.id = p.user_id WHERE u.username = %s
"""
OF_ALLAUTH = """
SELECT table_name FROM information_schema.tables WHERE table_name ~ '^(account|socialaccount)_' ORDER BY table_name
"""


def cookies_of(answer):
    """{name: (its attributes, sorted)}; the value is left out."""
    parts = [header.split("; ") for header in answer.headers.get_list("Set-Cookie")]
    return {pair.partition("=")[0]: sorted(more) for pair, *more in parts}


def without_times(attributes):
    return [word for word in attributes if not word.startswith("expires=")]


def test_a_login_at_the_provider_is_a_login_here(browser, everybody):
    before = len(everybody.trail())
    answer = browser.sign_on("ada")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert answer.headers["Referrer-Policy"] == "same-origin"
    cookies = cookies_of(answer)
    assert sorted(cookies) == ["refresh_token", "sso_state"]
    *attributes, max_age = sorted(without_times(cookies["refresh_token"]), key=lambda word: word.startswith("Max-Age"))
    assert attributes == ["HttpOnly", "Path=/api/v1/auth/", "SameSite=Lax"]
    assert max_age in ("Max-Age=604799", "Max-Age=604800")
    assert browser.me()["username"] == "ada"
    ((user_id,),) = everybody.rows("SELECT id FROM accounts_user WHERE username = 'ada'")
    assert everybody.trail()[before:] == [{"message": "auth.login", "user_id": user_id, "via": "oidc"}]
    assert set(everybody.rows(SESSIONS, user_id)) == {(browser.client.headers["User-Agent"], "127.0.0.1")}


def test_the_code_comes_by_pkce_and_the_state_is_kept_for_this_browser_only(browser, everybody):
    begun = browser.begin()
    location = begun.headers["Location"]
    query = parse_qs(urlsplit(location).query)
    assert (query["response_type"], query["code_challenge_method"]) == (["code"], ["S256"])
    assert re.fullmatch(r"[\w-]{43}", query["code_challenge"][0])
    assert sorted(query["scope"][0].split()) == ["email", "openid", "profile"]
    assert query["redirect_uri"] == [f"{everybody.origin}{CALLBACK}"]
    assert begun.headers["Referrer-Policy"] == "no-referrer"
    assert without_times(cookies_of(begun)["sso_state"]) == ["HttpOnly", "Max-Age=600", "Path=/sso/", "SameSite=Lax"]
    state = browser.client.cookies["sso_state"]
    kept = "SELECT expire_date < now() + interval '601 s' FROM django_session WHERE session_key = %s"
    assert everybody.rows(kept, state) == [(True,)]
    answer = browser.client.get(browser.show(location, "ada"))
    assert "Max-Age=0" in cookies_of(answer)["sso_state"]
    assert everybody.rows(kept, state) == []


def test_what_a_link_adds_does_not_reach_the_provider(browser):
    query = "auth_params=redirect_uri%3Dhttps://evil.example/&scope=admin&process=connect&action=reauthenticate"
    location = browser.client.get(f"{LOGIN}?{query}").headers["Location"]
    assert "evil" not in location
    assert "admin" not in location


def test_allauth_keeps_nobody_and_writes_nobody(browse, everybody):
    for name in ("ada", "wil"):
        assert browse(everybody).sign_on(name).status_code == 302
    tables = [table for (table,) in everybody.rows(OF_ALLAUTH)]
    assert "socialaccount_socialaccount" in tables
    assert {table: everybody.rows(f"SELECT count(*) FROM {table}") for table in tables} == {
        table: [(0,)] for table in tables
    }
    # Its own migrations, which ran when these were there, would have written them in lower case.
    assert everybody.rows("SELECT email FROM accounts_user WHERE username = 'twin2'") == [("Twin@example.edu",)]


def test_whoever_is_new_is_made_once_with_what_is_said_of_him(browse, everybody):
    for _ in range(2):
        assert browse(everybody, **{"Accept-Language": "zh-TW"}).sign_on("hedy").status_code == 302
    assert everybody.rows(PEOPLE, "hedy") == [("hedy", "Hedy Lamarr", "hedy@example.edu", "", True)]
    assert everybody.rows(ACTIONS, "hedy") == [("user_group.added",)]
    assert everybody.rows(LANGUAGE, "hedy") == [("zh-hant",)]


def test_whoever_is_there_is_found_by_his_address(browser, everybody):
    assert browser.sign_on("wil").status_code == 302
    assert browser.me()["username"] == "wil"
    assert everybody.rows(PEOPLE, "somebody") == []


def test_groups_of_the_provider_are_groups_of_ours(browse, everybody):
    for name in ("ada", "ada", "mary"):
        browse(everybody).sign_on(name)
    assert everybody.rows(PLACES, "ada") == [("Office",)]
    assert everybody.rows(PLACES, "mary") == []
    assert everybody.rows(PEOPLE, "ada")[0][3] == "Mathematics"


def test_two_tabs_sign_on_beside_each_other(browser):
    one, other = browser.begin("/one"), browser.begin("/other")
    locations = [
        browser.client.get(browser.show(begun.headers["Location"], "ada")).headers["Location"] for begun in (one, other)
    ]
    assert locations == ["/one", "/other"]


def test_a_session_of_the_admin_is_left_alone(browser, everybody):
    browser.client.cookies.set("sessionid", "a" * 32, domain="127.0.0.1")
    answer = browser.sign_on("ada")
    assert sorted(cookies_of(answer)) == ["refresh_token", "sso_state"]
    assert browser.client.cookies["sessionid"] == "a" * 32


# --- where it leads -----------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/rooms?day=1#top", "https://front.example.edu/welcome", "{origin}/admin/"])
def test_a_place_of_ours_is_led_to(browser, target):
    target = target.format(origin=browser.origin)
    assert browser.sign_on("ada", target).headers["Location"] == target


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "https://front.example.edu@evil.example/",
        "https://front.example.edu:444/",
        "https://front.example.edu.evil.example/",
        "https://front.example.edu\\.evil.example/",
        "http://front.example.edu/",
        "http://[/",
        "rooms",
        "/a\nSet-Cookie: x=y",
        pytest.param("/" + "x" * 2_000, id="long"),
    ],
)
def test_no_other_place_is_led_to(browser, everybody, target):
    before = len(everybody.trail())
    answer = browser.begin(target)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "This is no address of a login" in answer.text
    assert "Set-Cookie" not in answer.headers
    refusal = {"message": "auth.login_failed", "reason": "bad_target", "via": "oidc"}
    assert everybody.trail()[before:] == [refusal]


@pytest.mark.parametrize(("method", "path"), [("HEAD", LOGIN), ("HEAD", CALLBACK), ("POST", CALLBACK)])
def test_nothing_begins_by_another_method(browser, method, path):
    answer = browser.client.request(method, path)
    assert answer.status_code == 405
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/sso/", "/sso/oidc/", "/sso/saml/login/", "/accounts/login/", "/sso/oidc/signup/"])
def test_no_other_page_of_allauth_is_there(browser, path):
    assert browser.client.get(path).status_code == 404


def test_other_paths_have_no_state(browser):
    browser.client.cookies.set("sso_state", "a" * 32, domain="127.0.0.1", path="/")
    assert "Set-Cookie" not in browser.client.get("/api/v1/users/me/").headers
