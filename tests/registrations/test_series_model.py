"""Random sequences of commands to a series against a model that knows nothing but a dictionary of weeks.

The model is `naive_series`: after each step every week is compared.
"""

import datetime as dt

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from allocations.enums import Reason
from allocations.models import AllocationRegistration
from allocations.queries.verifying import verify_draw
from auditlog.models import LogEntry
from classrooms.models import Classroom
from registrations.models import Registration, SeriesWeek
from tests.allocations.scenes import MONDAY, make_entry, make_event
from tests.conftest import Api
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.registrations.naive_series import (
    ENDS,
    GROUPS,
    ROOMS,
    STARTS,
    STARTS_ON,
    TARGET_ENDS_ON,
    TODAY,
    WEEKS,
    WORDS,
    Date,
    Naive,
    entries,
    state_of,
)

NOW = "2026-01-20T02:00:00Z"


class Real:
    """The same commands over HTTP."""

    def __init__(self):
        self.person, decider, other = make_user("creator"), make_user("decider"), make_user("other")
        self.groups = {name: make_group(name) for name in (*GROUPS, *entries())}
        for name, group in self.groups.items():
            join(self.person if name in GROUPS else other, group)
        join(decider, cspace_group())
        rooms = {name: make_classroom(name) for name in ROOMS}
        self.call, self.closures = Api(decider), {}
        self.event = make_event(decider, starts_on=STARTS_ON, ends_on=TARGET_ENDS_ON)
        slot = {"day": MONDAY, "start": STARTS[0] * 60, "end": STARTS[0] * 60 + 120}
        entry = make_entry(
            self.event, self.groups[GROUPS[0]], rooms[ROOMS[0]], self.person, **slot, description="Choir"
        )
        self.entries = {"w1": entry.pk}
        for name, row in entries().items():
            entry = make_entry(self.event, self.groups[name], rooms[row.room], other, **slot)
            self.entries[name] = entry.pk
        for name in ("w1", "w2"):
            assert self.decide(name, "approve") == 200
        for word in ("end", "distribute"):
            assert self.call.post(f"allocation-events/{self.event.pk}/{word}/").status_code == 200
        self.id = AllocationRegistration.objects.get(pk=self.entries["w1"]).series_id

    def order(self):
        """The losers as their groups' tickets have them."""
        names = {group.pk: name for name, group in self.groups.items()}
        rows = self.call.get(f"allocation-events/{self.event.pk}/draw/").json()["group_order"]
        return [name for row in rows if (name := names[row["group_id"]]).startswith("l")]

    def decide(self, name, word):
        path = f"allocation-events/{self.event.pk}/registrations/{self.entries[name]}/{word}/"
        return self.call.post(path).status_code

    def promote(self):
        rows = self.call.post(f"allocation-events/{self.event.pk}/promote/").json()["results"]
        names = {pk: name for name, pk in self.entries.items()}
        return [names[row["registration_id"]] for row in rows]

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

    def state(self):
        """{week: (state, what its live occurrence is, date and reason of a skip)}; {entry: (status, its days)}."""
        state = {}
        for week in SeriesWeek.objects.filter(series=self.id).with_occurrences():
            row, date = week.registration, None
            if row is not None and row.occupancy.is_live:
                start = row.occupancy.starts_at + dt.timedelta(hours=8)
                date = Date(start.date(), row.occupancy.classroom.name, start.hour, row.group.name, row.description)
            state[week.begins_on] = (week.state, date, *(week.skip or (None, "")))
        for name in entries():
            entry = AllocationRegistration.objects.get(pk=self.entries[name])
            rows = Registration.objects.live().filter(series=entry.series_id or 0).select_related("occupancy")
            status = "refused" if entry.reason == Reason.REJECTED_BY_ADMIN else STATUSES.get(entry.status, entry.status)
            days = sorted((row.occupancy.starts_at + dt.timedelta(hours=8)).date() for row in rows)
            state[name] = ("withdrawn" if entry.status == "withdrawn" else status, days)
        return state


