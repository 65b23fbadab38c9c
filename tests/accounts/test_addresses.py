"""Where mail goes: wished for, confirmed, taken away. Contract of streams and mail, §3."""

import base64
import json

import pytest
import time_machine
from django.core import signing

from accounts.models import Preferences, User
from accounts.services.people import change_user
from auditlog.models import LogEntry
from kernel import clock
from outbox.models import Letter
from tests.accounts.mailing import PUBLIC_URL, confirmation, letters, mail_is_on, token_in, waiting_for

__all__ = ["mail_is_on"]
pytestmark = pytest.mark.usefixtures("mail_is_on", "document_clock")
PATH, CONFIRM = "users/me/preferences/", "users/me/email/confirm/"
AT_FIRST = {
    "language": "en",
    "mail": "each",
    "daily_at": "08:00",
    "reminder_hours": 24,
    "series_ending": True,
    "email": "",
}
SPENT = {"token": ["This link is wrong, used or too old: ask for another one"]}
AN = "an address"


def confirmed(api, person, email):
    """Somebody with a confirmed address; the log begins anew for the test by what it looks at."""
    User.objects.filter(pk=person.pk).update(email=email)


def logged():
    return [(row.action, row.details["changes"]) for row in LogEntry.objects.order_by("id")]


def test_an_address_is_wished_for_confirmed_and_there(api, member):
    response = api(member).patch(PATH, {"email": "Ada@Example.EDU"})
    waiting = AT_FIRST | {"pending_email": "Ada@example.edu"}
    assert (response.status_code, response.json()) == (200, waiting)
    assert api(member).get(PATH).json() == waiting

    message = confirmation()
    assert (message.address, message.subject) == ("Ada@example.edu", "Confirm your e-mail address")
    link = f"{PUBLIC_URL}/api/v1/confirm-email/?token={token_in(message)}"
    assert message.text == (
        'The account "member" wants to be told by mail at this address. If it is yours, confirm that within three days:'
        f"\n\n{link}\n\nIf it is not, do nothing: nothing else will be sent here.\n"
    )
    assert f'<p><a href="{link}">{link}</a></p>' in message.html
    assert "<p>The account &quot;member&quot; wants" in message.html

    response = api().post(CONFIRM, {"token": token_in(message)})
    assert (response.status_code, response.json()) == (200, {"email": "Ada@example.edu"})
    assert api(member).get(PATH).json() == AT_FIRST | {"email": "Ada@example.edu"}
    assert logged() == [
        ("user.preferences_changed", {"pending_email": ["", AN]}),
        ("user.email_confirmed", {"email": ["", AN], "pending_email": [AN, ""]}),
    ]
    assert {(row.actor, row.target) for row in LogEntry.objects.all()} == {(member, f"user:{member.pk}")}
    assert [kind for kind, _ in letters()] == ["accounts.confirmation"]


def test_the_letter_is_in_the_language_of_the_person(api, member):
    api(member).patch(PATH, {"email": "ada@example.edu", "language": "zh-hant"})
    message = confirmation()
    assert message.subject == "請確認您的電子郵件地址"
    assert message.text.startswith("帳號「member」希望以此地址接收通知郵件。若為您本人，請於三日內確認：\n\nhttps://")
    assert '<html lang="zh-hant">' in message.html


def test_until_it_is_confirmed_the_old_one_stays_and_then_it_is_told(api, member):
    confirmed(api, member, "old@example.edu")
    response = api(member).patch(PATH, {"email": "new@example.edu"})
    assert response.json() == AT_FIRST | {"email": "old@example.edu", "pending_email": "new@example.edu"}

    assert api().post(CONFIRM, {"token": token_in(confirmation())}).status_code == 200
    assert api(member).get(PATH).json() == AT_FIRST | {"email": "new@example.edu"}
    _, (kind, farewell) = letters()
    assert (kind, farewell.address, farewell.subject) == (
        "accounts.email_changed",
        "old@example.edu",
        "Your mail goes elsewhere now",
    )
    assert farewell.text == (
        'Mail for the account "member" is no longer sent to this address. If that was not you, change your password'
        " and tell the administration.\n"
    )


def test_the_present_address_ends_the_waiting_of_another(api, member):
    confirmed(api, member, "old@example.edu")
    api(member).patch(PATH, {"email": "new@example.edu"})
    token = token_in(confirmation())
    assert api(member).patch(PATH, {"email": "old@EXAMPLE.edu"}).json() == AT_FIRST | {"email": "old@example.edu"}
    assert api().post(CONFIRM, {"token": token}).json()["details"] == SPENT
    assert [message for _, message in letters()] == [None]
    assert logged()[1:] == [("user.preferences_changed", {"pending_email": [AN, ""]})]


