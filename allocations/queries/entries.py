"""One entry of an event, for those who may see it."""

from accounts.models import User
from accounts.queries.people import PERSON
from accounts.rules import Access
from allocations.models import AllocationRegistration
from allocations.rules import may_file_for
from classrooms.models import Classroom
from classrooms.queries.rooms import BOOKABLE
from groups.models import Group
from groups.queries.places import GROUP
from kernel.db.batch import Statement, ask
from kernel.db.loading import columns_of, instances_in
from kernel.db.pipeline import ResultRows
from kernel.errors import NotFound, PermissionDenied

ENTRY = tuple(column.attname for column in AllocationRegistration._meta.concrete_fields)
TABLES = (
    ("entry", AllocationRegistration, ENTRY),
    ("room", Classroom, BOOKABLE),
    ("team", Group, GROUP),
    ("creator", User, PERSON),
)
BY_ID = f"""
SELECT {columns_of(TABLES)}
  FROM allocations_allocationregistration AS entry
  JOIN classrooms_classroom AS room ON room.id = entry.classroom_id
  JOIN groups_group AS team ON team.id = entry.group_id
  JOIN accounts_user AS creator ON creator.id = entry.created_by_id
 WHERE entry.event_id = %s AND entry.id = %s
"""  # noqa: S608  # constants of ours


class EntryNotFound(NotFound):
    resource = "Allocation registration"


def asking_for_entry(event_id: int, entry_id: int) -> Statement:
    """The question for `entry_of_event`."""
    return Statement(BY_ID, (event_id, entry_id))


def entry_of_event(event_id: int, entry_id: int, access: Access) -> AllocationRegistration:
    """The entry with its API relations, for those who may see it: cspace and its own group.

    Raises: EntryNotFound (also under another event), PermissionDenied.
    """
    return entry_in(ask(asking_for_entry(event_id, entry_id)), access)


def entry_in(rows: ResultRows, access: Access) -> AllocationRegistration:
    """The entry that the question was answered with. Raises: as `entry_of_event`."""
    if not rows:
        raise EntryNotFound
    entry: AllocationRegistration
    entry, entry.classroom, entry.group, entry.created_by = instances_in(rows[0], TABLES)
    if not may_file_for(access, entry.group_id):
        raise PermissionDenied
    return entry


def group_of_entry(event_id: int, entry_id: int) -> Statement:
    """The query of the id of its group, for `holding_groups`."""
    sql = "SELECT group_id FROM allocations_allocationregistration WHERE event_id = %s AND id = %s"
    return Statement(sql, (event_id, entry_id))
