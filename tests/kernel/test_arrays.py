"""Many values as one parameter arrive as they were."""

import datetime as dt

import pytest
from django.db import connection

from kernel.db.arrays import array_of

ZURICH = dt.timezone(dt.timedelta(hours=2))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("bigint", [1, -5, 2**62]),
        ("bigint", []),
        ("date", [dt.date(2026, 2, 1), dt.date(1999, 12, 31)]),
        ("timestamptz", [dt.datetime(2026, 2, 1, tzinfo=dt.UTC), dt.datetime(1950, 1, 1, 3, 4, 5, 678901, ZURICH)]),
    ],
)
def test_an_array_is_read_as_it_was_written(db, kind, values):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT unnest(%s::{kind}[])", [array_of(values)])
        assert [value for (value,) in cursor.fetchall()] == values
