"""Live registrations as those read them who cancel many at once: no model is made of tens of thousands of rows."""

from dataclasses import dataclass
from datetime import date

from kernel.campus_time import Interval
from registrations.enums import WeekState
from registrations.facts.registrations import RegistrationSummary
from registrations.models import Registration
from registrations.querysets import RegistrationQuerySet

COLUMNS = (
    "pk",
    "created_by_id",
    "occupancy__classroom__name",
    "group__name",
    "occupancy__starts_at",
    "occupancy__ends_at",
    "series_id",
    "occupancy__classroom_id",
    "week__state",
    "week__begins_on",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A live registration. `week`: the Sunday of the week for which it stands, while it follows its series."""

    summary: RegistrationSummary
    classroom_id: int
    week: date | None


def standing(registrations: RegistrationQuerySet[Registration]) -> list[Standing]:
    """Those of the registrations that are live, by time. One query."""
    rows = registrations.live().in_order().values_list(*COLUMNS)
    return [
        Standing(
            RegistrationSummary(
                id=pk,
                created_by_id=creator_id,
                classroom=classroom,
                group=group,
                interval=Interval(starts_at, ends_at),
                series_id=series_id,
            ),
            classroom_id,
            begins_on if state == WeekState.HELD else None,
        )
        for pk, creator_id, classroom, group, starts_at, ends_at, series_id, classroom_id, state, begins_on in rows
    ]
