"""A thousand random commands over HTTP, in weeks in which the clocks change: after each the ledger is what the live
bookings say, and nobody but who overrides has more than there is (policy §3)."""

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest
import time_machine

from classrooms.models import Classroom
from groups.models import Group
from kernel import clock
from kernel.academic_calendar import Term
from kernel.campus_time import Interval, cut_per_day
from policies.models import QuotaCharge
from policies.queries.rulebook import rulebook_now
from policies.rules.quotas import Charge
from policies.rules.scopes import Owner, Party, Place, Stay
from policies.rules.wishes import BookingWish
from registrations.models import Registration
from registrations.queries.charged import ledger_differences
from tests.conftest import Api
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.factories.timetables import make_semester
from tests.policies.naive_ledger import Live, NaiveLedger

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(580)]
STEPS = 500
WEEKS = {
    "Europe/Berlin": dt.datetime(2026, 10, 23, 6, tzinfo=dt.UTC),  # an hour comes twice on the 25th
    "Australia/Lord_Howe": dt.datetime(2026, 10, 1, 0, tzinfo=dt.UTC),  # half an hour is left out on the 4th
}
EVERYBODY, EVERYWHERE = {"kind": "everybody"}, {"kind": "everywhere"}
WHOS = [EVERYBODY] * 4 + [{"kind": "individual"}, {"kind": "tag", "tag": "gold"}, {"kind": "group"}, {"kind": "user"}]
WHERES = [EVERYWHERE] * 4 + [
    {"kind": "building", "building": "North"},
    {"kind": "floor", "floor": 2},
    {"kind": "classroom", "classroom": "R1"},
]
PERS = ["day", "week", "month", "term", "future", {"days": 3}]
WORDS = {
    "book": 8,
    "change": 7,
    "cancel": 2,
    "reject": 1,
    "approve": 2,
    "enter series": 1,
    "change series": 1,
    "cancel series": 1,
    "retry series": 1,
    "write rule": 2,
    "rewrite rule": 1,
    "delete rule": 1,
    "tags": 1,
    "room": 1,
}
"""What is done, and how often."""
SURE = ("write rule", "rewrite rule", "delete rule", "tags", "room")
"""What nobody refuses, and what makes other rules decide."""
ROOMS, BUILDINGS = ("R1", "R2", "R3"), ("North", "South")
SERIES = "batch-allocations/"


