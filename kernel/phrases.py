"""Sentences as data: a kind and what it is made of, said in English when it is kept and in the reader's language later.

An app declares for each kind of its facts one template (`declare`, from `AppConfig.ready`). A template is English with
named places, `{group}` or `{date:day}`: a part of that name, or a parameter, in one of the `FORMS`. For every other
language it is looked up in `locale/`; a translation may put the same places elsewhere and in other forms.
Parameters are JSON: names, numbers, `YYYY-MM-DD`, `HH:MM`, instants in UTC.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from string import Formatter
from typing import Any, Protocol

from django.utils import dateformat, translation

from kernel.campus_time import campus_zone, format_wall
from kernel.languages import ENGLISH
from kernel.wording import WEEKDAYS

NoticeParams = Mapping[str, Any]
MOST_LISTED_CHARACTERS = 600
"""What is listed in a sentence leaves room for the rest of it in a notification."""
MOST_KEPT = 60
"""How many rows of a list a notice keeps: more than a sentence can name."""


class Part(Protocol):
    """What can be said of parameters."""

    def say(self, params: NoticeParams, language: str) -> str:
        """In a language. Raises: LookupError, ValueError, TypeError."""
        ...


@dataclass(frozen=True)
class Phrase:
    """A template. `many`: the same for another number than one, which is the parameter `count`."""

    text: str
    many: str = ""
    count: str = ""
    when: str = ""
    """Nothing is said where this parameter is missing or empty."""
    parts: Mapping[str, Part] = field(default_factory=dict)

    def say(self, params: NoticeParams, language: str) -> str:
        if self.when and not params.get(self.when):
            return ""
        text = _counted(self, params[self.count], language) if self.many else _translated(self.text, language)
        return "".join(
            literal if name is None else literal + self._fill(name, form, params, language)
            for literal, name, form in pieces_of(text)
        )

    def _fill(self, name: str, form: str, params: NoticeParams, language: str) -> str:
        part = self.parts.get(name)
        return part.say(params, language) if part else FORMS[form](params[name], language)


@dataclass(frozen=True)
class Choice:
    """One of some phrases, by the value of a parameter; a value that is none of them is said as it is, or `otherwise`,
    which is also for what was kept before there was the parameter."""

    of: str
    phrases: Mapping[Any, Part]
    otherwise: Part | None = None

    def say(self, params: NoticeParams, language: str) -> str:
        value = params[self.of] if self.otherwise is None else params.get(self.of)
        phrase = self.phrases.get(value, self.otherwise)
        return phrase.say(params, language) if phrase else str(value)


COMMA = Phrase(", ")
AND_MORE = Phrase(" and {rest} more")


@dataclass(frozen=True)
class Each:
    """A list, as much of it as a sentence can hold: an object by its own parameters, anything else as `each`."""

    of: str
    item: Part
    between: Phrase | None = COMMA
    rest: Phrase = AND_MORE
    most: int = MOST_LISTED_CHARACTERS
    count: str = ""
    """The parameter that says how many there are, where the list has the first ones only."""

    def say(self, params: NoticeParams, language: str) -> str:
        rows: Sequence[Any] = params[self.of]
        number = params[self.count] if self.count else len(rows)
        between = self.between.say({}, language) if self.between else ""
        text = ""
        for place, row in enumerate(rows):
            words = self.item.say({**params, **(row if isinstance(row, dict) else {"each": row})}, language)
            if text and len(text) + len(words) > self.most:
                return text + self.rest.say({"rest": number - place}, language)
            text += f"{between}{words}" if text else words
        return text + (self.rest.say({"rest": number - len(rows)}, language) if number > len(rows) else "")


@lru_cache(maxsize=1_000)
def pieces_of(text: str) -> tuple[tuple[str, str | None, str], ...]:
    """A template as (what stands before a place, its name or None, its form)."""
    return tuple((literal, name, form or "") for literal, name, form, _ in Formatter().parse(text))


# --- the forms of a parameter -------------------------------------------------------------------------------------

DAY, WALL = Phrase("Y-m-d"), Phrase("Y-m-d H:i")
"""How a date and a moment are written: letters of Django's `date` filter."""
DAYS_OF_THE_WEEK = tuple(Phrase(name) for name in WEEKDAYS)
WEEKLY = tuple(Phrase(f"{name}s") for name in WEEKDAYS)


