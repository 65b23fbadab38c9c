"""Strict fields: a value has its documented JSON type and form, or it is refused. Nothing is coerced."""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kernel.campus_time import MINUTES_PER_DAY, format_instant, format_minute
from kernel.dates import OUTSIDE_KNOWN_YEARS
from kernel.mail_addresses import read_mail_address
from kernel.names import NOT_VISIBLE, is_visible, one_line
from kernel.written import NO_NUMBER, read_day, read_minute, read_whole_number

MAX_ID = 2**63 - 1
TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})")


T = TypeVar("T")


def value_or_fault(read: Callable[[Any], T], data: Any) -> T:
    """What `read` makes of it; its `ValueError` is the fault. Raises: ValidationError."""
    try:
        return read(data)
    except ValueError as error:
        raise serializers.ValidationError(str(error)) from error


class IntegerField(serializers.IntegerField):
    """A JSON integer: no string, float or bool."""

    default_error_messages = {"invalid": NO_NUMBER}

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class NumberField(serializers.FloatField):
    """A JSON number that is finite: no string, no bool."""

    default_error_messages = {"invalid": "A number is required"}

    def to_internal_value(self, data: Any) -> float:
        if type(data) not in (int, float) or not abs(data) < math.inf:  # also for NaN
            self.fail("invalid")
        return float(data)


class QueryIntegerField(serializers.IntegerField):
    """An integer of a query string, ASCII digits."""

    def to_internal_value(self, data: Any) -> int:
        return value_or_fault(read_whole_number, data)


class IdField(IntegerField):
    """The id of something; what cannot be an id is a fault of this field."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 1, "max_value": MAX_ID} | kwargs)


class BooleanField(serializers.BooleanField):
    """A JSON boolean: no "true", no 1."""

    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool:
            self.fail("invalid", input=data)
        return data


class QueryBooleanField(serializers.BooleanField):
    """`true` or `false` in a query string."""

    default_error_messages = {"invalid": "Must be true or false"}

    def to_internal_value(self, data: Any) -> bool:
        if data not in ("true", "false"):
            self.fail("invalid", input=data)
        return bool(data == "true")


class TextField(serializers.CharField):
    """A JSON string of several lines, kept as it is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "allow_blank": True} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class NameField(serializers.CharField):
    """One visible line: NFC, trimmed, no control, bidirectional or zero-width characters."""

    default_error_messages = {"invisible": NOT_VISIBLE}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        name = one_line(data)
        if not is_visible(name):
            self.fail("invisible")
        return name


class MailAddressField(serializers.CharField):
    """An address that mail can be sent to; its domain in lower case."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return value_or_fault(read_mail_address, data)


class ChoiceField(serializers.ChoiceField):
    """One of some words, as a string."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", input=data if isinstance(data, str) else type(data).__name__)
        return data


@extend_schema_field(OpenApiTypes.DATE)
class DateField(serializers.Field[date, Any, str, Any]):
    """`YYYY-MM-DD`, exactly."""

    def to_internal_value(self, data: Any) -> date:
        return value_or_fault(read_day, data)

    def to_representation(self, value: date) -> str:
        return value.isoformat()


@extend_schema_field({"type": "string", "pattern": r"^([01]?[0-9]|2[0-3]):[0-5][0-9](:00)?$", "example": "10:00"})
class TimeField(serializers.Field[int, Any, str, Any]):
    """`H:MM`, `HH:MM` or `HH:MM:00` in, minutes since midnight inside, `HH:MM` out."""

    latest = MINUTES_PER_DAY - 1

    def to_internal_value(self, data: Any) -> int:
        return value_or_fault(partial(read_minute, latest=self.latest), data)

    def to_representation(self, value: int) -> str:
        return format_minute(value)


@extend_schema_field(
    {"type": "string", "pattern": r"^(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)(:00)?$", "example": "12:00"}
)
class EndTimeField(TimeField):
    """The same, and `24:00` for the end of the day."""

    latest = MINUTES_PER_DAY


@extend_schema_field(OpenApiTypes.DATETIME)
class TimestampField(serializers.Field[datetime, Any, str, Any]):
    """An instant: whole seconds with `Z` or an offset in; UTC with `Z` out."""

    default_error_messages = {"invalid": "A timestamp such as 2026-01-15T00:00:00Z is required"}

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str) or not TIMESTAMP.fullmatch(data):
            self.fail("invalid")
        value_or_fault(read_day, data[:10])
        value_or_fault(partial(read_minute, latest=MINUTES_PER_DAY - 1), data[11:16])
        try:
            return datetime.fromisoformat(data).astimezone(UTC)
        except OverflowError as error:
            raise serializers.ValidationError(OUTSIDE_KNOWN_YEARS) from error
        except ValueError:
            self.fail("invalid")

    def to_representation(self, value: datetime) -> str:
        return format_instant(value)
