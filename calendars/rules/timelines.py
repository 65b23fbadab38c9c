"""Stretches of time that are dropped one by one; which of those left meet another one is found without asking each."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

Span = tuple[int, int]
"""Half-open, in microseconds of some epoch."""
PlaceT = TypeVar("PlaceT", bound=Hashable)
DROPPED = -(1 << 63)


class Timeline:
    """Numbers, each with its span: a binary tree over the starts, every node of which has the latest end below it."""

    def __init__(self, spans: Mapping[int, Span]) -> None:
        self._numbers = sorted(spans, key=lambda number: spans[number])
        self._starts = [spans[number][0] for number in self._numbers]
        self._size = 1 << max(len(spans) - 1, 0).bit_length()
        self._latest = [DROPPED] * (2 * self._size)
        self._leaves = {number: self._size + leaf for leaf, number in enumerate(self._numbers)}
        for number, leaf in self._leaves.items():
            self._latest[leaf] = spans[number][1]
        for node in range(self._size - 1, 0, -1):
            self._latest[node] = max(self._latest[2 * node], self._latest[2 * node + 1])

    def meeting(self, span: Span) -> Iterator[int]:
        """What overlaps a span, by start; touching is no overlap. Nothing is dropped meanwhile."""
        begin, end = span
        before = self._size + bisect_left(self._starts, end)
        nodes = [(1, self._size, self._size)]
        while nodes:
            node, first_leaf, leaves = nodes.pop()
            if first_leaf >= before or self._latest[node] <= begin:
                continue
            if leaves == 1:
                yield self._numbers[node - self._size]
                continue
            half = leaves // 2
            nodes.append((2 * node + 1, first_leaf + half, half))
            nodes.append((2 * node, first_leaf, half))

    def drop(self, number: int) -> None:
        """It is not there any more, if it ever was."""
        node = self._leaves.pop(number, 0)
        if not node:
            return
        self._latest[node] = DROPPED
        while node := node // 2:
            latest = max(self._latest[2 * node], self._latest[2 * node + 1])
            if latest == self._latest[node]:
                return
            self._latest[node] = latest


class Timelines(Generic[PlaceT]):
    """A timeline for each place. A number may be at several places."""

    def __init__(self, spans: Mapping[int, Span], places: Iterable[tuple[PlaceT, int]]) -> None:
        of_place = defaultdict[PlaceT, dict[int, Span]](dict)
        self._places = defaultdict[int, list[PlaceT]](list)
        for place, number in places:
            of_place[place][number] = spans[number]
            self._places[number].append(place)
        self._timelines = {place: Timeline(own) for place, own in of_place.items()}

    def meeting(self, place: PlaceT, span: Span) -> list[int]:
        """What overlaps a span at a place, by start."""
        timeline = self._timelines.get(place)
        return list(timeline.meeting(span)) if timeline else []

    def has_meeting(self, place: PlaceT, span: Span) -> bool:
        """Whether anything does."""
        timeline = self._timelines.get(place)
        return timeline is not None and next(timeline.meeting(span), None) is not None

    def drop(self, number: int) -> None:
        """It is at none of its places any more."""
        for place in self._places.pop(number, ()):
            self._timelines[place].drop(number)
