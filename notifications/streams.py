"""One's own notices as they come (contract live.md §1)."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakSet

from kernel.live import wire
from kernel.live.feeds import IDLE_SECONDS
from kernel.live.streams import Stream
from notifications.queries.streaming import last_id, notices_between, notices_missed, unread_counts, writers

INBOX_WORD = "inbox"
"""The triggers of notices say `notice` where there are new ones, and `inbox {…}` where a status has been changed."""
LOOK_AGAIN_SECONDS, LONGEST_LOOK_SECONDS = 0.01, 0.1
"""While somebody who writes notices has not ended: at first so soon, then less often."""


class NoticeFeed:
    """`Opening.wish`: the id after which a reader who comes back wants everything; None for one who is new."""

    name = "notifications"

    def __init__(self) -> None:
        self._told: int | None = None
        """Every notice up to this id has been given to whoever was welcome then. None: nobody knows yet."""
        self._pending: tuple[int, frozenset[str]] | None = None
        """Up to which id will be told, and the writers who must have ended before."""
        self._looks = 0
        """How often it was looked whether they have."""
        self._welcome: WeakSet[Stream] = WeakSet()

    def attend(self, words: Sequence[str] | None, readers: Collection[Stream]) -> float:
        if not readers:  # whoever comes after a time without any is new: what was written meanwhile is old
            self._told, self._pending, self._looks = None, None, 0
            return IDLE_SECONDS
        is_lost = words is None
        if self._pending is None:
            self._pending = self._look()
        if self._pending is not None:
            self._tell_what_is_settled(readers)
        if self._told is not None:
            self._greet([stream for stream in readers if is_lost or stream not in self._welcome], self._told)
        self._tell_of_statuses(words or (), readers)
        self._looks = 0 if self._pending is None else self._looks + 1
        return min(LOOK_AGAIN_SECONDS * self._looks, LONGEST_LOOK_SECONDS) if self._looks else IDLE_SECONDS

    def _look(self) -> tuple[int, frozenset[str]] | None:
        """Up to where there may be something new. Whether somebody has said so or not: a word may be lost."""
        last = last_id()
        return (last, writers()) if self._told is None or last > self._told else None

    def _tell_what_is_settled(self, readers: Iterable[Stream]) -> None:
        last, awaited = self._pending or (0, frozenset())
        if awaited and (awaited := awaited & writers()):
            self._pending = last, awaited
            return
        welcome = [stream for stream in readers if stream in self._welcome]
        if self._told is not None and welcome:
            by_person = _by_person(welcome)
            news: defaultdict[Stream, list[bytes]] = defaultdict(list)
            for user_id, notice in notices_between(self._told, last, by_person):
                for stream in by_person[user_id]:
                    if notice["id"] > (stream.opening.wish or 0):  # another process may have told him more by then
                        news[stream].append(_event(notice))
            for stream, chunks in news.items():
                stream.give(*chunks)
        self._told, self._pending = last, None

    def _greet(self, streams: Sequence[Stream], last: int) -> None:
        """Say how many are unread and, once, what was missed. Said again where changes of status may have been lost."""
        if not streams:
            return
        unread = unread_counts(_by_person(streams))
        for stream in streams:
            user_id, since = stream.opening.user_id or 0, stream.opening.wish
            is_new = stream not in self._welcome
            # With an id: whoever loses his stream before the first notice comes back with it, and misses none.
            place = since if is_new and since is not None else max(last, since or 0)
            chunks = [wire.event("hello", {"unread_count": unread.get(user_id, 0)}, pk=place)]
            if is_new and since is not None:
                missed = notices_missed(user_id, since=since, until=last)
                chunks += [wire.event("reset", {}, pk=last)] if missed is None else map(_event, missed)
            stream.give(*chunks, counts=False)
            self._welcome.add(stream)

    def _tell_of_statuses(self, words: Iterable[str], readers: Iterable[Stream]) -> None:
        prefix = f"{INBOX_WORD} "
        changes = [json.loads(word.removeprefix(prefix)) for word in words if word.startswith(prefix)]
        if not changes:
            return
        by_person = _by_person(stream for stream in readers if stream in self._welcome)
        concerned = {change["user"] for change in changes} & by_person.keys()
        unread = unread_counts(concerned) if concerned else {}
        for change in changes:
            user_id = change["user"]
            data = {"id": change["id"], "status": change["status"], "unread_count": unread.get(user_id, 0)}
            for stream in by_person.get(user_id, ()):
                stream.give(wire.event("status", data))


def _by_person(streams: Iterable[Stream]) -> Mapping[int, list[Stream]]:
    by_person: dict[int, list[Stream]] = {}
    for stream in streams:
        by_person.setdefault(stream.opening.user_id or 0, []).append(stream)
    return by_person


def _event(notice: Mapping[str, Any]) -> bytes:
    return wire.event("notification", notice, pk=notice["id"])
