"""What an app streams. Everything here is called by the hub's one thread, which may ask the database."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

from kernel.live.streams import Stream

CHANNEL = "cspace_live"
"""Of NOTIFY. A payload begins with the word of whoever is meant: `notice`, `inbox {…}`, `session 5`, `room`,
`login <digest>`; `begun …` and `over …` are said by the hubs to one another (`kernel.live.elsewhere`)."""
IDLE_SECONDS = 5.0
"""After so long a feed looks whether there is something new even if nobody has said so."""


class Feed(Protocol):
    """One kind of stream."""

    name: str

    def attend(self, words: Sequence[str] | None, readers: Collection[Stream]) -> float:
        """Give the readers what is new, and those who are new what comes first: nothing that happens later may be
        missed, nothing said twice. `words`: what PostgreSQL has said since the last time; None: nobody knows.

        Returns: after how many seconds at the latest it wants to be called again.
        """


SessionCheck = Callable[[Collection[Any]], set[Any]]
"""Sessions in, those of them that still stand out."""
_standing: list[SessionCheck] = []


def know_sessions_by(standing: SessionCheck) -> None:
    """Have the hub ask this whether sessions still stand."""
    _standing.append(standing)


def still_standing(sessions: Collection[Any]) -> set[Any]:
    """Those of the sessions that nobody has ended."""
    return set().union(*(ask(sessions) for ask in _standing))
