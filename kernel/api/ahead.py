"""What a request is sure to ask, asked in the round trip in which it is found out who asks.

Nothing is decided by it: who is refused by his token, his permissions or the throttle is refused as ever, and an
operation that says nothing of what it will ask is only slower.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from rest_framework.request import Request

from kernel.db.batch import Statement

Questions = Callable[..., Iterable[Statement]]
"""The view and what stands in the path in; the statements that its action passes to `kernel.db.batch.ask` out."""


@dataclass(frozen=True)
class Asker:
    """Who asks, by a genuine token of which nobody knows yet whether it still stands."""

    user_id: int
    question: Statement
    """What the authentication asks."""
    standing: Statement
    """A condition: it has a row if the token stands."""


class LooksAhead(Protocol):
    """An authentication that can tell who asks before it asks the database."""

    def asker(self, request: Request) -> Asker | None:
        """None where nobody says who he is, or his token is to be refused."""


def asker_of(request: Request) -> Asker | None:
    """Whoever the request's own authentication says it is."""
    authentication: Any = request.authenticators[0] if request.authenticators else None
    looks: LooksAhead | None = authentication if hasattr(authentication, "asker") else None
    return looks.asker(request) if looks else None
