"""How often a write waits for PostgreSQL: counted on the wire, over HTTP, on a connection that has its plans.

Counted are the batches and statements that are answered before the next is sent, BEGIN and COMMIT included.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from groups.models import Group
from kernel.db.ids import take_block
from tests.allocations.scenes import make_event
from tests.factories import cspace_group, join, make_classroom, make_group, make_registration, make_series, make_user
from tests.kernel.round_trips import round_trips

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("document_clock")]
TABLES = ("classrooms_occupancy", "groups_usergroup", "allocations_allocationregistration")
TIMES = 4
"""The first requests prepare their statements and take blocks of ids; the last is counted."""
DAY = date(2026, 2, 1)
WISH = {"classroom": "Room A", "start_time": "10:00", "end_time": "12:00"}


class Campus:
    """What every operation finds: a booking, a wish, a series and a member that nobody has touched."""

    def __init__(self, api: Callable[..., Any]) -> None:
        self.group, self.room = make_group("522"), make_classroom("Room A")
        make_classroom("Room B")
        self.member, self.decider = make_user("member"), make_user("decider")
        join(self.member, self.group)
        self.other_group = make_group("523")
        join(self.member, self.other_group)
        join(self.decider, cspace_group(), "admin")
        self.event = make_event(self.decider, starts_on=DAY)
        self.by_member, self.by_decider = api(self.member), api(self.decider)
        self.days = (DAY + timedelta(days=number) for number in range(100))

    def registration(self) -> str:
        day = next(self.days)
        made = make_registration(by=self.member, group=self.group, classroom=self.room, day=day)
        return f"registrations/{made.pk}/"

    def occurrence(self) -> str:
        series = make_series(
            by=self.decider,
            group=self.group,
            classroom=self.room,
            starts_on=next(self.days),
            weeks=1,
            start=900,
            end=960,
        )
        return f"registrations/{series.occurrences.get().pk}/"

    def rejected(self) -> str:
        path = self.registration()
        assert self.by_decider.post(f"{path}reject/").status_code == 200
        return path

    def entry(self) -> str:
        path = f"allocation-events/{self.event.pk}/registrations/"
        made = self.by_member.post(path, self.wish())
        assert made.status_code == 201, made.content
        return f"{path}{made.json()['id']}/"

    def wish(self) -> dict[str, Any]:
        day = next(self.days)
        hour = 8 + (day - DAY).days // 7
        return WISH | {
            "group_id": self.group.pk,
            "day_of_week": day.isoweekday() % 7 + 1,
            "start_time": f"{hour:02}:00",
            "end_time": f"{hour:02}:30",
        }

    def place(self) -> str:
        return self._place(self.group, "member")

    def leading_place(self) -> str:
        self._place(self.group, "admin")
        return self._place(self.group, "admin")

    def campus_place(self) -> str:
        return self._place(cspace_group(), "member")

    def leading_campus_place(self) -> str:
        return self._place(cspace_group(), "admin")

    def _place(self, group: Group, permissions: str) -> str:
        return f"user-groups/{join(make_user(), group, permissions).pk}/"

    def term(self, **more: Any) -> dict[str, Any]:
        first = next(self.days) + timedelta(days=200)
        return WISH | {
            "group_id": self.group.pk,
            "day_of_week": first.isoweekday() % 7 + 1,
            "start_date": str(first),
            "end_date": str(first + timedelta(days=7 * 15)),
            **more,
        }


def _booking(campus: Campus) -> Callable[[], Any]:
    body = WISH | {"group_id": campus.group.pk, "date": str(next(campus.days))}
    return lambda: campus.by_member.post("registrations/", body)


def _cspace(method: str, resource: str, action: str = "", body: Any = None) -> Callable[[Campus], Callable[[], Any]]:
    """Someone of cspace does it to a new one."""

    def prepare(campus: Campus) -> Callable[[], Any]:
        path = getattr(campus, resource)() + action
        return lambda: campus.by_decider(method, path, body)

    return prepare


def _own(method: str, resource: str, body: Any = None) -> Callable[[Campus], Callable[[], Any]]:
    """Its creator does it to a new one."""

    def prepare(campus: Campus) -> Callable[[], Any]:
        path = getattr(campus, resource)()
        return lambda: campus.by_member(method, path, body)

    return prepare


def _filing(campus: Campus) -> Callable[[], Any]:
    path, wish = f"allocation-events/{campus.event.pk}/registrations/", campus.wish()
    return lambda: campus.by_member.post(path, wish)


def _filing_by_cspace(campus: Campus) -> Callable[[], Any]:
    path, wish = f"allocation-events/{campus.event.pk}/registrations/", campus.wish()
    return lambda: campus.by_decider.post(path, wish)


def _handing_on(campus: Campus) -> Callable[[], Any]:
    path = campus.entry()
    return lambda: campus.by_member.patch(path, {"group_id": campus.other_group.pk})


def _adding(campus: Campus) -> Callable[[], Any]:
    path, username = f"groups/{campus.group.pk}/user-groups/", make_user().username
    return lambda: campus.by_decider.post(path, {"username": username})


def _series(campus: Campus) -> Callable[[], Any]:
    body = campus.term()
    return lambda: campus.by_decider.post("batch-allocations/", body)


def _skipping_series(campus: Campus) -> Callable[[], Any]:
    """For somebody else; one of its dates is taken."""
    body = campus.term(on_conflict="skip", on_behalf_of=campus.member.username)
    day = date.fromisoformat(body["start_date"])
    make_registration(by=campus.decider, group=campus.group, classroom=campus.room, day=day, start=600, end=720)
    return lambda: campus.by_decider.post("batch-allocations/", body)


def _several_series(campus: Campus) -> Callable[[], Any]:
    items = [campus.term(), campus.term(classroom="Room B")]
    return lambda: campus.by_decider.post("batch-allocations/", {"items": items})


MOST = {
    "book": (_booking, 2),
    "approve": (_cspace("POST", "registration", "approve/"), 3),
    "reject": (_cspace("POST", "registration", "reject/"), 3),
    "approve what was rejected": (_cspace("POST", "rejected", "approve/"), 5),
    "cancel": (_own("DELETE", "registration"), 3),
    "cancel an occurrence": (_cspace("DELETE", "occurrence"), 3),
    "move in time": (_own("PATCH", "registration", {"start_time": "14:00", "end_time": "15:00"}), 4),
    "move to another room": (_own("PATCH", "registration", {"classroom": "Room B"}), 4),
    "move, by cspace": (_cspace("PATCH", "registration", "", {"classroom": "Room B"}), 4),
    "move an occurrence": (_cspace("PATCH", "occurrence", "", {"classroom": "Room B"}), 4),
    "reword": (_own("PATCH", "registration", {"description": "Reading circle"}), 3),
    "file a wish": (_filing, 4),
    "file a wish, by cspace": (_filing_by_cspace, 4),
    "change a wish": (_own("PATCH", "entry", {"classroom": "Room B"}), 4),
    "hand a wish on": (_handing_on, 4),
    "reword a wish": (_own("PATCH", "entry", {"description": "Reading circle"}), 3),
    "change a wish, by cspace": (_cspace("PATCH", "entry", "", {"classroom": "Room B"}), 4),
    "withdraw a wish": (_own("DELETE", "entry"), 3),
    "withdraw a wish, by cspace": (_cspace("DELETE", "entry"), 3),
    "add a member": (_adding, 3),
    "make a member an admin": (_cspace("PATCH", "place", "", {"permissions": "admin"}), 3),
    "make an admin a member": (_cspace("PATCH", "leading_place", "", {"permissions": "member"}), 3),
    "remove a member": (_cspace("DELETE", "place"), 3),
    "remove an admin": (_cspace("DELETE", "leading_place"), 3),
    "make a member an admin of cspace": (_cspace("PATCH", "campus_place", "", {"permissions": "admin"}), 3),
    "make an admin of cspace a member": (_cspace("PATCH", "leading_campus_place", "", {"permissions": "member"}), 4),
    "remove a member of cspace": (_cspace("DELETE", "campus_place"), 3),
    "remove an admin of cspace": (_cspace("DELETE", "leading_campus_place"), 4),
    "enter a series": (_series, 3),
    "enter a series that skips": (_skipping_series, 3),
    "enter several series": (_several_series, 3),
}


@pytest.mark.parametrize("operation", MOST)
def test_a_write_waits_no_more_often_than_the_table_says(operation, api, settings):
    settings.CSPACE_THROTTLE = True
    prepare, most = MOST[operation]
    campus = Campus(api)
    for table in TABLES:
        take_block(table)
    for _ in range(TIMES):
        request = prepare(campus)
        with round_trips() as trips:
            response = request()
        assert response.status_code < 300, response.content
    assert trips() == most
