"""What a closure is called."""

from classrooms.enums import OccupancyKind
from classrooms.queries.agenda import Describer

CLOSURES = Describer(OccupancyKind.CLOSURE, columns={"title": "closure__reason"}, closes_room=True)
