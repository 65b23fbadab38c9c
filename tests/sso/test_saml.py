"""Signing on by SAML, at a provider that is the tests' own: its metadata and its signed answers."""

import json

import pytest

from tests.sso.campus import campus
from tests.sso.saml_provider import ENTITY, GROUPS, MAIL, NAME, SIGN_ON, request_id_in, saml_provider
from tests.sso.silent_provider import silent_provider
from tests.sso.test_signing_on import PLACES, cookies_of, without_times

pytestmark = [pytest.mark.timeout(300), pytest.mark.django_db]
NOETHER = {MAIL: ["emmy@example.edu"], NAME: ["emmy"], GROUPS: ["staff", "all"], "urn:oid:2.5.4.42": ["Emmy"]}
OVER, NOBODY = "was begun too long ago", "Nobody has said who you are"
VERIFIED = {"http://schemas.auth0.com/email_verified": ["true"]}
BY_SAML = {"SAML_ENTITY_ID": ENTITY, "SAML_ATTRIBUTES": json.dumps({"groups": GROUPS})}


@pytest.fixture(scope="module")
def provider():
    return saml_provider()


@pytest.fixture(scope="module")
def metadata_url(provider):
    with silent_provider(provider.metadata) as url:
        yield url


@pytest.fixture(scope="module")
def trusting(folder, database, issuer, metadata_url):
    """Believes the addresses that the provider says."""
    settings = BY_SAML | {"SAML_METADATA_URL": metadata_url, "SAML_TRUST_EMAIL": "on"}
    with campus(folder, database, issuer, **settings) as server:
        yield server


@pytest.fixture(scope="module")
def wary(folder, database, metadata_url):
    """Speaks SAML alone."""
    alone = {"OIDC_CLIENT_ID": "", "OIDC_CLIENT_SECRET": "", "OIDC_NAME": ""}
    with campus(folder, database, "", SAML_METADATA_URL=metadata_url, **BY_SAML, **alone) as server:
        yield server


def begin(browser, target="/rooms"):
    begun = browser.client.get("/sso/saml/login/", params={"next": target})
    assert (begun.status_code, begun.headers["Location"].split("?")[0]) == (302, SIGN_ON)
    return request_id_in(begun.headers["Location"])


def post(browser, answer):
    """The provider's page has the browser post the answer, with no cookie of ours; then it is led on."""
    kept = [cookie for cookie in browser.client.cookies.jar if cookie.name != "saml-acs-session"]
    browser.client.cookies.clear()
    posted = browser.client.post("/sso/saml/acs/", data={"SAMLResponse": answer, "RelayState": "https://evil.example/"})
    assert (posted.status_code, posted.headers["Location"]) == (302, "/sso/saml/acs/finish/")
    assert "HttpOnly" in without_times(cookies_of(posted)["saml-acs-session"])
    for cookie in kept:
        browser.client.cookies.jar.set_cookie(cookie)
    return browser.client.get(posted.headers["Location"])


def sign_on(browser, provider, attributes=NOETHER):
    return post(browser, provider.answer(browser.origin, begin(browser), attributes))


def test_an_answer_that_is_signed_is_a_login_here(browse, trusting, provider):
    browser, before = browse(trusting), len(trusting.trail())
    answer = sign_on(browser, provider)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/rooms")
    assert browser.me()["username"] == "emmy"
    assert trusting.rows(PLACES, "emmy") == [("Office",)]
    assert trusting.rows("SELECT count(*) FROM socialaccount_socialaccount") == [(0,)]
    assert [(line["message"], line["via"]) for line in trusting.trail()[before:]] == [("auth.login", "saml")]


def test_an_address_counts_where_it_is_vouched_for(browse, wary, provider):
    browser = browse(wary)
    answer = sign_on(browser, provider)
    assert (answer.status_code, "has not been verified" in answer.text) == (403, True)
    assert wary.trail() == [{"message": "auth.login_failed", "reason": "unverified_email", "via": "saml"}]
    assert sign_on(browser, provider, NOETHER | VERIFIED).status_code == 302
    assert browser.client.get("/sso/oidc/login/").status_code == 404


def test_an_answer_works_once_and_where_it_was_asked_for(browse, trusting, provider):
    mine, other = browse(trusting), browse(trusting)
    signed = provider.answer(mine.origin, begin(mine), NOETHER)
    begin(other)
    assert (stolen := post(other, signed)).status_code == 400
    assert OVER in stolen.text
    assert post(mine, signed).status_code == 302
    assert post(mine, signed).status_code == 400


def test_what_nobody_has_asked_for_is_no_login(browse, trusting, provider):
    browser = browse(trusting)
    begin(browser)
    answer = post(browser, provider.answer(browser.origin, None, NOETHER))
    assert (answer.status_code, OVER in answer.text) == (400, True)
    assert browser.client.get("/sso/saml/acs/finish/").status_code == 400


def test_what_another_has_signed_is_no_login(browse, trusting):
    browser = browse(trusting)
    answer = sign_on(browser, saml_provider())
    assert (answer.status_code, NOBODY in answer.text) == (400, True)
    assert "refresh_token" not in cookies_of(answer)


def test_what_was_meant_for_another_server_is_no_login(browse, trusting, provider):
    browser = browse(trusting)
    answer = post(browser, provider.answer("https://elsewhere.example.edu", begin(browser), NOETHER))
    assert (answer.status_code, NOBODY in answer.text) == (400, True)


@pytest.mark.parametrize("answer", ["", "no base64", "PHg+", "eHh4"])
def test_what_is_no_answer_is_no_login(browse, trusting, answer):
    page = post(browse(trusting), answer)
    assert page.status_code in (400, 503)
    assert page.headers["Content-Type"].startswith("text/html")


def test_an_answer_without_end_is_not_kept(browse, trusting):
    rows = trusting.rows("SELECT count(*) FROM django_session")
    answer = browse(trusting).client.post("/sso/saml/acs/", data={"SAMLResponse": "x" * 200_000})
    assert (answer.status_code, NOBODY in answer.text) == (400, True)
    assert trusting.rows("SELECT count(*) FROM django_session") == rows


def test_the_provider_is_told_who_we_are_and_no_place_to_log_out_at(browse, trusting):
    answer = browse(trusting).client.get("/sso/saml/metadata/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/samlmetadata+xml")
    assert f'entityID="{trusting.origin}/sso/saml/metadata/"' in answer.text
    assert f'Location="{trusting.origin}/sso/saml/acs/"' in answer.text
    assert "SingleLogoutService" not in answer.text
    assert browse(trusting).client.get("/sso/saml/sls/").status_code == 404


@pytest.mark.parametrize("body", ["", "no XML", "<x/>"])
def test_metadata_that_says_nothing_is_said_to_be_so(browse, folder, database, issuer, body):
    with silent_provider(body) as url, campus(folder, database, issuer, SAML_METADATA_URL=url, **BY_SAML) as server:
        answer = browse(server).client.get("/sso/saml/login/")
        assert (answer.status_code, "cannot be reached at present" in answer.text) == (503, True)


def test_a_provider_that_is_not_there_is_said_to_be_so(browse, folder, database, issuer):
    settings = BY_SAML | {"SAML_METADATA_URL": "http://127.0.0.1:1/metadata"}
    with campus(folder, database, issuer, **settings) as server:
        assert browse(server).client.get("/sso/saml/login/").status_code == 503
        assert [line["reason"] for line in server.trail()] == ["provider_unreachable"]
