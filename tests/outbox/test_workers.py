"""Worker processes that send: nothing is lost and nothing comes twice, whatever ends them."""

from contextlib import ExitStack

import pytest
from django.db import transaction

from jobs.services.stalling import take_up_stalled
from kernel import clock
from kernel.jobs import enqueue
from kernel.letters import post
from outbox.models import Letter, LetterCopy
from tests.crash.processes import await_true
from tests.jobs.made_up import WORD
from tests.jobs.workers import worker_process
from tests.outbox.conftest import environment_of
from tests.outbox.made_up import HELLO, make_due, post_hello, queue
from tests.outbox.sinks import sink
from tests.races.server import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
WAIT_SECONDS = 60
SLOTS = 4
LETTERS, BEFORE = 200, 60


@pytest.fixture
def worker(server_environment, hello):
    """Begins a worker process that sends to a mail server of the tests."""

    def worker(**environment):
        return worker_process(server_environment | environment, "-m", "tests.outbox.worker")

    return worker


def states():
    return sorted(Letter.objects.values_list("state", flat=True))


def post_many(number):
    with transaction.atomic():
        for each in range(number):
            post(HELLO, key=f"k{each}", arguments={"address": f"reader-{each}@example.edu"}, now=clock.now())


@pytest.mark.parametrize("wants_login", [False, True])
@pytest.mark.parametrize("starttls", [False, True])
def test_each_letter_arrives_once_over_either_tls(worker, certificate, starttls, wants_login):
    kind = {"starttls": starttls, "wants_login": wants_login}
    with sink(certificate, **kind) as told, worker(**environment_of(told.port, certificate, **kind)):
        post_many(20)
        await_true(lambda: states() == ["sent"] * 20 and not queue(), WAIT_SECONDS)
    assert sorted(told.recipients) == sorted(f"reader-{each}@example.edu" for each in range(20))


def test_a_server_that_is_away_and_then_refuses_gets_every_letter_in_the_end(worker, certificate):
    port = free_port()
    with ExitStack() as stack:
        stack.enter_context(worker(SMTP_BCC="archive@example.edu", **environment_of(port, certificate)))
        post_many(5)
        await_true(lambda: [tries for *_, tries in queue()] == [1] * 5, WAIT_SECONDS)
        assert states() == ["waiting"] * 5
        told = stack.enter_context(sink(certificate, port=port))
        told.rcpt = lambda address: "450 later"
        make_due()
        await_true(lambda: [tries for *_, tries in queue()] == [2] * 5, WAIT_SECONDS)
        assert states() == ["waiting"] * 5
        told.rcpt = lambda address: "250 ok"
        make_due()
        await_true(lambda: not queue(), WAIT_SECONDS)
    assert states() == ["sent"] * 5
    assert set(LetterCopy.objects.values_list("state", flat=True)) == {"sent"}
    readers = [f"reader-{each}@example.edu" for each in range(5)]
    assert sorted(told.recipients) == ["archive@example.edu"] * 5 + readers


def test_after_the_last_try_a_letter_has_failed_and_its_job_is_done(worker, certificate):
    with worker(**environment_of(free_port(), certificate)):
        letter = post_hello()
        for tries in range(1, 6):
            await_true(lambda tries=tries: queue() == [("outbox.send", "todo", tries)], WAIT_SECONDS)
            assert states() == ["waiting"]
            make_due()
        await_true(lambda: not queue(), WAIT_SECONDS)
    letter.refresh_from_db()
    assert letter.state == "failed"
    assert letter.error.startswith("ConnectionRefusedError")


def test_a_killed_worker_loses_no_letter_and_doubles_none(worker, certificate):
    """The kill falls before the mail server's answer in every slot."""
    with sink(certificate) as told:
        environment = environment_of(told.port, certificate)

        def hold_after_a_while(address):
            told.is_holding = len(told.letters) + 1 >= BEFORE
            return "250 ok"

        told.data = hold_after_a_while
        with worker(**environment) as first:
            post_many(LETTERS)
            await_true(lambda: told.held == SLOTS, WAIT_SECONDS)
            taken = len(told.letters)
            await_true(lambda: states().count("sent") == taken, WAIT_SECONDS)
            first.kill()
            first.wait()
        assert BEFORE <= taken < LETTERS - SLOTS
        told.data, told.is_holding = (lambda address: "250 ok"), False
        assert sorted(status for _, status, _ in queue()).count("doing") == SLOTS
        assert take_up_stalled(now=clock.now(), seconds=0) >= SLOTS
        with worker(**environment):
            await_true(lambda: states() == ["sent"] * LETTERS, WAIT_SECONDS)
    marks = [mail["Message-ID"] for _, mail in told.letters]
    assert len(marks) == len(set(marks)) == LETTERS


def test_a_letter_that_was_noted_as_sent_is_not_sent_again_when_its_job_is(worker, certificate):
    """As after a kill between the note and the engine's own."""
    letter = post_hello()
    Letter.objects.update(state="sent", sent_at=clock.now())
    with sink(certificate) as told, worker(**environment_of(told.port, certificate)):
        await_true(lambda: not queue(), WAIT_SECONDS)
        letter.refresh_from_db()
        assert (letter.state, told.asked) == ("sent", [])


def test_a_mail_server_that_answers_nothing_keeps_nothing_else_waiting(worker, certificate):
    with sink(certificate) as told, worker(**environment_of(told.port, certificate)):
        told.is_holding = True
        post_many(SLOTS * 2)
        await_true(lambda: told.held == SLOTS, WAIT_SECONDS)
        with transaction.atomic():
            enqueue(WORD, {"word": "a"})  # a kind that this worker does not know: it is looked at, and fails
        await_true(lambda: _status_of(WORD.name) == ["failed"], 5)
        assert told.held == SLOTS


def _status_of(name):
    from jobs.models import QueuedJob

    return list(QueuedJob.objects.filter(task_name=name).values_list("status", flat=True))
