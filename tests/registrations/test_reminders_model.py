"""Random days of bookings, decisions, moves and the clock against a model that is written from the contract."""

import datetime as dt
from dataclasses import dataclass, field

from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.models import Preferences
from notifications.models import Notification
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from registrations.services.changing import RegistrationChange, change_registration
from registrations.services.deciding import approve_registration, reject_registration
from registrations.services.reminding import forget_reminders, remind_people
from tests.factories import cspace_group, join, make_classroom, make_group, make_user

BEGIN = dt.datetime(2026, 1, 20, 2, tzinfo=dt.UTC)
"""10:00 in Taipei."""
HOUR = dt.timedelta(hours=1)


@dataclass
class Booking:
    starts_at: dt.datetime
    made_at: dt.datetime
    status: str
    is_free: bool
    """Its room grants everything."""
    notices: set = field(default_factory=set)
    """(what it was reminded of as, start)"""


class Naive:
    """Every booking, looked at each time."""

    def __init__(self):
        self.now, self.hours, self.bookings = BEGIN, 24, []

    def remind(self):
        """(place of the booking, kind) of what is new."""
        news = []
        for place, row in enumerate(self.bookings):
            for kind, status, hours in (("reminder", "approved", self.hours), ("waiting", "pending", 48)):
                if row.status != status or hours is None or not row.starts_at > self.now:
                    continue
                due_at = row.starts_at - hours * HOUR
                if row.made_at <= due_at <= self.now and (kind, row.starts_at) not in row.notices:
                    row.notices.add((kind, row.starts_at))
                    news.append((place, kind))
        return sorted(news)


class Real:
    def __init__(self):
        self.person, self.decider, self.group = make_user(), make_user(), make_group()
        join(self.person, self.group)
        join(self.decider, cspace_group())
        self.ids = []

    def book(self, now, slot, is_free):
        room = make_classroom(auto_approve=is_free)
        row = book(by=self.person, now=now, classroom=room, group_id=self.group.pk, slot=slot)
        self.ids.append(row.pk)

    def remind(self, now):
        before = Notification.objects.count()
        number = remind_people(now=now)
        rows = Notification.objects.order_by("id")[before:]
        places = {f"registration:{pk}": place for place, pk in enumerate(self.ids)}
        mine = [(places[row.target], row.kind.split(".")[1]) for row in rows if row.user_id == self.person.pk]
        of_cspace = [places[row.target] for row in rows if row.user_id == self.decider.pk]
        assert (len(mine), of_cspace) == (number, [place for place, kind in mine if kind == "waiting"])
        return sorted(mine)


PLACES = st.integers(0, 5)
WHEN = st.tuples(st.integers(0, 8), st.integers(0, 23))
STEPS = st.one_of(
    st.tuples(st.just("book"), WHEN, st.booleans()),
    st.tuples(st.sampled_from(["approve", "reject", "cancel"]), PLACES),
    st.tuples(st.just("move"), PLACES, WHEN, st.booleans()),
    st.tuples(st.just("hours"), st.sampled_from([None, 1, 24, 48, 168])),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 59, 60, 600, 1440, 1441, 4000])),
    st.tuples(st.just("forget")),
)


def slot_of(now, when):
    day, hour = when
    return Slot((now + 8 * HOUR).date() + dt.timedelta(days=day), 60 * hour, 60 * hour + 60)


def step(naive, real, name, *arguments):
    """Do one thing to both, where it may be done."""
    now = naive.now
    if name == "book":
        when, is_free = arguments
        slot = slot_of(now, when)
        if slot.interval().starts_at > now:
            real.book(now, slot, is_free)
            status = "approved" if is_free else "pending"
            naive.bookings.append(Booking(slot.interval().starts_at, now, status, is_free))
    elif name == "wait":
        naive.now += dt.timedelta(minutes=arguments[0])
        assert real.remind(naive.now) == naive.remind()
    elif name == "hours":
        naive.hours = arguments[0]
        Preferences.objects.update_or_create(user=real.person, defaults={"reminder_hours": naive.hours})
    elif name == "forget":
        forget_reminders(now=now)
    elif arguments[0] < len(naive.bookings) and naive.bookings[arguments[0]].starts_at > now:
        change(naive, real, name, *arguments)


def change(naive, real, name, place, *arguments):
    row, pk, now = naive.bookings[place], real.ids[place], naive.now
    if row.status == "cancelled":
        return
    if name == "approve":
        approve_registration(registration_id=pk, by=real.decider, now=now)
        row.status = "approved"
    elif name == "reject":
        reject_registration(registration_id=pk, by=real.decider, now=now)
        row.status = "rejected"
    elif name == "cancel":
        cancel_registration(registration_id=pk, by=real.decider, now=now)
        row.status = "cancelled"
    elif row.status != "rejected":
        when, is_by_cspace = arguments
        slot = slot_of(now, when)
        if slot.interval().starts_at <= now or slot.interval().starts_at == row.starts_at:
            return
        wish = RegistrationChange(day=slot.day, start_minute=slot.start_minute, end_minute=slot.end_minute)
        person = real.decider if is_by_cspace else real.person
        change_registration(registration_id=pk, by=person, now=now, change=wish)
        row.starts_at = slot.interval().starts_at
        row.status = "approved" if row.is_free else row.status if is_by_cspace else "pending"


class Undo(Exception):
    """Ends the transaction of one sequence."""


def play(steps):
    try:
        with transaction.atomic():
            naive, real = Naive(), Real()
            for each in (*steps, ("wait", 0), ("wait", 0), ("wait", 60)):
                step(naive, real, *each)
            raise Undo
    except Undo:
        pass


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([("book", (2, 10), True), ("wait", 1440), ("move", 0, (1, 12), True), ("wait", 60), ("wait", 1440)])
@example([("book", (3, 10), False), ("wait", 1440), ("approve", 0), ("wait", 1440), ("hours", 48), ("wait", 1)])
@example([("book", (3, 10), True), ("wait", 4000), ("move", 0, (3, 9), False), ("forget",), ("wait", 4000)])
@given(st.lists(STEPS, min_size=5, max_size=25))
def test_any_sequence_is_told_of_as_the_contract_says(db, steps):
    play(steps)
