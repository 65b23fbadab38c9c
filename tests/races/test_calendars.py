"""Events, bookings and clearing at once in one room: nothing overlaps, nothing is lost, nobody waits in a circle."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from auditlog.models import LogEntry
from calendars.enums import OccurrenceState
from calendars.models import CalendarEvent, CalendarOccurrence
from calendars.services.clearing import clear_calendars
from calendars.services.creating import delete_event
from calendars.services.promoting import promote_waiting
from classrooms.models import Occupancy
from classrooms.services.room_time import RoomAlreadyBooked
from kernel import clock
from kernel.campus_time import campus_date, campus_interval
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from tests.factories import join, make_classroom, make_group, make_user
from tests.factories.calendars import enter, make_calendar
from tests.races.test_registrations import deadlocks
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
THREADS, TRIES = 8, 25
OVERLAPS = """
SELECT count(*) FROM classrooms_occupancy a JOIN classrooms_occupancy b
  ON a.id < b.id AND a.classroom_id = b.classroom_id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
 WHERE a.is_live AND b.is_live AND a.share <> b.share
"""


def rows(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


class User:
    """Somebody who enters, deletes and clears at random in calendars of the same room, and books it."""

    def __init__(self, seed, room, group):
        self.dice, self.room, self.group = random.Random(seed), room, group
        self.person = make_user()
        join(self.person, group)
        self.calendar = make_calendar(users=[self.person], classroom=room)
        self.entered, self.deleted, self.cleared, self.held = set(), set(), set(), []
        self.answers = Counter()

    def play(self):
        for number in range(TRIES):
            word = self.dice.choice(["enter"] * 4 + ["delete", "clear", "clear", "book", "cancel", "promote"])
            self.answers[word] += getattr(self, f"_{word}")(number) is not None
        return self

    def _slot(self):
        first = self.dice.randrange(16, 40)
        return first, first + self.dice.randrange(1, 5)

    def _day(self):
        return campus_date(clock.now()) + timedelta(days=3)

    def _enter(self, number):
        first, last = self._slot()
        span = campus_interval(self._day(), 30 * first, 30 * last)
        created = enter(self.calendar, span, by=self.person, name=f"{self.calendar.slug} {number}")
        self.entered.add(created.event.uid)
        return created

    def _delete(self, number):
        uids = sorted(self.entered - self.deleted - self.cleared)
        if not uids:
            return None
        uid = self.dice.choice(uids)
        self.deleted.add(uid)
        return delete_event(slug=self.calendar.slug, name=uid, by=self.person, now=clock.now())

    def _clear(self, number):
        result = clear_calendars([self.calendar], by=self.person, now=clock.now(), is_test=False)
        self.cleared |= {item.use.uid for item in result.overlapping}
        return result

    def _book(self, number):
        first, last = self._slot()
        slot = Slot(self._day(), 30 * first, 30 * last)
        try:
            made = book(by=self.person, now=clock.now(), classroom=self.room, group_id=self.group.pk, slot=slot)
        except RoomAlreadyBooked:
            return None
        self.held.append(made.pk)
        return made

    def _cancel(self, number):
        if not self.held:
            return None
        pk = self.held.pop()
        return cancel_registration(registration_id=pk, by=self.person, now=clock.now())

    def _promote(self, number):
        return promote_waiting(now=clock.now(), classroom_id=self.room.pk) or None


@pytest.mark.parametrize("is_divided", [False, True])
def test_events_registrations_and_clearing_at_once(is_divided):
    before, room, group = deadlocks(), make_classroom(), make_group()
    if is_divided:
        make_hall(room)
    users = [User(seed, room, group) for seed in range(THREADS)]
    results = at_once(*[user.play for user in users])
    assert raised(results) == [], results
    assert rows(OVERLAPS) == [(0,)]
    assert deadlocks() == before
    for user in users:
        there = set(CalendarEvent.objects.filter(calendar=user.calendar).values_list("uid", flat=True))
        assert there == user.entered - user.deleted - user.cleared
    check_truth()
    words = LogEntry.objects.values_list("action", flat=True)
    said, done = Counter(words), Counter[str]()
    for user in users:
        done += user.answers
    assert said["calendar_event.created"] == done["enter"] == sum(len(user.entered) for user in users)
    assert said["calendar_event.deleted"] == done["delete"]
    assert said["calendar_event.cleared"] == sum(len(user.cleared) for user in users)


def make_hall(room):
    """The room becomes a part of a hall."""
    from classrooms.services.rooms import create_classroom
    from tests.factories import cspace_group

    leader = make_user()
    join(leader, cspace_group())
    create_classroom(by=leader, now=clock.now(), name="Hall", capacity=90, floor=1, parts=[room, make_classroom()])


def check_truth():
    """Room time says the same as the dates, and nobody waits for a room that is free."""
    dates = list(CalendarOccurrence.objects.select_related("occupancy", "event__calendar"))
    for date in dates:
        assert (date.occupancy is None) == (date.state not in ("live", "conflicting"))
        if date.occupancy is not None:
            assert date.occupancy.is_live == (date.state == OccurrenceState.LIVE)
            assert (date.starts_at, date.ends_at) == (date.occupancy.starts_at, date.occupancy.ends_at)
            assert date.occupancy.classroom_id == date.event.calendar.classroom_id
    uses = Occupancy.objects.filter(kind="calendar", main=None)
    assert uses.count() == sum(date.occupancy is not None for date in dates)


def test_two_who_reject_what_overlaps_never_both_enter():
    room = make_classroom()
    users = [User(seed, room, make_group()) for seed in range(THREADS)]
    for user in users:
        user.calendar.on_overlap = "reject"
        user.calendar.save()
    for number in range(10):
        span = campus_interval(campus_date(clock.now()) + timedelta(days=4 + number), 600, 660)
        results = at_once(*[lambda user=user, span=span: enter(user.calendar, span, by=user.person) for user in users])
        assert len(raised(results)) == THREADS - 1
    assert CalendarEvent.objects.count() == 10
    check_truth()
