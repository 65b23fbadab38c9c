"""How many come, in a body."""

from collections.abc import Mapping
from typing import Any

from kernel.api.fields import IntegerField


class AttendeesField(IntegerField):
    """A number of people; null where it is not known. How many the room seats is a rule, not a matter of form."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 1, "allow_null": True, "required": False} | kwargs)


def attendees_in_change(values: Mapping[str, Any]) -> int | None:
    """What a change says of them, as services take it: None = they stay as they are, 0 = not known any more."""
    return (values["attendees"] or 0) if "attendees" in values else None
