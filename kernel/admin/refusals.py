"""A service's refusal in words for a page."""

from collections.abc import Mapping
from typing import Any

from kernel.errors import DomainError

MAX_NAMED = 10


def refusal_in_words(refusal: DomainError) -> str:
    """A refusal as one line: its sentence, what it says about the fields, what is in the way."""
    faults = [f"{name}: {' '.join(sentences)}" for name, sentences in faults_of(refusal).items()]
    return "; ".join([summary(refusal), *faults])


def summary(refusal: DomainError) -> str:
    """Its sentence, and for room time what is in the way."""
    pieces = refusal.details.get("conflicts") or []
    pieces_in_words = ", ".join(_piece_in_words(piece) for piece in pieces[:MAX_NAMED])
    count = refusal.details.get("conflict_count", len(pieces))
    more = f" and {count - MAX_NAMED} more" if count > MAX_NAMED else ""
    return f"{refusal.message}: {pieces_in_words}{more}" if pieces_in_words else refusal.message


def faults_of(refusal: DomainError) -> dict[str, list[str]]:
    """{field: [sentences]}, empty where the refusal is not about fields."""
    return {
        name: [str(sentence) for sentence in sentences]
        for name, sentences in refusal.details.items()
        if isinstance(sentences, list) and sentences and isinstance(sentences[0], str)
    }


def _piece_in_words(piece: Mapping[str, Any]) -> str:
    return f"{piece['kind']} {piece['id']} ({piece['date']} {piece['start_time']}–{piece['end_time']})"
