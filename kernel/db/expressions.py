"""PostgreSQL's ranges of time as expressions, written the way the exclusion constraint writes them; ids as an array;
what constraints say of arrays."""

from collections.abc import Iterable

from django.contrib.postgres.fields import DateTimeRangeField
from django.db.models import BooleanField, F, Func, Value
from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import TimestamptzRange

from kernel.campus_time import Interval
from kernel.db.arrays import array_of


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


class IsAmong(Func):
    """For `filter`: an id is one of some, which are one parameter. Of `__in` each is one: a statement takes 65,535."""

    template = "(%(expressions)s)"
    arg_joiner = " = ANY "
    output_field = BooleanField()

    def __init__(self, column: str, ids: Iterable[int]) -> None:
        super().__init__(F(column), Func(Value(array_of(ids)), template="(%(expressions)s::bigint[])"))


class ArePairs(Func):
    """An array of arrays: each of these has two elements."""

    template = "(COALESCE(array_length(%(expressions)s, 2), 0) = 2)"
    output_field = BooleanField()


class IsBelowAll(Func):
    """A value lies above no element of an array, or of the arrays in it."""

    template = "(%(expressions)s))"
    arg_joiner = " <= ALL ("
    output_field = BooleanField()


class IsAboveAll(IsBelowAll):
    """The same, from the other side."""

    arg_joiner = " >= ALL ("
