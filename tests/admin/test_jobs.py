"""Jobs in the admin: what failed and why, what is late, and trying again."""

import datetime as dt

import pytest
from django.db import transaction

from auditlog.models import LogEntry
from jobs.models import JobFailure, QueuedJob
from jobs.services.failing import JobHasNotFailed, try_again
from kernel import clock
from kernel.jobs import enqueue
from tests.admin.failing import fail_a_job
from tests.admin.pages import act, ask, said, sections
from tests.jobs.made_up import WORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed():
    return QueuedJob.objects.get(pk=fail_a_job(clock.now(), "<b>"))


def test_a_failed_job_is_shown_with_its_error(admin, failed):
    page = admin.get("/admin/jobs/queuedjob/?status__exact=failed").content.decode()
    assert "tests.write_word" in page
    assert "ValueError: cannot write &lt;b&gt;" in page
    page = admin.get(f"/admin/jobs/queuedjob/{failed.pk}/change/").content.decode()
    assert "Traceback (most recent call last)" in page
    assert "<b>" not in page


def test_it_is_tried_again_after_asking_and_that_is_logged(admin, cspace, failed):
    page = ask(admin, "jobs/queuedjob", "try_again", failed)
    name = f"tests.write_word {failed.pk}"
    assert sections(page) == {name: ["Job tried again: name tests.write_word"]}
    failed.refresh_from_db()
    assert failed.status == "failed"
    assert said(act(admin, "jobs/queuedjob", "try_again", failed)) == ["1 to be tried again."]
    failed.refresh_from_db()
    assert (failed.status, failed.attempts) == ("todo", 0)
    entry = LogEntry.objects.get(action="job.tried_again")
    assert (entry.actor, entry.target) == (cspace, f"job:{failed.pk}")
    assert entry.details == {"id": failed.pk, "name": "tests.write_word"}


def test_what_has_not_failed_is_not_tried_again(admin, cspace, failed):
    try_again(job_id=failed.pk, by=cspace, now=clock.now())
    with pytest.raises(JobHasNotFailed):
        try_again(job_id=failed.pk, by=cspace, now=clock.now())
    answer = act(admin, "jobs/queuedjob", "try_again", failed)
    assert said(answer) == [f"tests.write_word {failed.pk}: The job has not failed, or is done by now"]


def test_late_jobs_are_listed(admin):
    for word, minutes in (("late one", 6), ("punctual one", 4)):
        with transaction.atomic():
            enqueue(WORD, {"word": word}, at=clock.now() - dt.timedelta(minutes=minutes))
    page = admin.get("/admin/jobs/queuedjob/?lateness=late")
    assert [job.args["word"] for job in page.context["cl"].result_list] == ["late one"]


def test_the_error_goes_with_its_job(failed):
    assert JobFailure.objects.count() == 1
    QueuedJob.objects.filter(pk=failed.pk)._raw_delete("default")
    assert JobFailure.objects.count() == 0
