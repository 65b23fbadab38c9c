"""What stands in a room's agenda, and who describes it.

Each app registers, at start-up, how its kind of occupancy is described: one query per kind present.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from classrooms.enums import OccupancyKind
from classrooms.models import Closure, Occupancy
from kernel.db.ranges import Interval


@dataclass(frozen=True)
class Description:
    """What an agenda says about one occupancy; None where it has nothing to say."""

    status: str | None = None
    reserved_by: str | None = None
    reserved_group: str | None = None
    description: str | None = None


Describer = Callable[[Sequence[int]], Mapping[int, Description]]
_describers: dict[str, Describer] = {}


def describe(kind: OccupancyKind, describer: Describer) -> None:
    """Have `describer` say what the occupancies of `kind` are; it is given their ids."""
    _describers[kind] = describer


def agenda(classroom_id: int, interval: Interval) -> list[tuple[Occupancy, Description]]:
    """The live occupancies of a room in an interval, by time, each with its description."""
    rows = list(Occupancy.objects.live().overlapping(interval).filter(classroom_id=classroom_id).in_order())
    told: dict[int, Description] = {}
    for kind in {row.kind for row in rows} & _describers.keys():
        told |= _describers[kind]([row.pk for row in rows if row.kind == kind])
    return [(row, told.get(row.pk, Description())) for row in rows]


def describe_closures(ids: Sequence[int]) -> dict[int, Description]:
    return {row.pk: Description(description=row.reason) for row in Closure.objects.filter(pk__in=ids)}
