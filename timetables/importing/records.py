"""A record of an import file, checked against its noun: what it says, or what is wrong with it, and where. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from timetables.importing.forms import WrongForm
from timetables.importing.nouns import NOUNS, Values

VARIABLE = re.compile(r"'[^']*'|\"[^\"]*\"|\d+(?:[-:]\d+)*")


@dataclass(frozen=True)
class Position:
    """Where in the file something stands: its line, and which of its list it is."""

    line: int
    noun: str
    item: int

    def __str__(self) -> str:
        return f"line {self.line}, {self.noun}[{self.item}]"


@dataclass(frozen=True)
class Fault:
    """What is wrong with a record. It is left out; nothing else is."""

    position: Position
    sentence: str
    courses: tuple[str, ...] | None = ()
    """Whose lectures the record may have spoken of, by code; None if that cannot be known."""

    name: str = ""
    """What the sentence speaks of, where others of its kind speak of something else."""

    @property
    def kind(self) -> str:
        """The sentence without what differs between faults of one kind: names, numbers and what it quotes."""
        sentence = self.sentence.replace(self.name, "…", 1) if self.name else self.sentence
        return VARIABLE.sub("…", sentence)

    def __str__(self) -> str:
        return f"{self.position}: {self.sentence}"


@dataclass(frozen=True)
class Record:
    """A well-formed record: a value for every field of its noun, None where the file says nothing."""

    position: Position
    values: Values


class Ambiguous(dict[str, Any]):
    """A raw record in which a key stands twice: which value is meant is not known."""


def record(position: Position, raw: object) -> Record | Fault:
    """Check a raw record against its noun's fields. All its faults are named in one sentence."""
    noun = NOUNS[position.noun]
    if not isinstance(raw, Mapping):
        return Fault(position, "an object is required", noun.courses({}))
    if isinstance(raw, Ambiguous):
        return Fault(position, "a key stands twice", noun.courses({}))
    faults = [f"{str(name)[:40]} is no field of {noun.name}" for name in raw if name not in noun.field_names]
    values: Values = {}
    for field in noun.fields:
        raw_value = raw.get(field.name)
        try:
            if raw_value is None and field.is_required:
                raise WrongForm("is missing")
            values[field.name] = None if raw_value is None else field.form.parse(raw_value)
        except WrongForm as error:
            faults.append(f"{field.name} {error}")
    faults = faults or noun.check(values)
    return Fault(position, "; ".join(faults), noun.courses(raw)) if faults else Record(position, values)
