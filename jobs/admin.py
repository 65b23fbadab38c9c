"""Pages of what waits, is late or has failed, and when what is done by the clock was last in hand."""

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.models import DueTime, QueuedJob
from jobs.queries.lateness import MAX_DELAY
from jobs.services.failing import try_again
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.pages import ReadOnlyAdmin
from kernel.admin.site import site
from kernel.campus_time import campus_zone, format_wall_second

LATE = "late"


class LatenessFilter(admin.SimpleListFilter):
    """Jobs that have been due for longer than they may."""

    title = "lateness"
    parameter_name = "lateness"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(LATE, f"more than {MAX_DELAY.seconds // 60} minutes late")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != LATE:
            return queryset
        return queryset.filter(status="todo", scheduled_at__lt=clock.now() - MAX_DELAY)


@admin.register(QueuedJob, site=site)
class JobAdmin(ReadOnlyAdmin):
    target_noun = "job"
    list_display = ("number", "task_name", "status", "due", "tries", "last_error")
    list_filter = ("status", LatenessFilter, "task_name", "queue_name")
    search_fields = ("task_name",)
    list_select_related = ("failure",)
    ordering = ("-id",)
    actions = ("try_again",)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """PostgreSQL would refuse to compare a status with what is none."""
        if lookup.partition("__")[0] == "status":
            return lookup == "status__exact" and value in QueuedJob.STATUSES
        is_allowed: bool = super().lookup_allowed(lookup, value, request)
        return is_allowed

    def get_fields(self, request: HttpRequest, obj: QueuedJob | None = None) -> tuple[str, ...]:
        return ("number", "task_name", "queue_name", "status", "due", "tries", "told", "error")

    def get_readonly_fields(self, request: HttpRequest, obj: QueuedJob | None = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)

    @admin.display(description="Number", ordering="id")
    def number(self, job: QueuedJob) -> int:
        return job.pk

    @admin.display(description=f"Due ({campus_zone().key})", ordering="scheduled_at")
    def due(self, job: QueuedJob) -> str:
        return format_wall_second(job.scheduled_at) if job.scheduled_at else "–"

    @admin.display(description="Tries", ordering="attempts")
    def tries(self, job: QueuedJob) -> int:
        return job.attempts

    @admin.display(description="Arguments")
    def told(self, job: QueuedJob) -> str:
        return json.dumps(job.args, ensure_ascii=False)

    @admin.display(description="Last error")
    def last_error(self, job: QueuedJob) -> str:
        return str(job.failure) if hasattr(job, "failure") else "–"

    @admin.display(description="Error")
    def error(self, job: QueuedJob) -> SafeString | str:
        return format_html("<pre>{}</pre>", job.failure.error) if hasattr(job, "failure") else "–"

    @command(description="Try again", done="to be tried again")
    def try_again(self, request: HttpRequest, jobs: QuerySet[QueuedJob]) -> Iterable[Step]:
        return [Step((job.pk,), f"{job.task_name} {job.pk}", partial(try_again, job_id=job.pk)) for job in jobs]


@admin.register(DueTime, site=site)
class DueTimeAdmin(ReadOnlyAdmin):
    list_display = ("name", "last", "following")
    search_fields = ("name",)
    ordering = ("name",)

    @admin.display(description=f"Last in hand ({campus_zone().key})", ordering="due_at")
    def last(self, row: DueTime) -> str:
        return format_wall_second(row.due_at)

    @admin.display(description="Next", ordering="next_due_at")
    def following(self, row: DueTime) -> str:
        return format_wall_second(row.next_due_at)
