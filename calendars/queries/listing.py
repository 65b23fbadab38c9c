"""The dates of a calendar in a time, as its users are shown them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from calendars.enums import OccurrenceState
from calendars.models import Calendar, CalendarOccurrence
from calendars.queries.waiting import words_to_mask
from calendars.rules.numbers import short
from calendars.rules.priorities import masked
from kernel.campus_time import Interval

COLUMNS = {
    "number": F("event__public_id"),
    "uid": F("event__uid"),
    "title": Coalesce("name", "event__name"),
    "since": Coalesce("created_at", "event__created_at"),
    "whose": Coalesce("organizer", "event__organizer"),
}


def dates_in_calendar(
    calendar: Calendar, within: Interval, state: OccurrenceState | None
) -> QuerySet[CalendarOccurrence, Any]:
    """Those that overlap a time, in any state or in this, by start; for `DateView`."""
    dates = CalendarOccurrence.objects.overlapping(within.starts_at, within.ends_at).filter(
        event__calendar=calendar,
        event__deleted_at=None,
        event__missing_since=None,
        **({} if state is None else {"state": state}),
    )
    return dates.order_by("starts_at", "event__uid", "pk").values("starts_at", "ends_at", "state", **COLUMNS)


@dataclass(frozen=True)
class DateView:
    """Shows dates of a calendar: on its wall, without the words that give priority."""

    slug: str
    zone: ZoneInfo
    words: list[str]

    @classmethod
    def of(cls, calendar: Calendar) -> "DateView":
        return cls(calendar.slug, ZoneInfo(calendar.timezone), words_to_mask())

    def shown(self, row: dict[str, Any]) -> dict[str, Any]:
        """JSON."""
        return {
            "id": short(row["number"]),
            "uid": row["uid"],
            "name": masked(row["title"], self.words),
            "start": self._wall(row["starts_at"]),
            "end": self._wall(row["ends_at"]),
            "created": self._wall(row["since"]),
            "organizer": row["whose"] or None,
            "state": row["state"],
            "calendar": self.slug,
        }

    def _wall(self, instant: datetime) -> str:
        """With the offset that the zone has at that instant, in seconds precision."""
        return instant.astimezone(self.zone).isoformat(timespec="seconds")
