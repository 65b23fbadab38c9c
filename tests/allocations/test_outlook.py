"""Whether an entry may take part, as filing and approving see it before the draw."""

import datetime as dt

import pytest

from allocations.queries.outlook import outlook
from classrooms.services.closures import close_rooms
from kernel import clock
from kernel.campus_time import days_interval
from tests.allocations.scenes import MONDAY, dates, make_entry, make_event
from tests.factories import make_registration


@pytest.mark.parametrize(
    ("conflict", "min_percent", "open_dates", "kept_dates", "is_available"),
    [
        ("skip", 50, 4, 2, True),
        ("skip", 51, 4, 2, False),
        ("skip", 1, 4, 0, False),
        ("skip", 100, 4, 4, True),
        ("reject", 1, 4, 4, True),
        ("reject", 1, 4, 3, False),
        # Closures on every date leave nothing to keep.
        ("skip", 1, 0, 0, False),
        ("reject", 1, 0, 0, False),
    ],
)
def test_what_is_available(cspace, member, team, room, conflict, min_percent, open_dates, kept_dates, is_available):
    event = make_event(cspace, weeks=4, conflict=conflict, min_percent=min_percent)
    entry, days = make_entry(event, team, room, member), dates(event.target_starts_on, MONDAY, 4)
    for day in days[open_dates:]:
        close_rooms(by=cspace, now=clock.now(), classrooms=[room], interval=days_interval(day, day), reason="")
    for day in days[kept_dates:open_dates]:
        make_registration(by=member, group=team, classroom=room, day=day, start=630, end=690)
    seen = outlook(event, entry)
    assert (list(seen.open_dates), list(seen.kept_dates)) == (days[:open_dates], days[:kept_dates])
    assert seen.is_available is is_available
    assert list(seen.skipped) == [
        *((day, "booked") for day in days[kept_dates:open_dates]),
        *((day, "closed") for day in days[open_dates:]),
    ]
    later = outlook(event, entry, first=days[0] + dt.timedelta(days=1))
    assert list(later.open_dates) == days[1:open_dates]
