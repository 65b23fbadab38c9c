"""Rooms change while their list is read: under one tag stands one body."""

from collections import defaultdict

import pytest

from classrooms.services.rooms import change_classroom, create_classroom
from kernel import clock
from tests.factories import cspace_group, join, make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
CHANGES = 60


def test_no_reader_gets_an_old_list_under_a_new_tag_or_a_new_one_under_an_old(api):
    admin, reader = make_user(), make_user()
    join(admin, cspace_group())
    rooms = [
        create_classroom(by=None, now=clock.now(), name=f"Room {number}", capacity=1, floor=1) for number in range(3)
    ]

    changed = []

    def change(room):
        try:
            for capacity in range(2, CHANGES):
                change_classroom(classroom_id=room.pk, by=admin, now=clock.now(), capacity=capacity)
        finally:
            changed.append(room)

    def read():
        client, bodies, tag, body = api(reader), [], "", b""
        while len(changed) < len(rooms):
            response = client.get("classrooms/", **{"If-None-Match": tag})
            if response.status_code == 200:
                tag, body = response["ETag"], response.content
            bodies.append((response["ETag"], body))  # of a 304: what the reader goes on showing
        return bodies

    results = at_once(*(lambda room=room: change(room) for room in rooms), read, read)
    assert raised(results) == []
    bodies = defaultdict(set)
    for tag, body in [*results[-2], *results[-1]]:
        bodies[tag].add(body)
    assert len(bodies) > 1
    assert {tag: len(each) for tag, each in bodies.items() if len(each) > 1} == {}
    last = api(reader).get("classrooms/")
    assert {room["capacity"] for room in last.json()["results"]} == {CHANGES - 1}
    assert bodies.get(last["ETag"], {last.content}) == {last.content}
