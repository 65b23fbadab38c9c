"""Random sequences of commands to a series against a model that knows nothing but a dictionary of weeks.

The model is `naive_series`: after each step every week is compared.
"""

import datetime as dt
from dataclasses import replace

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from allocations.models import AllocationRegistration
from classrooms.models import Classroom
from registrations.models import Registration, SeriesWeek
from tests.allocations.scenes import ended, make_entry, make_event
from tests.conftest import Api
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.registrations.naive_series import (
    ENDS,
    GROUPS,
    ROOMS,
    STARTS,
    STARTS_ON,
    TODAY,
    WEEKS,
    WORDS,
    Date,
    Naive,
    NaiveDrawn,
    state_of,
)

NOW = "2026-01-20T02:00:00Z"


class Real:
    """The same commands over HTTP."""

    def __init__(self):
        self.person, decider = make_user("creator"), make_user("decider")
        self.groups = {name: make_group(name) for name in GROUPS}
        for group in self.groups.values():
            join(self.person, group)
        join(decider, cspace_group())
        for name in ROOMS:
            make_classroom(name)
        self.call, self.closures = Api(decider), {}
        body = {
            **self.body(weekday=2, room=ROOMS[0], hour=STARTS[0], group=GROUPS[0], words="Choir", ends_on=ENDS[1]),
            "start_date": STARTS_ON.isoformat(),
            "on_behalf_of": "creator",
        }
        self.id = self.call.post("batch-allocations/", body).json()["id"]

    def body(self, **values):
        names = {
            "weekday": "day_of_week",
            "room": "classroom",
            "words": "description",
            "ends_on": "end_date",
            "day": "date",
        }
        body = {}
        for name, value in values.items():
            if name == "hour":
                body |= {"start_time": f"{value}:00", "end_time": f"{value + 2}:00"}
            elif name == "group":
                body["group_id"] = self.groups[value].pk
            else:
                body[names[name]] = value.isoformat() if isinstance(value, dt.date) else value
        return body

    def change(self, cut, **values):
        path = f"batch-allocations/{self.id}/"
        return self.call.put(path, {**self.body(**values), "from_date": cut.isoformat()}).status_code

    def cancel_series(self, cut):
        return self.call.delete(f"batch-allocations/{self.id}/?from_date={cut}").status_code

    def retry(self):
        return self.call.post(f"batch-allocations/{self.id}/retry-skipped/").status_code

    def occurrence(self, sunday):
        return f"registrations/{SeriesWeek.objects.get(series=self.id, begins_on=sunday).registration_id}/"

    def by_hand(self, sunday, **values):
        return self.call.put(self.occurrence(sunday), self.body(**values)).status_code

    def cancel(self, sunday):
        return self.call.delete(self.occurrence(sunday)).status_code

    def reject(self, sunday):
        return self.call.post(f"{self.occurrence(sunday)}reject/").status_code

    def approve(self, sunday):
        return self.call.post(f"{self.occurrence(sunday)}approve/").status_code

    def close(self, room, day, cancelling):
        start = dt.datetime.combine(day, dt.time()) - dt.timedelta(hours=8)  # Taipei
        period = {"starts_at": f"{start.isoformat()}Z", "ends_at": f"{(start + dt.timedelta(days=1)).isoformat()}Z"}
        answer = self.call.post(
            f"classrooms/{room}/closures/", {**period, "on_conflict": "cancel" if cancelling else "fail"}
        )
        if answer.status_code == 201:
            self.closures[room, day] = answer.json()["id"]
        return answer.status_code

    def lift(self, room, day):
        return self.call.delete(f"classrooms/{room}/closures/{self.closures.pop((room, day))}/").status_code

    def state(self, series_id=None):
        """{week: (state, what its live occurrence is, date and reason of a skip)}."""
        weeks = {}
        for week in SeriesWeek.objects.filter(series=series_id or self.id).with_occurrences():
            row, date = week.registration, None
            if row is not None and row.occupancy.is_live:
                start = row.occupancy.starts_at + dt.timedelta(hours=8)
                date = Date(start.date(), row.occupancy.classroom.name, start.hour, row.group.name, row.description)
            weeks[week.begins_on] = (week.state, date, week.date, week.why)
        return weeks


