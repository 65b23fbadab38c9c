"""What waited for a room gets it when somebody else has given it up.

A trigger on room time enqueues this where something waits (the second migration of this app): so nobody who cancels has
to think of calendars, whichever app he belongs to. What calendars give up themselves they hand on at once.
"""

from datetime import datetime

from calendars.facts import CalendarEventsPromoted
from calendars.services.claiming import hand_on
from classrooms.services.room_holding import hold_rooms
from kernel.campus_time import Interval
from kernel.db.transactions import transactional
from kernel.facts import publish
from kernel.jobs import Job


@transactional
def promote_waiting(*, now: datetime, classroom_id: int) -> int:
    """Make the dates live that wait for a room, or for one that has a part in common with it, as far as they fit, by
    rank; how many. Publishes `CalendarEventsPromoted`, nothing where none fits."""
    hold_rooms([classroom_id])
    promoted = hand_on([(classroom_id, Interval(now, datetime.max.replace(tzinfo=now.tzinfo)))])
    if promoted:
        uids = list(dict.fromkeys(each.uid for each in promoted))
        publish(CalendarEventsPromoted(actor_id=None, occurred_at=now, classroom_id=classroom_id, uids=uids))
    return len(promoted)


PROMOTE = Job(name="calendars.promote", do=promote_waiting)
"""One argument, `classroom_id`."""
