"""The one place that reads the clock. Everything below the edge is handed `now`."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)
