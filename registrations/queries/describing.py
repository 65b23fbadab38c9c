"""What a registration is called, and whose it is."""

from classrooms.enums import OccupancyKind
from classrooms.queries.agenda import Describer

REGISTRATIONS = Describer(
    OccupancyKind.REGISTRATION,
    columns={
        "title": "registration__description",
        "who": "registration__created_by__display_name",
        "group": "registration__group__name",
        "status": "registration__status",
    },
)
