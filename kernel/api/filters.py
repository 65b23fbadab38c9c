"""List filters (django-filter) with the strict forms of `kernel.api.fields`; a bad value is a 400."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

import django_filters
from django import forms
from django.db.models import QuerySet
from rest_framework.request import Request

from kernel.api.pagination import NOT_POSITIVE, page_faults
from kernel.errors import Faults, Invalid
from kernel.written import read_known_day, read_whole_number

QuerySetT = TypeVar("QuerySetT", bound=QuerySet[Any, Any])


class _ReadFormField(forms.Field):
    """A field that reads with one of the functions of `kernel.written`."""

    read: Callable[[object], Any]

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            return type(self).read(value)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class _NumberFormField(_ReadFormField):
    read = staticmethod(read_whole_number)


class _IdFormField(_ReadFormField):
    @staticmethod
    def read(value: object) -> int:
        number = read_whole_number(value)
        if number < 1:
            raise ValueError(NOT_POSITIVE)
        return number


class _ReadDateFormField(_ReadFormField):
    read = staticmethod(read_known_day)


class NumberFilter(django_filters.Filter):
    """A whole number of ASCII digits."""

    field_class = _NumberFormField


class IdFilter(django_filters.Filter):
    """The id of something."""

    field_class = _IdFormField


class DateFilter(django_filters.Filter):
    """`YYYY-MM-DD` exactly, in a known year."""

    field_class = _ReadDateFormField


class FilterSet(django_filters.FilterSet):
    """The documented filters of a list. Unknown values are refused."""

    ranges: ClassVar[Sequence[tuple[str, str]]] = ()
    """(from, to): names of filters of which the first may not lie after the second."""


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
    values = filterset.form.cleaned_data
    for first, last in type(filterset).ranges:
        if values.get(first) is not None and values.get(last) is not None and values[first] > values[last]:
            faults[first] = [f"Must not be after {last}"]
    return faults | page_faults(filterset.data)
