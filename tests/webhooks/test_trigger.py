"""What the log makes of a webhook: one delivery for each of its rows that the webhook asks for, in its transaction."""

import datetime as dt
import json

import pytest
from django.db import connection, transaction

from auditlog.models import LogEntry
from groups.services.groups import create_group
from kernel.facts import publish_many
from kernel.jobs import Job, declared_jobs
from registrations.models import Registration
from registrations.services.changing import RegistrationChange, change_registration
from tests.factories import make_registration
from tests.webhooks.scenes import NOW, Happened, jobs_for, make_webhook
from webhooks.models import Delivery
from webhooks.services.sending import SEND

pytestmark = pytest.mark.django_db


def deliveries():
    return [(row.webhook_id, row.type) for row in Delivery.objects.order_by("id")]


def test_what_is_written_is_what_the_log_shows(api, cspace):
    webhook = make_webhook("group.created")
    group = create_group(by=cspace, now=NOW, name="Zürich「522」")

    delivery = Delivery.objects.get()
    (entry,) = api(cspace).get("logs/").json()["results"]
    assert json.loads(delivery.body) == {
        "type": "group.created",
        "timestamp": "2026-01-20T02:00:00Z",
        "data": {"target": f"group:{group.pk}", "details": {"name": "Zürich「522」"}, "actor": "cspace_member"},
    }
    assert {key: entry[key] for key in ("action", "target", "details", "user", "created_at")} == {
        "action": "group.created",
        "target": f"group:{group.pk}",
        "details": {"name": "Zürich「522」"},
        "user": "cspace_member",
        "created_at": "2026-01-20T02:00:00Z",
    }
    assert (delivery.webhook_id, delivery.state, delivery.attempts) == (webhook.pk, "waiting", 0)


@pytest.mark.parametrize(
    ("events", "actions"),
    [
        (["group.created"], ["group.created"]),
        (["group.*"], ["group.created", "group.archived"]),
        (["*"], ["group.created", "group.archived", "user_group.added", "groups.created"]),
        (["group.archived", "user_group.*"], ["group.archived", "user_group.added"]),
        (["group.*", "group.created", "*"], ["group.created", "group.archived", "user_group.added", "groups.created"]),
        (["group"], []),
    ],
)
def test_events_are_actions_nouns_or_all(events, actions):
    make_webhook(*events)
    happened = ["group.created", "group.archived", "user_group.added", "groups.created"]
    with transaction.atomic():
        publish_many([Happened.of(action) for action in happened])
    assert [kind for _, kind in deliveries()] == actions


def test_one_that_is_switched_off_gets_nothing_and_leaves_no_job():
    make_webhook("*", is_active=False)
    with transaction.atomic():
        publish_many([Happened.of("group.created")])
    assert (deliveries(), LogEntry.objects.count(), jobs_for()) == ([], 1, [])


def test_many_facts_are_in_order_and_one_job_for_each_webhook():
    one, other, third = make_webhook("*"), make_webhook("group.*"), make_webhook("closure.*")
    with transaction.atomic():
        publish_many([Happened.of("group.created", number=number) for number in range(500)])
    for webhook in (one, other):
        bodies = [json.loads(row.body) for row in webhook.deliveries.order_by("id")]
        assert [body["data"]["details"]["number"] for body in bodies] == list(range(500))
    assert third.deliveries.count() == 0
    assert jobs_for() == [one.pk, other.pk]


def test_the_trigger_enqueues_what_the_app_declares():
    webhook = make_webhook("*")
    with transaction.atomic():
        publish_many([Happened.of("group.created")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, queue_name, args FROM procrastinate_jobs")
        ((name, queue, arguments),) = cursor.fetchall()
    assert (name, queue, json.loads(arguments)) == (SEND.name, SEND.queue, {"webhook_id": webhook.pk})
    assert SEND in declared_jobs()
    assert isinstance(SEND, Job)


def test_what_is_rolled_back_is_not_delivered():
    make_webhook("*")
    with transaction.atomic():
        publish_many([Happened.of("group.created")])
        transaction.set_rollback(True)
    assert (deliveries(), jobs_for()) == ([], [])


def test_nobody_is_an_actor_too():
    make_webhook("*")
    with transaction.atomic():
        publish_many([Happened.of("group.created")])
    assert json.loads(Delivery.objects.get().body)["data"]["actor"] is None


def test_no_description_leaves_with_it(member, cspace, team, room, document_clock):
    make_webhook("registration.*")
    made = make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 2, 1), description="About Mr X")
    change = RegistrationChange(description="About Ms Y")
    change_registration(registration_id=made.pk, by=member, now=NOW, change=change)

    assert Registration.objects.get().description == "About Ms Y"
    assert LogEntry.objects.get(action="registration.changed").details["changes"] == {
        "description": ["About Mr X", "About Ms Y"]
    }
    bodies = [row.body for row in Delivery.objects.order_by("id")]
    assert json.loads(bodies[-1])["data"]["details"] == {
        "classroom": "Room A",
        "group": "522",
        "date": "2026-02-01",
        "start_time": "10:00",
        "end_time": "12:00",
        "status": "pending",
        "changes": {},
    }
    assert not any("About" in body for body in bodies)


@pytest.mark.parametrize(
    ("details", "left"),
    [
        ([1], [1]),
        ("word", "word"),
        ({"changes": ["description"], "description": "x"}, {"changes": ["description"]}),
        ({"changes": None, "description": "x", "name": "A"}, {"changes": None, "name": "A"}),
        ({"changes": {"description": 1, "name": 2}}, {"changes": {"name": 2}}),
    ],
)
def test_no_row_of_the_log_is_refused_for_what_a_webhook_is_told(details, left):
    make_webhook("*")
    LogEntry.objects.create(action="odd.thing", target="odd:1", details=details, created_at=NOW)
    assert json.loads(Delivery.objects.get().body)["data"]["details"] == left
