"""What people have open in other processes: of too many streams of a kind the oldest goes, wherever it was opened.

Every process says when somebody's stream begins and when it ends, and hears the others. Each stream counts which are
newer than it; so nobody has to know what was opened before it. A process that dies says no end: what it had counts
until a person's other streams have been opened anew. Used by the hub's one thread.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from secrets import token_hex

from kernel.db.batch import Statement
from kernel.live.feeds import CHANNEL
from kernel.live.streams import MAX_PER_PERSON, Stream

BEGUN, OVER = "begun", "over"
SAY = "SELECT pg_notify(%s, word) FROM unnest(%s::text[]) AS words (word)"


class Elsewhere:
    """`begun <process>.<number> <feed> <person>` and `over <process>.<number>` are its words."""

    def __init__(self) -> None:
        self._process, self._last = token_hex(8), 0
        self._names: dict[Stream, str] = {}
        """Own streams of people, in the order in which they were opened."""
        self._newer: defaultdict[Stream, set[str]] = defaultdict(set)
        """Those of other processes that were opened after it and are not over."""

    def saying(self, newcomers: Collection[Stream], readers: Collection[Stream]) -> Statement | None:
        """What tells the others who has come and who has gone since the last time; None: nobody."""
        words = []
        for stream in [stream for stream in self._names if stream not in readers]:
            words.append(f"{OVER} {self._names.pop(stream)}")
            self._newer.pop(stream, None)
        for stream in newcomers:
            if stream.opening.user_id is not None:
                self._last += 1
                self._names[stream] = name = f"{self._process}.{self._last}"
                words.append(f"{BEGUN} {name} {stream.opening.feed} {stream.opening.user_id}")
        return Statement(SAY, (CHANNEL, words)) if words else None

    def hear(self, words: Sequence[str] | None) -> None:
        """What the others have said, before `saying` makes newcomers known. None: words may be missing, so that nobody
        knows who is still there."""
        if words is None:
            self._newer.clear()
        for kind, name, *more in (word.split() for word in words or () if word.startswith((f"{BEGUN} ", f"{OVER} "))):
            if kind == OVER:
                for names in self._newer.values():
                    names.discard(name)
            elif not name.startswith(f"{self._process}."):
                feed, person = more
                for stream in self._own(feed, int(person)):
                    self._newer[stream].add(name)

    def surplus(self) -> Iterator[Stream]:
        """Own streams than which there are as many newer ones as a person may have, some of them elsewhere."""
        for stream, names in self._newer.items():
            own = self._own(stream.opening.feed, stream.opening.user_id)
            if names and len(names) + len(own) - 1 - own.index(stream) >= MAX_PER_PERSON:
                yield stream

    def _own(self, feed: str, person: int | None) -> list[Stream]:
        return [each for each in self._names if (each.opening.feed, each.opening.user_id) == (feed, person)]
