"""The statements that a batch has prepared on a connection, beside those that psycopg prepares by itself."""

from collections.abc import Generator
from itertools import count
from typing import Any

MAX_PLANS = 500
"""How many statements a connection keeps prepared. One more takes the place of the oldest: whoever asks in ever new
ways keeps nobody else's from being prepared."""
USUAL_SIZES = frozenset({20, 100, 5_001})
"""Of the pages that are read most. They stand in the text of a statement, for then PostgreSQL plans it once and well;
any other is a parameter, or there would be a plan for each size."""
ATTRIBUTE = "cspace_plans"


class Plans:
    """{sql: name} of the prepared statements of one connection, the oldest first."""

    def __init__(self, most: int = MAX_PLANS) -> None:
        self.names: dict[str, bytes] = {}
        self._most, self._numbers = most, count()

    @property
    def keeps(self) -> bool:
        """Whether anything is prepared here."""
        return self._most > 0

    def make_room(self) -> bytes | None:
        """Forget the oldest, if there are as many as there may be: its name."""
        return self.names.pop(next(iter(self.names))) if len(self.names) >= self._most else None

    def new_name(self, sql: str) -> bytes:
        """A name that was never used, for a statement that is about to be prepared."""
        return self.names.setdefault(sql, b"cspace_%d" % next(self._numbers))


NO_PLANS = Plans(most=0)
"""For a pooler, which gives each transaction another connection."""


def plans_of(database: Any) -> Plans:
    """Those of a psycopg connection."""
    plans: Plans | None = vars(database).get(ATTRIBUTE)
    if plans is None:
        plans = vars(database)[ATTRIBUTE] = Plans()
        _forget_with_psycopg(database, plans)
    return plans


def _forget_with_psycopg(database: Any, plans: Plans) -> None:
    """After a ROLLBACK or a DROP psycopg throws away what is prepared: DEALLOCATE ALL, which means ours too.

    It has no public way to be told of that (tests/kernel/test_batch.py notices if the private one goes).
    """
    manager = database._prepared
    maintain = manager.maintain_gen

    def maintain_and_forget(connection: Any) -> Generator[Any, Any, None]:
        if None in manager._to_flush:
            plans.names.clear()
        yield from maintain(connection)

    manager.maintain_gen = maintain_and_forget