class Scene:
    """Whoever is there, what the API says, and the model that goes along."""

    def __init__(self, zone, seed):
        self.dice, self.ledger = random.Random(seed), NaiveLedger(zone)
        self.ada, self.bob, self.cs = make_user("ada"), make_user("bob"), make_user("cs")
        self.groups = [make_group("choir"), make_group("drama")]
        for person, group in ((self.ada, 0), (self.ada, 1), (self.bob, 0)):
            join(person, self.groups[group])
        join(self.cs, cspace_group())
        self.clients = {person.pk: Api(person) for person in (self.ada, self.bob, self.cs)}
        self.decide = self.clients[self.cs.pk]
        for name in ROOMS:
            make_classroom(name, building="North", auto_approve=True)
        today = clock.now().date()
        semester = make_semester(starts_on=today - dt.timedelta(days=20), ends_on=today + dt.timedelta(days=4))
        self.ledger.terms = (Term(semester.starts_on, semester.ends_on),)
        self.bodies, self.series, self.rejected, self.done = {}, [], [], {}
        for limit in ({"type": "individual", "allowed": True}, {"type": "series"}):
            self.decide.post(
                "booking-rules/", self.rule_body() | {"who": EVERYBODY, "where": EVERYWHERE, "limit": limit}
            )

    # --- what is asked for

    def step(self):
        (word,) = self.dice.choices(list(WORDS), WORDS.values())
        before = self.ledger.known().charges
        response, is_overriding = getattr(self, word.replace(" ", "_"))() or (None, True)
        if response is None:
            return
        assert response.status_code < 500, response.content
        self.done[word, response.status_code // 100] = self.done.get((word, response.status_code // 100), 0) + 1
        if word in SURE:
            assert response.status_code < 300, response.content
        else:
            self.ledger.follow(self.live(), clock.now())
        self.compare(before, is_overriding=is_overriding)

    def slot(self):
        day = self.ledger.oracle.day(clock.now()) + dt.timedelta(days=self.dice.randrange(6))
        start = self.dice.choice((0, 60, 90, 150, 480, 540, 570, 600, 660, 1200, 1380))
        end = min(start + self.dice.choice((30, 60, 60, 90, 180)), 1440)
        return {"date": str(day), "start_time": wall(start), "end_time": wall(end)}

    def book(self):
        person = self.dice.choice((self.ada, self.ada, self.bob, self.cs))
        of = [self.groups[0].pk, None] + ([self.groups[1].pk] if person != self.bob else [])
        body = self.slot() | {"classroom": self.dice.choice(ROOMS), "group_id": self.dice.choice(of)}
        is_overriding = self.overrides(person)
        answer = self.clients[person.pk].post("registrations/", body | ({"override": True} if is_overriding else {}))
        if answer.status_code != 400:
            wish = self.wish(person.pk, body["group_id"], body)
            self.check_verdict(answer, wish, is_overriding)
        return answer, is_overriding

    def change(self):
        pk = self.one_ahead()
        if pk is None:
            return None
        booking, person = self.ledger.live[pk], self.dice.choice((self.ada, self.cs))
        if booking.party.person_id != person.pk:
            person = self.cs
        body = {"start_time": wall(booking.stay.start_minute), "end_time": wall(booking.stay.end_minute)}
        body |= {
            "date": str(booking.stay.day),
            "classroom": room_name(booking.place),
            "group_id": booking.party.group_id,
        }
        match self.dice.choice(("move", "extend", "shorten", "hand")):
            case "move":
                body |= self.slot() | {"classroom": self.dice.choice(ROOMS)}
            case "extend":
                body["end_time"] = wall(min(booking.stay.end_minute + 30, 1440))
            case "shorten":
                body["end_time"] = wall(max(booking.stay.end_minute - 30, booking.stay.start_minute + 10))
            case _ if booking.party.group_id is not None:
                body["group_id"] = self.dice.choice(self.groups).pk
        is_overriding = self.overrides(person)
        sent = {name: value for name, value in body.items() if value is not None}
        answer = self.clients[person.pk].put(
            f"registrations/{pk}/", sent | ({"override": True} if is_overriding else {})
        )
        if answer.status_code not in (400, 403):
            wish = self.wish(booking.party.person_id, body["group_id"], body, registration_id=pk)
            if (wish.party, wish.place, wish.stay) != (booking.party, booking.place, booking.stay):
                self.check_verdict(answer, self.giving_up(wish, booking), is_overriding)
        return answer, is_overriding

    @staticmethod
    def giving_up(wish, booking):
        had, wants = booking.stay.interval, wish.stay.interval
        is_inside = had.starts_at <= wants.starts_at and wants.ends_at <= had.ends_at
        gives_up = is_inside and (wish.place, wish.party) == (booking.place, booking.party)
        return BookingWish(
            wish.party, wish.place, wish.stay, wish.now, registration_id=wish.registration_id, gives_up=gives_up
        )

    def cancel(self):
        if (pk := self.one_ahead()) is not None:
            return self.decide.delete(f"registrations/{pk}/"), False
        return None

    def reject(self):
        if (pk := self.one_ahead()) is None:
            return None
        self.rejected.append(pk)
        return self.decide.post(f"registrations/{pk}/reject/"), False

    def approve(self):
        if not self.rejected:
            return None
        pk, is_overriding = self.dice.choice(self.rejected), self.overrides(self.cs)
        row = Registration.objects.with_api_relations().get(pk=pk)
        body = {"override": True} if is_overriding else {}
        answer = self.decide.post(f"registrations/{pk}/approve/", body)
        if row.series_id is None and row.status == "rejected":
            place, stay = place_of(row.occupancy.classroom), stay_of(row.interval)
            party = self.party(row.created_by_id, row.group_id)
            wish = BookingWish(party, place, stay, clock.now(), registration_id=pk, reclaimed_from=row.created_at)
            self.check_verdict(answer, wish, is_overriding)
        if answer.status_code == 200:
            self.rejected.remove(pk)
        return answer, is_overriding

    def enter_series(self):
        person, first = self.dice.choice((self.ada, self.cs)), self.ledger.oracle.day(clock.now())
        first += dt.timedelta(days=self.dice.randrange(1, 7))
        body = self.slot() | {
            "classroom": self.dice.choice(ROOMS),
            "group_id": self.dice.choice(self.groups).pk,
            "day_of_week": first.isoweekday() % 7 + 1,
            "start_date": str(first),
            "end_date": str(first + dt.timedelta(days=7 * self.dice.randrange(4))),
            "on_conflict": self.dice.choice(("fail", "skip", "skip")),
        }
        del body["date"]
        is_overriding = self.overrides(person)
        answer = self.clients[person.pk].post(SERIES, body | ({"override": True} if is_overriding else {}))
        if answer.status_code == 201:
            self.series.append(answer.json()["id"])
        return answer, is_overriding

    def change_series(self):
        if not self.series:
            return None
        start = self.dice.choice((480, 540, 600, 660))
        change = self.dice.choice(
            (
                {"start_time": wall(start), "end_time": wall(start + self.dice.choice((60, 90, 120)))},
                {"group_id": self.dice.choice(self.groups).pk},
                {"classroom": self.dice.choice(ROOMS)},
            )
        )
        is_overriding = self.overrides(self.cs)
        body = change | ({"override": True} if is_overriding else {})
        return self.decide.put(f"{SERIES}{self.dice.choice(self.series)}/", body), is_overriding

    def cancel_series(self):
        return (self.decide.delete(f"{SERIES}{self.dice.choice(self.series)}/"), False) if self.series else None

    def retry_series(self):
        if not self.series:
            return None
        return self.decide.post(f"{SERIES}{self.dice.choice(self.series)}/retry-skipped/"), False

    def rule_body(self):
        unit, amount = self.dice.choice(
            (("minutes", 120), ("minutes", 240), ("minutes", 600), ("bookings", 2), ("bookings", 4))
        )
        limit = {
            "type": "quota",
            "per": self.dice.choice(PERS),
            "of": self.dice.choice(("group", "person")),
            unit: amount,
        }
        limit["counts"] = (
            "takes_place_in" if limit["per"] == "future" else self.dice.choice(("booked_in", "takes_place_in"))
        )
        if limit["per"] == "week":
            limit["anchor"] = self.dice.choice(("MON 00:00", "SUN 02:00", "THU 18:30"))
        who, where = dict(self.dice.choice(WHOS)), self.dice.choice(WHERES)
        if who["kind"] == "group":
            who["group_id"] = self.dice.choice(self.groups).pk
        if who["kind"] == "user":
            who["username"] = "ada"
        effect = self.dice.choice(("refuse", "refuse", "refuse", "approval"))
        return {"name": "A quota", "who": who, "where": where, "limit": limit, "effect": effect}

    def write_rule(self):
        if len(self.bodies) >= 5:
            return None
        body = self.rule_body()
        answer = self.decide.post("booking-rules/", body)
        if answer.status_code == 409:
            return None
        return self.written(answer, body)

    def rewrite_rule(self):
        if not self.bodies:
            return None
        rule_id = self.dice.choice(list(self.bodies))
        body = self.rule_body() | {"is_active": self.dice.random() < 0.6}
        answer = self.decide.put(f"booking-rules/{rule_id}/", body)
        return None if answer.status_code == 409 else self.written(answer, body)

    def written(self, answer, body):
        rule_id = answer.json()["id"]
        self.bodies[rule_id] = body
        self.ledger.write(self.rules(), clock.now(), anew=[rule_id])
        return answer, True

    def delete_rule(self):
        if not self.bodies:
            return None
        rule_id = self.dice.choice(list(self.bodies))
        del self.bodies[rule_id]
        answer = self.decide.delete(f"booking-rules/{rule_id}/")
        self.ledger.write(self.rules(), clock.now(), anew=[rule_id])
        return answer, True

    def tags(self):
        group = self.dice.choice(self.groups)
        answer = self.decide.put(f"groups/{group.pk}/", {"tags": self.dice.choice((["Gold"], []))})
        self.ledger.write(self.rules(), clock.now(), live=self.live())
        return answer, True

    def room(self):
        name = self.dice.choice(ROOMS)
        body = {"capacity": 30, "floor": self.dice.choice((1, 2)), "building": self.dice.choice(BUILDINGS)}
        answer = self.decide.put(f"classrooms/{name}/", body)
        self.ledger.write(self.rules(), clock.now(), live=self.live())
        return answer, True

    def overrides(self, person):
        return person == self.cs and self.dice.random() < 0.25

    def one_ahead(self):
        ahead = [pk for pk, each in self.ledger.live.items() if each.stay.interval.starts_at > clock.now()]
        return self.dice.choice(sorted(ahead)) if ahead else None

    # --- what is there

    def rules(self):
        return {rule.id: rule for rule in rulebook_now().rules}

    def party(self, person_id, group_id):
        if group_id is None:
            return Party(person_id)
        group = Group.objects.get(pk=group_id)
        return Party(person_id, group_id, group.kind, frozenset(tag.casefold() for tag in group.tags))

    def wish(self, person_id, group_id, body, **more):
        day = dt.date.fromisoformat(body["date"])
        start, end = (
            sum(int(part) * size for part, size in zip(body[name].split(":"), (60, 1), strict=True))
            for name in ("start_time", "end_time")
        )
        stay = Stay(day, start, end, Interval(*(instant(self.ledger.zone, day, minute) for minute in (start, end))))
        place = place_of(Classroom.objects.get(name=body["classroom"]))
        return BookingWish(self.party(person_id, group_id), place, stay, clock.now(), **more)

    def live(self):
        rows = Registration.objects.with_api_relations().filter(occupancy__is_live=True)
        return {
            row.pk: Live(
                self.party(row.created_by_id, row.group_id),
                place_of(row.occupancy.classroom),
                stay_of(row.interval),
                row.created_at,
            )
            for row in rows
        }

    # --- what has to hold

    def check_verdict(self, answer, wish, is_overriding):
        """Literally the rules that the oracle finds broken; whoever is not refused by them may find the room taken."""
        broken = self.ledger.oracle.broken(wish, self.ledger.known())
        is_refused = any(self.ledger.rules[rule_id].effect == "refuse" for _, rule_id, *_ in broken)
        told = answer.json()
        if not is_refused or is_overriding:
            assert answer.status_code in (200, 201) or told["code"] == "CONFLICT", (told, broken)
            return
        assert (answer.status_code, told["code"]) == (409, "POLICY"), (told, broken)
        found = [
            (row["type"], row["rule_id"], row["limit"], row["used"], row["wanted"]) for row in told["details"]["rules"]
        ]
        assert found == broken

    def compare(self, before, *, is_overriding):
        now = clock.now()
        charges = [
            Charge(row.rule_id, Owner(row.owner_kind, row.owner_id), row.registration_id, row.counts_at, row.amount)
            for row in QuotaCharge.objects.all()
        ]
        after = self.ledger.known().charges
        assert self.ledger.sums(charges, now) == self.ledger.sums(after, now)
        assert {each.registration_id for each in charges} <= self.ledger.live.keys()
        assert {each.rule_id for each in charges} <= self.ledger.rules.keys()
        assert ledger_differences(now) == []
        if not is_overriding:
            assert self.ledger.overdrawn(before, after, now) == []


def wall(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def instant(zone, day, minute):
    midnight = dt.datetime(day.year, day.month, day.day)
    return (midnight + dt.timedelta(minutes=minute)).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def place_of(room):
    return Place(room.pk, room.building, room.floor, room.capacity)


def room_name(place):
    return Classroom.objects.get(pk=place.classroom_id).name


def stay_of(interval):
    piece = next(cut_per_day(interval))
    return Stay(piece.date, piece.start_minute, piece.end_minute, interval)


@pytest.mark.parametrize("zone", WEEKS)
def test_the_ledger_is_what_the_live_bookings_say_after_each_of_many_commands(zone, settings):
    settings.CSPACE_TIME_ZONE = zone
    with time_machine.travel(WEEKS[zone], tick=False) as stands:
        scene = Scene(zone, seed=zone)
        for _ in range(STEPS):
            scene.step()
            stands.shift(dt.timedelta(minutes=scene.dice.choice((0, 0, 1, 17, 60))))
    assert {word for word, hundreds in scene.done if hundreds == 2} == set(WORDS)
    assert {word for word, hundreds in scene.done if hundreds == 4} >= {"book", "change", "approve", "enter series"}
