"""Mails that an administrator words himself, in Jinja2 (contract Room Booking §9): judged when saved, and rendered.

`template_syntax` says what a template may consist of, `template_sandbox` in what it is rendered.
"""

import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from jinja2 import Template, TemplateError, TemplateSyntaxError, nodes

from calendars.rules.template_sandbox import TemplateSandbox
from calendars.rules.template_syntax import EVENTS, MAX_EVENTS, NUMBER_TOO_LARGE, bounded, syntax_faults
from kernel.text import FORBIDDEN_TEXT_MESSAGE, has_forbidden_text, plain_line

MAX_CHARACTERS: Mapping[str, int] = {"subject": 500, "text": 20_000, "html": 20_000}
"""Of each template."""
MAX_BYTES: Mapping[str, int] = {"subject": 20_000, "text": 100_000, "html": 200_000}
"""Of what it comes to."""
MAX_SUBJECT = 250
"""Characters of a subject as it is sent; a longer one ends in `…`."""
MAX_MESSAGE = 300
NESTED_TOO_DEEPLY = "It is nested too deeply"
VARIABLES: Mapping[str, str] = {
    "name": "What the event is called",
    "start": 'When it begins, in the calendar\'s time zone: {{ start.strftime("%d.%m.%Y %H:%M") }}',
    "end": "When it ends",
    "created": "When it was created",
    "is_deleted": "Whether it was a single event, and has been deleted",
    "is_cancelled": "Whether it was one date of a series, and that date has been cancelled",
    "is_recurring": "Whether it belongs to a series",
    "is_priorized": "Whether it has priority",
    "is_deprioritized": "Whether it was created first, and yet had to go because another event has priority",
    "organizer": "The e-mail address of who organizes it",
    "overlap_events": "The events that it overlaps and that stay: each has name, start, end, created, organizer and "
    "is_priorized",
    "calendar_name": "What the calendar is called",
}
_ZONE = ZoneInfo("Europe/Berlin")
SAMPLE: Mapping[str, Any] = {
    "name": "Fundraising Weekly",
    "start": datetime(2025, 7, 14, tzinfo=_ZONE),
    "end": datetime(2025, 7, 19, tzinfo=_ZONE),
    "created": datetime(2025, 7, 9, 15, 11, 19, tzinfo=_ZONE),
    "is_deleted": True,
    "is_cancelled": False,
    "is_recurring": False,
    "is_priorized": False,
    "is_deprioritized": False,
    "organizer": "head-of-fundraising@my-awesome.org",
    "overlap_events": [
        {
            "name": "Finance Monthly",
            "start": datetime(2025, 7, 15, 10, tzinfo=_ZONE),
            "end": datetime(2025, 7, 15, 12, tzinfo=_ZONE),
            "created": datetime(2025, 1, 14, 8, 33, 20, tzinfo=_ZONE),
            "organizer": "head-of-finance@my-awesome.org",
            "is_priorized": False,
        },
    ],
    "calendar_name": "Meeting Room 1",
}
"""The documented example, for previews."""


class UnusableTemplate(ValueError):
    """What is wrong with a template, in one line."""


