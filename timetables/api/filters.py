"""The filter of the course list."""

import django_filters
from django.db.models import Q, QuerySet

from kernel.api.filters import FilterSet
from timetables.models import Course


class CourseFilter(FilterSet):
    search = django_filters.CharFilter(method="in_code_or_name")

    def in_code_or_name(self, rows: QuerySet[Course], name: str, value: str) -> QuerySet[Course]:
        return rows.filter(Q(code__like_written=value) | Q(name__like_written=value))
