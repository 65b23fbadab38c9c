"""The history of a thing: what the change log has about it. The app that keeps the log says here how it is read.

Domain apps do not know who listens to their facts; their pages show what was heard all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

PER_PAGE = 50


@dataclass(frozen=True)
class Mention:
    """Commands about many things have one target: these actions (all, if none is named), where their details contain
    `details`; of this `target`, or of targets of this kind."""

    actions: tuple[str, ...]
    details: Mapping[str, Any]
    target: str = ""
    target_kind: str = ""


@dataclass(frozen=True)
class Trace:
    """Which rows of the log are about a thing: those of its target, and those that mention it."""

    target: str
    mentions: Sequence[Mention] = ()


Reader = Callable[[Trace], QuerySet[Any]]
"""Gives the rows, newest first: `created_at`, `actor` (a user or None), `action`, `target`, `details`."""
_readers: list[Reader] = []


def connect(reader: Reader) -> None:
    """Have histories read by `reader`. Called from `AppConfig.ready`."""
    _readers[:] = [reader]


def rows_about(trace: Trace) -> QuerySet[Any] | Sequence[Any]:
    """What has happened to a thing, newest first; nothing where nobody keeps a log."""
    return _readers[0](trace) if _readers else ()


def target_of(row: Model, noun: str | None) -> str:
    """What facts call a row: `registration:12`."""
    return f"{noun or row._meta.model_name}:{row.pk}"
