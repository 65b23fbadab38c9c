"""A lecture blocks its room exactly while course, schedule and booking are available."""

import datetime as dt
import itertools

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from allocations.draw import Booked
from allocations.queries.manifest import room_lines
from auditlog.models import LogEntry
from classrooms.models import Occupancy
from classrooms.services.closures import close_rooms
from kernel import clock
from kernel.campus_time import campus_interval
from kernel.errors import Invalid, PermissionDenied
from registrations.services.cancelling import cancel_registration
from tests.allocations.scenes import ended, make_entry, make_event
from tests.factories import make_registration
from tests.factories.timetables import make_course, make_lecture, make_plan, make_semester
from tests.timetables.test_importing import counts
from timetables.models import Course, CourseBooking, CourseSchedule, Semester, Teacher
from timetables.services.editing import RoomsAreTaken, add_row, change_row, restore, withdraw

pytestmark = pytest.mark.usefixtures("document_clock")

DAY = dt.date(2026, 2, 1)
SLOT = "date=2026-02-01&start_time=11:00&end_time=13:00"


@pytest.fixture
def lecture(room):
    return make_lecture(room, make_course(), day=DAY)


def live_as_it_should_be():
    """Every booking's room time, against the three flags."""
    wanted = F("is_available"), F("schedule__is_available"), F("schedule__course__is_available")
    rows = CourseBooking.objects.values_list("occupancy__is_live", *wanted)
    return all(is_live == all(flags) for is_live, *flags in rows)


def actions():
    return list(LogEntry.objects.order_by("id").values_list("action", flat=True))


def rows_of(lecture):
    return {
        Course: lecture.schedule.course_id,
        CourseSchedule: lecture.schedule_id,
        CourseBooking: lecture.pk,
    }


@pytest.mark.parametrize("order", list(itertools.permutations([Course, CourseSchedule, CourseBooking])))
def test_each_of_the_three_hides_the_lecture(lecture, cspace, order):
    for kind in order:
        withdraw(kind=kind, row_ids=[rows_of(lecture)[kind]], by=cspace, now=clock.now())
        assert not Occupancy.objects.get().is_live
        assert live_as_it_should_be()
    for number, kind in enumerate(order, start=1):
        settled = restore(kind=kind, row_ids=[rows_of(lecture)[kind]], by=cspace, now=clock.now())
        assert settled.reclaimed == (number == 3)
        assert Occupancy.objects.get().is_live == (number == 3)
        assert live_as_it_should_be()
    assert actions() == ["timetable.withdrawn"] * 3 + ["timetable.restored"] * 3


def test_withdrawing_again_is_no_command(lecture, cspace):
    for _ in range(2):
        withdraw(kind=Course, row_ids=[lecture.schedule.course_id], by=cspace, now=clock.now())
    assert actions() == ["timetable.withdrawn"]
    assert LogEntry.objects.get().details["released"] == 1


def test_withdrawn_lecture_leaves_its_room_to_others_who_keep_it(lecture, room, team, member, cspace):
    withdraw(kind=Course, row_ids=[lecture.schedule.course_id], by=cspace, now=clock.now())
    held = make_registration(by=member, group=team, classroom=room, day=DAY)
    settled = restore(kind=Course, row_ids=[lecture.schedule.course_id], by=cspace, now=clock.now())
    assert (settled.reclaimed, settled.refused) == (0, 1)
    assert [(conflict.kind, conflict.obstacle_id) for conflict in settled.conflicts] == [("registration", held.pk)]
    lecture.refresh_from_db()
    assert (lecture.is_available, lecture.schedule.course.is_available) == (False, True)
    assert live_as_it_should_be()
    assert LogEntry.objects.filter(action="timetable.restored").get().details["conflicts"] == [
        {
            "line": None,
            "course": "CS-101",
            "room": "Room A",
            "date": "2026-02-01",
            "start_time": "10:00",
            "end_time": "12:00",
            "kind": "registration",
            "registration_id": held.pk,
        }
    ]


