"""What all readers of files share: the fault of a file as a whole, and how far the reading is."""

from collections.abc import Callable

from kernel.errors import Invalid

Progress = Callable[[int], object]
"""Called with the bytes that have been read since the last call."""


class UnreadableFile(Invalid):
    """The file as a whole cannot be understood: nothing of it is imported."""

    def __init__(self, sentence: str) -> None:
        super().__init__({"file": [sentence]})
        self.message = sentence
