"""What names of a file mean here: a table of names and patterns. As CSV: a name, then what it stands for."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from timetables.importing.files import UnreadableFile

MAX_BYTES = 4 << 20
MAX_PATTERNS = 1000
SEPARATORS = ",;\t"
STAR = "*"
HEADER = "name"
Meaning = tuple[str, ...]
"""One name or several; none: the name stands for nothing."""


@dataclass(frozen=True)
class NameTable:
    """Exact names count before patterns, and these in the order of the table. White space is as good as one space."""

    exact: Mapping[str, Meaning] = field(default_factory=dict)
    patterns: Sequence[tuple[str, Meaning]] = ()
    """With `*` for any text; in the meaning it stands for what the first `*` has met."""

    def exactly(self, name: str) -> Meaning | None:
        return self.exact.get(_plain(name))

    def meaning(self, name: str) -> Meaning | None:
        """None: nothing is said of it."""
        plain = _plain(name)
        if plain in self.exact:
            return self.exact[plain]
        for pattern, meaning in self.patterns:
            text = star_text(pattern, plain)
            if text is not None:
                return tuple(each.replace(STAR, text) for each in meaning)
        return None


def table_of(rows: Iterable[tuple[str, Sequence[str]]]) -> NameTable:
    """Raises: ValueError, where two rows say different things of one name."""
    exact: dict[str, Meaning] = {}
    patterns: dict[str, Meaning] = {}
    for raw_name, raw_meaning in rows:
        name, meaning = _plain(raw_name), tuple(_plain(each) for each in raw_meaning if each.strip())
        if not name:
            raise ValueError("a name is missing")
        kind = patterns if STAR in name else exact
        if STAR not in name and any(STAR in each for each in meaning):
            raise ValueError(f"{name} has no * for the one in what it means")
        if kind.setdefault(name, meaning) != meaning:
            raise ValueError(f"{name} means two things")
    if len(patterns) > MAX_PATTERNS:
        raise ValueError(f"there are more than {MAX_PATTERNS} patterns")
    return NameTable(exact, [*patterns.items()])


def read_rows(path: Path) -> list[tuple[str, list[str]]]:
    """The rows of a table. A first row that begins with `name` is its header.

    Raises: UnreadableFile.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableFile(f"{path.name} is larger than {MAX_BYTES >> 20} MiB")
        text = path.read_bytes().decode("utf-8-sig")
        first = next((line for line in text.splitlines() if line.strip()), "")
        rows = csv.reader(text.splitlines(), delimiter=max(SEPARATORS, key=first.count), strict=True)
        cells = [row for row in rows if any(cell.strip() for cell in row)]
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path.name} is not UTF-8") from error
    except csv.Error as error:
        raise UnreadableFile(f"{path.name}: line {rows.line_num}: {error}") from error
    if cells and cells[0][0].strip().lower() == HEADER:
        cells = cells[1:]
    return [(row[0], row[1:]) for row in cells]


def star_text(pattern: str, text: str) -> str | None:
    """What the first `*` of a pattern stands for in a text; None: they do not fit.

    Each `*` takes as little as it can, so that a long text is read once, however many there are.
    """
    head, *middle, tail = pattern.split(STAR)
    if not (text.startswith(head) and text.endswith(tail) and len(text) >= len(head) + len(tail)):
        return None
    at, end = len(head), len(text) - len(tail)
    at_first_star = text[at:end]
    for number, part in enumerate(middle):
        place = text.find(part, at, end)
        if place < 0:
            return None
        if number == 0:
            at_first_star = text[at:place]
        at = place + len(part)
    return at_first_star.strip()


def _plain(name: str) -> str:
    return " ".join(name.split())
