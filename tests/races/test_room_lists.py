"""A room changed while a list is imported: what the list was confirmed for is what it writes over."""

import threading

import pytest
from django.db import connection

from classrooms.importing.room_lists import import_rooms
from classrooms.models import Classroom
from classrooms.services.rooms import change_classroom
from kernel import clock
from kernel.tables.headers import Row
from tests.factories import cspace_group, join, make_classroom, make_user
from tests.races.threads import JOIN_SECONDS, await_waiting_connections

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_change_made_while_a_list_is_imported_waits_for_it():
    room, admin = make_classroom("Room A", capacity=10, floor=2), make_user()
    join(admin, cspace_group())
    row = Row(2, {"name": "Room A", "capacity": "77"})
    plan = import_rooms(by=admin, now=clock.now(), rows=[row], dry_run=True).plan

    def change():
        try:
            change_classroom(classroom_id=room.pk, by=admin, now=clock.now(), capacity=55, floor=7)
        finally:
            connection.close()

    other = threading.Thread(target=change)

    def rows():
        # Asked for when the rooms have been read, and before any is written.
        other.start()
        await_waiting_connections(1, unless=lambda: not other.is_alive())
        yield row

    report = import_rooms(by=admin, now=clock.now(), rows=rows(), plan=plan)
    during = [each.changes for each in report.changed]
    other.join(JOIN_SECONDS)
    assert during == [{"capacity": [10, 77]}]
    assert Classroom.objects.values_list("capacity", "floor").get() == (55, 7)
