"""Examples of the published schema. They stand beside their serializers and work when somebody sends them.

A serializer says `example = {field: value}`; what depends on the day is a function without arguments, called
when the schema is generated. Nested serializers contribute their own, so a list needs none. Where an operation
answers with what it was sent, `kernel.api.schema` copies the values over. Names and
ids are those of a fresh demo campus.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from rest_framework.serializers import ListSerializer, Serializer

from kernel import clock
from kernel.campus_time import campus_date, day_of_week, format_instant, wall_instant

DAYS_AHEAD = 28
"""Beyond everything the demo campus has booked."""


def day_ahead() -> str:
    """A date four weeks from today, `YYYY-MM-DD`."""
    return (campus_date(clock.now()) + timedelta(days=DAYS_AHEAD)).isoformat()


def days_on(days: int) -> Callable[[], str]:
    """A date so many days after `day_ahead`."""
    return partial(_date, days)


def weekday_ahead() -> int:
    """The weekday of `day_ahead`, 1 = Sunday … 7 = Saturday."""
    return day_of_week(campus_date(clock.now()) + timedelta(days=DAYS_AHEAD))


def moment_ago() -> str:
    """A minute ago, as a timestamp."""
    return format_instant(clock.now() - timedelta(minutes=1))


def hour_ahead(hour: int) -> Callable[[], str]:
    """A full hour of the day after `day_ahead`, as a timestamp."""
    return partial(_instant, hour)


def this_moment() -> str:
    """Now, as a timestamp."""
    return format_instant(clock.now())


def example_of(serializer: Serializer[Any]) -> dict[str, Any]:
    """The example of a serializer, in the order of its fields; empty if there is none."""
    values = getattr(type(serializer), "example", {})
    example: dict[str, Any] = {}
    for name, field in serializer.fields.items():
        if name in values:
            example[name] = _today(values[name])
        elif not field.required:
            continue
        elif isinstance(field, ListSerializer) and isinstance(field.child, Serializer):
            example[name] = [example_of(field.child)]
        elif isinstance(field, Serializer):
            example[name] = example_of(field)
    return example


def _today(value: Any) -> Any:
    """The value as it is today: functions called, inside objects and lists too."""
    if isinstance(value, Mapping):
        return {key: _today(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_today(inner) for inner in value]
    return value() if callable(value) else value


def _date(days: int) -> str:
    return (campus_date(clock.now()) + timedelta(days=DAYS_AHEAD + days)).isoformat()


def _instant(hour: int) -> str:
    day = campus_date(clock.now()) + timedelta(days=DAYS_AHEAD + 1)
    return format_instant(wall_instant(day, hour * 60))
