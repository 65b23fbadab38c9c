"""How the rows of registrations get into their table: one at a time, or all occurrences of many series at once.

Written as SQL: a booking is the busiest INSERT of the house, and the ORM doubles its price (`make bench`).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from accounts.models import User
from classrooms.models import Occupancy
from groups.models import Group
from kernel.db.loading import instance_of
from kernel.errors import PermissionDenied
from registrations.enums import RegistrationStatus, WeekState
from registrations.models import Registration
from registrations.services.week_rows import INSERT as INSERT_WEEK
from registrations.services.week_rows import OVER_WHAT_STOOD_THERE

COLUMNS = (
    "occupancy_id",
    "group_id",
    "created_by_id",
    "description",
    "status",
    "created_at",
    "series_id",
    "is_closed_over",
)
"""All columns of the table: a new one is given its value here, and in both statements."""
INSERT = f"INSERT INTO registrations_registration ({', '.join(COLUMNS)})"
INSERT_ONE = (
    f"{INSERT} SELECT {', '.join(['%s'] * len(COLUMNS))} WHERE %s OR EXISTS"  # noqa: S608
    " (SELECT FROM groups_usergroup WHERE group_id = %s AND user_id = %s) RETURNING occupancy_id"
)
INSERT_OCCURRENCES = (
    "WITH placed AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::date[])"  # noqa: S608
    " AS placed (id, series_id, week)),"
    f" written AS ({INSERT} SELECT placed.id, series.group_id, series.created_by_id,"
    " coalesce(week.own_description, series.description), %s, %s, series.id, false FROM placed"
    " JOIN registrations_series AS series ON series.id = placed.series_id"
    " LEFT JOIN registrations_seriesweek AS week ON week.series_id = series.id AND week.begins_on = placed.week)"
    f" {INSERT_WEEK} SELECT series_id, week, %s, id, NULL, '', NULL, NULL FROM placed {OVER_WHAT_STOOD_THERE}"
)
"""Registrations and their weeks in one statement: 16,000 rows are sent once, not twice."""


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
        "is_closed_over": False,
    }
    row = [values[column] for column in COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ONE, [*row, by.access.is_cspace, group.pk, by.pk])
        if cursor.fetchone() is None:
            raise PermissionDenied
    registration = instance_of(Registration, values)
    registration.occupancy, registration.group, registration.created_by = occupancy, group, by
    return registration


def insert_occurrences(
    occupancy_ids: Sequence[int], series_ids: Sequence[int], weeks: Sequence[date], *, now: datetime
) -> None:
    """An approved registration for each room time, of the series and the week in the same place, which it is to stand
    for; one statement.

    Group and creator are those of the series' row; so is the description, where none was written for the week alone.
    """
    columns: list[list[Any]] = [list(occupancy_ids), list(series_ids), list(weeks)]
    with connection.cursor() as cursor:
        cursor.execute(INSERT_OCCURRENCES, [*columns, RegistrationStatus.APPROVED.value, now, WeekState.HELD.value])
