"""Examples of the published schema. They stand beside their serializers and work when somebody sends them.

A serializer says `example = {field: value}`; what depends on the day is a function without arguments, called
when the schema is generated. Nested serializers contribute their own, so a list needs none. Where an operation
answers with what it was sent, `cspace.api.schema` copies the values over. Names and
ids are those of a fresh demo campus.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from rest_framework.serializers import ListSerializer, Serializer

from cspace import clock
from cspace.db.ranges import campus_date, format_instant, wall_instant

DAYS_AHEAD = 28
"""Beyond everything the demo campus has booked."""


def day_ahead() -> str:
    """A date four weeks from today, `YYYY-MM-DD`."""
    return (campus_date(clock.now()) + timedelta(days=DAYS_AHEAD)).isoformat()


def hour_ahead(hour: int) -> Callable[[], str]:
    """A full hour of the day after `day_ahead`, as a timestamp."""
    return partial(_instant, hour)


def this_moment() -> str:
    """Now, as a timestamp."""
    return format_instant(clock.now())


def example_of(serializer: Serializer[Any]) -> dict[str, Any]:
    """The example of a serializer, in the order of its fields; empty if there is none."""
    given = getattr(type(serializer), "example", {})
    found: dict[str, Any] = {}
    for name, field in serializer.fields.items():
        if name in given:
            found[name] = _today(given[name])
        elif not field.required:
            continue
        elif isinstance(field, ListSerializer):
            found[name] = [example_of(field.child)]  # type: ignore[arg-type]
        elif isinstance(field, Serializer):
            found[name] = example_of(field)
    return found


def _today(value: Any) -> Any:
    """The value as it is today: functions called, inside objects too."""
    if isinstance(value, Mapping):
        return {key: _today(inner) for key, inner in value.items()}
    return value() if callable(value) else value


def _instant(hour: int) -> str:
    day = campus_date(clock.now()) + timedelta(days=DAYS_AHEAD + 1)
    return format_instant(wall_instant(day, hour * 60))
