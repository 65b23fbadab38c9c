"""What a figure is to reach, and whether it does."""

from dataclasses import dataclass
from typing import Literal

Word = Literal["met", "not met", "–"]
AT_LEAST = frozenset({"rate", "rows/s"})


@dataclass(frozen=True)
class Goal:
    """A bar for one figure: rates at least, everything else (times, CPU, counts) at most."""

    figure: str
    bar: float

    @property
    def is_least(self) -> bool:
        return self.figure in AT_LEAST

    def is_met(self, value: float) -> bool:
        return value >= self.bar if self.is_least else value <= self.bar

    def __str__(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.bar:,g}" if self.bar else "0"


@dataclass(frozen=True)
class Row:
    """One line of what is to hold. `value` is None where it was not measured; `remark` says why, or of what it is."""

    name: str
    value: float | None
    goal: Goal | None = None
    unit: str = ""
    remark: str = ""
    is_judged: bool = True
    """False where the run is too small for the goal."""

    @property
    def verdict(self) -> Word:
        if self.value is None or self.goal is None or not self.is_judged:
            return "–"
        return "met" if self.goal.is_met(self.value) else "not met"

    @property
    def is_broken(self) -> bool:
        """Whether happened what must never happen: such a run has measured nothing."""
        return self.goal is not None and self.goal.bar == 0 and bool(self.value)

    def cells(self) -> tuple[str, str, str, str, str]:
        """Name, goal, figure, verdict, remark."""
        shown = "not run" if self.value is None else f"{_rounded(self.value)}{' ' if self.unit else ''}{self.unit}"
        goal = (
            ""
            if self.goal is None
            else f"{self.goal}{' ' if self.unit and self.goal.bar else ''}" + (self.unit if self.goal.bar else "")
        )
        return self.name, goal, shown, self.verdict, self.remark


def _rounded(value: float) -> str:
    """Three figures that count, and whole numbers as they are."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
