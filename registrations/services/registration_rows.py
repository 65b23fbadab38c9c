"""How the rows of registrations get into their table: one at a time, or all occurrences of many series at once.

Written as SQL: a booking is the busiest INSERT of the house, and the ORM doubles its price (`make bench`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import User
from classrooms.models import Occupancy
from groups.models import Group
from kernel.db.loading import instance_of
from kernel.errors import PermissionDenied
from registrations.enums import RegistrationStatus
from registrations.models import Registration

COLUMNS = (
    "occupancy_id",
    "group_id",
    "created_by_id",
    "description",
    "status",
    "created_at",
    "series_id",
    "is_detached",
)
"""All columns of the table: a new one is given its value here, and in both statements."""
INSERT = f"INSERT INTO registrations_registration ({', '.join(COLUMNS)})"
INSERT_ONE = (
    f"{INSERT} SELECT {', '.join(['%s'] * len(COLUMNS))} WHERE %s OR EXISTS"  # noqa: S608
    " (SELECT FROM groups_usergroup WHERE group_id = %s AND user_id = %s) RETURNING occupancy_id"
)
INSERT_OCCURRENCES = (
    f"{INSERT} SELECT placed.id, series.group_id, series.created_by_id, series.description, %s, %s, series.id, false"  # noqa: S608
    " FROM unnest(%s::bigint[], %s::bigint[]) AS placed (id, series_id)"
    " JOIN registrations_series AS series ON series.id = placed.series_id"
)


def insert_registration(
    *, occupancy: Occupancy, group: Group, by: User, now: datetime, description: str, status: RegistrationStatus
) -> Registration:
    """A single registration, with its API relations. One statement.

    It looks for the place in the group again, now that the group is held: who has lost it meanwhile books no more.
    Raises: PermissionDenied.
    """
    values: dict[str, Any] = {
        "occupancy_id": occupancy.pk,
        "group_id": group.pk,
        "created_by_id": by.pk,
        "description": description,
        "status": status.value,
        "created_at": now,
        "series_id": None,
        "is_detached": False,
    }
    row = [values[column] for column in COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ONE, [*row, by.access.is_cspace, group.pk, by.pk])
        if cursor.fetchone() is None:
            raise PermissionDenied
    registration = instance_of(Registration, values)
    registration.occupancy, registration.group, registration.created_by = occupancy, group, by
    return registration


def insert_occurrences(occupancy_ids: Sequence[int], series_ids: Sequence[int], *, now: datetime) -> None:
    """An approved registration for each room time, of the series in the same place; one statement.

    Group, description and creator are those of the series' row.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_OCCURRENCES, [RegistrationStatus.APPROVED.value, now, list(occupancy_ids), list(series_ids)]
        )
