"""Many values as one parameter, for `unnest` and `ANY`."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NewType

Word = NewType("Word", str)
"""Of letters and `_` alone: one of our own, or `NULL`."""
NULL = Word("NULL")


def array_of(values: Iterable[int | date | datetime | Word]) -> str:
    """Whole numbers, dates, instants or words as PostgreSQL reads an array of them; the parameter is cast to its type.

    psycopg's own arrays look at each element for what a text might hold: of 16,000 rows that takes half a second.
    """
    return f"{{{','.join(map(str, values))}}}"
