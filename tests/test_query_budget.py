"""How many statements an operation costs: tests/query_budget.json, reviewed like code, equal at one row and at three.

Counted are all statements of a request but the savepoints that stand in for BEGIN and COMMIT under test.
"""

import json
import re
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services.unsubscribing import unsubscribe_token
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.services.after_draw import withdraw_entry
from allocations.services.distributing import distribute
from auditlog.models import LogEntry
from calendars.enums import CalendarSource, FeedKind
from calendars.rules.feeds import FeedSubject
from calendars.services.feeds import feed_of
from classrooms.services.closures import close_rooms
from groups.models import UserGroup
from groups.services.joining import issue_join_token
from kernel import clock
from kernel.campus_time import campus_interval
from notifications.models import Notification
from policies.queries.rulebook import renew_rulebook
from registrations.services.series_dates import SeriesDraft
from registrations.services.series_writing import place_series
from tests.accounts.mailing import waiting_for
from tests.allocations.scenes import ended, make_entry, make_event
from tests.calendars.files import IMPORTED, as_form, standing_file
from tests.conftest import DOCUMENT_TIME
from tests.factories import cspace_group, join, make_classroom, make_group, make_registration, make_user
from tests.factories.calendars import enter, make_calendar
from tests.factories.timetables import make_course, make_lecture, make_plan, make_semester
from tests.once import built_once
from tests.policies.scenes import make_mark, make_rule
from tests.routes import operation, operations
from tests.webhooks.scenes import make_delivery, make_webhook
from timetables.models import Teacher

pytestmark = pytest.mark.usefixtures("document_clock", "reachable_calendars")

FILE = Path(__file__).with_name("query_budget.json")
BUDGET: dict[str, dict[str, int]] = json.loads(FILE.read_text())
DAY = date(2026, 2, 1)
SLOT = "date=2026-02-01&start_time=10:00&end_time=12:00"
ROOM = {"capacity": 31, "floor": 2}
CLOSURE = {"starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-02-01T15:00:00Z", "on_conflict": "cancel"}
EVENT = {
    "registration_start": "2026-01-21T00:00:00Z",
    "registration_end": "2026-01-22T00:00:00Z",
    "target_start_date": "2026-03-01",
    "target_end_date": "2026-03-28",
}
WISH = {"start_time": "04:00", "end_time": "05:00"}
LIMIT = {"type": "length", "max_minutes": 60}
TERM = {"start_date": "2026-03-01", "end_date": "2026-03-28"}
BODIES: dict[str, Any] = {
    "POST groups/": {"name": "chess-club"},
    "PUT groups/{team}/": {"name": "523", "tags": ["gold"]},
    "PATCH groups/{team}/": {"tags": ["gold"], "kind": "society", "code": "chess"},
    "POST groups/{team}/user-groups/": {"username": "newcomer"},
    "PUT user-groups/{place}/": {"permissions": "admin"},
    "POST classrooms/": ROOM | {"name": "Room C"},
    "PUT classrooms/{room}/": ROOM,
    "POST classrooms/{room}/closures/": CLOSURE | {"on_conflict": "fail", "ends_at": "2026-02-01T00:30:00Z"},
    "POST closures/": CLOSURE | {"classrooms": "all", "on_conflict": "fail", "ends_at": "2026-02-01T00:30:00Z"},
    "POST closures/?cancelling": CLOSURE | {"classrooms": ["Room A"]},
    "POST registrations/": {"classroom": "Room A", "date": "2026-02-02", "start_time": "10:00", "end_time": "12:00"},
    "POST registrations/check/": {
        "classroom": "Room A",
        "date": "2026-02-02",
        "start_time": "10:00",
        "end_time": "12:00",
    },
    "PUT registrations/{registration}/": {"date": "2026-02-03"},
    "PATCH registrations/{registration}/": {"description": "Reading circle"},
    "PATCH classrooms/{room}/": ROOM,
    "PATCH user-groups/{place}/": {"permissions": "admin"},
    "PATCH notifications/{notification}/": {"status": "read"},
    "POST booking-rules/": {
        "name": "Short",
        "who": {"kind": "everybody"},
        "where": {"kind": "everywhere"},
        "limit": LIMIT,
    },
    "PUT booking-rules/{rule}/": {"limit": LIMIT, "where": {"kind": "classroom", "classroom": "Room A"}},
    "PATCH booking-rules/{rule}/": {"name": "Short"},
    "POST marks/?person": {"username": "actor", "kind": "misuse", "points": 1},
    "POST webhooks/": {"url": "https://hooks.example.org/other", "events": ["registration.*"]},
    "PUT webhooks/{webhook}/": {"events": ["closure.*"], "url": "https://hooks.example.org/other"},
    "PATCH webhooks/{webhook}/": {"events": ["closure.*"], "url": "https://hooks.example.org/other"},
    "PATCH users/me/preferences/": {"language": "zh-hant", "mail": "daily"},
    "POST allocation-events/": EVENT,
    "PUT allocation-events/{upcoming}/": {"min_percent": 60},
    "PATCH allocation-events/{upcoming}/": {"min_percent": 60},
    "POST allocation-events/{open}/registrations/": WISH | {"classroom": "Room A", "day_of_week": 7},
    "PUT allocation-events/{open}/registrations/{filed}/": {"start_time": "08:30"},
    "PATCH allocation-events/{open}/registrations/{filed}/": {"start_time": "08:30"},
    "POST batch-allocations/": WISH | TERM | {"classroom": "Room A", "day_of_week": 7, "on_conflict": "skip"},
    "PUT batch-allocations/{series}/": {"start_time": "05:10"},
    "PATCH batch-allocations/{series}/": {"start_time": "05:10"},
}
OF_A_GROUP = (
    "POST registrations/",
    "POST registrations/check/",
    "POST batch-allocations/",
    "POST allocation-events/{open}/registrations/",
)


