"""JSON log lines in UTC, with everything that could be a secret taken out."""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

SECRET_KEYS = re.compile(r"authorization|cookie|password|token|refresh|access|secret|key", re.IGNORECASE)
SECRET_VALUES = re.compile(
    r"Bearer\s+\S+|eyJ[\w-]+\.[\w-]+\.[\w-]+|refresh_token=\S+|(?:ticket|token)=[^\s&'\"]+|(?<=/feeds/)[\w-]+"
)
REDACTED = "[redacted]"
FAULTS_OF_THE_CALLER = (
    "DisallowedHost",
    "DisallowedModelAdminLookup",
    "DisallowedModelAdminToField",
    "DisallowedRedirect",
    "InvalidSessionKey",
    "RequestDataTooBig",
    "SuspiciousMultipartForm",
    "SuspiciousSession",
    "TooManyFieldsSent",
    "TooManyFilesSent",
)
"""What Django refuses as suspicious, and logs as an error with a trace."""
OF_ANY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class AsWarning(logging.Filter):
    """For what others log as an error with a trace although the fault is the caller's: one line, a warning."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        record.exc_info = record.exc_text = None
        return logging.root.isEnabledFor(record.levelno)


class JsonLines(logging.Formatter):
    """One JSON object a line: when, how grave, whose, what, then what the line was given beside that.

    Newlines in values are escaped by JSON, so no line can be forged.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "asctime": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "levelname": record.levelname,
            "name": record.name,
            "message": redact(record.msg if isinstance(record.msg, Mapping) else record.getMessage()),
        }
        for name, value in vars(record).items():
            if name not in OF_ANY_RECORD:
                line[name] = REDACTED if _is_secret(name) else redact(value)
        if record.exc_info:
            line["exc_info"] = redact(self.formatException(record.exc_info))
        elif record.exc_text:
            line["exc_info"] = redact(record.exc_text)
        if record.stack_info:
            line["stack_info"] = redact(self.formatStack(record.stack_info))
        return json.dumps(line)


@lru_cache(maxsize=1000)
def _is_secret(name: str) -> bool:
    return SECRET_KEYS.search(name) is not None


def redact(value: Any) -> Any:
    """Tokens and cookies inside a text become [redacted], whatever the text stands in."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): REDACTED if _is_secret(str(key)) else redact(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(inner) for inner in value]
    return SECRET_VALUES.sub(REDACTED, value if isinstance(value, str) else str(value))


def logging_of(level: int, *, has_access_lines: bool) -> dict[str, Any]:
    """Which lines are written, and how, as `logging.config` takes it. `level`: of the least severe that are."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "kernel.logs.JsonLines"},
        },
        "filters": {"as_warning": {"()": "kernel.logs.AsWarning"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Named here, it loses the handlers that Django gives it: in development each line would come twice.
            "django": {"level": "INFO"},
            "cspace.access": {"level": "NOTSET" if has_access_lines else "CRITICAL"},
            # cspace.jobs says the same, in one line and without the arguments of the job.
            "procrastinate": {"level": "CRITICAL"},
            # The access line of cspace.middleware says the same, without the raw path.
            "django.request": {"level": "CRITICAL"},
            "django.security": {"level": "ERROR"},
            # Each kind has a logger of its own, and no filter of another is asked.
            **{f"django.security.{kind}": {"filters": ["as_warning"]} for kind in FAULTS_OF_THE_CALLER},
        },
    }
