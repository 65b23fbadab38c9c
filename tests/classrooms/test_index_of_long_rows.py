"""The index of what is longer than a day comes and goes on a database with rows in it."""

import datetime as dt

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from classrooms.enums import OccupancyKind
from kernel.campus_time import Interval
from tests.factories import make_classroom, make_occupancy
from tests.migrating import migrate_to_the_end

EPOCH = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def objects():
    """Whether the index is there, and the statistics of how long rows are, in that order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass('occupancy_longer_than_a_day') IS NOT NULL,"
            " EXISTS (SELECT FROM pg_statistic_ext WHERE stxname = 'occupancy_length'),"
            " coalesce((SELECT reltuples FROM pg_class WHERE oid = to_regclass('occupancy_longer_than_a_day')), 0)"
        )
        return cursor.fetchone()


def migrate(name):
    MigrationExecutor(connection).migrate([("classrooms", name)])


@pytest.mark.django_db(transaction=True)
def test_it_holds_the_long_rows_alone_whichever_way_the_schema_goes():
    room = make_classroom()
    for number, days in enumerate((1, 2, 30)):
        start = EPOCH + number * 40 * DAY
        make_occupancy(room, Interval(start, start + days * DAY), OccupancyKind.CLOSURE)
    try:
        migrate("0003_rooms_have_a_place")
        assert objects() == (False, False, 0)
    finally:
        migrate("0004_rows_longer_than_a_day")
        state = objects()
        migrate_to_the_end()
    assert state == (True, True, 2)
