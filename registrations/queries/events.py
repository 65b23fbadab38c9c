"""Which allocation events there are that series can be of. The app that has them says so here, at start-up."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

UNKNOWN_EVENT = "Unknown allocation event"
_sources: list[Callable[[], QuerySet[Any, Any]]] = []


def connect(source: Callable[[], QuerySet[Any, Any]]) -> None:
    """Have `source` say which events there are. Called from `AppConfig.ready`."""
    _sources[:] = [source]


def rows() -> QuerySet[Any, Any]:
    """All events there are."""
    return _sources[0]()