def test_restoring_nothing_but_a_taken_booking_is_refused(lecture, room, team, member, cspace):
    withdraw(kind=CourseBooking, row_ids=[lecture.pk], by=cspace, now=clock.now())
    held = make_registration(by=member, group=team, classroom=room, day=DAY)
    before = actions()
    with pytest.raises(RoomsAreTaken):
        restore(kind=CourseBooking, row_ids=[lecture.pk], by=cspace, now=clock.now())
    assert actions() == before
    assert not CourseBooking.objects.get().is_available
    cancel_registration(registration_id=held.pk, by=member, now=clock.now())
    assert restore(kind=CourseBooking, row_ids=[lecture.pk], by=cspace, now=clock.now()).reclaimed == 1


@pytest.mark.parametrize("size", [1, 5])
def test_withdrawing_costs_the_same_for_any_number_of_lectures(room, cspace, size):
    course = make_course()
    for number in range(size):
        make_lecture(room, course, day=DAY + dt.timedelta(days=number))
    with CaptureQueriesContext(connection) as captured:
        withdraw(kind=Course, row_ids=[course.pk], by=cspace, now=clock.now())
    assert len([row for row in captured if "SAVEPOINT" not in row["sql"]]) == 11


def test_registration_over_a_lecture_is_refused(lecture, room, wish, member, api):
    response = api(member).post("registrations/", wish | {"start_time": "11:00", "end_time": "13:00"})
    assert (response.status_code, response.json()) == (
        409,
        {
            "error": "Room is already booked for the requested time",
            "code": "CONFLICT",
            "details": {
                "existing_registration_id": None,
                "conflicts": [
                    {
                        "id": lecture.pk,
                        "kind": "lecture",
                        "date": "2026-02-01",
                        "start_time": "10:00",
                        "end_time": "12:00",
                    }
                ],
            },
        },
    )


def test_lecture_shows_in_agenda_availability_and_free_rooms(lecture, member, api):
    client = api(member)
    agenda = client.get("classrooms/Room A/agenda/?start_date=2026-02-01&end_date=2026-02-01")
    assert agenda.json()["registrations"] == [
        {
            "id": lecture.pk,
            "date": "2026-02-01",
            "start_time": "10:00",
            "end_time": "12:00",
            "status": None,
            "reserved_by": None,
            "reserved_group": None,
            "description": "CS-101 About CS-101",
            "kind": "lecture",
        }
    ]
    available = client.get(f"classrooms/Room A/availability/?{SLOT}").json()
    assert available["is_available"] is False
    assert available["conflicts"] == [{"id": lecture.pk, "start_time": "10:00", "end_time": "12:00"}]
    assert client.get(f"classrooms/free/?{SLOT}").json() == {"results": []}


def test_import_reports_the_registrations_it_meets(rooms, file, run_import, team, member, cspace, contents):
    monday, wednesday = dt.date(2026, 9, 21), dt.date(2026, 12, 16)
    held = make_registration(by=member, group=team, classroom=rooms["Room A"], day=monday, start=9 * 60, end=11 * 60)
    (closure,) = close_rooms(
        by=cspace, now=clock.now(), classrooms=[rooms["Room B"]], interval=campus_interval(wednesday, 480, 600)
    )
    said = run_import(file)
    assert counts(said)["bookings"] == {"created": 14}
    assert counts(said)["conflicts"] == 2
    lines = [line.partition(": ")[2] for line in said.splitlines() if "does not get" in line]
    assert lines == [
        f"CS-101 does not get Room A on 2026-09-21 08:15–10:00: registration {held.pk} is there",
        f"CS-101 does not get Room B on 2026-12-16 09:00–12:00: closure {closure.pk} is there",
    ]
    logged = LogEntry.objects.get(action="timetable.imported").details["conflicts"]
    assert [conflict["registration_id"] for conflict in logged] == [held.pk, None]
    # The same again changes nothing; once the room is free, the lecture gets it.
    before = contents()
    assert counts(run_import(file))["conflicts"] == 2
    assert contents() == before
    cancel_registration(registration_id=held.pk, by=member, now=clock.now())
    assert counts(run_import(file))["bookings"] == {"created": 1, "kept": 14}
    assert live_as_it_should_be()


def test_import_reports_what_stands_where_a_restored_lecture_was(rooms, file, run_import, team, member, contents):
    run_import(file)
    run_import({**file, "weekly": []})
    day = dt.date(2026, 9, 21)
    held = make_registration(by=member, group=team, classroom=rooms["Room A"], day=day, start=9 * 60, end=11 * 60)
    said = run_import(file)
    assert counts(said)["bookings"] == {"kept": 3, "restored": 12}
    assert f"CS-101 does not get Room A on 2026-09-21 08:15–10:00: registration {held.pk} is there" in said
    assert next(line for line in said.splitlines() if "does not get" in line).startswith("line ")
    assert live_as_it_should_be()
    before, logged = contents(), actions()
    assert counts(run_import(file))["bookings"] == {"kept": 15}
    assert (contents(), actions()) == (before, logged)


