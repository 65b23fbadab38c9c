"""The wire format of calendars, of what stands in them, and of the addresses of feeds."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from calendars.enums import CalendarSource, OccurrenceState, OnOverlap
from calendars.models import Calendar, CalendarFeed
from calendars.services.taking_in import SyncReport
from kernel.api.examples import this_moment
from kernel.api.fields import ChoiceField, DateField, TimestampField
from kernel.api.serializers import Input, Output, Query, Shape
from kernel.api.uploads import FileField
from kernel.campus_time import DAY, Interval, format_instant
from kernel.dates import year_faults
from kernel.errors import Faults

DEFAULT_DAYS, MAX_DAYS = 31, 366
SLUG_IN_PATH = {"slug": "meeting-room-1"}
SYNCHRONISED = ("created", "updated", "unchanged", "conflicting")
WHOLE_DAY = len("2026-01-15")
TOKEN_EXAMPLE = "kq3Zb1n0cX7uYw5tR2aVdEo9LhMfGs4JpQiTzUxBvCy"  # noqa: S105 - nobody's


@extend_schema_field({"type": "string", "example": "2026-01-15"})
class DayOrInstantField(serializers.Field[date | datetime, Any, str, Any]):
    """`YYYY-MM-DD`, or an instant as in `TimestampField`."""

    def to_internal_value(self, data: Any) -> date | datetime:
        is_day = isinstance(data, str) and len(data) <= WHOLE_DAY
        field: Any = DateField() if is_day else TimestampField()
        moment: date | datetime = field.to_internal_value(data)
        return moment

    def to_representation(self, value: date | datetime) -> str:
        return format_instant(value) if isinstance(value, datetime) else value.isoformat()


class CalendarEventsQuery(Query):
    """From the beginning of `start` to the end of `end`, where they are days."""

    example = {"state": "live"}

    start = DayOrInstantField(required=False)
    end = DayOrInstantField(required=False)
    state = ChoiceField(choices=OccurrenceState.choices, required=False)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        if faults := year_faults({name: values.get(name) for name in ("start", "end")}):
            return faults
        within = bounds(values, zone=self.context["zone"], now=self.context["now"])
        if within.starts_at >= within.ends_at:
            return {"start": ["Must not be at or after the end"]}
        # A year of days on the wall has an hour more or less where clocks are changed.
        if within.ends_at - within.starts_at > timedelta(days=MAX_DAYS, hours=2):
            return {"end": [f"At most {MAX_DAYS} days after the start"]}
        return {}


def bounds(query: Mapping[str, Any], *, zone: ZoneInfo, now: datetime) -> Interval:
    """The time that is asked for: from now on 31 days; with one bound given, 31 days from it."""
    start, end = query.get("start"), query.get("end")
    since = None if start is None else _instant(start, zone)
    until = None if end is None else _instant(end if isinstance(end, datetime) else end + DAY, zone)
    if since is None:
        since = now if until is None else until - timedelta(days=DEFAULT_DAYS)
    return Interval(since, until if until is not None else since + timedelta(days=DEFAULT_DAYS))


def _instant(moment: date | datetime, zone: ZoneInfo) -> datetime:
    if isinstance(moment, datetime):
        return moment
    return datetime(moment.year, moment.month, moment.day, tzinfo=zone).astimezone(UTC)


class CalendarOutput(Output):
    """`last_error`: what has become of the last synchronisation; empty where it has succeeded, or there was none."""

    example = {
        "slug": "meeting-room-1",
        "name": "Meeting Room 1",
        "classroom": "Meeting Room 1",
        "group": None,
        "timezone": "Asia/Taipei",
        "source": "local",
        "on_overlap": "keep",
        "auto_clear": False,
        "last_synced_at": None,
        "last_error": "",
    }

    slug = serializers.CharField()
    name = serializers.CharField()
    classroom = serializers.CharField(allow_null=True)
    group = serializers.CharField(allow_null=True)
    timezone = serializers.CharField()
    source = serializers.ChoiceField(choices=CalendarSource.choices)  # type: ignore[assignment]  # DRF has an attribute of it
    on_overlap = serializers.ChoiceField(choices=OnOverlap.choices)
    auto_clear = serializers.BooleanField()
    last_synced_at = TimestampField(allow_null=True)
    last_error = serializers.CharField(allow_blank=True)

    def represent(self, instance: Calendar) -> dict[str, Any]:
        return {
            "slug": instance.slug,
            "name": instance.name,
            "classroom": instance.classroom.name if instance.classroom else None,
            "group": instance.group.name if instance.group else None,
            "timezone": instance.timezone,
            "source": instance.source,
            "on_overlap": instance.on_overlap,
            "auto_clear": instance.auto_clear,
            "last_synced_at": format_instant(instance.last_synced_at) if instance.last_synced_at else None,
            "last_error": instance.last_error,
        }


class CalendarList(Shape):
    results = CalendarOutput(many=True)


class CalendarEventOutput(Shape):
    """One date. Its times are on the calendar's wall, with the offset of that moment."""

    example = {
        "id": "kWDoRNxTeQStCHAjFTtEGK",
        "uid": "8e7c0b5a-6a2f-4c51-9d1e-0a4f6d2b7c3e",
        "name": "Finance Monthly",
        "start": "2026-07-01T10:00:00+08:00",
        "end": "2026-07-01T12:00:00+08:00",
        "created": "2026-06-01T09:30:00+08:00",
        "organizer": "head-of-finance@my-awesome.org",
        "state": "live",
        "calendar": "meeting-room-1",
    }

    id = serializers.CharField()
    uid = serializers.CharField()
    name = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    created = serializers.DateTimeField()
    organizer = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=OccurrenceState.choices)
    calendar = serializers.CharField()


class CalendarEventList(Shape):
    results = CalendarEventOutput(many=True)


class SyncOutput(Output):
    """Events, by what has become of them; `conflicting`: those of which a date waits for its room in the end."""

    example = {"created": 1, "updated": 0, "unchanged": 0, "conflicting": 0, "errors": []}

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    conflicting = serializers.IntegerField()
    errors = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]  # DRF has one of the name

    def represent(self, instance: SyncReport) -> dict[str, Any]:
        counts = instance.counts
        return {**{name: counts[name] for name in SYNCHRONISED}, "errors": list(instance.errors)}


class ImportInput(Input):
    file = FileField()


class FeedOutput(Output):
    """`url`: relative, as it stands; whoever knows it reads the feed without a login."""

    example = {"url": f"/api/v1/feeds/{TOKEN_EXAMPLE}.ics", "created_at": this_moment}

    url = serializers.CharField(allow_null=True)
    created_at = TimestampField(allow_null=True)

    def represent(self, instance: tuple[str, CalendarFeed]) -> dict[str, Any]:
        url, feed = instance
        return {"url": url, "created_at": format_instant(feed.created_at)}


class FeedTokenQuery(Query):
    """What the address of the feed has behind its `?`."""

    example = {"token": TOKEN_EXAMPLE}

    token = serializers.CharField()
