"""What all readers of files share: the fault of a file as a whole, and how far the reading is."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from kernel.errors import Invalid

Progress = Callable[[int], object]
"""Called with the bytes that have been read since the last call."""


class UnreadableFile(Invalid):
    """The file as a whole cannot be understood: nothing of it is imported."""

    def __init__(self, sentence: str) -> None:
        super().__init__({"file": [sentence]})
        self.message = sentence


@dataclass
class Places:
    """Where a line stands: lines are counted on through all files of an import. Without names there is one file."""

    names: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """How many lines there are in the files before each."""
    lines: int = 0

    def begin(self, name: str) -> int:
        """A file begins; how many lines there are before it."""
        self.names.append(name)
        self.starts.append(self.lines)
        return self.lines

    def end(self, lines: int) -> None:
        """The file has so many lines."""
        self.lines += lines

    def __call__(self, line: int) -> str:
        """For a sentence."""
        if len(self.names) < 2:
            return f"line {line}"
        number = bisect_right(self.starts, line - 1) - 1
        return f"{self.names[number]}, line {line - self.starts[number]}"
