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
        """Own streams of people."""
        self._own: defaultdict[tuple[str, int], list[Stream]] = defaultdict(list)
        """The same by (feed, person), in the order in which they were opened."""
        self._newer: defaultdict[Stream, set[str]] = defaultdict(set)
        """Those of other processes that were opened after it and are not over."""

    def saying(self, readers: Collection[Stream]) -> Statement | None:
        """What tells the others who has come, in this order, and who has gone since the last time; None: nobody."""
        present = dict.fromkeys(stream for stream in readers if stream.opening.user_id is not None)
        gone = [stream for stream in self._names if stream not in present]
        words = [f"{OVER} {self._leave(stream)}" for stream in gone]
        words += [f"{BEGUN} {self._come(stream)}" for stream in present if stream not in self._names]
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
                for stream in self._own.get((feed, int(person)), ()):
                    self._newer[stream].add(name)

    def surplus(self) -> Iterator[Stream]:
        """Own streams than which there are as many newer ones as a person may have, some of them elsewhere."""
        for stream, names in self._newer.items():
            own = self._own[_key(stream)]
            if names and len(names) + len(own) - 1 - own.index(stream) >= MAX_PER_PERSON:
                yield stream

    def _come(self, stream: Stream) -> str:
        self._last += 1
        self._names[stream] = name = f"{self._process}.{self._last}"
        self._own[_key(stream)].append(stream)
        feed, person = _key(stream)
        return f"{name} {feed} {person}"

    def _leave(self, stream: Stream) -> str:
        own = self._own[_key(stream)]
        own.remove(stream)
        if not own:
            del self._own[_key(stream)]
        self._newer.pop(stream, None)
        return self._names.pop(stream)


def _key(stream: Stream) -> tuple[str, int]:
    """Whose it is, and of which kind."""
    return stream.opening.feed, stream.opening.user_id or 0
