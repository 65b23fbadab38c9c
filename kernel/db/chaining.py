"""One statement out of two, the second of which goes on with what the first has written."""

from kernel.db.batch import Statement

WITH = "WITH "


def chained(name: str, first: Statement, then: Statement) -> Statement:
    """`first` as the part of that name in front of `then`, which begins with WITH and may read it.

    At the top, because that is where PostgreSQL wants whatever writes.
    """
    rest = then.sql.strip().removeprefix(WITH)
    return Statement(f"{WITH}{name} AS ({first.sql}), {rest}", (*first.parameters, *then.parameters))
