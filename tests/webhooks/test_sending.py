"""From the log to the other server: signed, in order, again after a failure, until it is switched off."""

import datetime as dt
import json
import threading

import pytest
from django.db import connection, transaction
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from auditlog.models import LogEntry
from jobs.queries.lateness import are_late
from kernel import clock
from notifications.models import Notification
from tests.races.threads import at_once, await_waiting_connections
from tests.sinks import hangs, sink, slowly, status
from tests.webhooks.scenes import happen, jobs_for, make_webhook, waiting
from webhooks.services.calling import CallOutcome
from webhooks.services.sending import claim_next, note, send_waiting
from webhooks.services.tidying import forget_deliveries, take_up_left
from webhooks.services.webhooks import WebhookWish, change_webhook, rotate_secret

pytestmark = pytest.mark.django_db(transaction=True)
RETRIES = [5, 60, 600, 3600, 21_600, 86_400]


@pytest.fixture(autouse=True)
def here_is_allowed(settings):
    settings.WEBHOOK_ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.DEBUG = True  # http


def send(webhook):
    return send_waiting(now=clock.now(), webhook_id=webhook.pk)


def numbers(received):
    return [json.loads(each.body)["data"]["details"]["number"] for each in received]


def make_due():
    """Move what waits for its next try into the past."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE webhooks_delivery SET next_try_at = now() WHERE state = 'waiting'")


def test_it_is_signed_as_others_verify_it():
    with sink() as here:
        webhook = make_webhook("*", url=here.url)
        happen(7)
        assert send(webhook) == 1
    (request,) = here.received
    delivery = webhook.deliveries.get()
    assert Verifier(webhook.secret).verify(request.body, request.headers) == {
        "type": "group.created",
        "timestamp": "2026-01-20T02:00:00Z",
        "data": {"target": "group:7", "details": {"number": 7}, "actor": None},
    }
    assert request.headers["webhook-id"] == delivery.message_id
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "CSpace-Webhooks/1.0"
    assert (delivery.state, delivery.attempts, delivery.last_status, delivery.error) == ("done", 1, 204, "")
    assert delivery.body.encode() == request.body
    assert 0 <= delivery.duration_ms < 5000
    with pytest.raises(WebhookVerificationError):
        Verifier(webhook.secret).verify(request.body + b" ", request.headers)


def test_after_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one(cspace):
    with sink() as here:
        webhook = make_webhook("group.*", url=here.url)
        former = webhook.secret
        secret = rotate_secret(webhook_id=webhook.pk, by=cspace, now=clock.now())
        happen(1)
        send(webhook)
        type(webhook).objects.update(former_secret_until=clock.now() - dt.timedelta(seconds=1))
        happen(2)
        send(webhook)
    first, second = here.received
    for each in (secret, former):
        Verifier(each).verify(first.body, first.headers)
    Verifier(secret).verify(second.body, second.headers)
    assert [len(each.headers["webhook-signature"].split()) for each in here.received] == [2, 1]
    with pytest.raises(WebhookVerificationError):
        Verifier(former).verify(second.body, second.headers)


def test_what_fails_holds_back_what_comes_after_it_and_is_tried_again_as_said(cspace):
    with sink(*[status(500)] * 6) as here:
        webhook = make_webhook("group.*", url=here.url)
        happen(1, 2, 3)
        for number, seconds in enumerate(RETRIES, 1):
            before = clock.now()
            assert send(webhook) == 1
            assert send(webhook) == 0
            head, *rest = waiting(webhook)
            assert (head.attempts, head.last_status, head.error) == (number, 500, "HTTP 500")
            wait = (head.next_try_at - before).total_seconds()
            assert seconds <= wait < seconds + 5
            assert [each.attempts for each in rest] == [0, 0]
            make_due()
        assert send(webhook) == 3
    assert numbers(here.received) == [1] * 7 + [2, 3]
    ids = [each.headers["webhook-id"] for each in here.received]
    assert (len(set(ids[:7])), len(set(ids))) == (1, 3)
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.failing_since) == (True, None)
    assert LogEntry.objects.filter(action="webhook.switched_off").count() == 0


def test_a_retry_is_a_job_that_is_not_late():
    with sink(status(503)) as here:
        webhook = make_webhook("group.*", url=here.url)
        happen(1)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
            send(webhook)
            cursor.execute("SELECT args, scheduled_at FROM procrastinate_jobs")
            ((arguments, at),) = cursor.fetchall()
            cursor.execute("INSERT INTO jobs_duetime (name, due_at, next_due_at) SELECT 'x', now(), now()")
    assert (json.loads(arguments), at) == ({"webhook_id": webhook.pk}, webhook.deliveries.get().next_try_at)
    assert not are_late(clock.now())


def test_after_the_last_try_it_is_switched_off_once_and_cspace_is_told(cspace, cspace_admin, member):
    with sink(*[status(500)] * 7) as here:
        webhook = make_webhook("group.*", url=here.url)
        host = f"127.0.0.1:{here.port}"
        happen(1, 2)
        for _ in range(7):
            make_due()
            assert send(webhook) == 1
        make_due()
        happen(3)
        assert send(webhook) == 0
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.lease) == (False, None)
    states = [(each.state, each.attempts) for each in webhook.deliveries.order_by("id")]
    assert states == [("failed", 7), ("waiting", 0)]  # the third has happened after it was switched off
    entry = LogEntry.objects.get(action="webhook.switched_off")
    details = {"host": host, "events": ["group.*"], "tries": 7, "error": "HTTP 500"}
    assert (entry.actor_id, entry.target, entry.details) == (None, f"webhook:{webhook.pk}", details)
    sentence = f"The webhook to {host} has been switched off: 7 tries have failed. The last one: HTTP 500"
    assert sorted(Notification.objects.values_list("user__username", "description")) == [
        ("cspace_admin", sentence),
        ("cspace_member", sentence),
    ]


def test_what_fails_for_the_last_time_while_somebody_switches_it_off_waits_on():
    with sink(status(500)) as here:
        webhook = make_webhook("group.*", url=here.url)
        happen(1)
        webhook.deliveries.update(attempts=6)
        claim = claim_next(webhook_id=webhook.pk, now=clock.now())
        type(webhook).objects.update(is_active=False)
        note(claim=claim, outcome=CallOutcome(500, 1, "HTTP 500"), now=clock.now(), goes_on=False)
    webhook.refresh_from_db()
    assert (webhook.lease, len(waiting(webhook)), LogEntry.objects.count()) == (None, 1, 1)


def test_switched_on_again_it_goes_on_with_what_waited(cspace):
    with sink() as here:
        webhook = make_webhook("group.*", url=here.url)
        happen(1)
        type(webhook).objects.update(is_active=False)
        assert send(webhook) == 0
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
        change_webhook(webhook_id=webhook.pk, by=cspace, now=clock.now(), wish=WebhookWish(is_active=True))
        assert jobs_for() == [webhook.pk]
        assert send(webhook) == 1
    assert numbers(here.received) == [1]


def test_another_address_is_tried_at_once(cspace):
    with sink(status(500)) as here:
        webhook = make_webhook("group.*", url=here.url)
        happen(1)
        assert send(webhook) == 1
        wish = WebhookWish(url=here.url.replace("hook", "other"))
        change_webhook(webhook_id=webhook.pk, by=cspace, now=clock.now(), wish=wish)
        assert send(webhook) == 1
    assert [each.line.split()[1] for each in here.received] == ["/hook?a=b", "/other?a=b"]


@pytest.mark.parametrize("attempts", [0, 5, 6])
def test_a_try_of_the_old_address_decides_nothing_about_the_new_one(cspace, attempts):
    with sink() as here:
        webhook = make_webhook("group.*", url="http://127.0.0.1:1/")
        happen(1)
        webhook.deliveries.update(attempts=attempts)
        claim = claim_next(webhook_id=webhook.pk, now=clock.now())
        change_webhook(webhook_id=webhook.pk, by=cspace, now=clock.now(), wish=WebhookWish(url=here.url))
        note(claim=claim, outcome=CallOutcome(500, 1, "HTTP 500"), now=clock.now(), goes_on=False)
        webhook.refresh_from_db()
        assert (webhook.is_active, webhook.failing_since) == (True, None)
        assert webhook.deliveries.values_list("attempts", "next_try_at", "state").get() == (0, None, "waiting")
        assert send(webhook) == 1
    assert numbers(here.received) == [1]


def test_one_that_hangs_keeps_no_other_waiting_and_no_transaction_open():
    with sink(hangs) as slow, sink() as quick:
        hung, well = make_webhook("group.*", url=slow.url), make_webhook("group.*", url=quick.url)
        happen(1)

        def look():
            while not slow.received:
                pass
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
                )
                (open_transactions,) = cursor.fetchone()
            return send(well), send(hung), open_transactions

        results = at_once(lambda: send(hung), look)
    assert results == [1, (1, 0, 0)]
    assert hung.deliveries.get().error == "There was no whole answer within 10 s"


def two_at_once(webhook, count):
    happen(*range(count))
    return at_once(lambda: send(webhook), lambda: send(webhook))


def test_two_workers_never_send_to_one_at_the_same_time():
    with sink(*[slowly(0.05)] * 20) as here:
        webhook = make_webhook("group.*", url=here.url)
        shares = two_at_once(webhook, 20)
    assert (sum(shares), here.most_at_once) == (20, 1)
    assert numbers(here.received) == list(range(20))


def test_without_the_lease_they_would(settings):
    settings.CSPACE_TEST_FAULTS = frozenset({"share-webhook-lease"})
    with sink(*[slowly(0.05)] * 40) as here:
        webhook = make_webhook("group.*", url=here.url)
        two_at_once(webhook, 20)
    assert here.most_at_once == 2
    assert numbers(here.received) != list(range(20))


def claim_while_the_first_is_noted(webhook):
    """The place of the delivery that is claimed by whoever waited for the note that the first is done."""
    happen(0, 1)
    ids = [each.pk for each in waiting(webhook)]
    is_noted = threading.Event()

    def note_first():
        with transaction.atomic():
            webhook.deliveries.filter(pk=ids[0]).update(state="done", finished_at=clock.now())
            type(webhook).objects.filter(pk=webhook.pk).update(lease=None, leased_until=None)
            is_noted.set()
            await_waiting_connections(1)

    def claim():
        is_noted.wait(30)
        return claim_next(webhook_id=webhook.pk, now=clock.now())

    _, result = at_once(note_first, claim)
    return ids.index(result.delivery_id)


def test_whoever_waited_for_the_row_sees_what_was_noted():
    assert claim_while_the_first_is_noted(make_webhook("group.*")) == 1


def test_without_the_lock_he_would_send_it_again(settings):
    settings.CSPACE_TEST_FAULTS = frozenset({"skip-webhook-lock"})
    assert claim_while_the_first_is_noted(make_webhook("group.*")) == 0


def test_a_lease_of_somebody_who_died_ends():
    with sink() as here:
        webhook = make_webhook("group.*", url=here.url)
        happen(1)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE webhooks_webhook SET lease = gen_random_uuid(), leased_until = now() + interval '25 s'"
            )
            assert send(webhook) == 0
            cursor.execute("UPDATE webhooks_webhook SET leased_until = now()")
        assert send(webhook) == 1


def test_nobody_waits_for_somebody_elses_commit():
    """Although the jobs of both are for the same webhook."""
    webhook = make_webhook("group.*")
    with transaction.atomic():
        happen(1)
        assert at_once(lambda: happen(2)) == [None]
        assert jobs_for() == [webhook.pk, webhook.pk]
    assert webhook.deliveries.count() == 2


def test_what_no_job_is_left_for_is_taken_up():
    webhook, other = make_webhook("group.*"), make_webhook("closure.*")
    happen(1)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
        for _ in range(2):
            take_up_left(now=clock.now())
        assert jobs_for() == [webhook.pk]  # the fact is of January
        cursor.execute("DELETE FROM procrastinate_jobs")
        cursor.execute("UPDATE webhooks_delivery SET next_try_at = now()")
        take_up_left(now=clock.now())
        assert jobs_for() == []
    assert other.deliveries.count() == 0


def test_old_deliveries_are_forgotten_and_what_waits_is_not():
    now = clock.now()
    webhook, other = make_webhook("group.*"), make_webhook("group.*")
    happen(*range(150))
    day = dt.timedelta(days=1)
    webhook.deliveries.exclude(pk__in=webhook.deliveries.order_by("id")[:2]).update(state="done", finished_at=now)
    ids = list(other.deliveries.order_by("id").values_list("id", flat=True))
    other.deliveries.filter(pk__in=ids[-30:]).update(state="failed", finished_at=now - 31 * day)
    other.deliveries.filter(pk__in=ids[:30]).update(state="done", finished_at=now)
    forget_deliveries(now=now)
    assert [each.state for each in webhook.deliveries.order_by("id")] == ["waiting"] * 2 + ["done"] * 100
    assert set(other.deliveries.values_list("state", flat=True)) == {"waiting"}
    assert other.deliveries.count() == 90
    type(other).objects.filter(pk=other.pk).update(is_active=False)
    other.deliveries.update(created_at=now - 31 * day)
    forget_deliveries(now=now)
    assert other.deliveries.count() == 0
