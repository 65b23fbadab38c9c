"""However many lectures: the searches and the timetable cost the same number of statements."""

from datetime import UTC, datetime, timedelta

import pytest

from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from tests.factories.campus import build_campus
from tests.timetables.costs import costs
from timetables.models import CourseBooking

pytestmark = pytest.mark.usefixtures("document_clock")
FIRST_DAY = datetime(2026, 1, 22, tzinfo=UTC)
WANTED = {
    "free rooms": 1,
    "soonest runs": 1,
    "classrooms/free/": 3,
    "classrooms/free/ weekly": 3,
    "courses/": 2,
    "courses/{code}/": 6,
    "study-plans/": 2,
    "study-plans/{id}/": 6,
}


@pytest.mark.parametrize(("rooms", "days", "lectures"), [(1, 5, 10), (12, 40, 880)])
def test_statements_do_not_grow_with_the_lectures(api, member, rooms, days, lectures):
    build_campus(rooms, days, starts_at=FIRST_DAY)
    assert Occupancy.objects.filter(kind=OccupancyKind.LECTURE).count() == lectures
    assert CourseBooking.objects.count() == lectures
    assert costs(api(member).get, first=FIRST_DAY + timedelta(hours=1)) == WANTED
