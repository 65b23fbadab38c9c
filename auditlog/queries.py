"""What the log says about one thing."""

from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from auditlog.models import LogEntry
from kernel.history import Mention, Trace


def rows_about(trace: Trace) -> QuerySet[LogEntry]:
    """The rows of a target and those that mention it, newest first. By the indexes of target and action."""
    about = reduce(or_, map(_mentioned, trace.mentions), Q(target=trace.target))
    return LogEntry.objects.filter(about).select_related("actor").order_by("-created_at", "-id")


def _mentioned(mention: Mention) -> Q:
    condition = Q(details__contains=dict(mention.details)) if mention.details else Q()
    if mention.actions:
        condition &= Q(action__in=mention.actions)
    if mention.target:
        condition &= Q(target=mention.target)
    if mention.target_kind:
        condition &= Q(target__startswith=f"{mention.target_kind}:")
    return condition
