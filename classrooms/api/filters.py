"""The filters of room lists (contract §4)."""

import re

import django_filters
from django.db.models import QuerySet

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
        for part in value.split(","):
            wanted = WANTED.fullmatch(part.strip())
            if wanted is None or wanted[1] == "svg":
                raise Invalid({"equipment": ["Must look like projector,whiteboard:2"]})
            rows = rows.filter(**{f"equipment__{wanted[1]}__gte": int(wanted[2] or 1)})
        return rows
