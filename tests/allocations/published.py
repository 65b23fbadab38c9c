"""A draw held over HTTP in which everything occurs that a draw can tell of, and what anybody then downloads of it."""

from collections.abc import Sequence
from datetime import date

from accounts.models import User
from allocations.models import AllocationEvent
from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.services.closures import close_rooms
from kernel import clock
from kernel.campus_time import days_interval, wall_instant
from tests.allocations.scenes import MONDAY, TUESDAY, WEDNESDAY, dates, make_entry, make_event
from tests.conftest import Api
from tests.factories import cspace_group, join, make_classroom, make_group, make_user

ZONE = "Europe/Berlin"
"""Where 2026-03-29 has no time from 02:00 to 03:00."""
FIRST, WEEKS = date(2026, 3, 15), 4
SALT = "dice at the desk: 6 3 – “ü”"
SUNDAY, THURSDAY, FRIDAY = 1, 5, 6


def download() -> dict[str, bytes]:
    """draw.py, manifest.tsv, draw.json, result.tsv. The clock stands before March 2026, the campus is in ZONE."""
    cspace = make_user("cspace_member")
    join(cspace, cspace_group())
    event = make_event(cspace, starts_on=FIRST, weeks=WEEKS, public_source="dice", min_percent=25, max_wins_per_group=3)
    path, admin = f"allocation-events/{event.pk}/", Api(cspace)
    approved, rejected, weights = file_entries(event, cspace)
    commands = [
        admin.put(f"{path}weights/", weights),
        admin.post(f"{path}registrations/{approved}/approve/"),
        admin.post(f"{path}registrations/{rejected}/reject/"),
        admin.post(f"{path}end/"),
        admin.post(f"{path}distribute/", {"public_value": SALT}),
    ]
    assert [answer.status_code for answer in commands] == [200] * 5
    files = {"draw.py": "verifier/", "manifest.tsv": "manifest/", "draw.json": "", "result.tsv": "result/"}
    return {file: admin.get(f"{path}draw/{name}").content for file, name in files.items()}


def file_entries(event: AllocationEvent, by: User) -> tuple[int, int, dict[str, int]]:
    """(one to approve, one to reject, weights)."""
    first, second, third, fourth = (make_group() for _ in range(4))
    room, other = make_classroom(), make_classroom()
    fridays = dates(FIRST, FRIDAY, WEEKS)
    occupy(room, fridays[1:2], 600, 630)
    occupy(other, dates(FIRST, THURSDAY, WEEKS), 660, 690)
    close_rooms(by=by, now=clock.now(), classrooms=[room], interval=days_interval(fridays[2], fridays[2]))
    make_entry(event, first, room, by, day=MONDAY, start=600, end=720)
    make_entry(event, second, room, by, day=MONDAY, start=660, end=780)
    approved = make_entry(event, third, room, by, day=TUESDAY)
    make_entry(event, first, room, by, day=TUESDAY, start=630, end=690)
    rejected = make_entry(event, third, other, by, day=TUESDAY)
    make_entry(event, fourth, room, by, day=WEDNESDAY, choice=1)
    make_entry(event, fourth, other, by, day=WEDNESDAY, choice=1, rank=2)
    make_entry(event, second, room, by, day=SUNDAY, start=130, end=175)
    make_entry(event, first, room, by, day=FRIDAY)
    make_entry(event, first, other, by, day=THURSDAY, start=660, end=720)
    for start in (600, 660, 720, 780):
        make_entry(event, third, other, by, day=MONDAY, start=start, end=start + 60, rank=3)
    return approved.pk, rejected.pk, {str(second.pk): 2, str(fourth.pk): 8}


def occupy(room: Classroom, days: Sequence[date], start: int, end: int) -> None:
    for day in days:
        Occupancy.objects.create(
            classroom=room,
            starts_at=wall_instant(day, start),
            ends_at=wall_instant(day, end),
            kind=OccupancyKind.CALENDAR,
        )
