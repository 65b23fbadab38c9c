"""Which calendars somebody uses, and what stands in them."""

from collections.abc import Collection

from accounts.rules import Access
from calendars.models import Calendar, CalendarEvent
from calendars.querysets import CalendarQuerySet
from calendars.rules.calendars import is_slug
from calendars.rules.numbers import numbers_meant
from kernel.errors import NotFound
from kernel.text import FORBIDDEN_TEXT

LOADED = ("classroom", "group")


class CalendarNotFound(NotFound):
    resource = "Calendar"


class CalendarEventNotFound(NotFound):
    resource = "Event"


def calendar_used_by(access: Access, slug: str) -> Calendar:
    """With its classroom and group. Raises: CalendarNotFound (of somebody else's too)."""
    calendars = Calendar.objects.used_by(access).select_related(*LOADED)
    calendar = calendars.filter(slug=slug).first() if is_slug(slug) else None
    if calendar is None:
        raise CalendarNotFound
    return calendar


def calendars_with(slugs: Collection[str], calendars: CalendarQuerySet[Calendar]) -> list[Calendar]:
    """Those of some that have these addresses. Raises: CalendarNotFound, where one of them is missing."""
    those = list(calendars.filter(slug__in=slugs).order_by("pk")) if all(map(is_slug, slugs)) else []
    if {calendar.slug for calendar in those} != set(slugs):
        raise CalendarNotFound
    return those


def event_called(calendar: Calendar, name: str) -> CalendarEvent:
    """An event that stands in a calendar, by its number, its UUID or its UID. Raises: CalendarEventNotFound."""
    events = CalendarEvent.objects.standing().filter(calendar=calendar)
    event = None if FORBIDDEN_TEXT.search(name) else events.filter(uid=name).first()
    for number in numbers_meant(name) if event is None else ():
        event = event or events.filter(public_id=number).first()
    if event is None:
        raise CalendarEventNotFound
    event.calendar = calendar
    return event
