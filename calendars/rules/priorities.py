"""Words in descriptions that give events priority, and that nobody else may read (contract Room Booking §6)."""

import re
from collections.abc import Iterable, Iterator, Mapping

MASK = "•••"


def priority_of(description: str, tokens: Mapping[str, int], default: int) -> int:
    """The highest priority that a token gives which stands in a description as a whole word, else the default.

    `tokens`: {token: priority}. A whole word has no letter, digit or `_` beside it.
    """
    return max((tokens[token] for token in tokens if any(_places(token, description))), default=default)


def masked(text: str, tokens: Iterable[str]) -> str:
    """The text with a mask for each token that stands in it as a whole word; for those that overlap, one."""
    pieces, end = [], 0
    for begin, until in sorted(span for token in tokens for span in _places(token, text)):
        if begin >= end:
            pieces += [text[end:begin], MASK]
        end = max(end, until)
    return "".join(pieces) + text[end:]


def _places(token: str, text: str) -> Iterator[tuple[int, int]]:
    """(begin, end) of each place where a token is a whole word, those that overlap too."""
    if token and token in text:
        for match in re.finditer(rf"(?<!\w)(?={re.escape(token)}(?!\w))", text):
            yield match.start(), match.start() + len(token)