def test_an_empty_one_takes_the_address_away_at_once(api, member):
    confirmed(api, member, "old@example.edu")
    api(member).patch(PATH, {"email": "new@example.edu"})
    token = token_in(confirmation())
    for _ in range(2):
        response = api(member).patch(PATH, {"email": ""})
        assert (response.status_code, response.json()) == (200, AT_FIRST)
    assert api().post(CONFIRM, {"token": token}).status_code == 400
    assert logged()[1:] == [("user.preferences_changed", {"email": [AN, ""], "pending_email": [AN, ""]})]
    assert [(kind, message and message.address) for kind, message in letters()] == [
        ("accounts.confirmation", None),
        ("accounts.email_changed", "old@example.edu"),
    ]


def test_nothing_is_said_of_an_address_that_somebody_else_has(api, member, stranger):
    answers = []
    for others in ("", "ada@example.edu"):
        confirmed(api, stranger, others)
        answers.append(api(member).patch(PATH, {"email": "ada@example.edu"}).json())
        answers.append(api().post(CONFIRM, {"token": token_in(confirmation())}).json())
        api(member).patch(PATH, {"email": ""})
    assert answers[:2] == answers[2:]
    assert User.objects.get(pk=stranger.pk).email == "ada@example.edu"


DOMAIN = ".".join(["b" * 61] * 3)
BAD = [
    "ada",
    "ada@",
    "@example.edu",
    "ada@example",
    "ada@localhost",
    "ada@[127.0.0.1]",
    "ada@example..edu",
    "ada @example.edu",
    " ada@example.edu",
    "ada@example.edu ",
    "ada@example.edu\n",
    "ada@example.edu,eve@example.edu",
    "ada@example.edu\tBcc",
    "Ada <ada@example.edu>",
    "<ada@example.edu>",
    "mailto:ada@example.edu?bcc=eve@example.edu",
    '"ada"@example.edu',
    '"a b"@example.edu',
    "ada..byron@example.edu",
    ".ada@example.edu",
    "ada@eve@example.edu",
    "adé@example.edu",
    "ada@exämple.edu",
    "ada@example.ed\u212a",
    "ada\u200b@example.edu",
    "愛達@example.edu",
    "ada%0d%0a@-example.edu",
    f"{'a' * 65}@example.edu",
    f"a@{DOMAIN}.{'b' * 63}.edu",
    "ada@example.edu\r\nBcc: eve@example.edu",
]  # fmt: skip
LONGEST = f"a@{DOMAIN}.{'b' * 62}.edu"


@pytest.mark.parametrize("email", BAD)
def test_what_is_no_plain_address_is_refused(api, member, email):
    response = api(member).patch(PATH, {"email": email})
    assert (response.status_code, response.json()["details"]) == (
        400,
        {"email": ["Must be an e-mail address such as ada@example.edu"]},
    )
    assert (Preferences.objects.count(), LogEntry.objects.count(), Letter.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        (None, "This field may not be null."),
        (7, "Not a valid string."),
        ({}, "Not a valid string."),
        ("ada\x00@example.edu", "Control characters and broken Unicode are not allowed"),
        ("ada\ud800@example.edu", "Control characters and broken Unicode are not allowed"),
    ],
)
def test_what_is_no_text_or_no_line_is_refused(api, member, email, sentence):
    response = api(member).patch(PATH, {"email": email})
    assert (response.status_code, response.json()["details"]) == (400, {"email": [sentence]})


def test_the_address_is_not_changed_by_another_key(api, member):
    response = api(member).patch(PATH, {"pending_email": "ada@example.edu"})
    assert response.json()["details"] == {"pending_email": ["There is no such key"]}


@pytest.mark.parametrize(
    "email",
    ["a@b.co", "o'brien+rooms@mail.example.edu", "a/b=c@xn--exmple-cua.edu", f"{'a' * 64}@example.edu", LONGEST],
)
def test_what_is_an_address_is_taken_and_fits_into_a_token(api, member, email):
    assert api(member).patch(PATH, {"email": email}).json()["pending_email"] == email
    assert api().post(CONFIRM, {"token": token_in(confirmation())}).json() == {"email": email}


def test_where_no_mail_is_sent_no_address_can_be_wished_for(api, member, settings):
    settings.CSPACE_MAIL_LEAVES = "not_at_all"
    confirmed(api, member, "old@example.edu")
    response = api(member).patch(PATH, {"email": "ada@example.edu", "mail": "off"})
    assert (response.status_code, response.json()) == (
        409,
        {"error": "This server sends no mail, so that no address can be confirmed", "code": "INVALID_STATE"},
    )
    assert api(member).get(PATH).json() == AT_FIRST | {"email": "old@example.edu"}
    assert api(member).patch(PATH, {"email": "old@example.edu", "mail": "off"}).status_code == 200
    assert api(member).patch(PATH, {"email": ""}).json() == AT_FIRST | {"mail": "off"}
    assert Letter.objects.count() == 0


