"""Whatever happens in calendars of rooms with common parts, room time is the truth; nobody waits for a free room."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection

from calendars.enums import CalendarSource, OccurrenceState
from calendars.models import Calendar, CalendarEvent, CalendarOccurrence
from calendars.services.calendars import change_calendar, delete_calendar
from calendars.services.clearing import clear_calendars
from calendars.services.creating import delete_event
from calendars.services.promoting import PROMOTE, promote_waiting
from calendars.services.syncing import import_file
from classrooms.models import Occupancy
from classrooms.services.closures import close_rooms, lift_closure
from classrooms.services.parts import PartsClash
from classrooms.services.room_time import RoomAlreadyBooked
from classrooms.services.rooms import change_classroom, create_classroom
from kernel import clock
from kernel.campus_time import Interval
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from tests.calendars.files import calendar_text, event_text
from tests.calendars.test_events import hours
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.factories.calendars import enter, make_calendar

pytestmark = pytest.mark.django_db
STEPS = 40
LIVE, CONFLICTING = OccurrenceState.LIVE, OccurrenceState.CONFLICTING
IN_THE_WAY = """
SELECT EXISTS (SELECT FROM classrooms_occupancy AS held
                WHERE held.is_live AND held.classroom_id = %s AND held.starts_at < %s AND held.ends_at > %s)
