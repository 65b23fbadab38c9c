"""Random commands to series and single bookings under quotas: none that does not override takes more than there is.

What is used is reckoned here from what holds a room, by nothing of the code's own: minutes of a Monday's week, bookings
of a month, bookings ahead. A command may leave what was too much already, never add to it.
"""

import datetime as dt
import random
from collections import Counter
from zoneinfo import ZoneInfo

import pytest

from kernel import clock
from registrations.models import Registration
from registrations.queries.charged import ledger_differences
from tests.factories import make_classroom, make_group
from tests.policies.scenes import make_rule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
CAMPUS = ZoneInfo("Asia/Taipei")
STEPS = 40
LIMITS = {
    "week": {"minutes": 120, "per": "week", "counts": "takes_place_in", "of": "group"},
    "month": {"bookings": 3, "per": "month", "counts": "takes_place_in", "of": "group"},
    "future": {"bookings": 4, "per": "future", "of": "group"},
}
MOST = {"week": 120, "month": 3, "future": 4}
HOURS = [f"{hour:02}:00" for hour in range(8, 14)]
"""Few, so that series are in each other's way."""


def used(team):
    """{(kind, period): how much} of what the group has."""
    total = Counter()
    for row in Registration.objects.filter(group=team, occupancy__is_live=True).select_related("occupancy"):
        begins, ends = (row.occupancy.starts_at.astimezone(CAMPUS), row.occupancy.ends_at.astimezone(CAMPUS))
        monday = begins.date() - dt.timedelta(days=begins.weekday())
        total["week", monday] += (ends - begins) // dt.timedelta(minutes=1)
        total["month", begins.date().replace(day=1)] += 1
        total["future", None] += row.occupancy.ends_at > clock.now()
    return total


class Player:
    """Sends one random command after the other, as cspace."""

    def __init__(self, seed, api, cspace, teams, rooms):
        self.random, self.send = random.Random(seed), api(cspace)
        self.teams, self.rooms = teams, rooms
        self.series, self.closures = [], []

    def span(self):
        start = self.random.randrange(len(HOURS) - 3)
        return {"start_time": HOURS[start], "end_time": HOURS[start + self.random.choice([1, 1, 1, 2, 3])]}

    def day(self):
        return (dt.date(2026, 2, 1) + dt.timedelta(days=self.random.randrange(35))).isoformat()

    def room(self):
        return self.random.choice(self.rooms).name

    def step(self):
        """The status of a random command."""
        moves = [self.book, self.enter, self.enter, self.change, self.change, self.change, self.move_one, self.retry]
        return self.random.choice([*moves, self.shrink, self.cancel_one, self.close, self.open])()

    def book(self):
        wish = {"classroom": self.room(), "group_id": self.random.choice(self.teams).pk, "date": self.day()}
        return self.send.post("registrations/", wish | self.span())

    def enter(self):
        first = dt.date.fromisoformat(self.day())
        last = first + dt.timedelta(days=7 * self.random.randrange(5))
        wish = {"classroom": self.room(), "group_id": self.random.choice(self.teams).pk, "day_of_week": 1}
        wish |= {"day_of_week": first.isoweekday() % 7 + 1, "start_date": first.isoformat(), "on_conflict": "skip"}
        response = self.send.post("batch-allocations/", wish | {"end_date": last.isoformat()} | self.span())
        if response.status_code == 201:
            self.series.append(response.json()["id"])
        return response

    def change(self):
        parts = [
            self.span(),
            {"classroom": self.room()},
            {"day_of_week": self.random.randrange(1, 8)},
            {"end_date": self.day()},
            {"group_id": self.random.choice(self.teams).pk},
        ]
        change = {"on_conflict": self.random.choice(["skip", "fail"])}
        for part in self.random.sample(parts, self.random.choice([1, 1, 2])):
            change |= part
        return self.of_a_series(lambda pk: self.send.put(f"batch-allocations/{pk}/", change))

    def retry(self):
        return self.of_a_series(lambda pk: self.send.post(f"batch-allocations/{pk}/retry-skipped/"))

    def shrink(self):
        return self.of_a_series(lambda pk: self.send.delete(f"batch-allocations/{pk}/?from_date={self.day()}"))

    def of_a_series(self, command):
        return command(self.random.choice(self.series)) if self.series else None

    def of_a_registration(self, command):
        ids = list(Registration.objects.filter(occupancy__is_live=True).order_by("pk").values_list("pk", flat=True))
        return command(self.random.choice(ids)) if ids else None

    def move_one(self):
        wish = self.random.choice([self.span(), {"classroom": self.room()}, {"date": self.day()}])
        return self.of_a_registration(lambda pk: self.send.put(f"registrations/{pk}/", wish))

    def cancel_one(self):
        return self.of_a_registration(lambda pk: self.send.delete(f"registrations/{pk}/"))

    def close(self):
        day, room = dt.date.fromisoformat(self.day()), self.room()
        begins = dt.datetime.combine(day, dt.time(1), dt.UTC)
        span = {"starts_at": begins.isoformat(), "ends_at": (begins + dt.timedelta(hours=6)).isoformat()}
        wish = span | {"reason": "x", "on_conflict": "cancel"}
        response = self.send.post(f"classrooms/{room}/closures/", wish)
        if response.status_code == 201:
            self.closures.append(f"classrooms/{room}/closures/{response.json()['id']}/")
        return response

    def open(self):
        return self.send.delete(self.closures.pop()) if self.closures else None


# The last one finds a change that gives dates which a series has not what others of it give up for the moment.
@pytest.mark.parametrize("seed", [*range(8), 31])
def test_nothing_takes_more_than_there_is(api, cspace, seed):
    rooms = [make_classroom(name, auto_approve=True) for name in ("A", "B")]
    teams = [make_group(), make_group()]
    for kind in random.Random(seed).sample(sorted(LIMITS), 2):
        make_rule(cspace, name=kind, limit={"type": "quota"} | LIMITS[kind])
    kinds = {rule["limit"]["per"] for rule in api(cspace).get("booking-rules/").json()["results"]}
    player, outcomes = Player(seed, api, cspace, teams, rooms), Counter()
    for _ in range(STEPS):
        before = {team.pk: used(team) for team in teams}
        response = player.step()
        if response is None:
            continue
        assert response.status_code < 500, response.content
        outcomes[response.status_code < 400] += 1
        for team in teams:
            for (kind, period), amount in used(team).items():
                bound = max(MOST[kind], before[team.pk][kind, period])
                assert kind not in kinds or amount <= bound, (seed, kind, period, response.status_code)
        assert ledger_differences(clock.now()) == []
    assert outcomes[True] > STEPS // 3
