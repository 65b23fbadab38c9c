"""What a lecture is called. It is reserved by nobody and for no group, and it is no secret."""

from classrooms.enums import OccupancyKind
from classrooms.queries.agenda import Describer, Visibility

LECTURES = Describer(
    OccupancyKind.LECTURE,
    columns={
        "title": "course_booking__schedule__course__name",
        "code": "course_booking__schedule__course__code",
        "label": "course_booking__schedule__label",
    },
    visibility=Visibility.PUBLIC,
)
