"""Whoever does not get on is told so on a page, and the trail has one line of it, without a secret."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sso.browsers import CALLBACK, LOGIN
from tests.sso.campus import campus
from tests.sso.silent_provider import silent_provider
from tests.sso.test_signing_on import PEOPLE, cookies_of

pytestmark = [pytest.mark.timeout(300), pytest.mark.django_db]
OVER, NOBODY = "was begun too long ago", "Nobody has said who you are"
NOT_ADMITTED, UNVERIFIED = "may not book rooms here", "has not been verified"
UNREACHABLE = "cannot be reached at present"


def expect(campus, before, answer, status, sentence, reason, **more):
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert sentence in answer.text
    assert "refresh_token" not in cookies_of(answer)
    assert campus.trail()[before:] == [{"message": "auth.login_failed", "reason": reason, "via": "oidc", **more}]


@pytest.mark.parametrize(
    ("name", "status", "sentence", "reason"),
    [
        ("unverified", 403, UNVERIFIED, "unverified_email"),
        ("silent", 403, UNVERIFIED, "unverified_email"),
        ("homeless", 400, NOBODY, "unknown_identity"),
        ("nameless", 400, NOBODY, "unknown_identity"),
        ("gone", 403, NOT_ADMITTED, "not_admitted"),
        ("twin", 403, NOT_ADMITTED, "not_admitted"),
    ],
)
def test_whoever_cannot_be_one_of_us_is_told_why(browser, everybody, name, status, sentence, reason):
    people = everybody.rows("SELECT count(*) FROM accounts_user")
    before = len(everybody.trail())
    expect(everybody, before, browser.sign_on(name), status, sentence, reason)
    assert everybody.rows("SELECT count(*) FROM accounts_user") == people
    assert browser.refresh().status_code == 401


def test_nobody_takes_the_name_of_another(browser, everybody):
    before = len(everybody.trail())
    expect(everybody, before, browser.sign_on("thief"), 403, NOT_ADMITTED, "not_admitted")
    assert everybody.rows(PEOPLE, "taken")[0][2] == "taken@example.edu"


@pytest.mark.parametrize("name", ["ada", "grace", "liste"])
def test_some_groups_alone_are_admitted_and_who_is_on_the_whitelist(browse, staff_only, name):
    browser = browse(staff_only)
    assert browser.sign_on(name).status_code == 302
    assert browser.me()["username"] == name


@pytest.mark.parametrize("name", ["linus", "mary"])
def test_whoever_is_in_no_such_group_is_not_admitted(browse, staff_only, name):
    people = staff_only.rows("SELECT count(*) FROM accounts_user")
    before = len(staff_only.trail())
    expect(staff_only, before, browse(staff_only).sign_on(name), 403, NOT_ADMITTED, "not_admitted")
    assert staff_only.rows("SELECT count(*) FROM accounts_user") == people


def test_a_callback_works_once(browser, everybody):
    location = browser.show(browser.begin().headers["Location"], "ada")
    assert browser.client.get(location).status_code == 302
    before = len(everybody.trail())
    again = browser.client.get(location)
    assert again.status_code == 400
    expect(everybody, before, again, 400, OVER, "bad_state")


def test_a_callback_works_in_the_browser_that_has_begun(browse, everybody):
    mine, other = browse(everybody), browse(everybody)
    location = mine.show(mine.begin().headers["Location"], "ada")
    other.begin()
    before = len(everybody.trail())
    expect(everybody, before, other.client.get(location), 400, OVER, "bad_state")


NOT_BEGUN = ["", "?state=x", "?code=x", "?state=x&code=y", "?state=%00&code=%00", "?error=access_denied"]


@pytest.mark.parametrize("query", NOT_BEGUN)
def test_a_callback_that_nobody_has_begun_is_refused(browser, everybody, query):
    before = len(everybody.trail())
    expect(everybody, before, browser.client.get(f"{CALLBACK}{query}"), 400, OVER, "bad_state")


@pytest.mark.parametrize("cookie", ["x", '"\\000aaaaaaaa"', "a" * 5000, "é", "../../etc"])
def test_a_state_that_is_none_is_none(browser, everybody, cookie):
    answer = browser.client.get(f"{CALLBACK}?state=x&code=y", headers={b"Cookie": f"sso_state={cookie}".encode()})
    assert (answer.status_code, OVER in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("query", "reason", "fault"),
    [
        ("error=access_denied", "cancelled", None),
        ("error=server_error", "refused_by_provider", None),
        ("code=wrong", "refused_by_provider", "OAuth2Error"),
        ("code=%00", "refused_by_provider", "OAuth2Error"),
    ],
)
def test_what_the_provider_does_not_confirm_is_no_login(browser, everybody, query, reason, fault):
    state = parse_qs(urlsplit(browser.begin().headers["Location"]).query)["state"][0]
    before = len(everybody.trail())
    answer = browser.client.get(f"{CALLBACK}?state={state}&{query}")
    more = {"fault": fault} if fault else {}
    expect(everybody, before, answer, 400, NOBODY, reason, **more)
    assert "wrong" not in str(everybody.trail()[before:])


def test_a_code_of_another_login_is_refused(browse, everybody):
    """PKCE: the code was asked for by another."""
    victim, thief = browse(everybody), browse(everybody)
    code = parse_qs(urlsplit(victim.show(victim.begin().headers["Location"], "ada")).query)["code"][0]
    state = parse_qs(urlsplit(thief.begin().headers["Location"]).query)["state"][0]
    answer = thief.client.get(CALLBACK, params={"state": state, "code": code})
    assert (answer.status_code, NOBODY in answer.text) == (400, True)


def test_a_provider_that_is_not_there_is_said_to_be_so(browse, cut_off):
    before = len(cut_off.trail())
    answer = browse(cut_off).begin()
    expect(cut_off, before, answer, 503, UNREACHABLE, "provider_unreachable", fault="ConnectionError")
    assert answer.headers["Retry-After"] == "10"
    assert "Set-Cookie" not in answer.headers


def test_a_provider_that_says_nothing_is_not_waited_for_long(browse, folder, database):
    with silent_provider() as issuer, campus(folder, database, issuer) as server:
        began = time.monotonic()
        answer = browse(server).begin()
        assert time.monotonic() - began < 10
        expect(server, 0, answer, 503, UNREACHABLE, "provider_unreachable", fault="ReadTimeout")
        again = browse(server).begin()
        assert (again.status_code, again.elapsed.total_seconds() < 2) == (503, True)


@pytest.mark.parametrize("body", ["[]", "{}", "no JSON", '{"issuer": "https://another.example"}'])
def test_a_provider_that_describes_another_is_not_followed(browse, folder, database, body):
    with silent_provider(body) as issuer, campus(folder, database, issuer) as server:
        answer = browse(server).begin()
        assert (answer.status_code, UNREACHABLE in answer.text) == (503, True)
        (line,) = server.trail()
        assert line["reason"] in ("provider_unintelligible", "provider_unreachable")


def test_logins_are_not_begun_without_end(browse, folder, database, issuer):
    throttled = {"CSPACE_THROTTLE": "on", "CSPACE_RATE_LOGIN_BEGUN": "2/min"}
    with campus(folder, database, issuer, **throttled) as server:
        browser = browse(server)
        answers = [browser.client.get(LOGIN) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [302, 302, 429]
        assert int(answers[2].headers["Retry-After"]) > 0
        assert server.trail() == [{"message": "auth.login_throttled", "via": "oidc"}]


def test_no_secret_is_in_the_log(everybody, browser):
    browser.sign_on("ada")
    printed = everybody.server.printed()
    assert "the s3cret of the client" not in printed
    assert "code=" not in printed
    assert browser.client.cookies["refresh_token"] not in printed
