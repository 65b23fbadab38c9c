"""The filters of room lists (contract §4)."""

import re
from functools import lru_cache
from typing import Any

import django_filters
from django import forms
from django.db.models import F, Func, JSONField, QuerySet, Value
from django.db.models.lookups import GreaterThanOrEqual

from classrooms.models import Classroom
from classrooms.queries.rooms import placed
from kernel.api.filters import AskedOf, FilterSet, NumberFilter, filtered_by
from kernel.db.batch import Statement
from kernel.db.searching import LikeWritten

NEED = re.compile(r"([a-z0-9_]{1,40})(?::([0-9]{1,5}))?")
MAX_NEEDS = 50
"""Each is a condition of its own: thousands of them would take the server seconds."""
MAX_REMEMBERED = 500
Classrooms = QuerySet[Classroom]


class _EquipmentFormField(forms.Field):
    """`projector,whiteboard:2` → {"projector": 1, "whiteboard": 2}."""

    def to_python(self, value: Any) -> dict[str, int] | None:
        if value in self.empty_values:
            return None
        least: dict[str, int] = {}
        parts = value.split(",", MAX_NEEDS)
        if len(parts) > MAX_NEEDS:
            raise forms.ValidationError(f"Must name at most {MAX_NEEDS}")
        for part in parts:
            need = NEED.fullmatch(part.strip())
            if need is None or need[1] == "svg":
                raise forms.ValidationError("Must look like projector,whiteboard:2")
            least[need[1]] = max(least.get(need[1], 0), int(need[2] or 1))
        return least


class EquipmentFilter(django_filters.Filter):
    """At least so many of each."""

    field_class = _EquipmentFormField

    def filter(self, qs: Classrooms, value: dict[str, int] | None) -> Classrooms:
        return qs.filter(*(GreaterThanOrEqual(_count(key), number) for key, number in (value or {}).items()))


class ClassroomFilter(FilterSet):
    floor = NumberFilter(field_name="floor")
    min_capacity = NumberFilter(field_name="capacity", lookup_expr="gte")
    equipment = EquipmentFilter()
    search = django_filters.CharFilter(field_name="name", lookup_expr=LikeWritten.lookup_name)


@lru_cache(maxsize=MAX_REMEMBERED)
def placed_by(query: AskedOf) -> Statement:
    """`placed` of the rooms that a query string asks for (`kernel.api.filters.asked_of`).

    Remembered, for it depends on nothing else: a campus has few floors, and to compile the question costs more than to
    answer it. Raises: Invalid.
    """
    return placed(filtered_by(ClassroomFilter, Classroom.objects.in_order(), dict(query)))


def _count(key: str) -> Func:
    """The count under a key. Not a lookup by name: that takes "2" for an index and "a__b" for a path."""
    return Func(F("equipment"), Value(key), function="jsonb_extract_path", output_field=JSONField())
