"""List filters (django-filter) with the strict forms of `kernel.api.fields`; a bad value is a 400."""

from datetime import date
from typing import Any, TypeVar

import django_filters
from django import forms
from django.db.models import QuerySet
from rest_framework.request import Request

from kernel.api.fields import DATE
from kernel.api.pagination import page_faults
from kernel.dates import KNOWN_YEARS
from kernel.errors import Faults, Invalid
from kernel.text import INTEGER

QuerySetT = TypeVar("QuerySetT", bound=QuerySet[Any, Any])


class _IdFormField(forms.Field):
    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        if not INTEGER.fullmatch(value):
            raise forms.ValidationError("A whole number is required")
        return int(value)


class _DateFormField(forms.Field):
    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values:
            return None
        try:
            if DATE.fullmatch(value):
                day = date.fromisoformat(value)
                if day.year in KNOWN_YEARS:
                    return day
        except ValueError:
            pass
        raise forms.ValidationError("A date of the form YYYY-MM-DD is required")


class IdFilter(django_filters.Filter):
    """Equality with an integer of ASCII digits."""

    field_class = _IdFormField


class DateFilter(django_filters.Filter):
    """`YYYY-MM-DD` exactly, in a known year."""

    field_class = _DateFormField


class FilterSet(django_filters.FilterSet):
    """The documented filters of a list. Unknown parameters are ignored, unknown values refused."""


def filtered(kind: type[FilterSet], rows: QuerySetT, request: Request) -> QuerySetT:
    """The rows the query string of a list asks for.

    Raises:
        Invalid: {parameter: [sentences]}, also of `page` and `per_page`.
    """
    filterset = kind(data=request.query_params, queryset=rows)
    if faults := list_faults(filterset):
        raise Invalid(faults)
    matches: QuerySetT = filterset.qs
    return matches


def list_faults(filterset: FilterSet) -> Faults:
    """What is wrong with a list's filters, and with the page of it that is asked for."""
    faults = {name: [str(sentence) for sentence in sentences] for name, sentences in filterset.errors.items()}
    return faults | page_faults(filterset.data)