def test_rows_are_made_and_changed_by_hand_through_services(cspace, stranger):
    now = clock.now()
    ada = add_row(kind=Teacher, by=cspace, now=now, name="Ada")
    course = add_row(kind=Course, by=cspace, now=now, code="CS-1", name="Algorithms", credits=4, teachers=[ada])
    changed = {"name": "Algorithms I", "teachers": []}
    change_row(kind=Course, row_id=course.pk, by=cspace, now=now, **changed)
    change_row(kind=Course, row_id=course.pk, by=cspace, now=now, **changed)
    assert actions() == ["timetable.added", "timetable.added", "timetable.changed"]
    assert LogEntry.objects.latest("id").details == {
        "name": "CS-1 Algorithms I",
        "changes": {"name": ["Algorithms", "Algorithms I"], "teachers": [["Ada"], []]},
    }
    with pytest.raises(Invalid) as refusal:
        add_row(kind=Course, by=cspace, now=now, code="CS-1", name="Again", credits=4)
    assert list(refusal.value.details) == ["code"]
    with pytest.raises(Invalid):
        add_row(
            kind=Semester, by=cspace, now=now, name="x", type="fall", starts_on=DAY, ends_on=DAY - dt.timedelta(days=1)
        )
    for call in (add_row, withdraw):
        with pytest.raises(PermissionDenied):
            call(kind=Teacher, by=stranger, now=now, **({"name": "Bo"} if call is add_row else {"row_ids": [ada.pk]}))
    assert len(actions()) == 3


def test_withdrawn_things_are_in_no_list(lecture, member, cspace, api):
    course = lecture.schedule.course
    plan = make_plan(course, semester=make_semester(starts_on=DAY, ends_on=DAY + dt.timedelta(days=90)))
    client = api(member)
    assert [row["code"] for row in client.get("courses/").json()["results"]] == ["CS-101"]
    withdraw(kind=type(plan.semester), row_ids=[plan.semester_id], by=cspace, now=clock.now())
    assert client.get("study-plans/").json() == {"results": []}
    assert client.get(f"study-plans/{plan.pk}/").json() == {"error": "Study plan not found", "code": "NOT_FOUND"}
    shown = client.get("courses/CS-101/").json()
    assert (shown["semester_type"], shown["study_plans"]) == ("year", [])
    withdraw(kind=Course, row_ids=[course.pk], by=cspace, now=clock.now())
    assert client.get("courses/").json() == {"results": []}
    assert client.get("courses/CS-101/").json() == {"error": "Course not found", "code": "NOT_FOUND"}


def test_lectures_are_booked_lines_of_a_draw(lecture, room, cspace):
    make_lecture(room, make_course("CS-102"), day=DAY, start=660, end=780)
    assert room_lines([room], DAY, DAY).booked == (Booked(room.pk, DAY, 600, 720), Booked(room.pk, DAY, 660, 780))
    withdraw(kind=Course, row_ids=[lecture.schedule.course_id], by=cspace, now=clock.now())
    assert room_lines([room], DAY, DAY).booked == (Booked(room.pk, DAY, 660, 780),)


def test_draw_over_joint_lectures_keeps_clear_of_them(room, team, cspace, member, api):
    event = make_event(cspace, weeks=2)
    monday = event.target_starts_on + dt.timedelta(days=1)
    for code in ("CS-101", "CS-102"):
        make_lecture(room, make_course(code), day=monday)
    entry = make_entry(event, team, room, member, start=600, end=660)
    ended(event, cspace)
    assert api(cspace).post(f"allocation-events/{event.pk}/distribute/").json()["successful_allocations"] == 1
    entry.refresh_from_db()
    won = Occupancy.objects.filter(registration__series=entry.series)
    assert [row.starts_at.date() for row in won] == [monday + dt.timedelta(days=7)]
    assert api(cspace).get(f"allocation-events/{event.pk}/draw/manifest/").status_code == 200
