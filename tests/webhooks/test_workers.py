"""Worker processes: what was written while they died is sent all the same, in order, and by one at a time."""

import json

import pytest
from django.db import connection

from jobs.services.stalling import take_up_stalled
from kernel import clock
from tests.crash.processes import await_true
from tests.jobs.workers import WAIT_SECONDS, worker_process
from tests.sinks import hangs, sink, slowly, status
from tests.webhooks.scenes import happen, make_webhook, waiting
from webhooks.models import Delivery

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


@pytest.fixture
def worker(server_environment):
    environment = server_environment | {"WEBHOOK_ALLOW_PRIVATE_HOSTS": "127.0.0.1"}
    return lambda: worker_process(environment, "manage.py", "worker")


def numbers(received):
    return [json.loads(each.body)["data"]["details"]["number"] for each in received]


def forget_the_dead():
    """As time would: their leases end, their jobs are taken up."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE webhooks_webhook SET leased_until = now() WHERE leased_until IS NOT NULL")
    take_up_stalled(now=clock.now(), seconds=0)


def test_a_worker_that_is_killed_in_the_middle_loses_nothing_and_keeps_the_order(worker):
    with sink(slowly(0), slowly(0), hangs) as here:
        webhook = make_webhook("group.*", url=here.url)
        happen(0, 1, 2, 3, 4)
        with worker() as first:
            await_true(lambda: len(here.received) == 3, WAIT_SECONDS)
            first.kill()
            first.wait()
        happen(5)
        states = list(Delivery.objects.order_by("id").values_list("state", flat=True))
        assert states == ["done"] * 2 + ["waiting"] * 4
        forget_the_dead()
        with worker():
            await_true(lambda: not waiting(webhook), WAIT_SECONDS)
    assert numbers(here.received) == [0, 1, 2, 2, 3, 4, 5]
    ids = [each.headers["webhook-id"] for each in here.received]
    assert (ids[2] == ids[3], len(set(ids))) == (True, 6)


def test_two_workers_send_each_once_and_in_order(worker):
    with sink(*[slowly(0.01)] * 60) as here:
        webhook = make_webhook("group.*", url=here.url)
        with worker(), worker():
            for number in range(0, 60, 2):
                happen(number, number + 1)
            await_true(lambda: not waiting(webhook), WAIT_SECONDS)
    assert (numbers(here.received), here.most_at_once) == (list(range(60)), 1)


def test_a_worker_tries_again_by_itself(worker):
    with sink(status(500)) as here:
        webhook = make_webhook("group.*", url=here.url)
        happen(1)
        with worker():
            await_true(lambda: not waiting(webhook), WAIT_SECONDS)  # five seconds, and the next look of the worker
    assert numbers(here.received) == [1, 1]