def test_a_dry_run_keeps_and_sends_nothing(api, member, settings):
    settings.CSPACE_THROTTLE = True
    for _ in range(6):
        response = api(member).patch(f"{PATH}?dry_run=true", {"email": "ada@example.edu"})
        assert (response.status_code, response.json()["pending_email"]) == (200, "ada@example.edu")
    assert (Preferences.objects.count(), LogEntry.objects.count(), Letter.objects.count()) == (0, 0, 0)


def test_as_long_as_an_address_may_be():
    assert len(LONGEST) == 254


# --- how often ---------------------------------------------------------------------------------------------------


def test_a_person_asks_for_so_many_letters_and_no_more(api, member, settings):
    settings.CSPACE_THROTTLE = True
    for number in range(5):
        assert api(member).patch(PATH, {"email": f"ada{number}@example.edu"}).status_code == 200
    response = api(member).patch(PATH, {"email": "ada5@example.edu"})
    assert (response.status_code, response.json()["code"], response["Retry-After"]) == (429, "RATE_LIMITED", "3600")
    assert (Letter.objects.count(), api(member).get(PATH).json()["pending_email"]) == (5, "ada4@example.edu")
    assert api(member).patch(PATH, {"email": "", "mail": "off"}).status_code == 200


def test_the_same_again_is_sent_again_and_is_no_row_of_the_log(api, member, settings):
    settings.CSPACE_THROTTLE = True
    for _ in range(5):
        assert api(member).patch(PATH, {"email": "ada@example.edu"}).status_code == 200
    assert api(member).patch(PATH, {"email": "ada@example.edu"}).status_code == 429
    assert (Letter.objects.count(), len(logged())) == (5, 1)


def test_many_people_together_do_not_pester_an_address(api, member, stranger, cspace, settings):
    settings.CSPACE_THROTTLE = True
    statuses = [
        api(person).patch(PATH, {"email": email}).status_code
        for person in (member, stranger, cspace)
        for email in ("ada@example.edu", "ADA@example.edu")
    ]
    assert statuses == [200, 200, 200, 200, 200, 429]


# --- tokens ------------------------------------------------------------------------------------------------------


def refused(api, token):
    response = api().post(CONFIRM, {"token": token})
    assert (response.status_code, response.json()) == (
        400,
        {"error": "Validation failed", "code": "VALIDATION_ERROR", "details": SPENT},
    )


def test_a_token_is_good_once(api, member):
    api(member).patch(PATH, {"email": "ada@example.edu"})
    token = token_in(confirmation())
    assert api().post(CONFIRM, {"token": token}).status_code == 200
    refused(api, token)
    assert len(logged()) == 2


def test_a_token_is_good_for_three_days(api, member):
    api(member).patch(PATH, {"email": "ada@example.edu"})
    token = token_in(confirmation())
    with time_machine.travel("2026-01-23T02:00:00Z", tick=False):
        refused(api, token)
    with time_machine.travel("2026-01-23T01:59:59Z", tick=False):
        assert api().post(CONFIRM, {"token": token}).status_code == 200


def test_the_token_of_another_wish_is_spent(api, member):
    api(member).patch(PATH, {"email": "ada@example.edu"})
    first = token_in(confirmation())
    api(member).patch(PATH, {"email": "byron@example.edu"})
    refused(api, first)
    assert api().post(CONFIRM, {"token": token_in(confirmation())}).json() == {"email": "byron@example.edu"}


def test_who_has_been_deactivated_confirms_nothing(api, member, cspace_admin):
    api(member).patch(PATH, {"email": "ada@example.edu"})
    token = token_in(confirmation())
    change_user(user_id=member.pk, by=cspace_admin, now=clock.now(), is_active=False)
    assert [message for _, message in letters()] == [None]
    refused(api, token)


