"""What the mutants of the race tests need."""

from collections.abc import Iterator

import pytest
from django.db import connection


@pytest.fixture
def unconstrained() -> Iterator[None]:
    """The table without its exclusion constraint, put back afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'occupancy_no_overlap'")
        definition = cursor.fetchone()[0]
        cursor.execute("ALTER TABLE classrooms_occupancy DROP CONSTRAINT occupancy_no_overlap")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE classrooms_occupancy CASCADE")
        cursor.execute(f"ALTER TABLE classrooms_occupancy ADD CONSTRAINT occupancy_no_overlap {definition}")
