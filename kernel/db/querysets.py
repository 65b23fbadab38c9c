"""The row type of a queryset that does not import its model: models are built from querysets, never the other way."""

from typing import TypeVar

from django.db.models import Model

RowT = TypeVar("RowT", bound=Model, covariant=True)
"""`class RoomQuerySet(QuerySet[RowT])`, and `objects = RoomQuerySet.as_manager()` in the model binds it."""
