"""When the events of a series take place, on the campus wall."""

from datetime import datetime
from typing import Any

import recurring_ical_events
from icalendar import Calendar, Event

from kernel.campus_time import Interval, campus_zone


def occurrences(series: Calendar, within: Interval) -> list[Event]:
    """The events of a series that begin in an interval, changes of single dates included, each with its own times.

    Cancelled ones too. Raises what the library does.
    """
    events = recurring_ical_events.of(series).between(within.starts_at, within.ends_at)
    return [event for event in events if within.starts_at <= campus_moment(event.start) < within.ends_at]


def rules_of(event: Any) -> list[Any]:
    """The rules by which an event is repeated; none: it takes place once."""
    rules = event.get("RRULE") or []
    return rules if isinstance(rules, list) else [rules]


def rule_parts(rule: Any) -> dict[str, list[Any]]:
    """{part in upper case, such as FREQ: its values}."""
    return {str(name).upper(): values if isinstance(values, list) else [values] for name, values in rule.items()}


def campus_moment(moment: Any) -> datetime:
    """On the campus wall; a time without a zone is one already, a date its midnight."""
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=campus_zone())
    return moment.astimezone(campus_zone()) if moment.tzinfo else moment.replace(tzinfo=campus_zone())