"""
JOBS = "DELETE FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo' RETURNING args ->> 'classroom_id'"


class Campus:
    """A hall of two rooms, one more room, a wing of which rooms become parts, and calendars of them and of none."""

    def __init__(self, seed):
        self.dice, self.number = random.Random(seed), 0
        self.leader, self.group = make_user(), make_group()
        join(self.leader, cspace_group())
        join(self.leader, self.group)
        self.began = clock.now()
        parts = [make_classroom(), make_classroom()]
        hall = create_classroom(by=self.leader, now=self.began, name=f"Hall {seed}", capacity=90, floor=1, parts=parts)
        wing = create_classroom(by=self.leader, now=self.began, name=f"Wing {seed}", capacity=90, floor=1)
        self.rooms = [*parts, hall, make_classroom(), wing]
        self.calendars = [make_calendar(classroom=room) for room in (*self.rooms, hall, None)]
        self.booked, self.closures = [], []

    def now(self):
        self.number += 1
        return self.began + timedelta(seconds=self.number)

    def span(self):
        first = self.dice.randrange(8, 18)
        return hours(first, first + self.dice.randrange(1, 4), days=self.dice.choice([3, 4]))

    def enter(self):
        options = self.dice.choice([{}, {}, {"rrule": "FREQ=DAILY;COUNT=2"}])
        name = f"event {self.number}"
        enter(self.dice.choice(self.calendars), self.span(), by=self.leader, now=self.now(), name=name, **options)

    def load(self):
        calendar, events = self.dice.choice(self.calendars), []
        for _ in range(self.dice.randrange(1, 5)):
            span = self.span()
            start, end = (f"{moment:%Y%m%dT%H%M%S}" for moment in (span.starts_at, span.ends_at))
            more = self.dice.choice([[], ["STATUS:TENTATIVE"], ["TRANSP:TRANSPARENT"], ["STATUS:CANCELLED"]])
            uid = f"{calendar.slug}-{self.dice.randrange(6)}"
            events.append(event_text(uid, start, end, *more, zone="UTC"))
        import_file(slug=calendar.slug, by=self.leader, now=self.now(), data=calendar_text(*events).encode())

    def delete(self):
        event = CalendarEvent.objects.order_by("?").first()
        if event is not None:
            delete_event(slug=event.calendar.slug, name=event.uid, by=self.leader, now=self.now())

    def clear(self):
        chosen = self.dice.sample(self.calendars, self.dice.randrange(1, len(self.calendars)))
        cleared = clear_calendars(chosen, by=self.leader, now=self.began, is_test=False)
        gone = [*cleared.overlapping, *cleared.dates]
        assert all(has_its_time(item.winner) for item in gone)
        left_alone = {(item.calendar, item.use.uid, item.use.interval) for item in cleared.ignored}
        assert left_alone.isdisjoint((item.calendar, item.use.uid, item.use.interval) for item in gone)
        again = clear_calendars(chosen, by=self.leader, now=self.began, is_test=False)
        assert (again.cancelled, again.overlapping, again.dates) == ([], [], [])

    def book(self):
        span, room = self.span(), self.dice.choice(self.rooms)
        slot = slot_of(span)
        try:
            made = book(by=self.leader, now=self.began, classroom=fresh(room), group_id=self.group.pk, slot=slot)
        except RoomAlreadyBooked:
            return
        self.booked.append(made.pk)

    def cancel(self):
        if self.booked:
            pk = self.booked.pop(self.dice.randrange(len(self.booked)))
            cancel_registration(registration_id=pk, by=self.leader, now=self.began)

    def close(self):
        room = self.dice.choice(self.rooms)
        try:
            made = close_rooms(by=self.leader, now=self.began, classrooms=[room], interval=self.span())
        except RoomAlreadyBooked:
            return
        self.closures += [(closure.pk, room) for closure in made]

    def lift(self):
        if self.closures:
            pk, room = self.closures.pop()
            lift_closure(closure_id=pk, classroom=room, by=self.leader, now=self.began)

    def change(self):
        calendar = self.dice.choice(self.calendars)
        values = self.dice.choice(
            [
                {"classroom": self.dice.choice([*self.rooms, None])},
                {"tentative_blocks": self.dice.random() < 0.5},
            ]
        )
        change_calendar(calendar_id=calendar.pk, by=self.leader, now=self.now(), **values)
        self.calendars = list(Calendar.objects.order_by("pk"))

    def divide(self):
        """Rooms consist of others from now on."""
        left, right, hall, room, wing = self.rooms
        whole, parts = self.dice.choice([(hall, [left, right]), (hall, [right]), (wing, [right, room]), (wing, [room])])
        with suppress(PartsClash):
            change_classroom(classroom_id=whole.pk, by=self.leader, now=self.began, parts=parts)

    def replace(self):
        if self.dice.random() < 0.3:
            calendar = self.calendars.pop(self.dice.randrange(len(self.calendars)))
            delete_calendar(calendar_id=calendar.pk, by=self.leader, now=self.now())
            self.calendars.append(make_calendar(classroom=calendar.classroom))


def promote_all():
    """What the worker does: the jobs that triggers have left."""
    with connection.cursor() as cursor:
        cursor.execute(JOBS, [PROMOTE.name])
        rooms = [int(room) for (room,) in cursor.fetchall()]
    for room in rooms:
        promote_waiting(now=clock.now(), classroom_id=room)


def has_its_time(use):
    """Whether it is live."""
    dates = CalendarOccurrence.objects.filter(event__uid=use.uid, starts_at=use.interval.starts_at, state=LIVE)
    rows = Occupancy.objects.live().filter(starts_at=use.interval.starts_at).exclude(kind="calendar")
    return dates.exists() or use.uid in {f"{row.kind}-{row.pk}" for row in rows}


def slot_of(span):
    from kernel.campus_time import campus_date, campus_minute

    return Slot(campus_date(span.starts_at), campus_minute(span.starts_at), campus_minute(span.ends_at))


def fresh(room):
    from classrooms.queries.rooms import room_as_it_is

    return room_as_it_is(room)


def check(campus):
    dates = list(CalendarOccurrence.objects.select_related("occupancy", "event__calendar").order_by("pk"))
    for date in dates:
        calendar = date.event.calendar
        assert date.has_room == (calendar.classroom_id is not None)
        assert (date.occupancy is not None) == (date.has_room and date.state in (LIVE, CONFLICTING))
        if date.occupancy is not None:
            row = date.occupancy
            assert (row.is_live, row.classroom_id) == (date.state == LIVE, calendar.classroom_id)
            assert (row.starts_at, row.ends_at) == (date.starts_at, date.ends_at)
        if date.state == CONFLICTING and date.has_room:
            with connection.cursor() as cursor:
                cursor.execute(IN_THE_WAY, [calendar.classroom_id, date.ends_at, date.starts_at])
                assert cursor.fetchone() == (True,), (date, calendar)
    uses = Occupancy.objects.filter(kind="calendar", main=None)
    assert set(uses.values_list("pk", flat=True)) == {date.occupancy_id for date in dates if date.occupancy_id}
    check_calendars_without_rooms(dates)


def check_calendars_without_rooms(dates):
    for calendar in {date.event.calendar for date in dates if not date.has_room}:
        live, waiting = (
            [
                Interval(date.starts_at, date.ends_at)
                for date in dates
                if date.event.calendar == calendar and date.state == state
            ]
            for state in (LIVE, CONFLICTING)
        )
        assert not any(clash(one, other) for place, one in enumerate(live) for other in live[:place])
        assert all(any(clash(one, other) for other in live) for one in waiting)


def clash(one, other):
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


@pytest.mark.parametrize("seed", range(8))
def test_room_time_is_the_truth(seed):
    campus = Campus(seed)
    words = ["enter"] * 6 + ["load"] * 4 + ["delete"] * 3 + ["clear", "book", "book", "cancel", "close", "lift"]
    words += ["change", "change", "replace", "divide", "divide"]
    for _ in range(STEPS):
        getattr(campus, campus.dice.choice(words))()
        promote_all()
        check(campus)
    assert Calendar.objects.filter(source=CalendarSource.LOCAL).count() == len(campus.calendars)
