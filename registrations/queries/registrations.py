"""One registration with all that a representation shows of it."""

from uuid import UUID

from accounts.models import User
from accounts.queries.people import PERSON
from classrooms.models import Classroom, Occupancy
from classrooms.queries.rooms import BOOKABLE
from groups.models import Group
from groups.queries.places import GROUP
from kernel.db.batch import Statement, ask
from kernel.db.loading import columns_of, instances_in
from kernel.db.pipeline import ResultRows
from policies.queries.rulebook import VERSION
from registrations.models import Registration

REGISTRATION = (
    "occupancy_id",
    "group_id",
    "created_by_id",
    "description",
    "status",
    "created_at",
    "series_id",
    "is_closed_over",
    "broken_rules",
    "attendees",
    "origin",
)
OCCUPANCY = ("id", "classroom_id", "starts_at", "ends_at", "is_live", "kind", "before_minutes", "after_minutes")
TABLES = (
    ("registration", Registration, REGISTRATION),
    ("occupancy", Occupancy, OCCUPANCY),
    ("room", Classroom, BOOKABLE),
    ("team", Group, GROUP),
    ("creator", User, PERSON),
)
REGISTRATIONS = f"""
SELECT {columns_of(TABLES)}, {VERSION}
  FROM registrations_registration AS registration
  JOIN classrooms_occupancy AS occupancy ON occupancy.id = registration.occupancy_id
  JOIN classrooms_classroom AS room ON room.id = occupancy.classroom_id
  LEFT JOIN groups_group AS team ON team.id = registration.group_id
  JOIN accounts_user AS creator ON creator.id = registration.created_by_id
"""  # noqa: S608  # constants of ours
BY_ID = f"{REGISTRATIONS} WHERE registration.occupancy_id = %s"
BY_UID = f"{REGISTRATIONS} WHERE registration.uid = %s::uuid"


def asking_for_registration(registration_id: int) -> Statement:
    """The question for `registration_with_id`; its row ends with the version of the booking rules."""
    return Statement(BY_ID, (registration_id,))


def registration_with_id(registration_id: int) -> Registration | None:
    """The registration with its API relations, or None; other columns of theirs are read when they are asked for."""
    return registration_in(ask(asking_for_registration(registration_id)))


def registration_with_uid(uid: UUID) -> Registration | None:
    """The same by the identifier that other programs know."""
    return registration_in(ask(Statement(BY_UID, (uid,))))


def registration_in(rows: ResultRows) -> Registration | None:
    """The registration that the question was answered with."""
    if not rows:
        return None
    registration: Registration
    registration, occupancy, occupancy.classroom, registration.group, registration.created_by = instances_in(
        rows[0], TABLES
    )
    registration.occupancy = occupancy
    if registration.group_id is None:
        registration.group = None
    return registration


def group_of(registration_id: int) -> Statement:
    """The query of the id of its group, for `holding_groups`."""
    return Statement("SELECT group_id FROM registrations_registration WHERE occupancy_id = %s", (registration_id,))
