"""Models made of what a statement of our own has read."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

ModelT = TypeVar("ModelT", bound=Model)


def instance_of(model: type[ModelT], values: Mapping[str, Any]) -> ModelT:
    """The row of a model that has these values, by column; any other column is read when it is asked for.

    Django takes the values by the order of the model's fields, whatever the order of the names beside them. Here each
    goes to the field it is named after.

    Raises:
        ValueError: a name is no column of the model.
    """
    columns = [field.attname for field in model._meta.concrete_fields if field.attname in values]
    if len(columns) != len(values):
        raise ValueError(f"{sorted(values.keys() - set(columns))} are no columns of {model.__name__}")
    return model.from_db(connection.alias, columns, [values[column] for column in columns])
