"""PostgreSQL's ranges of time as expressions, written the way the exclusion constraint writes them."""

from collections.abc import Iterable

from django.contrib.postgres.fields import DateTimeRangeField
from django.db.models import Func, Value
from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import TimestamptzRange

from kernel.campus_time import Interval


class TsTzRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class TsTzMultirange(Func):
    """Intervals as one multirange, in any order; those that touch, overlap or repeat become one."""

    template = "%(expressions)s::tstzmultirange"
    output_field = DateTimeRangeField()

    def __init__(self, intervals: Iterable[Interval]) -> None:
        ranges = [TimestamptzRange(interval.starts_at, interval.ends_at) for interval in intervals]
        super().__init__(Value(TimestamptzMultirange(ranges)))
