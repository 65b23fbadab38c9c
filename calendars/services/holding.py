"""Who writes in a calendar holds it, then its room."""

from collections.abc import Iterable

from accounts.rules import Access
from calendars.models import Calendar
from calendars.queries.calendars import CalendarNotFound
from calendars.querysets import CalendarQuerySet
from classrooms.services.room_holding import hold_rooms


def hold_calendar(calendar_id: int, *, more_rooms: Iterable[int] = ()) -> Calendar:
    """The calendar as it is, held until the transaction ends, with its room. Raises: CalendarNotFound."""
    return _only(hold_calendars([calendar_id], more_rooms=more_rooms))


def hold_calendar_used_by(access: Access, slug: str) -> Calendar:
    """The same of one that somebody uses, by its slug. Raises: CalendarNotFound (of somebody else's too)."""
    return _only(_hold(Calendar.objects.used_by(access).filter(slug=slug)))


def hold_calendars(calendar_ids: Iterable[int], *, more_rooms: Iterable[int] = ()) -> list[Calendar]:
    """Several, in ascending order; then their rooms, and others. Ids that nobody has are missing."""
    return _hold(Calendar.objects.filter(pk__in=set(calendar_ids)), more_rooms)


def _hold(rows: CalendarQuerySet[Calendar], more_rooms: Iterable[int] = ()) -> list[Calendar]:
    """In ascending order; then their rooms, and others."""
    rows = rows.select_for_update(no_key=True, of=("self",)).select_related("group", "classroom")
    calendars = list(rows.order_by("pk"))
    rooms = {calendar.classroom_id for calendar in calendars if calendar.classroom_id is not None}
    if rooms := rooms | set(more_rooms):
        hold_rooms(rooms)
    return calendars


def _only(calendars: list[Calendar]) -> Calendar:
    """Raises: CalendarNotFound."""
    if not calendars:
        raise CalendarNotFound
    return calendars[0]
