"""No more mail, by the link in one: RFC 8058; contract of streams and mail, §3. And the page of the other link."""

import pytest
from django.core import signing

from accounts.models import Preferences, User
from accounts.services.unsubscribing import unsubscribe_token
from auditlog.models import LogEntry
from kernel.logs import redact
from tests.accounts.mailing import confirmation, mail_is_on, token_in

__all__ = ["mail_is_on"]
PREFERENCES = "users/me/preferences/"
FORM = "application/x-www-form-urlencoded"
ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
NOT_FOUND = {"error": "Link not found", "code": "NOT_FOUND"}
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


def link(person):
    return f"unsubscribe/?token={unsubscribe_token(person.pk)}"


def mail_of(person):
    return Preferences.objects.filter(user=person).values_list("mail", flat=True).first()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (ONE_CLICK, FORM),
        (MULTIPART, "multipart/form-data; boundary=x"),
        (b"", FORM),
        (b"", ""),
        (b"\xff\x00{", "application/json"),
        (b"anything=else", "text/plain"),
    ],
)
def test_one_click_and_there_is_no_more_mail(api, member, stranger, body, content_type):
    for _ in range(2):
        response = api().post(link(member), body, **{"Content-Type": content_type})
        assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "You will get no more mail." in response.content.decode()
    assert (mail_of(member), mail_of(stranger)) == ("off", None)
    (entry,) = LogEntry.objects.all()
    assert (entry.action, entry.target, entry.actor) == ("user.unsubscribed", f"user:{member.pk}", member)
    assert entry.details == {"username": "member", "changes": {"mail": [None, "off"]}}


def test_all_else_that_he_has_chosen_stays_and_he_can_come_back(api, member):
    api(member).patch(PREFERENCES, {"mail": "daily", "daily_at": "07:30", "language": "zh-hant"})
    page = api().post(link(member)).content.decode()
    assert '<html lang="zh-hant">' in page
    assert "您將不再收到郵件。" in page
    chosen = api(member).get(PREFERENCES).json()
    assert (chosen["mail"], chosen["daily_at"], chosen["language"]) == ("off", "07:30", "zh-hant")
    api(member).patch(PREFERENCES, {"mail": "each"})
    assert api().post(link(member)).status_code == 200
    assert mail_of(member) == "off"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_opening_the_link_changes_nothing(api, member, method):
    response = api()(method, link(member), **BROWSER)
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert (response["Content-Security-Policy"], response["Referrer-Policy"]) == (POLICY, "no-referrer")
    assert response["Cache-Control"] == "private, no-store"
    assert (mail_of(member), LogEntry.objects.count()) == (None, 0)


def test_the_page_asks_with_one_button_in_the_language_of_the_person(api, member):
    page = api().get(link(member), **BROWSER).content.decode()
    assert "<p>No more mail from CSpace?</p>" in page
    assert page.count("<button>") == 1
    assert '<form method="post">' in page
    assert "<button>Unsubscribe</button>" in page
    assert "<script" not in page
    api(member).patch(PREFERENCES, {"language": "zh-hant"})
    page = api().get(link(member), **BROWSER).content.decode()
    assert "<button>取消訂閱</button>" in page


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_token_is_not_found(api, member, stranger, method):
    token = unsubscribe_token(member.pk)
    _, _, signature = token.partition(".")
    for wrong in (
        "x",
        ".",
        token[:-1],
        f"{token}x",
        f"{stranger.pk}.{signature}",
        f"0{token}",
        signing.Signer(salt="accounts.confirmation", sep=".").sign(str(member.pk)),
        signing.Signer(salt="accounts.unsubscribe", sep=".", key="another").sign(str(member.pk)),
        unsubscribe_token(10**17),
        "%E6%84%9B%E9%81%94",
        "%20",
        "x" * 5_000,
    ):
        for headers in ({}, BROWSER):
            response = api()(method, f"unsubscribe/?token={wrong}", **headers)
            assert (response.status_code, response.json()) == (404, NOT_FOUND), wrong
    assert (Preferences.objects.count(), LogEntry.objects.count()) == (0, 0)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("query", "details"),
    [
        ("", {"token": ["This field is required."]}),
        ("?token=x&token=y", {"token": ["May stand only once"]}),
        ("?token=%00", {"token": ["Control characters and broken Unicode are not allowed"]}),
        ("?token=%ff", {"token": ["Control characters and broken Unicode are not allowed"]}),
    ],
)
def test_a_query_that_is_none_is_refused(api, db, method, query, details):
    response = api()(method, f"unsubscribe/{query}")
    assert (response.status_code, response.json()["details"]) == (400, details)


@pytest.mark.parametrize(("method", "sentence"), [("GET", "This field is required."), ("POST", "Must not be empty")])
def test_an_empty_token_is_none(api, db, method, sentence):
    response = api()(method, "unsubscribe/?token=")
    assert (response.status_code, response.json()["details"]) == (400, {"token": [sentence]})


@pytest.mark.parametrize("path", ["unsubscribe/", "confirm-email/"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_other_method(api, db, method, path):
    assert api()(method, f"{path}?token=x").status_code == 405


def test_who_has_been_deactivated_gets_no_more_mail_either(api, member):
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert api().post(link(member)).status_code == 200
    assert mail_of(member) == "off"


def test_a_token_stays_valid_when_the_key_is_changed(api, member, settings):
    address, former = link(member), settings.SECRET_KEY
    settings.SECRET_KEY = "another-secret-key-of-the-same-campus"
    assert api().post(address).status_code == 404
    settings.SECRET_KEY_FALLBACKS = [former]
    assert api().post(address).status_code == 200


def test_neither_a_bad_login_nor_a_foreign_page_is_in_the_way(api, member):
    headers = {"Authorization": "Bearer nonsense", "Origin": "https://mail.example.com", "Idempotency-Key": "k"}
    response = api().post(link(member), ONE_CLICK, **headers)
    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response


def test_so_many_come_from_one_network(api, member, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES |= {"anonymous_write": "2/min"}
    assert [api().post(link(member)).status_code for _ in range(3)] == [200, 200, 429]


def test_an_address_is_confirmed_on_its_page(api, member, mail_is_on, document_clock):
    api(member).patch(PREFERENCES, {"email": "ada&bob@example.edu", "language": "zh-hant"})
    path = f"confirm-email/?token={token_in(confirmation())}"
    response = api().get(path, **BROWSER)
    assert (response.status_code, response["Content-Security-Policy"]) == (200, POLICY)
    assert "要將 CSpace 的通知郵件寄送至 ada&amp;bob@example.edu 嗎？" in response.content.decode()
    assert "<button>確認此地址</button>" in response.content.decode()
    assert User.objects.get(pk=member.pk).email == ""

    response = api().post(path, b"", **BROWSER, **{"Content-Type": FORM})
    assert response.status_code == 200
    assert "您的電子郵件地址已確認：ada&amp;bob@example.edu" in response.content.decode()
    assert User.objects.get(pk=member.pk).email == "ada&bob@example.edu"
    for method in ("GET", "POST"):
        response = api()(method, path, **BROWSER)
        assert (response.status_code, response.json()["details"]) == (
            400,
            {"token": ["This link is wrong, used or too old: ask for another one"]},
        )


def test_a_token_in_a_line_of_the_log_is_taken_out():
    line = "GET /api/v1/unsubscribe/?token=4.Xo0cEoVkT-g_s&x=1 and ?next=1&token=WzQ:Xo0 and ?ticket=kq3 x"
    assert redact(line) == "GET /api/v1/unsubscribe/?[redacted]&x=1 and ?next=1&[redacted] and ?[redacted] x"
