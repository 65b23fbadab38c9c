"""A letter that is posted leaves once, over TLS, and what has become of it stands in its row."""

import pytest

from jobs.models import QueuedJob
from kernel import clock
from kernel.letters import LetterKind, post
from outbox.models import Letter
from outbox.services import delivering
from outbox.services.sending import WAITS, LetterNotSent, send_letter
from tests.outbox.made_up import post_hello, queue
from tests.outbox.sinks import PASSWORD, USER, babbler, sink, tarpit
from tests.races.server import free_port

pytestmark = pytest.mark.django_db


def try_to_send(letter, *, is_last=False):
    send_letter(now=clock.now(), letter_id=letter.pk, is_last=is_last)
    letter.refresh_from_db()
    return letter.state


def not_sent(letter, **options):
    """The error of a try that comes to nothing yet: as the log has it."""
    with pytest.raises(LetterNotSent) as error:
        try_to_send(letter, **options)
    letter.refresh_from_db()
    assert letter.state == "waiting"
    return str(error.value)


def test_a_letter_that_is_posted_has_a_job_outside(hello):
    letter = post_hello()
    job = QueuedJob.objects.get()
    assert (job.task_name, job.queue_name, job.args) == ("outbox.send", "outside", {"letter_id": letter.pk})
    assert (letter.state, letter.sent_at, letter.error) == ("waiting", None, "")
    assert WAITS == (60, 300, 1800, 7200, 21600)


@pytest.mark.parametrize("wants_login", [False, True])
@pytest.mark.parametrize("starttls", [False, True])
def test_it_arrives_over_tls_with_a_login_only_where_there_is_a_password(
    hello, certificate, sending_to, starttls, wants_login
):
    with sink(certificate, starttls=starttls, wants_login=wants_login) as told:
        sending_to(told.port, starttls=starttls, wants_login=wants_login)
        assert try_to_send(post_hello()) == "sent"
    assert told.recipients == ["ada@example.edu"]
    assert told.logins == ([(USER, PASSWORD)] if wants_login else [])


def test_one_that_has_gone_is_not_sent_again(post_office):
    letter = post_hello()
    assert [try_to_send(letter), try_to_send(letter)] == ["sent", "sent"]
    assert post_office.recipients == ["ada@example.edu"]
    assert letter.sent_at is not None


def test_where_there_is_nothing_to_say_nothing_is_sent(post_office):
    assert try_to_send(post_hello("nobody")) == "dropped"
    assert post_office.asked == []


def test_a_certificate_of_a_stranger_is_not_believed(post_office, settings):
    settings.SMTP_CA_FILE = ""
    letter = post_hello()
    assert not_sent(letter) == f"letter {letter.pk} (tests.hello): SSLCertVerificationError"
    assert post_office.asked == []


def test_a_server_without_tls_is_told_nothing(hello, certificate, sending_to):
    with sink(certificate) as told:
        sending_to(told.port, starttls=True)  # it never greets: it waits for TLS
        delivering_seconds, delivering.ANSWER_SECONDS = delivering.ANSWER_SECONDS, 1
        try:
            assert "letter" in not_sent(post_hello())
        finally:
            delivering.ANSWER_SECONDS = delivering_seconds
    assert told.asked == []


@pytest.mark.parametrize("answer", ["450 later", "421 closing"])
@pytest.mark.parametrize("when", ["rcpt", "data"])
def test_what_may_pass_is_tried_again(post_office, when, answer):
    setattr(post_office, when, lambda address: answer)
    letter = post_hello()
    reason = not_sent(letter)
    assert reason.endswith(answer[:3])
    assert "example.edu" not in reason
    assert answer in letter.error
    setattr(post_office, when, lambda address: "250 taken")
    assert try_to_send(letter) == "sent"
    assert (post_office.recipients, letter.error) == (["ada@example.edu"], "")


@pytest.mark.parametrize("when", ["rcpt", "data"])
def test_what_the_server_will_never_take_has_failed_at_once(post_office, when):
    setattr(post_office, when, lambda address: f"550 5.1.1 <{address}> is unknown here")
    letter = post_hello()
    assert try_to_send(letter) == "failed"
    assert letter.error.endswith("550 5.1.1 <ada@example.edu> is unknown here")
    assert try_to_send(letter) == "failed"
    assert post_office.asked == ["ada@example.edu"]


def test_a_login_that_is_refused_is_tried_again(hello, certificate, sending_to, settings):
    with sink(certificate, wants_login=True) as told:
        sending_to(told.port, wants_login=True)
        settings.SMTP_PASSWORD = "another"
        assert not_sent(post_hello()).endswith("SMTPAuthenticationError 535")
    assert set(told.logins) == {(USER, "another")}


def test_nobody_who_listens_is_tried_again(hello, sending_to):
    sending_to(free_port())
    assert not_sent(post_hello()).endswith("ConnectionRefusedError")


def test_the_last_try_is_the_end_of_it(hello, sending_to):
    sending_to(free_port())
    letter = post_hello()
    assert try_to_send(letter, is_last=True) == "failed"
    assert letter.error.startswith("ConnectionRefusedError")


def test_a_server_that_says_nothing_is_left(hello, sending_to, monkeypatch):
    monkeypatch.setattr(delivering, "ANSWER_SECONDS", 0.3)
    with tarpit() as port:
        sending_to(port)
        assert not_sent(post_hello()).endswith("TimeoutError")


def test_a_server_that_never_comes_to_an_end_is_left(hello, certificate, sending_to, monkeypatch):
    monkeypatch.setattr(delivering, "TRY_SECONDS", 1)
    with babbler(certificate) as port:
        sending_to(port)
        assert not_sent(post_hello()).endswith("SMTPServerDisconnected")


def test_what_its_kind_cannot_write_is_tried_again_and_then_has_failed(post_office):
    letter = post_hello("broken")
    assert not_sent(letter).endswith("KeyError while it was written")
    assert try_to_send(letter, is_last=True) == "failed"
    assert letter.error == "KeyError while it was written 'a word of a letter'"


def test_a_kind_that_this_version_does_not_know_is_tried_again(post_office, django_db_blocker):
    from django.db import transaction

    with transaction.atomic():
        post(LetterKind(name="tests.other", write=print), key="k", arguments={}, now=clock.now())
    assert not_sent(Letter.objects.get()).endswith("KeyError while it was written")


def test_where_mail_is_off_a_letter_has_failed(hello):
    letter = post_hello()
    assert try_to_send(letter) == "failed"
    assert letter.error == "No mail server is named (SMTP_SERVER)"


def test_a_second_letter_under_a_key_is_none(hello):
    assert post_hello(key="k") == post_hello("eve@example.edu", key="k")
    assert len(queue()) == 1


def test_in_development_it_is_a_file(hello, settings, tmp_path):
    settings.CSPACE_MAIL_LEAVES, settings.CSPACE_MAIL_DIR = "as_files", str(tmp_path / "mail")
    letter = post_hello(subject="Grüße")
    assert try_to_send(letter) == "sent"
    (path,) = (tmp_path / "mail").iterdir()
    assert path.name == f"{letter.sent_at:%Y%m%dT%H%M%SZ}-{letter.pk}.eml"
    assert b"\r\nTo: ada@example.edu\r\n" in path.read_bytes()
    settings.CSPACE_MAIL_DIR = str(path)
    assert not_sent(post_hello("eve@example.edu")).endswith("cannot be written to (File exists)")