class Campus:
    """`size` of everything an operation could walk over: rooms, groups, people, bookings, closures, notices."""

    def __init__(self, size: int) -> None:
        self.size, self.actor = size, make_user("actor")
        actor, named, room = self.actor, make_group("522"), make_classroom("Room A")
        join(actor, cspace_group())
        join(actor, named)
        make_user("newcomer")
        self.confirmation = waiting_for("ada@example.edu", make_user())
        self.join_token = issue_join_token(group_id=make_group().pk, by=actor, now=clock.now()).token
        self.subscription = unsubscribe_token(make_user().pk)
        for number in range(size):
            join(make_user(), named)
            join(make_user(), cspace_group())
            join(actor, make_group())
            make_classroom()
            hour = (9 + number) * 60
            made = make_registration(by=actor, group=named, classroom=room, day=DAY, start=hour, end=hour + 60)
            (closure,) = close_rooms(
                by=actor,
                now=clock.now(),
                classrooms=[room],
                interval=campus_interval(DAY + timedelta(days=10 + number), hour, hour + 60),
            )
            notice = Notification.objects.create(user=actor, description="x", created_at=clock.now())
            webhook = make_webhook("group.created")
            rule = make_rule(actor, is_active=False, limit={"type": "length", "max_minutes": 120 + number})
            mark = make_mark(actor, named)
            make_mark(actor, actor)
        for number in range(size):
            make_delivery(webhook, number)
        courses = [make_course(f"CS-{number}") for number in range(size)]
        for number, course in enumerate(courses):
            course.teachers.add(Teacher.objects.create(name=f"T {number}"))
            make_lecture(room, courses[0], day=DAY + timedelta(days=20 + number))
        semester = make_semester(starts_on=DAY, ends_on=DAY + timedelta(days=60))
        plans = [make_plan(*courses, unit=course.code, semester=semester) for course in courses]
        self.course, self.plan = courses[0].code, plans[0].pk
        assert LogEntry.objects.count() >= size
        self.team, self.room, self.unused_room, self.closure = named.pk, room.name, make_classroom().name, closure.pk
        self.place = UserGroup.objects.filter(group=named).exclude(user=actor)[0].pk
        self.registration, self.notification, self.webhook = made.pk, notice.pk, webhook.pk
        self.rule, self.mark = rule, mark.pk
        self._allocate(size, actor, named, room)
        self._subscribe(size, actor, named, room)

    def _subscribe(self, size: int, actor: Any, team: Any, room: Any) -> None:
        """Calendars of the room, an event each, and the feeds of everything."""
        for _ in range(size):
            calendar = make_calendar(group=team, classroom=room, users=(actor,))
            enter(calendar, campus_interval(DAY + timedelta(days=1), 480, 540), by=actor)
        self.calendar = calendar.slug
        source = {"source": CalendarSource.ICS, "source_url": standing_file().url}
        self.remote = make_calendar(users=(actor,), **source).slug
        self.room_token, self.calendar_token, _, self.team_token = (
            feed_of(subject=FeedSubject(kind, row.pk, ""), by=actor, now=clock.now()).token
            for kind, row in zip(FeedKind, (room, calendar, actor, team), strict=True)
        )

    def _allocate(self, size: int, actor: Any, team: Any, room: Any) -> None:
        """An event in every state, each with two wishes for each of `size` slots, and as many series."""
        rivals, events = make_group(), {}
        for number, state in enumerate(("upcoming", "open", "closed", "drawn", "freed")):
            events[state] = event = make_event(actor, weeks=4, starts_on=date(2026, 4, 5) + timedelta(days=28 * number))
            for hour in range(8, 8 + size):
                for group in (team, rivals):
                    make_entry(event, group, room, actor, start=hour * 60, end=hour * 60 + 60)
            if state in ("closed", "drawn", "freed"):
                ended(event, actor)
            if state in ("drawn", "freed"):
                distribute(event_id=event.pk, by=actor, now=clock.now())
        AllocationEvent.objects.filter(pk=events["upcoming"].pk).update(
            status="upcoming", registration_start=clock.now() + timedelta(minutes=30)
        )
        AllocationRegistration.objects.filter(event=events["upcoming"]).delete()
        self.upcoming, self.open, self.closed, self.drawn, self.freed = (event.pk for event in events.values())
        self.filed, self.closed_entry = events["open"].entries.all()[0].pk, events["closed"].entries.all()[0].pk
        won, lost = (events["drawn"].entries.filter(status=status) for status in ("approved", "rejected"))
        self.winner, self.loser = won[0].pk, lost[0].pk
        for winner in events["freed"].entries.filter(status="approved"):
            withdraw_entry(event_id=self.freed, entry_id=winner.pk, by=actor, now=clock.now())
        wanted = [
            SeriesDraft(
                group_id=team.pk,
                classroom_id=room.pk,
                day_of_week=1 + number,
                start_minute=300,
                end_minute=330,
                starts_on=date(2026, 3, 1),
                ends_on=date(2026, 3, 28),
                created_by_id=actor.pk,
            )
            for number in range(size)
        ]
        self.series = place_series(wanted, now=clock.now())[0].id

    def body(self, named: str) -> Any:
        body = BODIES.get(named.removesuffix("?dry_run=true"))
        if named == "PUT allocation-events/{open}/weights/":
            return {str(self.team): 2}
        if named == "POST users/me/email/confirm/":
            return {"token": self.confirmation}
        if named == "POST groups/join/":
            return {"token": self.join_token}
        if named == "POST marks/":
            return {"group_id": self.team, "registration_id": self.registration, "kind": "no_show", "points": 2}
        return body | {"group_id": self.team} if named in OF_A_GROUP else body