class RealDrawn(Real):
    """The same, where a draw has given the series: to one of two groups that wished for the slot."""

    def __init__(self):
        self.person, decider = make_user("creator"), make_user("decider")
        groups = [make_group(name) for name in GROUPS]
        join(decider, cspace_group())
        rooms = [make_classroom(name) for name in ROOMS]
        self.call, self.closures = Api(decider), {}
        event = make_event(decider, starts_on=STARTS_ON, ends_on=ENDS[1])
        start, end = STARTS[0] * 60, STARTS[0] * 60 + 120
        for group in groups:
            join(self.person, group)
            make_entry(event, group, rooms[0], self.person, start=start, end=end, description="Choir")
        ended(event, decider)
        self.event = f"allocation-events/{event.pk}/"
        assert self.call.post(f"{self.event}distribute/").status_code == 200
        self.winner, self.loser = AllocationRegistration.objects.filter(event=event).order_by("-series")
        if self.winner.series_id is None:
            self.winner, self.loser = self.loser, self.winner
        self.id = self.winner.series_id
        self.groups = dict(zip(GROUPS, (self.winner.group, self.loser.group), strict=True))
        self.names = {group.name: name for name, group in self.groups.items()}

    def withdraw(self):
        return self.call.post(f"{self.event}registrations/{self.winner.pk}/withdraw/").status_code

    def promote(self):
        return self.call.post(f"{self.event}promote/").status_code

    def state(self, series_id=None):
        rows = super().state(series_id)
        return {
            sunday: (state, date and replace(date, group=self.names[date.group]), *more)
            for sunday, (state, date, *more) in rows.items()
        }

    def state_of_loser(self):
        self.loser.refresh_from_db()
        return self.state(self.loser.series_id) if self.loser.series_id else {}


days = st.sampled_from([STARTS_ON + dt.timedelta(days=ahead) for ahead in range(-6, 24)])
cuts = st.one_of(st.just(dt.date(2026, 1, 20)), days)
weeks = st.sampled_from(WEEKS[:3])
slots = {
    "weekday": st.sampled_from([1, 2, 3, 7]),
    "room": st.sampled_from(ROOMS),
    "hour": st.sampled_from(STARTS),
}
changes = st.fixed_dictionaries(
    {},
    optional={
        **slots,
        "group": st.sampled_from(GROUPS),
        "words": st.sampled_from(WORDS),
        "ends_on": st.sampled_from(ENDS),
    },
).filter(bool)
hands = st.fixed_dictionaries(
    {},
    optional={
        "day": days,
        "room": slots["room"],
        "hour": slots["hour"],
        "group": st.sampled_from(GROUPS),
        "words": st.sampled_from(WORDS),
    },
).filter(bool)
new_words = st.fixed_dictionaries({"words": st.sampled_from(WORDS)})
commands = st.one_of(
    st.tuples(st.just("change"), cuts, new_words),
    st.tuples(st.just("by_hand"), weeks, new_words),
    st.tuples(st.just("change"), cuts, changes),
    st.tuples(st.just("change"), cuts, changes),
    st.tuples(st.just("by_hand"), weeks, hands),
    st.tuples(st.sampled_from(["cancel", "reject", "approve"]), weeks),
    st.tuples(st.just("retry")),
    st.tuples(st.just("cancel_series"), days),
    st.tuples(st.just("toggle_room"), slots["room"]),
    st.tuples(st.just("close"), weeks, st.booleans()),
    st.tuples(st.just("change"), cuts, st.fixed_dictionaries({"room": slots["room"]})),
    st.tuples(st.sampled_from(["reject", "approve"]), weeks),
    st.tuples(st.just("lift"), st.integers(0, 9)),
)


def carry_out(command, naive, real):
    """The statuses that the model and the server answer; None where there is nothing to do."""
    name, *rest = command
    if name == "change":
        return naive.change(rest[0], **rest[1]), real.change(rest[0], **rest[1])
    if name == "by_hand":
        if not naive.live(naive.weeks[rest[0]]):
            return None
        return naive.by_hand(rest[0], **rest[1]), real.by_hand(rest[0], **rest[1])
    if name in ("cancel", "reject", "approve"):
        if naive.weeks[rest[0]].state not in ("held", "settled") or naive.weeks[rest[0]].date is None:
            return None
        expected, answer = getattr(naive, name)(rest[0]), getattr(real, name)(rest[0])
        return expected, answer
    if name in ("withdraw", "promote"):
        return getattr(naive, name)(), getattr(real, name)()
    if name == "retry":
        return naive.retry(), real.retry()
    if name == "cancel_series":
        return naive.cancel_series(rest[0]), real.cancel_series(rest[0])
    if name == "toggle_room":
        naive.closed_rooms ^= {rest[0]}
        Classroom.objects.filter(name=rest[0]).update(is_active=rest[0] not in naive.closed_rooms)
        return None
    if name == "close":
        week = naive.weeks[rest[0]]
        date = week.date or naive.rule.date(rest[0])
        if (date.room, date.day) in naive.closures:
            return None
        return naive.close(date.room, date.day, rest[1]), real.close(date.room, date.day, rest[1])
    if not naive.closures:
        return None
    room, day = sorted(naive.closures)[rest[0] % len(naive.closures)]
    naive.closures.discard((room, day))
    return 204, real.lift(room, day)


