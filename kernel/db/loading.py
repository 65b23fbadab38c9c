"""Models made of what a statement of our own has read."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

ModelT = TypeVar("ModelT", bound=Model)
JoinedTables = Sequence[tuple[str, type[Model], Sequence[str]]]
"""(alias, model, columns) of each table of a join, in the order in which a row has them."""


def instance_of(model: type[ModelT], values: Mapping[str, Any]) -> ModelT:
    """The row of a model that has these values, by column; any other column is read when it is asked for.

    Django takes the values by the order of the model's fields, whatever the order of the names beside them. Here each
    goes to the field it is named after.

    Raises:
        ValueError: a name is no column of the model.
    """
    columns = _in_order_of_fields(model, tuple(values))
    return model.from_db(connection.alias, columns, [values[column] for column in columns])


@lru_cache(maxsize=1000)
def _in_order_of_fields(model: type[Model], names: Sequence[str]) -> list[str]:
    columns = [field.attname for field in model._meta.concrete_fields if field.attname in names]
    if len(columns) != len(names):
        raise ValueError(f"{sorted(set(names) - set(columns))} are no columns of {model.__name__}")
    return columns


def columns_of(tables: JoinedTables) -> str:
    """What a statement selects so that its rows can be read by `instances_in`."""
    return ", ".join(f"{alias}.{column}" for alias, _, columns in tables for column in columns)


def instances_in(row: Sequence[Any], tables: JoinedTables) -> list[Any]:
    """The instance of each table in a row; none is related to another yet."""
    values = iter(row)
    return [instance_of(model, dict(zip(columns, values, strict=False))) for _, model, columns in tables]
