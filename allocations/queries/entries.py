"""One entry of an event, for those who may see it."""

from accounts.models import User
from accounts.rules import Access
from allocations.models import AllocationRegistration
from allocations.rules import may_file_for
from classrooms.models import Classroom
from classrooms.queries.rooms import BOOKABLE
from groups.models import Group
from kernel.db.batch import Statement, ask
from kernel.db.loading import instance_of
from kernel.db.pipeline import ResultRows
from kernel.errors import NotFound, PermissionDenied

ENTRY = tuple(column.attname for column in AllocationRegistration._meta.concrete_fields)
GROUP = ("id", "name", "is_system")
PERSON = ("id", "username", "display_name")
TABLES = (("entry", ENTRY), ("room", BOOKABLE), ("team", GROUP), ("creator", PERSON))
"""In the order in which `entry_in` takes them out of a row."""
BY_ID = f"""
SELECT {", ".join(f"{alias}.{column}" for alias, columns in TABLES for column in columns)}
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
    values = iter(rows[0])
    entry = instance_of(AllocationRegistration, dict(zip(ENTRY, values, strict=False)))
    if not may_file_for(access, entry.group_id):
        raise PermissionDenied
    entry.classroom = instance_of(Classroom, dict(zip(BOOKABLE, values, strict=False)))
    entry.group = instance_of(Group, dict(zip(GROUP, values, strict=False)))
    entry.created_by = instance_of(User, dict(zip(PERSON, values, strict=False)))
    return entry


def group_of_entry(event_id: int, entry_id: int) -> Statement:
    """The query of the id of its group, for `holding_groups`."""
    sql = "SELECT group_id FROM allocations_allocationregistration WHERE event_id = %s AND id = %s"
    return Statement(sql, (event_id, entry_id))
