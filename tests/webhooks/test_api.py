"""Webhooks over HTTP, from the contract."""

import datetime as dt
import re
from functools import partial

import pytest

from auditlog.models import LogEntry
from kernel import clock
from tests.races.threads import at_once
from tests.webhooks.scenes import NOW, make_delivery, make_webhook
from webhooks.models import Delivery, Webhook
from webhooks.services.webhooks import WebhookWish, create_webhook

pytestmark = pytest.mark.usefixtures("document_clock")
WISH = {"url": "https://hooks.example.org/cspace?room=1", "events": ["registration.*", "closure.created"]}


@pytest.fixture
def webhook(db):
    return Webhook.objects.create(
        url="https://hooks.example.org/cspace",
        events=["group.created"],
        description="Door signs",
        secret="whsec_QUJD",
        created_at=NOW,
        updated_at=NOW,
    )


def shown(webhook, **changes):
    return {
        "id": webhook.pk,
        "url": "https://hooks.example.org/cspace",
        "events": ["group.created"],
        "is_active": True,
        "description": "Door signs",
    } | changes


def last_row():
    entry = LogEntry.objects.latest("id")
    return entry.action, entry.target, entry.details


def test_a_webhook_is_made_and_its_secret_is_shown_once(api, cspace):
    response = api(cspace).post("webhooks/", WISH)

    webhook = Webhook.objects.get()
    assert (response.status_code, response["Location"]) == (201, f"/api/v1/webhooks/{webhook.pk}/")
    assert response.json() == {
        "id": webhook.pk,
        "url": "https://hooks.example.org/cspace?room=1",
        "events": ["registration.*", "closure.created"],
        "is_active": True,
        "description": "",
        "secret": webhook.secret,
    }
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", webhook.secret)
    details = {"host": "hooks.example.org", "events": ["registration.*", "closure.created"]}
    assert last_row() == ("webhook.created", f"webhook:{webhook.pk}", details)
    for path in ("webhooks/", f"webhooks/{webhook.pk}/", "logs/"):
        assert webhook.secret not in api(cspace).get(path).content.decode()


def test_all_and_one_are_read(api, cspace, webhook):
    assert api(cspace).get("webhooks/").json() == {"results": [shown(webhook)]}
    assert api(cspace).get(f"webhooks/{webhook.pk}/").json() == shown(webhook)
    missing = api(cspace).get("webhooks/10000/")
    assert (missing.status_code, missing.json()) == (404, {"error": "Webhook not found", "code": "NOT_FOUND"})


def test_a_put_merges_and_says_what_it_has_changed(api, cspace, webhook):
    response = api(cspace).put(f"webhooks/{webhook.pk}/", {"events": ["*", "*"], "is_active": False})

    assert (response.status_code, response.json()) == (200, shown(webhook, events=["*"], is_active=False))
    changes = {"events": [["group.created"], ["*"]], "is_active": [True, False]}
    details = {"host": "hooks.example.org", "events": ["*"], "changes": changes}
    assert last_row() == ("webhook.changed", f"webhook:{webhook.pk}", details)


def test_another_path_is_a_change_though_the_log_names_hosts_only(api, cspace, webhook):
    response = api(cspace).put(f"webhooks/{webhook.pk}/", {"url": "https://hooks.example.org/token-of-theirs"})

    assert response.json()["url"] == "https://hooks.example.org/token-of-theirs"
    assert last_row()[2]["changes"] == {"url": ["hooks.example.org", "hooks.example.org"]}
    assert Webhook.objects.get().updated_at == NOW


def test_what_changes_nothing_leaves_no_row(api, cspace, webhook):
    same = {"url": webhook.url, "events": webhook.events, "is_active": True, "description": "Door signs"}
    assert api(cspace).put(f"webhooks/{webhook.pk}/", same).json() == shown(webhook)
    assert LogEntry.objects.count() == 0


def test_a_url_that_is_no_longer_allowed_keeps_nobody_from_changing_the_rest(api, cspace, webhook):
    Webhook.objects.update(url="https://10.0.0.1/")
    response = api(cspace).put(f"webhooks/{webhook.pk}/", {"url": "https://10.0.0.1/", "is_active": False})
    assert (response.status_code, response.json()["is_active"]) == (200, False)


def test_a_webhook_goes_with_its_deliveries(api, cspace, webhook):
    api(cspace).post(f"webhooks/{webhook.pk}/test/")
    response = api(cspace).delete(f"webhooks/{webhook.pk}/")

    assert (response.status_code, response.content) == (204, b"")
    assert (Webhook.objects.count(), Delivery.objects.count()) == (0, 0)
    details = {"host": "hooks.example.org", "events": ["group.created"]}
    assert last_row() == ("webhook.deleted", f"webhook:{webhook.pk}", details)


def test_a_secret_is_rotated_and_the_old_one_signs_for_a_day(api, cspace, webhook):
    response = api(cspace).post(f"webhooks/{webhook.pk}/rotate-secret/")

    webhook.refresh_from_db()
    assert (response.status_code, response.json()) == (200, {"secret": webhook.secret})
    assert (webhook.former_secret, webhook.former_secret_until) == ("whsec_QUJD", NOW + dt.timedelta(hours=24))
    assert webhook.secret not in ("whsec_QUJD", "")
    details = {"host": "hooks.example.org", "events": ["group.created"]}
    assert last_row() == ("webhook.secret_rotated", f"webhook:{webhook.pk}", details)


