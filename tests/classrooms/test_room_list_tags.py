"""Who has the list of rooms is told so without its being read; whatever changes a room makes another tag."""

import json
from uuid import UUID

import pytest

from classrooms.importing.room_lists import import_rooms
from classrooms.models import Classroom
from classrooms.queries.rooms import asking_for_room_list, placed
from classrooms.services.closures import close_rooms
from classrooms.services.rooms import change_classroom, create_classroom, delete_classroom
from kernel import clock
from kernel.campus_time import campus_date, campus_interval
from kernel.db.batch import Statement, ask
from kernel.models import Version
from kernel.tables.headers import Row
from tests.factories import make_classroom, make_registration

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
ROOM = {"name": "Room C", "capacity": 3, "floor": 1}
WAYS = {
    "created": lambda api, by, room: api(by).post("classrooms/", ROOM),
    "changed by PUT": lambda api, by, room: api(by).put("classrooms/Room A/", {"capacity": 31, "floor": 2}),
    "changed by PATCH": lambda api, by, room: api(by).patch("classrooms/Room A/", {"equipment": {"projector": 7}}),
    "deleted": lambda api, by, room: api(by).delete("classrooms/Room A/"),
    "created once": lambda api, by, room: api(by).post("classrooms/", ROOM, **{"Idempotency-Key": "k"}),
    "create_classroom": lambda api, by, room: create_classroom(by=None, now=clock.now(), **ROOM),
    "change_classroom": lambda api, by, room: change_classroom(
        classroom_id=room.pk, by=by, now=clock.now(), is_active=False
    ),
    "delete_classroom": lambda api, by, room: delete_classroom(classroom_id=room.pk, by=by, now=clock.now()),
    "its parts": lambda api, by, room: api(by).put("classrooms/Room A/", {"parts": [make_classroom("Half").name]}),
    "imported": lambda api, by, room: import_rooms(
        by=by, now=clock.now(), rows=[Row(2, {"name": "Room A", "capacity": "77"})]
    ),
}
OTHERS = {
    "nothing": lambda api, by, room: None,
    "a change to the same": lambda api, by, room: api(by).put("classrooms/Room A/", {"capacity": 30, "floor": 2}),
    "a dry run": lambda api, by, room: api(by).post("classrooms/?dry_run=true", ROOM),
    "a refusal": lambda api, by, room: api(by).post("classrooms/", {**ROOM, "name": "Room A"}),
    "a closure": lambda api, by, room: close_rooms(
        by=by, now=clock.now(), classrooms=[room], interval=campus_interval(campus_date(clock.now()), 1200, 1260)
    ),
}


@pytest.fixture
def room():
    create_classroom(by=None, now=clock.now(), name="Room A", capacity=30, floor=2)
    return Classroom.objects.get()


def tag_of(api, user, path="classrooms/"):
    """The tag, and that it is honoured."""
    response = api(user).get(path)
    again = api(user).get(path, **{"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again.headers.get(name) == response.headers.get(name)
    assert response["Cache-Control"] == "private, no-cache"
    return response["ETag"]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_change_a_room_ends_the_304(api, member, cspace, room, way):
    before = tag_of(api, member)
    WAYS[way](api, cspace, room)
    response = api(member).get("classrooms/", **{"If-None-Match": before})
    assert (response.status_code, response["ETag"] == before) == (200, False)


@pytest.mark.parametrize("other", OTHERS)
def test_what_changes_no_room_leaves_it(api, member, cspace, room, other):
    before = tag_of(api, member)
    OTHERS[other](api, cspace, room)
    assert tag_of(api, member) == before


def test_a_booking_leaves_it(api, member, team, room):
    before = tag_of(api, member)
    make_registration(by=member, group=team, classroom=room, day=campus_date(clock.now()), start=1200, end=1260)
    assert tag_of(api, member) == before


def test_each_address_has_tags_of_its_own(api, member, cspace, room, settings):
    """Of one it says nothing of another; the list is the same for whoever may read it."""
    settings.CSPACE_PUBLIC_READS = True
    paths = [f"classrooms/?{query}" for query in ("", "page=1", "page=1&per_page=1", "floor=2", "floor=1", "search=x")]
    tags = {path: tag_of(api, member, path) for path in paths}
    assert len(set(tags.values())) == len(paths)
    for path in paths:
        others = ", ".join(tag for other, tag in tags.items() if other != path)
        assert api(member).get(path, **{"If-None-Match": others}).status_code == 200
        assert api(member).get(path, **{"If-None-Match": f"{others}, {tags[path]}"}).status_code == 304
        assert tag_of(api, cspace, path) == tag_of(api, None, path) == tags[path]


@pytest.mark.parametrize("header", ['"x"', 'W/"x.{kind}"', 'W/"{version}"', '"{version}.x"', 'W/".{kind}"', '"*"', "x"])
def test_a_tag_of_our_own_alone_is_known(api, member, room, header):
    version, kind = tag_of(api, member)[3:-1].split(".")
    sent = header.format(version=version, kind=kind)
    assert api(member).get("classrooms/", **{"If-None-Match": sent}).status_code == 200
    assert api(member).get("classrooms/", **{"If-None-Match": f'{sent}, "{version}.{kind}"'}).status_code == 304


def test_whoever_may_not_read_gets_no_304(api, member, room, settings):
    tag = tag_of(api, member)
    assert api().get("classrooms/", **{"If-None-Match": tag}).status_code == 401
    assert api(member).get("classrooms/?floor=x", **{"If-None-Match": "*"}).status_code == 400
    assert api(member).get("classrooms/?page=9", **{"If-None-Match": "*"}).status_code == 404
    assert api(member).get("classrooms/", **{"If-None-Match": "*"}).status_code == 304


def test_without_a_version_there_is_no_tag(api, member):
    Version.objects.all().delete()
    make_classroom("Room A")
    response = api(member).get("classrooms/")
    assert ([room["name"] for room in response.json()["results"]], "ETag" in response) == (["Room A"], False)


@pytest.mark.parametrize("is_known", [True, False])
def test_no_room_is_read_for_whoever_has_them(room, is_known):
    present = Version.objects.get(key="rooms").stamp
    question = asking_for_room_list(
        placed(Classroom.objects.in_order()), (0, 100), [present if is_known else UUID(int=7)]
    )
    ((plan,),) = ask(Statement(f"EXPLAIN (ANALYZE, FORMAT JSON) {question.sql}", question.parameters))
    loops = [node["Actual Loops"] for node in nodes(plan) if node.get("Alias") == "classrooms_classroom"]
    assert loops == [0 if is_known else 1]


def nodes(plan):
    """All nodes of a plan, which is JSON or its text."""
    waiting = [each["Plan"] for each in (json.loads(plan) if isinstance(plan, str) else plan)]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        yield node
