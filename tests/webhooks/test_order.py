"""Random facts, failures and workers against a model that knows nothing of leases: each endpoint gets all, in order."""

import json

from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from auditlog.models import LogEntry
from kernel import clock
from tests.webhooks.scenes import WORDS, Happened, happen_each, make_webhook
from webhooks.models import Webhook
from webhooks.rules import MAX_TRIES
from webhooks.services import sending
from webhooks.services.calling import CallOutcome

EVENTS = [*WORDS, "group.*", "closure.*", "*"]
FACTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("happen"), FACTS),
        st.tuples(st.just("send"), st.integers(0, 2)),
        st.tuples(st.just("fail"), st.integers(0, 2)),
        st.tuples(st.just("die"), st.integers(0, 2)),
        st.tuples(st.just("wait"), st.none()),
    ),
    max_size=40,
)


def asks_for(events, word):
    return any(each in ("*", word, word.split(".")[0] + ".*") for each in events)


class Model:
    """What each endpoint is owed, what it got, and how often the first of them was tried in vain."""

    def __init__(self, events):
        self.events, self.owed, self.arrivals = events, [], []
        self.failures, self.is_free, self.is_due, self.is_on = 0, True, True, True

    def claim(self):
        return bool(self.owed) and self.is_free and self.is_due and self.is_on


class Order(TestCase):
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(
        wishes=st.lists(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=2), min_size=3, max_size=3), steps=STEPS
    )
    def test_every_endpoint_gets_what_it_is_owed_in_order(self, wishes, steps):
        hooks = [make_webhook(*events) for events in wishes]
        models = [Model(events) for events in wishes]
        number = 0
        for step, detail in steps:
            if step == "happen":
                facts = [Happened.of(word, number + place) for place, word in enumerate(detail)]
                number += len(facts)
                happen_each(facts)
                for model in models:
                    if model.is_on:
                        model.owed += [fact.number for fact in facts if asks_for(model.events, fact.action)]
            elif step == "wait":
                with connection.cursor() as cursor:
                    cursor.execute("UPDATE webhooks_webhook SET leased_until = now() WHERE lease IS NOT NULL")
                    cursor.execute("UPDATE webhooks_delivery SET next_try_at = now() WHERE next_try_at IS NOT NULL")
                for model in models:
                    model.is_free = model.is_due = True
            else:
                self.try_one(step, hooks[detail], models[detail], models)
        for hook, model in zip(hooks, models, strict=True):
            waiting = hook.deliveries.filter(state="waiting").order_by("id")
            assert [number_of(row.body) for row in waiting] == model.owed
            done = hook.deliveries.filter(state="done").order_by("id")
            assert [number_of(row.body) for row in done] == model.arrivals
            facts = [number for number in model.arrivals if number >= 0]
            assert facts == sorted(facts)
            assert Webhook.objects.get(pk=hook.pk).is_active == model.is_on
        off = LogEntry.objects.filter(action="webhook.switched_off").count()
        assert off == sum(not model.is_on for model in models)

    def try_one(self, step, hook, model, models):
        claim = sending.claim_next(webhook_id=hook.pk, now=clock.now())
        assert (claim is not None) == model.claim()
        if claim is None:
            return
        assert number_of(claim.body) == model.owed[0]
        if step == "die":
            model.is_free = False
            return
        outcome = CallOutcome(500 if step == "fail" else 200, 1, "HTTP 500" if step == "fail" else "")
        sending.note(claim=claim, outcome=outcome, now=clock.now(), goes_on=False)
        if step == "send":
            model.arrivals.append(model.owed.pop(0))
            model.failures, model.is_due = 0, True
            return
        model.failures, model.is_due = model.failures + 1, False
        if model.failures == MAX_TRIES:
            model.owed.pop(0)
            model.failures, model.is_on, model.is_due = 0, False, True
            for other in models:  # the log row of it is news too
                if other.is_on and asks_for(other.events, "webhook.switched_off"):
                    other.owed.append(-1)


def number_of(body):
    return json.loads(body)["data"]["details"].get("number", -1)
