"""What `make run` prints once it answers: where everything is, and on the demo campus a booking to try."""

import json
import shlex
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.conf import settings

from accounts.rules import Access
from classrooms.models import BookingHold, Classroom
from classrooms.queries.free_rooms import free_during, not_while
from classrooms.rules import slot_faults
from groups.models import UserGroup
from kernel.campus_time import campus_date, campus_interval, format_minute
from kernel.dates import horizon_days

DEMO_ACCOUNTS = ("admin", "ta217", "johndoe", "john_doe", "hsinmu", "hil", "stranger")
DEMO_PASSWORD = "cspace-demo"  # noqa: S105
BOOKER = "johndoe"
DAYS_AHEAD = 30
MAX_DAYS = 90
"""So many days are looked at; a campus without an evening in all of them gets no example."""
FROM, UNTIL = 19 * 60, 21 * 60


def invitation(url: str, *, now: datetime) -> Iterator[str]:
    """Line by line, for somebody who sees this server for the first time; the first ones need no database."""
    yield f"\nCSpace is at {url}   stop: Ctrl-C"
    yield f"  rooms and timetables   {url}/static/occupancy/index.html"
    yield f"  admin                  {url}/admin/"
    yield f"  API documentation      {url}/api/docs/"
    yield "  Not a production: whoever reaches it directly can hold its threads (docs/operations.md)."
    booker = _booker() if settings.DEBUG else None
    if booker is None:
        return
    yield f"Demo accounts: {', '.join(DEMO_ACCOUNTS)}; password {DEMO_PASSWORD}"
    if slot := free_slot(booker.user.access, now=now):
        yield f"Book a room:\n{_booking(url, booker.group_id, *slot)}\n"


def free_slot(access: Access, *, now: datetime) -> tuple[str, date] | None:
    """(room, date) of an evening that the caller may book: a month ahead or later, else as late as may be."""
    holds = BookingHold.objects.binding(access)
    for days in _days(horizon_days()):
        day = campus_date(now) + timedelta(days=days)
        if slot_faults(now=now, day=day, start_minute=FROM, end_minute=UNTIL):
            continue
        evening = campus_interval(day, FROM, UNTIL)
        if room := not_while(free_during(Classroom.objects.in_order(), evening), holds.over(evening)).first():
            return room.name, day
    return None


def _days(latest: int) -> Iterator[int]:
    yield from range(DAYS_AHEAD, min(latest, DAYS_AHEAD + MAX_DAYS) + 1)
    yield from range(min(latest, DAYS_AHEAD - 1), -1, -1)


def _booker() -> UserGroup | None:
    """A place in a group of the demo's John Doe, if he is there and can log in as is printed."""
    places = UserGroup.objects.living().filter(user__username=BOOKER, user__is_active=True)
    place = places.select_related("user").order_by("group__is_system", "pk").first()
    return place if place is not None and place.user.check_password(DEMO_PASSWORD) else None


def _booking(url: str, group_id: int, room: str, day: date) -> str:
    """One shell command that logs in and books: nothing in it means more to a shell than its letters."""
    login = json.dumps({"username": BOOKER, "password": DEMO_PASSWORD})
    wish = {
        "classroom": room,
        "group_id": group_id,
        "date": day.isoformat(),
        "start_time": format_minute(FROM),
        "end_time": format_minute(UNTIL),
        "description": "Study group",
    }
    body = shlex.quote(json.dumps(wish, ensure_ascii=False))
    kind = "-H 'Content-Type: application/json'"
    token = f"curl -s {shlex.quote(f'{url}/api/v1/auth/token/')} {kind} -d {shlex.quote(login)} | cut -d'\"' -f4"
    place = shlex.quote(f"{url}/api/v1/registrations/")
    return f'curl -i {place} {kind} \\\n  -H "Authorization: Bearer $({token})" \\\n  -d {body}'