class MailWording(Protocol):
    """A mail template; where there is to be no HTML part, its `html` is empty."""

    @property
    def subject(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def html(self) -> str: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedMail:
    """`subject`: one line. `html`: empty if there is to be no HTML part."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wording:
    subject: str
    text: str
    html: str = ""


_DAY = '.strftime("%Y-%m-%d %H:%M")'
PLAIN: MailWording = _Wording(
    subject="{{ name|truncate(150, true) }} ({{ calendar_name|truncate(60, true) }}) has been "
    '{{ "cancelled" if is_cancelled else "deleted" }}',
    text=f"{{{{ name }}}} ({{{{ calendar_name }}}}, {{{{ start{_DAY} }}}} – {{{{ end{_DAY} }}}}) has been "
    '{{ "cancelled" if is_cancelled else "deleted" }}: it overlaps what stays.\n'
    "{% for event in overlap_events %}\n"
    f"- {{{{ event.name }}}}, {{{{ event.start{_DAY} }}}} – {{{{ event.end{_DAY} }}}}"
    "{{ ', ' ~ event.organizer if event.organizer }}{% endfor %}\n",
)
"""What is written where a template cannot be rendered. It is the same in all cases, and fits the longest values."""


def faults(subject: str, text: str, html: str) -> dict[str, list[str]]:
    """What is wrong with a template, by field; without those that are in order. It is rendered for several samples."""
    sources = {"subject": subject, "text": text, "html": html}
    wrong = {part: list(dict.fromkeys(_faults_of(part, source))) for part, source in sources.items()}
    return {part: messages for part, messages in wrong.items() if messages}


def rendered(template: MailWording, values: Mapping[str, Any]) -> RenderedMail:
    """The mail that a template makes of the values of `VARIABLES`; of many overlapping events, of the first.

    Times are aware, in the zone in which they are to be written; what is None is written as nothing.
    Raises: UnusableTemplate; KeyError, where a value is missing.
    """
    all_values = {name: values[name] for name in VARIABLES}
    return RenderedMail(
        subject=_subject(_rendered("subject", _compiled("subject", template.subject), all_values)),
        text=_rendered("text", _compiled("text", template.text), all_values),
        html=_rendered("html", _compiled("html", template.html), all_values),
    )


def _faults_of(part: str, source: str) -> Iterator[str]:
    try:
        tree = _tree(part, source)
        messages = syntax_faults(tree, frozenset(VARIABLES))
        yield from messages
        if not messages:
            template = _template(part, tree)
            for values in _samples():
                _rendered(part, template, values)
    except UnusableTemplate as error:
        yield str(error)


def _samples() -> Iterator[Mapping[str, Any]]:
    """What mails may be about, so that each branch is tried."""
    (event,) = SAMPLE[EVENTS]
    for is_first in (True, False):
        answers = {name: is_first for name in VARIABLES if name.startswith("is_")}
        prioritized = event | {"is_priorized": is_first}
        yield {**SAMPLE, **answers, EVENTS: [prioritized, event]}
    yield {**SAMPLE, "organizer": None, EVENTS: [event | {"organizer": None}] * MAX_EVENTS}
    yield SAMPLE


def _rendered(part: str, template: Template, values: Mapping[str, Any]) -> str:
    """Raises: UnusableTemplate."""
    pieces, size = [], 0
    try:
        for piece in template.generate({**values, EVENTS: values[EVENTS][:MAX_EVENTS]}):
            size += len(piece.encode("utf-8", "surrogatepass"))
            if size > MAX_BYTES[part]:
                raise UnusableTemplate(f"It comes to more than {MAX_BYTES[part]} bytes")
            pieces.append(piece)
    except UnusableTemplate:
        raise
    # What a template does with the wrong values can go wrong in any way of Python's.
    except Exception as error:
        raise UnusableTemplate(_line_of(error) + _message(error)) from error
    return "".join(pieces)


@lru_cache(maxsize=30)
def _compiled(part: str, source: str) -> Template:
    """Raises: UnusableTemplate."""
    tree = _tree(part, source)
    if messages := syntax_faults(tree, frozenset(VARIABLES)):
        raise UnusableTemplate(messages[0])
    return _template(part, tree)


def _template(part: str, tree: nodes.Template) -> Template:
    """Of a template without faults. Raises: UnusableTemplate."""
    try:
        return SANDBOXES[part].from_string(bounded(tree))
    except (SyntaxError, RecursionError) as error:  # Python's, of what Jinja has made of it
        raise UnusableTemplate(NESTED_TOO_DEEPLY) from error


def _tree(part: str, source: str) -> nodes.Template:
    """Raises: UnusableTemplate."""
    if len(source) > MAX_CHARACTERS[part]:
        raise UnusableTemplate(f"At most {MAX_CHARACTERS[part]} characters")
    if has_forbidden_text(source):
        raise UnusableTemplate(FORBIDDEN_TEXT_MESSAGE)
    try:
        return SANDBOXES[part].parse(source)
    except TemplateSyntaxError as error:
        raise UnusableTemplate(f"Line {error.lineno}: {_message(error)}") from error
    except RecursionError as error:
        raise UnusableTemplate(NESTED_TOO_DEEPLY) from error
    except (ValueError, OverflowError) as error:  # Python's, of a number with thousands of digits
        raise UnusableTemplate(NUMBER_TOO_LARGE) from error


def _message(error: Exception) -> str:
    text = error.message if isinstance(error, TemplateError) else str(error)
    return plain_line(text or type(error).__name__)[:MAX_MESSAGE]


def _line_of(error: Exception) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return f"Line {lines[-1]}: " if lines else ""


def _subject(text: str) -> str:
    line = plain_line(text)
    return line if len(line) <= MAX_SUBJECT else f"{line[: MAX_SUBJECT - 1].rstrip()}…"


SANDBOXES = {part: TemplateSandbox(is_html=part == "html") for part in MAX_CHARACTERS}