FIRST, SECOND, THIRD = WEEKS[:3]
ELSEWHERE = {"room": ROOMS[1], "hour": STARTS[1], "group": GROUPS[1], "words": "Opera"}
OWN_WORDS_STAY = [
    ("by_hand", FIRST, {"words": "Opera"}),
    ("change", TODAY, {"words": ""}),
    ("change", TODAY, {"weekday": 1}),
    ("change", TODAY, {"weekday": 2, "words": "Choir"}),
    ("change", TODAY, {"room": ROOMS[1]}),
]
APPROVED_WHERE_THE_SERIES_IS = [("reject", FIRST), ("change", TODAY, ELSEWHERE), ("approve", FIRST), ("retry",)]
LOST_TO_A_CLOSURE = [("close", SECOND, True), ("retry",), ("lift", 0), ("retry",), ("change", TODAY, {"weekday": 3})]
THE_SAME_FROM_AN_EARLIER_DAY = [
    ("change", SECOND, {"room": ROOMS[1]}),
    ("change", TODAY, {"room": ROOMS[1]}),
    ("change", THIRD, {"weekday": 3, "group": GROUPS[1], "words": "Opera"}),
    ("change", SECOND, {"weekday": 3, "group": GROUPS[1], "words": "Opera"}),
]
SETTLED_STAYS = [
    ("by_hand", FIRST, {"day": dt.date(2026, 2, 11)}),
    ("change", TODAY, {"hour": STARTS[1]}),
    ("cancel", FIRST),
    ("change", TODAY, {"ends_on": ENDS[4]}),
    ("change", TODAY, {"room": ROOMS[1]}),
]
OUTSIDE_COMES_BACK = [
    ("change", TODAY, {"weekday": 1}),
    ("change", TODAY, {"ends_on": ENDS[2]}),
    ("change", TODAY, {"weekday": 3}),
    ("cancel_series", SECOND),
    ("change", TODAY, {"ends_on": ENDS[3]}),
]


@pytest.mark.django_db
@example(steps=OWN_WORDS_STAY)
@example(steps=APPROVED_WHERE_THE_SERIES_IS)
@example(steps=LOST_TO_A_CLOSURE)
@example(steps=THE_SAME_FROM_AN_EARLIER_DAY)
@example(steps=SETTLED_STAYS)
@example(steps=OUTSIDE_COMES_BACK)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(commands, min_size=6, max_size=14))
def test_a_series_is_what_a_dictionary_of_weeks_says(steps, db):
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        naive, real = Naive(), Real()
        assert real.state() == state_of(naive)
        for step in steps:
            statuses = carry_out(step, naive, real)
            assert statuses is None or statuses[0] == statuses[1], step
            assert real.state() == state_of(naive), step
            live = Registration.objects.live().count()
            assert live == len([week for week in naive.weeks.values() if naive.live(week)]), step
        transaction.set_rollback(True)


after_the_draw = st.one_of(commands, commands, st.tuples(st.sampled_from(["withdraw", "promote", "promote"])))
GIVEN_ON = [("withdraw",), ("promote",), ("retry",), ("promote",), ("withdraw",)]
GIVEN_ON_IN_PART = [("by_hand", FIRST, {"words": "Opera"}), ("cancel", SECOND), ("cancel_series", THIRD), ("promote",)]
GIVEN_ON_BESIDE_WHAT_HAS_MOVED = [
    ("change", THIRD, {"room": ROOMS[1]}),
    ("promote",),
    ("change", TODAY, {"room": ROOMS[0]}),
    ("close", THIRD, True),
    ("withdraw",),
    ("promote",),
]
HELD_BY_THE_LAST_DATE = [("cancel", FIRST), ("cancel", SECOND), ("promote",), ("cancel", THIRD), ("promote",)]
NO_LONGER_HELD_AS_DRAWN = [
    ("change", THIRD, {"room": ROOMS[1]}),
    ("change", THIRD, {"room": ROOMS[0]}),
    *HELD_BY_THE_LAST_DATE,
]


@pytest.mark.django_db
@example(steps=HELD_BY_THE_LAST_DATE)
@example(steps=NO_LONGER_HELD_AS_DRAWN)
@example(steps=GIVEN_ON)
@example(steps=GIVEN_ON_IN_PART)
@example(steps=GIVEN_ON_BESIDE_WHAT_HAS_MOVED)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(after_the_draw, min_size=6, max_size=14))
def test_what_a_draw_has_given_is_given_back_and_on_as_a_dictionary_says(steps, db):
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        naive, real = NaiveDrawn(), RealDrawn()
        assert real.state() == state_of(naive)
        for step in steps:
            statuses = carry_out(step, naive, real)
            assert statuses is None or statuses[0] == statuses[1], step
            assert real.state() == state_of(naive), step
            assert real.state_of_loser() == state_of(naive, naive.beside), step
            live = Registration.objects.live().count()
            assert live == len([week for week in naive.all_weeks() if naive.live(week)]), step
        transaction.set_rollback(True)
