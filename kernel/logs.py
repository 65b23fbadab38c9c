"""JSON log lines in UTC, with everything that could be a secret taken out."""

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

SECRET_KEYS = re.compile(r"authorization|cookie|password|token|refresh|access|secret|key", re.IGNORECASE)
SECRET_VALUES = re.compile(r"Bearer\s+\S+|eyJ[\w-]+\.[\w-]+\.[\w-]+|refresh_token=\S+")
REDACTED = "[redacted]"


class AsWarning(logging.Filter):
    """For what others log as an error with a trace although the fault is the caller's: one line, a warning."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        record.exc_info = record.exc_text = None
        return logging.root.isEnabledFor(record.levelno)


class JsonLines(JsonFormatter):
    """One JSON object a line; newlines in values are escaped by JSON, so no line can be forged."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {
            name: REDACTED if SECRET_KEYS.search(name) else redact(value)
            for name, value in super().process_log_record(log_data).items()
        }


def redact(value: Any) -> Any:
    """Tokens and cookies inside a text become [redacted], whatever the text stands in."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {key: REDACTED if SECRET_KEYS.search(str(key)) else redact(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(inner) for inner in value]
    return SECRET_VALUES.sub(REDACTED, str(value))
