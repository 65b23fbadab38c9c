"""Querysets: the row type of one that does not import its model, and the statement that one would send."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from kernel.db.batch import Statement

RowT = TypeVar("RowT", bound=Model, covariant=True)
"""`class RoomQuerySet(QuerySet[RowT])`, and `objects = RoomQuerySet.as_manager()` in the model binds it.
Models are built from querysets, never the other way."""


def statement_of(rows: QuerySet[Any, Any]) -> Statement:
    """What a queryset would ask, to travel in a batch; best of one that says by `values_list` what it reads."""
    # What is sure to be empty is asked too: the statement has its columns.
    sql, parameters = rows.query.get_compiler(rows.db, elide_empty=False).as_sql()
    return Statement(sql, tuple(parameters))
