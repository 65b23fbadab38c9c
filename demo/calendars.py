"""A library with meeting rooms that departments book from their calendars, and a key for a script."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings

from accounts.enums import ApiPermission
from accounts.models import User
from accounts.services.access_keys import issue_api_key
from calendars.rules.wishes import EventWish
from calendars.services.calendars import create_calendar
from calendars.services.creating import create_event
from classrooms.models import Classroom
from demo.campus import LATITUDE, LONGITUDE
from kernel.campus_time import campus_date, campus_interval

BUILDING = "Library"
ROOMS = {"Meeting Room 1": 12, "Meeting Room 2": 8}
"""How many find a seat."""
CALENDARS = {"test-kalender": None, "meeting-room-1": "Meeting Room 1", "meeting-room-2": "Meeting Room 2"}
"""Their rooms."""
USERS = ("john_doe", "ta217")
KEY, OWNER = "secrettoken", "john_doe"
"""As the seed has it; where a token must be hard to guess, there is none."""
EVENTS = (
    ("meeting-room-1", "Finance Monthly", 7, 600, 720, "head-of-finance@my-awesome.org"),
    ("meeting-room-1", "Fundraising Weekly", 7, 540, 1020, "head-of-fundraising@my-awesome.org"),
    ("meeting-room-2", "Workers Council Meeting", 8, 840, 900, "workers-council@my-awesome.org"),
    ("meeting-room-2", "Job Interviews", 8, 870, 960, "head-of-hr@my-awesome.org"),
)
"""(calendar, name, days ahead, first and last minute, organizer); of each two the first has the room."""


def rooms() -> Iterator[dict[str, Any]]:
    """What `create_classroom` takes for each room."""
    for number, (name, capacity) in enumerate(ROOMS.items()):
        yield {
            "name": name,
            "capacity": capacity,
            "floor": 1,
            "type": "meeting room",
            "building": BUILDING,
            "equipment": {"chair": capacity, "display": 1},
            "link": f"https://rooms.example.edu/{quote(name)}",
            "latitude": LATITUDE,
            "longitude": round(LONGITUDE + (number + 30) * 0.0001, 4),
        }


def make_calendars(*, by: User, now: datetime) -> None:
    """With their users, who are there already, and what stands in them."""
    people = list(User.objects.filter(username__in=USERS))
    places = {room.name: room for room in Classroom.objects.filter(name__in=ROOMS)}
    for slug, room in CALENDARS.items():
        create_calendar(
            by=by,
            now=now,
            users=people,
            slug=slug,
            name=room or "Test",
            classroom=places[room] if room else None,
            timezone=settings.CSPACE_TIME_ZONE,
        )
    owner = next(person for person in people if person.username == OWNER)
    for number, (slug, name, days, start, end, organizer) in enumerate(EVENTS):
        moment = now + timedelta(seconds=number)
        span = campus_interval(campus_date(now) + timedelta(days=days), start, end)
        wish = EventWish(name=name, starts_at=span.starts_at, ends_at=span.ends_at, organizer=organizer)
        create_event(slug=slug, by=owner, now=moment, wish=wish)
    if settings.DEBUG:
        permissions = [each.value for each in ApiPermission]
        issue_api_key(by=by, now=now, user_id=owner.pk, name="Demo script", permissions=permissions, token=KEY)
