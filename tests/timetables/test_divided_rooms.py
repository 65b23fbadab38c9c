"""Lectures in rooms that consist of rooms, and beside bookings with buffers."""

import datetime as dt

import pytest

from auditlog.models import LogEntry
from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from classrooms.rules import Buffers
from kernel import clock
from kernel.campus_time import campus_minute
from registrations.services.booking import Slot, book
from tests.classrooms.divided import make_hall
from tests.factories import make_registration
from tests.policies.scenes import time_kept
from tests.timetables.test_importing import counts
from timetables.models import Course, CourseBooking
from timetables.services.editing import restore, withdraw

pytestmark = pytest.mark.usefixtures("document_clock")
DAY = dt.date(2026, 9, 14)


@pytest.fixture
def hall(db):
    return make_hall()


def lectures(*rows):
    """A file with a course for each lecture: (rooms, start, end)."""
    return {
        "semesters": [{"name": "2026", "type": "fall", "starts_on": "2026-09-14", "ends_on": "2026-12-18"}],
        "courses": [{"code": f"C{n}", "name": f"Course {n}", "credits": 6} for n in range(len(rows))],
        "lectures": [
            {"course": f"C{n}", "date": str(DAY), "start": start, "end": end, "label": "cours", "rooms": rooms}
            for n, (rooms, start, end) in enumerate(rows)
        ],
    }


def live(room):
    rows = Occupancy.objects.live().filter(classroom=room).order_by("starts_at", "id")
    return [(row.kind, campus_minute(row.starts_at), campus_minute(row.ends_at)) for row in rows]


def test_they_take_what_is_inside_and_mark_what_overlaps(run_import, hall):
    said = run_import(lectures((["ab"], "08:00", "10:00"), (["c"], "08:00", "10:00")))
    assert counts(said)["bookings"]["created"] == 2
    kinds = {name: sorted({kind for kind, *_ in live(room)}) for name, room in hall.items()}
    assert kinds == {
        **{name: ["lecture"] for name in ("ab", "a", "b", "c")},
        **{name: ["part"] for name in ("abc", "bc")},
    }
    again = run_import(lectures((["ab"], "08:00", "10:00"), (["c"], "08:00", "10:00")))
    assert counts(again)["bookings"]["kept"] == 2


def test_the_first_of_two_that_overlap_gets_its_room(run_import, hall):
    said = run_import(lectures((["bc"], "08:00", "10:00"), (["ab"], "09:00", "11:00"), (["a"], "08:00", "09:00")))
    assert (counts(said)["bookings"]["created"], counts(said)["conflicts"]) == (2, 1)
    assert "C0 does not get bc" in said or "C1 does not get ab" in said
    assert {kind for kind, *_ in live(hall["b"])} == {"lecture"}


def test_joint_lectures_of_one_room_stand_together(run_import, hall):
    said = run_import(lectures((["ab"], "08:00", "10:00"), (["ab"], "08:00", "10:00")))
    assert (counts(said)["bookings"]["created"], counts(said)["conflicts"]) == (2, 0)
    assert live(hall["a"]) == [("lecture", 480, 600)] * 2


def test_what_is_booked_in_a_whole_stands_in_the_way(run_import, hall, member, team):
    held = make_registration(by=member, group=team, classroom=hall["abc"], day=DAY, start=540, end=600)
    said = run_import(lectures((["a"], "08:00", "10:00")))
    assert f"C0 does not get a on {DAY} 08:00–10:00: registration {held.pk} is there" in said
    assert CourseBooking.objects.count() == 0


def test_withdrawn_and_restored_they_give_up_and_take_all_of_it(run_import, hall, cspace):
    run_import(lectures((["ab"], "08:00", "10:00"), (["b"], "10:00", "12:00")))
    courses = list(Course.objects.values_list("pk", flat=True))
    before = {name: live(room) for name, room in hall.items()}
    withdraw(kind=Course, row_ids=courses, by=cspace, now=clock.now())
    assert not Occupancy.objects.live().exists()
    settled = restore(kind=Course, row_ids=courses, by=cspace, now=clock.now())
    assert (settled.reclaimed, settled.refused) == (2, 0)
    assert {name: live(room) for name, room in hall.items()} == before


def test_of_two_that_come_back_into_overlapping_rooms_one_does(run_import, hall, cspace):
    run_import(lectures((["ab"], "08:00", "10:00"), (["b"], "10:00", "12:00")))
    courses = list(Course.objects.order_by("code").values_list("pk", flat=True))
    withdraw(kind=Course, row_ids=courses, by=cspace, now=clock.now())
    early = CourseBooking.objects.get(schedule__course__code="C0").occupancy
    for row in (CourseBooking.objects.get(schedule__course__code="C1"),):
        row.schedule.starts_at, row.schedule.ends_at = early.starts_at, early.ends_at
        row.schedule.save()
        Occupancy.objects.filter(pk=row.pk).update(starts_at=early.starts_at, ends_at=early.ends_at)
    settled = restore(kind=Course, row_ids=courses, by=cspace, now=clock.now())
    assert (settled.reclaimed, settled.refused, len(settled.conflicts)) == (1, 1, 1)
    assert sorted(CourseBooking.objects.values_list("is_available", "occupancy__is_live")) == [
        (False, False),
        (True, True),
    ]


@pytest.mark.parametrize("name", ["plain", "a"])
def test_buffers_give_way_and_the_report_says_so(run_import, hall, room, member, team, cspace, name):
    where = hall.get(name, room)
    place = hall["ab"] if name == "a" else room
    with time_kept(member, Buffers(0, 30)):
        held = book(by=member, now=clock.now(), classroom=place, group_id=team.pk, slot=Slot(DAY, 600, 660))
    file = lectures(([where.name], "11:15", "12:00"))
    said = run_import(file)
    assert (counts(said)["bookings"]["created"], counts(said)["conflicts"]) == (1, 0)
    assert f"bookings with less buffer: 1 ({held.pk})" in said
    assert LogEntry.objects.latest("id").details["shortened_buffers"] == [held.pk]
    assert ("buffer", 660, 675) in live(where)
    courses = list(Course.objects.values_list("pk", flat=True))
    withdraw(kind=Course, row_ids=courses, by=cspace, now=clock.now())
    assert [row for row in live(where) if row[0] == OccupancyKind.BUFFER] == [("buffer", 660, 675)]
