"""The filters of the change log; unknown values are refused with 400."""

import django_filters
from django import forms
from django.db.models import QuerySet

from auditlog.models import LogEntry
from kernel.api.filters import FilterSet, PersonFilter
from kernel.facts import actions


class _ActionFormField(forms.CharField):
    """`registration.approved`, or as a prefix `registration.`: a word of some fact, or of what stands in the log."""

    def clean(self, value: object) -> str:
        word: str = super().clean(value)
        is_known = word == "" or any(
            action.startswith(word) if word.endswith(".") else action == word for action in actions()
        )
        # The log is older than this program: what it no longer does has been done all the same.
        if not is_known and not with_action(LogEntry.objects.all(), word).exists():
            raise forms.ValidationError("Unknown action")
        return word


class ActionFilter(django_filters.Filter):
    """Those of an action, or of all that begin so."""

    field_class = _ActionFormField

    def filter(self, qs: QuerySet[LogEntry], value: str) -> QuerySet[LogEntry]:
        return with_action(qs, value) if value else qs


class LogFilter(FilterSet):
    action = ActionFilter()
    user = PersonFilter(field_name="actor_id")


def with_action(rows: QuerySet[LogEntry], word: str) -> QuerySet[LogEntry]:
    """The rows of an action, or of those that begin with a word that ends in a dot."""
    return rows.filter(action__startswith=word) if word.endswith(".") else rows.filter(action=word)
