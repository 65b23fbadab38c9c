"""What facts carry, whom their notices reach, and the words they share."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from django.db import transaction

from accounts.models import User
from groups.models import UserGroup
from kernel import phrases
from kernel.campus_time import Interval
from kernel.changes import changes_between
from kernel.facts import Fact, Notice, PeopleQuery, publish, recording
from kernel.wording import interval_in_words, span_in_words
from notifications.models import Notification
from registrations.facts.registrations import RegistrationCreated, RegistrationSummary
from registrations.models import Registration
from tests.factories import join, make_user

MOMENT = dt.datetime(2026, 1, 20, 2, 0, tzinfo=dt.UTC)
TWO_HOURS = Interval(dt.datetime(2026, 2, 1, 2, 0, tzinfo=dt.UTC), dt.datetime(2026, 2, 1, 4, 0, tzinfo=dt.UTC))


@dataclass(frozen=True, kw_only=True)
class BellRung(Fact):
    action: ClassVar[str] = "bell.rung"
    notice: Notice

    @property
    def target(self) -> str:
        return "bell:1"

    def notices(self) -> list[Notice]:
        return [self.notice]


@pytest.fixture
def said():
    """The bell's ringing has a sentence, until the test is over."""
    phrases.declare({BellRung.action: phrases.Phrase("The bell of {tower} has rung.")})
    yield
    phrases.forget(BellRung.action)


def test_a_fact_tells_of_the_thing_by_its_summary(api, member, team, room, wish, document_clock):
    with recording() as facts:
        response = api(member).post("registrations/", wish)
    assert response.status_code == 201
    registration = Registration.objects.with_api_relations().get()
    summary = RegistrationSummary(
        id=registration.pk, created_by_id=member.pk, classroom=room.name, group=team.name, interval=TWO_HOURS
    )
    assert registration.summary == summary
    assert [(type(fact), fact.registration, fact.status) for fact in facts] == [
        (RegistrationCreated, summary, "pending")
    ]
    assert facts[0].details == {
        "classroom": room.name,
        "group": team.name,
        "date": "2026-02-01",
        "start_time": "10:00",
        "end_time": "12:00",
        "status": "pending",
    }


@pytest.mark.parametrize("is_query", [False, True])
@pytest.mark.parametrize(
    ("more", "reached"),
    [
        ({}, ["other", "third"]),
        ({"includes_actor": True}, ["actor", "other", "third"]),
        ({"except_for": "third"}, ["other"]),
        ({"except_for": "third", "includes_actor": True}, ["actor", "other"]),
    ],
)
def test_whom_a_notice_reaches(team, said, is_query, more, reached):
    people: dict[str, User] = {name: make_user(name) for name in ("actor", "other", "third")}
    for person in people.values():
        join(person, team)
    recipients: Any = [person.pk for person in people.values()]
    if is_query:
        recipients = PeopleQuery.of(UserGroup.objects.filter(group=team).user_ids())
    if "except_for" in more:
        more = more | {"except_for": people[more["except_for"]].pk}
    notice = Notice(recipients=recipients, params={"tower": "Main Library"}, **more)
    with transaction.atomic():
        publish(BellRung(actor_id=people["actor"].pk, occurred_at=MOMENT, notice=notice))
    rows = Notification.objects.order_by("user__username")
    words = "The bell of Main Library has rung."
    assert list(rows.values_list("user__username", "description")) == [(name, words) for name in reached]
    assert {(row.kind, row.target, str(row.params)) for row in rows} == {
        ("bell.rung", "bell:1", str({"tower": "Main Library"}))
    }


def test_changes_are_what_differs_in_the_order_of_before():
    before = {"name": "A", "floor": 1, "capacity": 20}
    assert changes_between(before, {"capacity": 30, "name": "B", "floor": 1}) == {
        "name": ["A", "B"],
        "capacity": [20, 30],
    }
    assert list(changes_between(before, {"capacity": 30, "name": "B"})) == ["name", "capacity"]
    assert changes_between(before, {"floor": 1, "unknown": 2}) == {}


def test_days_and_times_in_words():
    assert interval_in_words(TWO_HOURS) == "2026-02-01 10:00–12:00"
    assert span_in_words(550, 1440) == "09:10–24:00"
