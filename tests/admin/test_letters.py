"""Letters in the admin: what has failed and why, never what is in them, and trying again."""

import pytest

from auditlog.models import LogEntry
from outbox.models import Letter, LetterCopy
from tests.admin.pages import act, ask, said, sections
from tests.outbox.made_up import post_hello, queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed():
    letter = post_hello(text="x")
    Letter.objects.update(state="failed", error="SMTPRecipientsRefused 550 <b>unknown</b>")
    LetterCopy.objects.create(letter=letter, address="archive@b.ch", source="Ada reads", state="waiting", error="<i>")
    letter.refresh_from_db()
    return letter


def test_a_failed_letter_is_found_with_its_error_and_without_its_text(admin, failed):
    page = admin.get("/admin/outbox/letter/?state__exact=failed&q=ada").content.decode()
    assert "SMTPRecipientsRefused 550 &lt;b&gt;unknown" in page
    page = admin.get(f"/admin/outbox/letter/{failed.pk}/change/").content.decode()
    assert "SMTPRecipientsRefused 550" in page
    assert "archive@b.ch: waiting &lt;i&gt;" in page
    assert "<b>unknown" not in page
    assert "Ada reads" not in page
    for nothing in ("state__exact=sent", "state__exact=lost", "q=eve"):
        assert list(admin.get(f"/admin/outbox/letter/?{nothing}").context["cl"].result_list) == []


def test_it_waits_again_after_asking_and_that_is_one_row_of_the_log(admin, cspace, failed):
    page = ask(admin, "outbox/letter", "try_again", failed)
    assert sections(page) == {"ada@example.edu": ["Letter tried again: name ada@example.edu, kind tests.hello"]}
    failed.refresh_from_db()
    assert failed.state == "failed"
    assert said(act(admin, "outbox/letter", "try_again", failed)) == ["1 to be sent again."]
    failed.refresh_from_db()
    assert (failed.state, failed.error) == ("waiting", "")
    assert queue()[-1] == ("outbox.send", "todo", 0)
    entry = LogEntry.objects.get()
    assert (entry.action, entry.actor, entry.target) == ("letter.tried_again", cspace, f"letter:{failed.pk}")
    assert entry.details == {"id": failed.pk, "name": "ada@example.edu", "kind": "tests.hello"}


def test_one_that_has_not_failed_says_so(admin, failed):
    act(admin, "outbox/letter", "try_again", failed)
    answer = act(admin, "outbox/letter", "try_again", failed)
    assert said(answer) == ["ada@example.edu: Neither the letter nor a copy of it has failed"]
