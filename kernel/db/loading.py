"""Models made of what a statement of our own has read."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.db.models.base import ModelState

ModelT = TypeVar("ModelT", bound=Model)
JoinedTables = Sequence[tuple[str, type[Model], Sequence[str]]]
"""(alias, model, columns) of each table of a join, in the order in which a row has them."""


def instance_of(model: type[ModelT], values: Mapping[str, Any]) -> ModelT:
    """The row of a model that has these values, by column; any other column is read when it is asked for.

    What Django's `from_db` makes, without walking through all fields of the model for each row: no model of ours is
    told when one of its rows is loaded.

    Raises:
        ValueError: a name is no column of the model.
    """
    _check_columns(model, tuple(values))
    instance = model.__new__(model)
    instance._state = state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    columns = vars(instance)
    columns |= values
    return instance


@lru_cache(maxsize=1000)
def _check_columns(model: type[Model], names: Sequence[str]) -> None:
    unknown = set(names) - {field.attname for field in model._meta.concrete_fields}
    if unknown:
        raise ValueError(f"{sorted(unknown)} are no columns of {model.__name__}")


def columns_of(tables: JoinedTables) -> str:
    """What a statement selects so that its rows can be read by `instances_in`."""
    return ", ".join(f"{alias}.{column}" for alias, _, columns in tables for column in columns)


def instances_in(row: Sequence[Any], tables: JoinedTables) -> list[Any]:
    """The instance of each table in a row; none is related to another yet."""
    values = iter(row)
    return [instance_of(model, dict(zip(columns, values, strict=False))) for _, model, columns in tables]
