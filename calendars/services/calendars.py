"""Making, changing and deleting calendars."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings

from accounts.models import User
from accounts.rules import check_cspace
from calendars.enums import CalendarSource
from calendars.facts import CalendarChanged, CalendarCreated, CalendarDeleted
from calendars.models import Calendar, CalendarEvent, CalendarFeed
from calendars.rules.calendars import calendar_faults
from calendars.services.dates import withdraw_dates
from calendars.services.holding import hold_calendar
from calendars.services.rehousing import REHOUSING, rehouse
from calendars.services.sealing import seal
from kernel.calling.destinations import UrlRefused, destination_of, judged_destination
from kernel.changes import changes_between
from kernel.db.constraints import naming
from kernel.db.transactions import transactional
from kernel.errors import AlreadyExists, Invalid, InvalidState
from kernel.facts import publish

PLAIN = (
    *("slug", "name", "classroom", "group", "timezone", "source", "source_url", "source_username", "on_overlap"),
    *("tentative_blocks", "auto_clear", "default_priority", "is_public", "mail_template"),
)
SOURCE = ("source", "source_url", "source_username")
"""Where its events come from: with another one everything is read anew."""


HAS_EVENTS = "It says when the events are whose times name no zone: it stays, once the calendar has events"


class SlugIsTaken(AlreadyExists):
    message = "A calendar with this address already exists"
    field = "slug"


IS_ELSEWHERE = "The kept password is not sent to another server or for another name: enter one, or remove it"


class CalendarHasEvents(InvalidState):
    message = "The calendar has events: make a new one for events from elsewhere"


@transactional
def create_calendar(
    *, by: User, now: datetime, users: Sequence[User] = (), source_secret: str = "", **values: Any
) -> Calendar:
    """A new calendar; `values`: those of `PLAIN`. Publishes `CalendarCreated`.

    Raises: PermissionDenied, Invalid, SlugIsTaken.
    """
    check_cspace(by.access)
    calendar = Calendar(created_at=now, **{name: value for name, value in values.items() if name in PLAIN})
    _check(calendar)
    calendar.source_secret = seal(source_secret)
    with naming({"calendar_slug_is_unique": SlugIsTaken()}):
        calendar.save(force_insert=True)
    calendar.users.set(users)
    publish(CalendarCreated(actor_id=by.pk, occurred_at=now, calendar_id=calendar.pk, slug=calendar.slug))
    return calendar


@transactional
def change_calendar(
    *,
    calendar_id: int,
    by: User,
    now: datetime,
    users: Sequence[User] | None = None,
    source_secret: str | None = None,
    **values: Any,
) -> Calendar:
    """Change what is named. With another room its events give up theirs and claim the new one, by rank; with another
    source all is read anew, and where a password is kept, one is to be said with it ("" for none). Publishes
    `CalendarChanged`, nothing for a no-op.

    Raises: PermissionDenied, CalendarNotFound, Invalid, SlugIsTaken, CalendarHasEvents.
    """
    check_cspace(by.access)
    room = values.get("classroom")
    calendar = hold_calendar(calendar_id, more_rooms=[room.pk] if room is not None else [])
    before = _readable(calendar, users)
    former = {name: getattr(calendar, name) for name in (*SOURCE, *REHOUSING, "timezone")}
    former_room = calendar.classroom_id
    for name, value in values.items():
        if name in PLAIN:
            setattr(calendar, name, value)
    _check(calendar)
    if users is not None:
        calendar.users.set(users)
    if calendar.timezone != former["timezone"] and CalendarEvent.objects.filter(calendar=calendar).exists():
        raise Invalid({"timezone": [HAS_EVENTS]})
    if calendar.source != former["source"] and CalendarEvent.objects.filter(calendar=calendar).exists():
        raise CalendarHasEvents
    is_elsewhere = any(getattr(calendar, name) != former[name] for name in SOURCE)
    if is_elsewhere and source_secret is None and calendar.source_secret:
        raise Invalid({"source_secret": [IS_ELSEWHERE]})
    if is_elsewhere:
        calendar.sync_token = calendar.etag = calendar.source_modified = ""
        calendar.failures, calendar.next_sync_at, calendar.last_error = 0, None, ""
        # Whoever reads the former source at this moment has nothing to write any more; what stands there has no place.
        calendar.lease = calendar.leased_until = None
        CalendarEvent.objects.filter(calendar=calendar).update(href="", etag="", twins={})
    if source_secret is not None:
        calendar.source_secret = seal(source_secret)
    changes = changes_between(before, _readable(calendar, users))
    if calendar.source_url != former["source_url"]:
        changes = {**changes, "source_url": [before["source_url"], _readable(calendar, users)["source_url"]]}
    if source_secret is not None:
        changes = {**changes, "source_secret": ["", "changed"]}
    if not changes:
        return calendar
    with naming({"calendar_slug_is_unique": SlugIsTaken()}):
        calendar.save()
    promoted: Sequence[str] = ()
    if any(getattr(calendar, name) != former[name] for name in REHOUSING):
        promoted = rehouse(calendar, former_room=former_room)
    publish(
        CalendarChanged(
            actor_id=by.pk,
            occurred_at=now,
            calendar_id=calendar.pk,
            slug=calendar.slug,
            changes=changes,
            promoted=promoted,
        )
    )
    return calendar


@transactional
def delete_calendar(*, calendar_id: int, by: User, now: datetime) -> None:
    """Delete a calendar with its events; what waited for their room gets it. A server elsewhere is not told.
    Publishes `CalendarDeleted`.

    Raises: PermissionDenied, CalendarNotFound.
    """
    check_cspace(by.access)
    calendar = hold_calendar(calendar_id)
    events = list(CalendarEvent.objects.filter(calendar=calendar))
    outcome = withdraw_dates(calendar, events)
    CalendarFeed.objects.filter(subject=f"calendar:{calendar.pk}").delete()
    calendar.delete()
    publish(
        CalendarDeleted(
            actor_id=by.pk,
            occurred_at=now,
            calendar_id=calendar_id,
            slug=calendar.slug,
            event_count=len(events),
            promoted=outcome.promoted,
        )
    )


def _check(calendar: Calendar) -> None:
    faults = calendar_faults(
        slug=calendar.slug,
        name=calendar.name,
        timezone=calendar.timezone,
        is_local=calendar.source == CalendarSource.LOCAL,
        source_url=calendar.source_url,
        default_priority=calendar.default_priority,
        zones=available_timezones(),
        url_fault=_url_fault,
    )
    if faults:
        raise Invalid(faults)


def _url_fault(url: str) -> str:
    try:
        judged_destination(url, private_hosts=settings.CALENDAR_ALLOW_PRIVATE_HOSTS)
    except UrlRefused as refusal:
        return str(refusal)
    return ""


def _readable(calendar: Calendar, users: Sequence[User] | None) -> dict[str, Any]:
    """For the log."""
    row = {name: _plain(getattr(calendar, name)) for name in PLAIN}
    if calendar.source_url:  # what stands behind the host may be a secret
        row["source_url"] = destination_of(calendar.source_url).authority
    if users is not None:
        row["users"] = sorted(calendar.users.values_list("username", flat=True))
    return row


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else str(value)
