"""The database refuses by itself what the services never write."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from tests.factories import make_registration

pytestmark = pytest.mark.usefixtures("document_clock")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("status = 'maybe'", "registration_known_status"),
        ("description = repeat('x', 2001)", "registration_description_in_range"),
    ],
)
def test_registration_constraints(member, team, room, change, constraint):
    held = make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 2, 1))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE registrations_registration SET {change} WHERE occupancy_id = %s", [held.pk])
