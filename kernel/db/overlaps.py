"""What overlaps a stretch of time, asked so that PostgreSQL reads what may and no more.

`starts_at < until AND ends_at > since` alone reads all that ever was before: it does not say how long a row can last.
So rows of a day at most are looked for among those that start less than 24 hours before, by any btree over the start;
the few longer ones, such as a day of 25 hours, in a small GiST index over their range whose condition is `IsLong`. One
text says it to the ORM (`Overlaps`) and in SQL (`OVERLAP`).
"""

from datetime import datetime
from string import Formatter
from typing import Any

from django.db.models import BooleanField, DateTimeField, F, Func, Value

DAY = "interval '1 day'"
"""In these words wherever it is said: the planner takes an index for a query that states its condition."""
OVERLAP = (
    "({starts_at} < {until} AND {ends_at} > {since} AND ({starts_at} > {since} - interval '24 hours'"
    " OR ({ends_at} - {starts_at} > " + DAY + " AND"
    " tstzrange({starts_at}, {ends_at}, '[)') && tstzrange({since}, greatest({since}, {until}), '[]'))))"
)
"""SQL: what lasts from `starts_at` to `ends_at` shares an instant with `since` to `until`. Both are half-open; the
instants have a time zone and may be infinite."""
PARTS = ("starts_at", "ends_at", "since", "until")
FOREVER = "infinity"


class IsLong(Func):
    """For the condition of an index: it lasts longer than a day. Of the columns `ends_at` and `starts_at`."""

    template = f"%(expressions)s > {DAY}"
    arg_joiner = " - "
    arity = 2
    output_field = BooleanField()


class Overlaps(Func):
    """For `filter`: a row overlaps a stretch of time; `until` None: that never ends.

    `of`: the path to a related row that is meant, with `__` behind it.
    """

    output_field = BooleanField()

    def __init__(self, since: datetime, until: datetime | None, *, of: str = "") -> None:
        bounds = (since, FOREVER if until is None else until)
        super().__init__(F(f"{of}starts_at"), F(f"{of}ends_at"), *map(_Instant, bounds))

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:  # type: ignore[override]
        compiled = dict(zip(PARTS, map(compiler.compile, self.get_source_expressions()), strict=True))
        order = [name for _, name, _, _ in Formatter().parse(OVERLAP) if name]
        sql = OVERLAP.format(**{name: text for name, (text, _) in compiled.items()})
        return sql, [value for name in order for value in compiled[name][1]]


class _Instant(Func):
    template = "%(expressions)s::timestamptz"
    output_field = DateTimeField()

    def __init__(self, instant: datetime | str) -> None:
        super().__init__(Value(instant))