def test_a_token_that_is_none_of_ours_is_refused(api, member, stranger):
    for person in (member, stranger):
        api(person).patch(PATH, {"email": "ada@example.edu"})
    token = token_in(confirmation())
    key = Preferences.objects.get(user=member).pending_key
    value, _, signature = token.rpartition(":")
    others = base64.urlsafe_b64encode(json.dumps([member.pk, "ada@example.edu", 2**40]).encode()).decode().rstrip("=")
    now = int(clock.now().timestamp())
    for wrong in (
        "x",
        ":",
        token[:-1],
        f"{token}x",
        f" {token}",
        value,
        f"{others}:{signature}",
        signing.Signer(salt="accounts.unsubscribe").sign_object([member.pk, "ada@example.edu", key, now]),
        signing.Signer(salt="accounts.confirmation", key="another").sign_object(
            [member.pk, "ada@example.edu", key, now]
        ),
        signing.Signer(salt="accounts.confirmation").sign_object([member.pk, "ada@example.edu", now]),
        signing.Signer(salt="accounts.confirmation").sign_object([member.pk, "ada@example.edu", "", now]),
        signing.Signer(salt="accounts.confirmation").sign_object([10**17, "ada@example.edu", key, now]),
        "愛達",
        "\u212a" * 50,
        "x" * 100_000,
    ):
        refused(api, wrong)
    assert User.objects.exclude(email="").count() == 0


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, {"token": ["This field is required."]}),
        ({"token": ""}, {"token": ["This field may not be blank."]}),
        ({"token": None}, {"token": ["This field may not be null."]}),
        ({"token": 7}, {"token": ["Not a valid string."]}),
        ({"token": "\x00"}, {"token": ["Control characters and broken Unicode are not allowed"]}),
        ([], {"non_field_errors": ["A JSON object is required"]}),
    ],
)
def test_a_token_is_a_text(api, db, body, details):
    response = api().post(CONFIRM, body)
    assert (response.status_code, response.json()["details"]) == (400, details)


def test_a_key_that_has_been_changed_is_believed_as_long_as_it_stands_there(api, member, settings):
    api(member).patch(PATH, {"email": "ada@example.edu"})
    token, former = token_in(confirmation()), settings.SECRET_KEY
    settings.SECRET_KEY = "another-secret-key-of-the-same-campus"
    refused(api, token)
    settings.SECRET_KEY_FALLBACKS = [former]
    assert api().post(CONFIRM, {"token": token}).status_code == 200


def test_who_confirms_need_not_be_logged_in_and_a_bad_login_is_not_in_the_way(api, member):
    api(member).patch(PATH, {"email": "ada@example.edu"})
    token = token_in(confirmation())
    response = api().post(CONFIRM, {"token": token}, **{"Authorization": "Bearer nonsense", "Idempotency-Key": "k"})
    assert response.status_code == 200
    refused(api, token)


def test_so_many_tries_come_from_one_network(api, db, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES |= {"anonymous_write": "2/min"}
    statuses = [api().post(CONFIRM, {"token": "x"}).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])
def test_a_confirmation_is_json(api, db, content_type):
    assert api().post(CONFIRM, b"token=x", **{"Content-Type": content_type}).status_code == 415


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_other_method_confirms(api, db, method):
    assert api()(method, CONFIRM).status_code == 405


def test_a_used_link_confirms_no_later_wish_for_the_same_address(api, member, mail_is_on):
    wish = {"email": "ada@example.edu"}
    api(member).patch(PATH, wish)
    token = token_in(confirmation())
    assert api().post(CONFIRM, {"token": token}).status_code == 200
    api(member).patch(PATH, {"email": ""})
    api(member).patch(PATH, wish)
    assert api().post(CONFIRM, {"token": token}).status_code == 400
    assert api().post(CONFIRM, {"token": token_in(confirmation())}).status_code == 200


def test_a_letter_that_was_asked_for_again_leaves_the_first_one_good(api, member, mail_is_on):
    wish = {"email": "ada@example.edu"}
    api(member).patch(PATH, wish)
    token = token_in(confirmation())
    api(member).patch(PATH, wish)
    assert api().post(CONFIRM, {"token": token}).status_code == 200


@pytest.mark.parametrize("path", ["users/me/email/confirm/", "confirm-email/?token={token}"])
def test_a_confirmation_that_is_tried_out_confirms_nothing(api, member, path):
    token = waiting_for("ada@example.edu", member)
    address = path.format(token=token)
    response = api().post(f"{address}{'&' if '?' in address else '?'}dry_run=true", {"token": token})
    assert (response.status_code, response.headers["X-Dry-Run"]) == (200, "true")
    member.refresh_from_db()
    assert (member.email, Preferences.objects.get().pending_email) == ("", "ada@example.edu")
    assert LogEntry.objects.count() == 0


def test_nobody_has_a_key_under_which_he_could_repeat_a_confirmation(api, member):
    token = waiting_for("ada@example.edu", member)
    statuses = [api().post(CONFIRM, {"token": token}, **{"Idempotency-Key": "once"}).status_code for _ in range(2)]
    assert statuses == [200, 400]
