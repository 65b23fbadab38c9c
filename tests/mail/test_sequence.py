"""SEQUENCE against a model that knows nothing but what stands in the tables before and after each command.

Whatever is done to a registration by whom and how: it rises by one for another place or time, and by one for another
description or status; and for nothing else.
"""

import datetime as dt
import random

import pytest

from allocations.services.after_draw import withdraw_entry
from allocations.services.distributing import distribute
from kernel import clock
from registrations.models import Registration
from tests.allocations.scenes import ended, make_entry, make_event
from tests.factories import join, make_classroom, make_group

pytestmark = pytest.mark.usefixtures("document_clock")
STEPS, SEEDS = 40, range(4)
DAYS = [f"2026-02-{day:02}" for day in range(1, 15)]


def rows():
    """{id: (place, words, sequence)}."""
    return {
        each.pk: (
            (each.occupancy.classroom_id, each.occupancy.starts_at, each.occupancy.ends_at),
            (each.description, each.status),
            each.occupancy.revision + each.revision,
        )
        for each in Registration.objects.select_related("occupancy")
    }


def check(before, after):
    """The number of registrations that are in another state."""
    changed = 0
    for pk, (place, words, sequence) in after.items():
        old_place, old_words, old_sequence = before.get(pk, (place, words, 0))
        steps = (place != old_place) + (words != old_words)
        assert sequence == old_sequence + steps, pk
        changed += bool(steps)
    assert before.keys() <= after.keys()
    return changed


class Campus:
    """Two rooms, two groups, a member, and somebody of cspace who does the rest."""

    def __init__(self, chance, api, member, cspace, team):
        self.chance, self.member, self.cspace = chance, api(member), api(cspace)
        make_classroom("Room A", auto_approve=True), make_classroom("Room B")
        other = make_group("choir")
        join(member, other)
        self.groups = [team.pk, other.pk]

    def one(self):
        return self.chance.choice([*Registration.objects.values_list("pk", flat=True)] or [0])

    def someone(self):
        return self.chance.choice([self.member, self.cspace])

    def slot(self):
        hour = self.chance.randrange(8, 20)
        return {
            "classroom": self.chance.choice(["Room A", "Room B"]),
            "date": self.chance.choice(DAYS),
            "start_time": f"{hour:02}:00",
            "end_time": f"{hour + 1:02}:00",
        }

    def do_book(self):
        group = self.chance.choice(self.groups)
        self.member.post("registrations/", self.slot() | {"group_id": group, "description": "x"})

    def do_enter_series(self):
        slot = self.slot()
        slot.pop("date")
        more = {"group_id": self.groups[0], "day_of_week": self.chance.randrange(1, 8), "on_behalf_of": "member"}
        dates = {"start_date": DAYS[0], "end_date": DAYS[-1], "on_conflict": "skip"}
        self.cspace.post("batch-allocations/", slot | more | dates)

    def do_move(self):
        self.someone().patch(f"registrations/{self.one()}/", self.slot())

    def do_describe(self):
        self.someone().patch(
            f"registrations/{self.one()}/", {"description": self.chance.choice(["x", "y", "Team meeting"])}
        )

    def do_move_and_describe(self):
        self.someone().patch(f"registrations/{self.one()}/", self.slot() | {"description": str(self.chance.random())})

    def do_approve(self):
        self.cspace.post(f"registrations/{self.one()}/approve/", {})

    def do_reject(self):
        self.cspace.post(f"registrations/{self.one()}/reject/", {})

    def do_cancel(self):
        self.someone().delete(f"registrations/{self.one()}/")

    def series(self):
        return self.chance.choice([*Registration.objects.exclude(series=None).values_list("series", flat=True)] or [0])

    def do_move_series(self):
        slot = self.slot()
        slot.pop("date")
        body = slot | {"day_of_week": self.chance.randrange(1, 8), "on_conflict": "skip"}
        self.cspace.patch(f"batch-allocations/{self.series()}/", body)

    def do_describe_series(self):
        self.cspace.patch(f"batch-allocations/{self.series()}/", {"description": self.chance.choice(["x", "y"])})

    def do_cancel_series(self):
        self.cspace.delete(f"batch-allocations/{self.series()}/")

    def do_retry_series(self):
        self.cspace.post(f"batch-allocations/{self.series()}/retry-skipped/")

    def do_close(self):
        day = self.chance.choice(DAYS)
        body = {"starts_at": f"{day}T00:00:00Z", "ends_at": f"{day}T15:00:00Z", "on_conflict": "cancel"}
        answer = self.cspace.post("classrooms/Room A/closures/", body).json()
        if "id" in answer and self.chance.random() < 0.5:
            self.cspace.delete(f"closures/{answer['id']}/")

    def do_archive(self):
        if self.chance.random() < 0.2:
            self.cspace.delete(f"groups/{self.groups[1]}/")


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_done_it_counts_what_has_changed(seed, api, member, cspace_admin, team):
    chance = random.Random(seed)
    campus = Campus(chance, api, member, cspace_admin, team)
    names = [name for name in dir(campus) if name.startswith("do_")]
    for _ in range(3):
        campus.do_book()
        campus.do_enter_series()
    assert rows()
    number, before = 0, rows()
    for _ in range(STEPS):
        getattr(campus, chance.choice(names))()
        after = rows()
        number, before = number + check(before, after), after
    assert number > 10


def test_a_draw_begins_at_nought_and_its_withdrawal_counts(member, cspace, team, room):
    event = make_event(cspace, weeks=4)
    entry = make_entry(event, team, room, member)
    ended(event, cspace)
    distribute(event_id=event.pk, by=cspace, now=clock.now())
    drawn = rows()
    assert [sequence for *_, sequence in drawn.values()] == [0] * 4
    withdraw_entry(event_id=event.pk, entry_id=entry.pk, by=cspace, now=clock.now())
    assert check(drawn, rows()) == 4


def test_a_lecture_has_no_revision(room):
    from classrooms.models import Occupancy
    from kernel.campus_time import campus_interval
    from tests.factories import make_occupancy

    lecture = make_occupancy(room, campus_interval(dt.date(2026, 2, 1), 600, 660))
    Occupancy.objects.filter(pk=lecture.pk).update(ends_at=lecture.ends_at + dt.timedelta(hours=1))
    lecture.refresh_from_db()
    assert lecture.revision == 0