STATUSES = {"approved": "won", "rejected": "lost"}
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
    st.tuples(st.just("give_back"), st.sampled_from(["w1", "w1", *entries()]), st.sampled_from(["withdraw", "reject"])),
    st.tuples(st.just("promote")),
    st.tuples(st.just("promote")),
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
    if name == "retry":
        return naive.retry(), real.retry()
    if name == "promote":
        return naive.promote(), real.promote()
    if name == "give_back":
        return naive.give_back(*rest), real.decide(*rest)
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


LOST_WHERE_IT_WAS_MOVED = [
    ("by_hand", FIRST, {"hour": STARTS[1]}),
    ("close", FIRST, True),
    ("retry",),
    ("change", TODAY, {"room": ROOMS[1], "hour": STARTS[1]}),
    ("lift", 0),
    ("retry",),
    ("retry",),
]
GIVEN_ON = [
    ("change", TODAY, {"ends_on": ENDS[0]}),
    ("promote",),
    ("change", TODAY, {"ends_on": ENDS[1]}),
    ("promote",),
    ("give_back", "w1", "withdraw"),
    ("promote",),
    ("give_back", "l1", "withdraw"),
    ("give_back", "l2", "reject"),
    ("promote",),
]
MOVED_INTO_ANOTHERS_SLOT = [
    ("give_back", "w2", "withdraw"),
    ("by_hand", FIRST, {"room": ROOMS[1]}),
    ("by_hand", SECOND, {"room": ROOMS[1]}),
    ("promote",),
    ("cancel", FIRST),
    ("promote",),
]
ENDED_IN_A_CLOSED_ROOM = [
    ("give_back", "w1", "withdraw"),
    ("toggle_room", ROOMS[0]),
    ("change", dt.date(2026, 1, 30), {"hour": STARTS[1]}),
]


def rows_of_log(after):
    """The actions logged since, but for the registrations that a command cancelled beside; and how many those were."""
    actions = list(LogEntry.objects.filter(pk__gt=after).values_list("action", flat=True))
    beside = actions.count("registration.cancelled")
    return [action for action in actions if action != "registration.cancelled"], beside


def cancelled():
    return Registration.objects.filter(status="cancelled").count()


def carry_out_logged(step, naive, real):
    """Carry a step out and compare: the answers, every week and entry, the log, and the draw with its record."""
    before, last, former = real.state(), LogEntry.objects.latest("id").pk, cancelled()
    answers = carry_out(step, naive, real)
    assert answers is None or answers[0] == answers[1], step
    assert real.state() == state_of(naive), step
    commands, beside = rows_of_log(last)
    assert beside == cancelled() - former, step
    if real.state() != before:
        assert len(commands) == (step[0] != "cancel"), (step, commands)
    assert len(commands) <= 1, (step, commands)
    verify_draw(real.event)


@pytest.mark.django_db
@example(steps=OWN_WORDS_STAY)
@example(steps=APPROVED_WHERE_THE_SERIES_IS)
@example(steps=LOST_TO_A_CLOSURE)
@example(steps=THE_SAME_FROM_AN_EARLIER_DAY)
@example(steps=SETTLED_STAYS)
@example(steps=OUTSIDE_COMES_BACK)
@example(steps=LOST_WHERE_IT_WAS_MOVED)
@example(steps=GIVEN_ON)
@example(steps=MOVED_INTO_ANOTHERS_SLOT)
@example(steps=ENDED_IN_A_CLOSED_ROOM)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(commands, min_size=6, max_size=14))
def test_a_series_is_what_a_dictionary_of_weeks_says(steps, db):
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        real = Real()
        naive = Naive(real.order())
        assert real.state() == state_of(naive)
        for step in steps:
            carry_out_logged(step, naive, real)
            live = Registration.objects.live().count()
            entry_days = sum(len(entry.days) for entry in naive.entries.values())
            assert live == len([week for week in naive.weeks.values() if naive.live(week)]) + entry_days, step
        transaction.set_rollback(True)
