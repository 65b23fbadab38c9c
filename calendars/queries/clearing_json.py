"""Clearing and what it tells of as JSON, key by key (contract Room Booking §5)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from calendars.queries.clearings import Cleared, Clearing
from calendars.queries.winners import Use
from calendars.rules.dates import on_wall


def use_item(use: Use, zone: str) -> dict[str, Any]:
    """An event, or something else that has the room, on the wall of a zone. `organizer`: null where there is none."""
    return {
        "uid": use.uid,
        "name": use.name,
        "start": wall_text(use.interval.starts_at, zone),
        "end": wall_text(use.interval.ends_at, zone),
        "created": wall_text(use.created_at, zone),
        "organizer": use.organizer or None,
    }


def clearing_report(clearing: Clearing) -> dict[str, Any]:
    return {
        "deleted_cancelled_events": _items(clearing.cancelled),
        "deleted_overlapping_events": _items(clearing.overlapping),
        "cancelled_overlapping_recurring_events": _items(clearing.dates),
        "ignored_overlapping_events": _items(clearing.ignored),
        "test_mode": clearing.is_test,
    }


def _items(rows: Iterable[Cleared]) -> list[dict[str, Any]]:
    return [_item(row) for row in rows]


def _item(row: Cleared) -> dict[str, Any]:
    """Each side on the wall of its own calendar."""
    winner = {} if row.winner is None else {"overlaps_with": use_item(row.winner, row.winner_timezone)}
    return {"event": use_item(row.use, row.timezone), **winner, "calendar": row.calendar}


def wall_text(instant: datetime, zone: str) -> str:
    """ "2025-07-14T00:00:00+02:00": in whole seconds, with the offset that holds at that moment."""
    return on_wall(instant, ZoneInfo(zone)).isoformat(timespec="seconds")
