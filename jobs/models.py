"""The engine's table of jobs, as the pages read it, and what it does not keep: errors, and what was due."""

from django.db import models
from procrastinate.contrib.django.models import ProcrastinateJob


class QueuedJob(ProcrastinateJob):
    """A job that waits (`todo`), is being done (`doing`) or has failed (`failed`); one that is done is gone."""

    class Meta:
        proxy = True
        verbose_name = "job"


class JobFailure(models.Model):
    """The last error of a job, which PostgreSQL removes together with the job."""

    job = models.OneToOneField(
        QueuedJob, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="failure"
    )
    error = models.TextField()
    """A traceback, from its end."""
    failed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.error.rstrip().rpartition("\n")[2]


class DueTime(models.Model):
    """The last time for which something periodic was taken in hand. Whoever moves it on does it, nobody else."""

    name = models.CharField(max_length=128, unique=True)
    due_at = models.DateTimeField()
    next_due_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.due_at}"