def _plain(value: Any, language: str) -> str:
    return str(value)


@lru_cache(maxsize=1_000)
def _day(value: str, language: str) -> str:
    """A date, `YYYY-MM-DD`."""
    day = date.fromisoformat(value)
    return day.isoformat() if language == ENGLISH else _formatted(day, DAY, language)


def _wall(value: str, language: str) -> str:
    """An instant, on the campus wall."""
    instant = datetime.fromisoformat(value)
    if language == ENGLISH:
        return format_wall(instant)
    return _formatted(instant.astimezone(campus_zone()), WALL, language)


def _formatted(moment: date, form: Phrase, language: str) -> str:
    with translation.override(language):
        return dateformat.format(moment, form.say({}, language))


def _days(value: Any, language: str) -> str:
    """Dates, as many as a sentence can hold."""
    return Each("days", Phrase("{each:day}")).say({"days": value}, language)


FORMS: Mapping[str, Callable[[Any, str], str]] = {
    "": _plain,
    "day": _day,
    "days": _days,
    "wall": _wall,
    "weekday": lambda value, language: DAYS_OF_THE_WEEK[value - 1].say({}, language),
    "weekdays": lambda value, language: WEEKLY[value - 1].say({}, language),
}


# --- kinds of sentences -------------------------------------------------------------------------------------------

_sentences: dict[str, Part] = {}


def declare(sentences: Mapping[str, Part]) -> None:
    """Have kinds said like this. Called from `AppConfig.ready`."""
    for kind, part in sentences.items():
        _sentences[kind] = part


def forget(*kinds: str) -> None:
    """Forget what a test has declared."""
    for kind in kinds:
        _sentences.pop(kind, None)


def sentence(kind: str, params: NoticeParams, *, language: str = ENGLISH) -> str:
    """What a notice of this kind says.

    Raises:
        LookupError, ValueError, TypeError: nobody has declared the kind, or it is not made of these parameters.
    """
    return _sentences[kind].say(params, language)


def said_in(language: str, kind: str, params: NoticeParams, *, english: str) -> str:
    """The same of a notice that is kept: in English as it was written, and so where there is nothing else to say: it
    was written before notices were kept as data, or its kind is said of other parameters now."""
    if language == ENGLISH or not kind:
        return english
    try:
        return sentence(kind, params, language=language)
    except (LookupError, ValueError, TypeError):
        return english


def templates() -> Iterator[tuple[str, Phrase]]:
    """Every phrase that can be said: (the first kind that says it, or "" for the words of all; the phrase)."""
    for phrase in (COMMA, AND_MORE, DAY, WALL, *DAYS_OF_THE_WEEK, *WEEKLY):
        yield "", phrase
    for kind, part in _sentences.items():
        for phrase in _phrases_in(part):
            yield kind, phrase


def _phrases_in(part: Part | None) -> Iterator[Phrase]:
    match part:
        case Phrase(parts=parts):
            yield part
            for inner in parts.values():
                yield from _phrases_in(inner)
        case Choice(phrases=phrases, otherwise=otherwise):
            for choice in (*phrases.values(), otherwise):
                yield from _phrases_in(choice)
        case Each(item=item, between=between, rest=rest):
            for share in (item, between, rest):
                yield from _phrases_in(share)


# What has been looked up is kept: to find it through Django costs more than all the rest of a sentence.
@lru_cache(maxsize=1_000)
def _translated(text: str, language: str) -> str:
    if language == ENGLISH:
        return text
    with translation.override(language):
        return translation.gettext(text)


@lru_cache(maxsize=1_000)
def _in_number(text: str, many: str, number: int, language: str) -> str:
    with translation.override(language):
        return translation.ngettext(text, many, number)


def _counted(phrase: Phrase, number: int, language: str) -> str:
    if language == ENGLISH:
        return phrase.text if number == 1 else phrase.many
    return _in_number(phrase.text, phrase.many, number, language)
