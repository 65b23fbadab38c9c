"""What has gone is noted with what its kind wants noted; and people may have a failed letter sent after all."""

import datetime as dt

import pytest

from kernel import clock
from kernel.db.batch import Statement
from kernel.letters import LetterKind, Message, post, register, unregister
from outbox.models import Letter, LetterCopy
from outbox.services.failing import LetterHasNotFailed, try_again
from outbox.services.forgetting import forget_old_letters
from outbox.services.sending import send_letter
from tests.outbox.made_up import post_hello, queue

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
RENAME = "UPDATE outbox_letter SET kind = %s WHERE key = 'noted'"


@pytest.fixture
def noting_kind():
    """A kind whose message notes a word of its letter's arguments."""

    def write(*, now, word):
        return Message(address="ada@example.edu", subject="x", text="x", html="x", noting=(Statement(RENAME, (word,)),))

    kind = LetterKind(name="tests.noting", write=write)
    register(kind)
    yield kind
    unregister(kind)


@pytest.mark.parametrize(("word", "kind"), [("renamed", "renamed"), ("x" * 100, "tests.noting")])
def test_a_note_is_written_with_the_letter_and_one_that_is_refused_sends_nothing_twice(
    post_office, noting_kind, word, kind
):
    post(noting_kind, key="noted", arguments={"word": word}, now=clock.now())
    letter = Letter.objects.get()
    for _ in range(2):
        send_letter(now=clock.now(), letter_id=letter.pk, is_last=False)
    letter.refresh_from_db()
    assert (letter.state, letter.kind) == ("sent", kind)
    assert post_office.recipients == ["ada@example.edu"]


@pytest.fixture
def failed(post_office):
    post_office.rcpt = lambda address: "550 <b>unknown</b>"
    letter = post_hello()
    send_letter(now=clock.now(), letter_id=letter.pk, is_last=False)
    post_office.rcpt = lambda address: "250 ok"
    letter.refresh_from_db()
    return letter


def test_a_failed_letter_is_sent_after_all_once(cspace, failed, post_office):
    try_again(letter_id=failed.pk, by=cspace, now=clock.now())
    for _ in range(2):
        send_letter(now=clock.now(), letter_id=failed.pk, is_last=False)
    assert post_office.recipients == ["ada@example.edu"]


def test_what_has_not_failed_is_not_tried_again(cspace, failed):
    try_again(letter_id=failed.pk, by=cspace, now=clock.now())
    with pytest.raises(LetterHasNotFailed):
        try_again(letter_id=failed.pk, by=cspace, now=clock.now())


def test_failed_copies_wait_again_with_their_letter(cspace, failed):
    Letter.objects.update(state="sent", sent_at=NOW)
    copy = LetterCopy.objects.create(letter=failed, address="a@b.ch", source="x", state="failed", error="no")
    try_again(letter_id=failed.pk, by=cspace, now=clock.now())
    copy.refresh_from_db()
    assert (copy.state, copy.error) == ("waiting", "")
    assert queue()[-1] == ("outbox.send_copy", "todo", 0)


def test_letters_are_forgotten_with_their_copies_failed_ones_later_and_waiting_ones_never(hello):
    for state in ("waiting", "sent", "dropped", "failed"):
        for days in (29, 31, 89, 91):
            letter = post_hello(key=f"{state} {days}")
            is_sent = state == "sent"
            created_at, sent_at = NOW - dt.timedelta(days=days), NOW if is_sent else None
            Letter.objects.filter(pk=letter.pk).update(state=state, created_at=created_at, sent_at=sent_at)
            LetterCopy.objects.create(letter=letter, address="a@b.ch", source="x", state="waiting")
    assert forget_old_letters(now=NOW) == 3 + 3 + 1
    keys = {"waiting 29", "waiting 31", "waiting 89", "waiting 91", "sent 29", "dropped 29"}
    keys |= {"failed 29", "failed 31", "failed 89"}
    assert set(Letter.objects.values_list("key", flat=True)) == keys
    assert LetterCopy.objects.count() == len(keys)