def counted(named: str, campus: Campus, client: Any) -> int:
    method, _, path = re.sub(r"\?(cancelling|person)$", "", named).partition(" ")  # marks of ours, no parameters
    content, headers = as_form(IMPORTED) if path.endswith("import/") else (campus.body(named), {})
    with CaptureQueriesContext(connection) as captured:
        response = client(method, path.format(**vars(campus)), content, **headers)
    assert response.status_code < 300, response.content
    return sum("SAVEPOINT" not in row["sql"] for row in captured.captured_queries)


@pytest.fixture(scope="module", params=[1, 3], ids="size {}".format)
def loaded(request, django_db_setup, django_db_blocker):
    stands = time_machine.travel(DOCUMENT_TIME, tick=False)
    with stands, built_once(django_db_blocker, partial(Campus, request.param)) as campus:
        yield campus


@pytest.fixture
def campus(loaded, stock_of_ids):
    loaded.actor.forget_access()
    renew_rulebook()
    return loaded


@pytest.mark.parametrize("named", BUDGET)
def test_an_operation_costs_what_the_file_says(named, campus, api, settings):
    settings.CSPACE_THROTTLE = True
    cost = counted(named, campus, api(campus.actor))
    assert cost == BUDGET[named][str(campus.size)], (
        f"{named} costs {cost} statements at size {campus.size}. If that is meant, write it into {FILE.name}:"
        f' "{named}": {json.dumps({"1": cost, "3": cost})}'
    )


def test_every_operation_but_the_sessions_has_a_budget():
    measured = {operation(*named.split(" ", 1)) for named in BUDGET}
    assert measured == {known for known in operations() if not known[1].startswith("auth/")}


def test_no_budget_grows_with_the_rows():
    assert {operation: budget for operation, budget in BUDGET.items() if budget["1"] != budget["3"]} == {}
