"""What a change has changed. Pure."""

from collections.abc import Mapping
from typing import Any, TypeVar

Name = TypeVar("Name")
Value = TypeVar("Value")
Changes = dict[str, list[Any]]
"""{field: [old, new]}, in JSON, as facts carry it into the log."""


def changes_between(before: Mapping[Name, Value], after: Mapping[Name, Value]) -> dict[Name, list[Value]]:
    """{name: [old, new]} of what differs, in the order of `before`; what `after` does not name stays as it was."""
    return {name: [old, after[name]] for name, old in before.items() if name in after and old != after[name]}
