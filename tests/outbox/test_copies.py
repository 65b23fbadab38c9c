"""A copy for `SMTP_BCC` goes once for each letter that has gone, whatever becomes of either."""

import pytest

from kernel import clock
from outbox.models import Letter, LetterCopy
from outbox.services.sending import LetterNotSent, send_copy, send_letter
from tests.outbox.made_up import post_hello, queue

pytestmark = pytest.mark.django_db
ARCHIVE, SECOND = "archive@example.edu", "second@example.edu"


@pytest.fixture(autouse=True)
def bcc(post_office, settings):
    settings.SMTP_BCC = [ARCHIVE, SECOND]


def send_it(letter):
    send_letter(now=clock.now(), letter_id=letter.pk, is_last=False)


def send_copies(*, is_last=False):
    for copy in LetterCopy.objects.all():
        send_copy(now=clock.now(), copy_id=copy.pk, is_last=is_last)
    return list(LetterCopy.objects.values_list("address", "state"))


def test_each_address_gets_the_same_mail_once(post_office):
    send_it(post_hello())
    assert [job for job, *_ in queue()] == ["outbox.send", "outbox.send_copy", "outbox.send_copy"]
    assert post_office.recipients == ["ada@example.edu"]
    for _ in range(2):
        assert send_copies() == [(ARCHIVE, "sent"), (SECOND, "sent")]
    assert post_office.recipients == ["ada@example.edu", ARCHIVE, SECOND]
    assert len(set(post_office.sources)) == 1
    assert b"archive" not in post_office.sources[0]
    assert set(LetterCopy.objects.values_list("source", flat=True)) == {""}


def test_of_what_is_for_its_reader_alone_nobody_gets_a_copy(post_office):
    send_it(post_hello(is_for_its_reader_alone=True))
    assert post_office.recipients == ["ada@example.edu"]
    assert LetterCopy.objects.count() == 0


def test_a_copy_that_is_refused_hurts_nobody(post_office):
    post_office.rcpt = lambda address: "550 no" if address == ARCHIVE else "250 ok"
    letter = post_hello()
    send_it(letter)
    assert send_copies() == [(ARCHIVE, "failed"), (SECOND, "sent")]
    letter.refresh_from_db()
    assert (letter.state, letter.error) == ("sent", "")
    assert post_office.recipients == ["ada@example.edu", SECOND]


def test_a_recipient_who_is_tried_again_doubles_no_copy(post_office):
    post_office.data = lambda address: "451 later"
    letter = post_hello()
    for _ in range(3):
        with pytest.raises(LetterNotSent):
            send_it(letter)
    assert LetterCopy.objects.count() == 0
    post_office.data = lambda address: "250 ok"
    send_it(letter)
    send_copies()
    assert post_office.recipients == ["ada@example.edu", ARCHIVE, SECOND]


def test_a_copy_is_tried_again_by_itself(post_office):
    post_office.rcpt = lambda address: "450 later" if address == ARCHIVE else "250 ok"
    send_it(post_hello())
    copy = LetterCopy.objects.get(address=ARCHIVE)
    with pytest.raises(LetterNotSent) as error:
        send_copy(now=clock.now(), copy_id=copy.pk, is_last=False)
    assert str(error.value) == f"copy {copy.pk} of letter {Letter.objects.get().pk}: SMTPRecipientsRefused 450"
    send_copy(now=clock.now(), copy_id=copy.pk, is_last=True)
    copy.refresh_from_db()
    assert (copy.state, copy.error) == ("failed", "SMTPRecipientsRefused 450 later")


def test_of_a_letter_that_nobody_takes_there_is_no_copy(post_office):
    post_office.rcpt = lambda address: "550 no"
    send_it(post_hello())
    assert LetterCopy.objects.count() == 0
