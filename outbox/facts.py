"""What people do to letters."""

from dataclasses import dataclass
from typing import Any, ClassVar

from kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class LetterTriedAgain(Fact):
    """A failed letter, or failed copies of one, wait again."""

    action: ClassVar[str] = "letter.tried_again"
    letter_id: int
    kind: str
    key: str

    @property
    def target(self) -> str:
        return f"letter:{self.letter_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {"id": self.letter_id, "name": self.key, "kind": self.kind}
