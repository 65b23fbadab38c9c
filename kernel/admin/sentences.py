"""What has happened, or would happen, in words: for the page that asks, and for the history of a thing."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from kernel.campus_time import format_wall, format_wall_end
from kernel.facts import Fact
from kernel.wording import WEEKDAYS

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ENDS = frozenset({"ends_at", "registration_end"})
MAX_VALUE = 100
SAID_FIRST = (
    "username",
    "name",
    "code",
    "group",
    "classroom",
    "date",
    "start_time",
    "end_time",
    "starts_at",
    "ends_at",
)
"""jsonb keeps no order: a row of the log is said in the same one as its fact."""
NOT_SAID = frozenset({"id", "changes", "commitment"})
COUNTS = ("_count", "released", "reclaimed")
"""What nothing is counted of, is not said."""


def headline(action: str) -> str:
    """ "registration.approved" → "Registration approved"."""
    return action.replace(".", " ").replace("_", " ").capitalize()


def fact_in_words(fact: Fact, *, unforeseen: frozenset[str] = frozenset()) -> str:
    """A fact as one line. Of what the details name only what is known before: no id of what it makes, and nothing of
    `unforeseen`, which chance decides."""
    foreseen = {name: value for name, value in fact.details.items() if name not in unforeseen}
    return sentence(fact.action, foreseen)


def sentence(action: str, details: Mapping[str, Any]) -> str:
    """What happened, and to what, as one line."""
    particulars = details_in_words(details)
    return f"{headline(action)}: {particulars}" if particulars else headline(action)


def folded_details(details: Mapping[str, Any]) -> SafeString:
    """All of the details, to be unfolded: nothing of them is cut off."""
    if not details:
        return mark_safe("–")
    text = json.dumps(details, indent=2, ensure_ascii=False)
    return format_html('<details class="folded"><summary>All details</summary><pre>{}</pre></details>', text)


def scrolling(wide: SafeString, label: str) -> SafeString:
    """A table or picture that may be wider and longer than the page: it scrolls by itself, by keyboard too."""
    return format_html('<div class="scrolls" tabindex="0" role="region" aria-label="{}">{}</div>', label, wide)


def details_in_words(details: Mapping[str, Any]) -> str:
    """What a reader sees at a glance: values and changes, times on the campus clock. Ids, lists and what is empty stand
    in the details alone."""
    changes = details.get("changes")
    pieces = [
        f"{_words(name)} {_value_in_words(value, name)}"
        for name, value in sorted(details.items(), key=_place)
        if name not in NOT_SAID and not name.endswith(("_id", "_sha256")) and _is_said(name, value)
    ]
    if isinstance(changes, Mapping):
        pieces += [
            f"{_words(name)} {_value_in_words(pair[0], name)} → {_value_in_words(pair[1], name)}"
            for name, pair in changes.items()
            if isinstance(pair, list) and len(pair) == 2
        ]
    return ", ".join(pieces)


def _place(item: tuple[str, Any]) -> tuple[int, str]:
    name, _ = item
    return (SAID_FIRST.index(name) if name in SAID_FIRST else len(SAID_FIRST), name)


def _is_said(name: str, value: Any) -> bool:
    if value == 0 and name.endswith(COUNTS):
        return False
    return value not in (None, "") and not isinstance(value, (list, tuple, Mapping))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _value_in_words(value: Any, name: str) -> str:
    if name == "day_of_week" and value in range(1, 8):
        return WEEKDAYS[value - 1]
    if isinstance(value, str) and INSTANT.fullmatch(value):
        return (format_wall_end if name in ENDS else format_wall)(datetime.fromisoformat(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "–" if value in (None, "") else " ".join(str(value).split())
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}…"