def test_a_dry_run_shows_no_secret_and_keeps_the_old_one(api, cspace, webhook):
    response = api(cspace).post(f"webhooks/{webhook.pk}/rotate-secret/?dry_run=true")
    assert (response.status_code, response.json()) == (200, {"secret": None})
    response = api(cspace).post("webhooks/?dry_run=true", WISH)
    assert (response.status_code, response.json()["id"], response.json()["secret"]) == (201, None, None)
    webhook.refresh_from_db()
    assert (webhook.secret, Webhook.objects.count(), LogEntry.objects.count()) == ("whsec_QUJD", 1, 0)


def test_a_test_is_a_delivery_whatever_the_events_are(api, cspace, webhook):
    response = api(cspace).post(f"webhooks/{webhook.pk}/test/")

    assert (response.status_code, response.content) == (202, b"")
    (row,) = api(cspace).get(f"webhooks/{webhook.pk}/deliveries/").json()["results"]
    assert re.fullmatch(r"msg_[0-9a-f]{32}", row.pop("id"))
    assert row == {
        "type": "webhook.tested",
        "state": "waiting",
        "attempts": 0,
        "status": None,
        "duration_ms": None,
        "error": "",
        "created_at": "2026-01-20T02:00:00Z",
        "next_try_at": None,
        "finished_at": None,
    }
    details = {"host": "hooks.example.org", "events": ["group.created"]}
    assert last_row() == ("webhook.tested", f"webhook:{webhook.pk}", details)


def test_one_that_is_switched_off_is_not_tested(api, cspace, webhook):
    Webhook.objects.update(is_active=False)
    response = api(cspace).post(f"webhooks/{webhook.pk}/test/")
    error = "The webhook is switched off: nothing is sent to it"
    assert (response.status_code, response.json()) == (409, {"error": error, "code": "INVALID_STATE"})


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"url": None}, {"url": ["This field may not be null."]}),
        ({"url": 7}, {"url": ["Not a valid string."]}),
        ({"events": []}, {"events": ["This list may not be empty."]}),
        ({"events": "*"}, {"events": ['Expected a list of items but got type "str".']}),
        ({"events": [1]}, {"events.0": ["Not a valid string."]}),
        ({"events": ["registration.*", "registration.eaten"]}, {"events": ["Unknown action: registration.eaten"]}),
        ({"events": ["registration."]}, {"events": ["Unknown action: registration."]}),
        ({"events": ["nothing.*", "**"]}, {"events": ["Unknown action: nothing.*", "Unknown action: **"]}),
        ({"is_active": "true"}, {"is_active": ["Must be a valid boolean."]}),
        ({"description": "a\nb"}, {"description": ["Control, bidirectional and invisible characters are not allowed"]}),
        (
            {"url": "https://127.0.0.1/", "is_active": 1, "events": ["x"]},
            {
                "url": ["Must not lead to a private address"],
                "is_active": ["Must be a valid boolean."],
                "events": ["Unknown action: x"],
            },
        ),
        (
            {"url": "ftp://example.org/", "events": ["x"]},
            {"url": ["Must begin with https://"], "events": ["Unknown action: x"]},
        ),
    ],
)
def test_what_is_refused_names_its_field(api, cspace, webhook, changes, details):
    for method, path in (("POST", "webhooks/"), ("PUT", f"webhooks/{webhook.pk}/")):
        response = api(cspace)(method, path, WISH | changes)
        expected = {"error": "Validation failed", "code": "VALIDATION_ERROR", "details": details}
        assert (response.status_code, response.json()) == (400, expected)
    assert (Webhook.objects.count(), LogEntry.objects.count()) == (1, 0)


def test_there_are_not_more_than_twenty(api, cspace):
    for _ in range(20):
        make_webhook("group.created")
    response = api(cspace).post("webhooks/", WISH)
    expected = {"error": "There are 20 webhooks already", "code": "LIMIT_REACHED"}
    assert (response.status_code, response.json(), Webhook.objects.count()) == (409, expected, 20)


@pytest.mark.django_db(transaction=True)
def test_there_are_not_more_however_many_are_made_at_once(cspace):
    for _ in range(19):
        make_webhook("group.created")

    make = partial(create_webhook, by=cspace, now=clock.now(), wish=WebhookWish(url=WISH["url"], events=WISH["events"]))
    results = at_once(*[make] * 6)
    assert sorted(type(result).__name__ for result in results) == ["TooManyWebhooks"] * 5 + ["Webhook"]
    assert Webhook.objects.count() == 20


def test_only_the_last_hundred_deliveries_are_shown(api, cspace, webhook):
    for number in range(103):
        make_delivery(webhook, number)
    rows = api(cspace).get(f"webhooks/{webhook.pk}/deliveries/").json()["results"]
    assert [row["id"] for row in rows] == [f"msg_{webhook.pk}_{number}" for number in range(102, 2, -1)]
    page = api(cspace).get(f"webhooks/{webhook.pk}/deliveries/?per_page=1&page=2").json()
    assert (page["count"], [row["id"] for row in page["results"]]) == (100, [f"msg_{webhook.pk}_101"])
