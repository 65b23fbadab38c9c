"""What a room's agenda says about a lecture."""

from collections.abc import Sequence

from classrooms.queries.agenda import Description
from timetables.models import CourseBooking


def describe_lectures(ids: Sequence[int]) -> dict[int, Description]:
    """Course code and name; a lecture is reserved by nobody and for no group."""
    rows = CourseBooking.objects.filter(pk__in=ids).values_list(
        "pk", "schedule__course__code", "schedule__course__name"
    )
    return {pk: Description(description=f"{code} {name}") for pk, code, name in rows}
