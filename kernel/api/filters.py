"""List filters (django-filter) with the strict forms of `kernel.api.fields`; a bad value is a 400."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import django_filters
from django import forms
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from rest_framework.request import Request

from kernel.api.pagination import NOT_POSITIVE, page_faults
from kernel.errors import UNKNOWN_USER, Faults, Invalid
from kernel.written import read_known_day, read_whole_number

QuerySetT = TypeVar("QuerySetT", bound=QuerySet[Any, Any])
AskedOf = tuple[tuple[str, str], ...]
"""(parameter, value), as they stand in a query string."""
Referents = Callable[[], QuerySet[Any, Any]]
"""Gives what a filter may name."""


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


class _ReferenceFormField(forms.CharField):
    """What has this name; the id of it."""

    def __init__(self, *, rows: Referents, key: str, unknown: str, **options: Any) -> None:
        super().__init__(**options)
        self._rows, self._key, self._unknown = rows, key, unknown

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        rows = self._rows().filter(**{self._key: self.read(text)})
        if (row_id := rows.values_list("pk", flat=True).first()) is None:
            raise forms.ValidationError(self._unknown)
        return row_id

    def read(self, text: str) -> Any:
        return text


class _IdFormField(_ReferenceFormField):
    def read(self, text: str) -> int:
        try:
            number = read_whole_number(text)
            if number < 1:
                raise ValueError(NOT_POSITIVE)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return number


class _ReadDateFormField(_ReadFormField):
    read = staticmethod(read_known_day)


class NumberFilter(django_filters.Filter):
    """A whole number of ASCII digits."""

    field_class = _NumberFormField


class NameFilter(django_filters.Filter):
    """What belongs to one of `rows`, which has its name in `key`; `field_name` holds its id. One query more.

    What there is not is refused as `unknown`: an empty list would say that it is there and nothing belongs to it.
    What is no longer in use, as an archived group, has a history and is one of `rows`.
    """

    field_class = _ReferenceFormField

    def __init__(self, *, field_name: str, rows: Referents, key: str, unknown: str) -> None:
        super().__init__(field_name=field_name, rows=rows, key=key, unknown=unknown)


class PersonFilter(NameFilter):
    """What belongs to whoever has this username, active or not."""

    def __init__(self, *, field_name: str) -> None:
        people = get_user_model()._default_manager.all
        super().__init__(field_name=field_name, rows=people, key="username", unknown=UNKNOWN_USER)


class IdFilter(NameFilter):
    """The same by its id."""

    field_class = _IdFormField

    def __init__(self, *, field_name: str, rows: Referents, unknown: str) -> None:
        super().__init__(field_name=field_name, rows=rows, key="pk", unknown=unknown)


class DateFilter(django_filters.Filter):
    """`YYYY-MM-DD` exactly, in a known year."""

    field_class = _ReadDateFormField


class FilterSet(django_filters.FilterSet):
    """The documented filters of a list. Unknown values are refused."""

    ranges: ClassVar[Sequence[tuple[str, str]]] = ()
    """(from, to): names of filters of which the first may not lie after the second."""


def filtered(kind: type[FilterSet], rows: QuerySetT, request: Request) -> QuerySetT:
    """The rows the query string of a list asks for. Raises: as `filtered_by`."""
    return filtered_by(kind, rows, request.query_params)


def asked_of(kind: type[FilterSet], request: Request) -> AskedOf:
    """What a query string says of the filters, to remember by what `filtered_by` makes of it; with the page, where that
    is to be refused together with them."""
    query: dict[str, Any] = request.query_params.dict()
    names = {*kind.base_filters, *page_faults(query)}
    return tuple((name, value) for name, value in query.items() if name in names)


def filtered_by(kind: type[FilterSet], rows: QuerySetT, query: Mapping[str, str]) -> QuerySetT:
    """The rows that {parameter: value} asks for.

    Raises:
        Invalid: {parameter: [sentences]}, also of `page` and `per_page`.
    """
    filterset = kind(data=query, queryset=rows)
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
