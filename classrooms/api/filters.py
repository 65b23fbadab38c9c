"""The filters of room lists (contract §4)."""

import re

import django_filters
from django.db.models import F, Func, JSONField, QuerySet, Value
from django.db.models.lookups import GreaterThanOrEqual

from classrooms.models import Classroom
from cspace.api.filters import FilterSet, IdFilter
from cspace.errors import Invalid

WANTED = re.compile(r"([a-z0-9_]{1,40})(?::([0-9]{1,5}))?")
Rows = QuerySet[Classroom]


class ClassroomFilter(FilterSet):
    floor = IdFilter(field_name="floor")
    min_capacity = IdFilter(field_name="capacity", lookup_expr="gte")
    equipment = django_filters.CharFilter(method="with_equipment")
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains")

    def with_equipment(self, rows: Rows, name: str, value: str) -> Rows:
        """`projector,whiteboard:2`: at least so many of each."""
        least: dict[str, int] = {}
        for part in value.split(","):
            wanted = WANTED.fullmatch(part.strip())
            if wanted is None or wanted[1] == "svg":
                raise Invalid({"equipment": ["Must look like projector,whiteboard:2"]})
            least[wanted[1]] = max(least.get(wanted[1], 0), int(wanted[2] or 1))
        return rows.filter(*(GreaterThanOrEqual(_count(key), number) for key, number in least.items()))


def _count(key: str) -> Func:
    """The count under a key. Not a lookup by name: that takes "2" for an index and "a__b" for a path."""
    return Func(F("equipment"), Value(key), function="jsonb_extract_path", output_field=JSONField())
