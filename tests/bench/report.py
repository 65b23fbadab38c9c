"""The figures of a run, as a table to read in a terminal, in docs/benchmarks.md, and as a picture."""

import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from kernel import clock
from tests.bench.measuring import Measurement, Ratio, growth_exponent
from tests.bench.operations import Goal, Operation

GROWTH_BAR = 0.03
HEADER = ("operation ÷ baseline", "rps", "p50", "p99", "CPU", "ours rps", "p50 ms", "goal")
BAR_WIDTH, ROW_HEIGHT, LABEL_WIDTH = 320, 22, 330


@dataclass(frozen=True)
class Line:
    """One operation against one baseline."""

    name: str
    ratio: Ratio
    goals: tuple[Goal, ...]
    rate: float
    """Ours, requests per second; the median of the pairs."""
    p50: float
    """Ours, seconds."""
    client: float
    """Seconds of the client's CPU per request."""

    def verdict(self) -> str:
        words = []
        for goal in self.goals:
            is_met = goal.is_met(getattr(self.ratio, goal.figure))
            sign = "≥" if goal.is_least else "≤"
            words.append(f"{goal.figure} {sign} {goal.bar:g} {'✓' if is_met else '✗'}")
        return ", ".join(words)

    def cells(self) -> tuple[str, ...]:
        figures = (self.ratio.rate, self.ratio.p50, self.ratio.p99, self.ratio.cpu)
        return (
            self.name,
            *(f"{figure:.2f}" for figure in figures),
            f"{self.rate:,.0f}",
            f"{self.p50 * 1000:.2f}",
            self.verdict(),
        )


@dataclass
class Report:
    """What a run has measured."""

    rows: int
    small_rows: int
    is_quick: bool
    lines: list[Line] = field(default_factory=list)
    growth: dict[str, tuple[float, float]] = field(default_factory=dict)
    """{operation: (p50 with few rows, with all)} in seconds."""
    waits: dict[str, int] = field(default_factory=dict)
    memory: int = 0
    """Bytes of the worker at the end."""

    def add(
        self,
        operation: Operation,
        baseline: str,
        goals: tuple[Goal, ...],
        pairs: Sequence[tuple[Measurement, Measurement]],
    ) -> None:
        ours = sorted((mine for mine, _ in pairs), key=lambda one: one.run.rate)[len(pairs) // 2].run
        client = ours.cpu_seconds / len(ours.latencies)
        name = f"{operation.name} ÷ {baseline}"
        self.lines.append(Line(name, Ratio.of(pairs), goals, ours.rate, ours.percentile(50), client))

    def exponents(self) -> dict[str, float]:
        """{operation: e}, p50 ~ rows^e."""
        return {
            name: growth_exponent((self.small_rows, few), (self.rows, many))
            for name, (few, many) in self.growth.items()
        }

    def as_text(self) -> str:
        table = [HEADER, *(line.cells() for line in self.lines)]
        widths = [max(len(row[column]) for row in table) for column in range(len(HEADER))]
        rows = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
        return "\n".join([*rows, "", *self._notes(), ""])

    def _notes(self) -> list[str]:
        client = max((line.client for line in self.lines), default=0)
        growth = ", ".join(
            f"{name} {exponent:+.3f}{'' if exponent <= GROWTH_BAR else ' ✗'}"
            for name, exponent in self.exponents().items()
        )
        return [
            f"{self.rows:,} rows of room time; medians of alternated pairs; CPU is server and database, per request.",
            f"Growth of p50 from {self.small_rows:,} rows on (exponent, goal ≤ {GROWTH_BAR}): {growth}.",
            "Waits for PostgreSQL: " + ", ".join(f"{name} {waits}" for name, waits in self.waits.items()) + ".",
            f"Memory of the worker at the end: {self.memory / 1e6:.0f} MB. The client costs up to {client * 1e6:.0f} µs"
            " of CPU a request.",
        ]

    def write(self, folder: Path) -> None:
        """`benchmarks.md` and `benchmarks.svg`."""
        (folder / "benchmarks.svg").write_text(self.as_picture(), encoding="utf-8")
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=folder, capture_output=True, text=True, check=False
        ).stdout.strip()
        machine = f"{psutil.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
        marks = "|".join("---" for _ in HEADER)
        lines = [
            "# Benchmarks",
            "",
            f"`make bench`, {clock.now():%Y-%m-%d}, commit {commit or 'unknown'}, {machine}. Ratios compare runs"
            " of the same minute on the same machine; absolute figures say more of the machine than of the server.",
            "",
            "![Ratios of requests per second](benchmarks.svg)",
            "",
            f"|{'|'.join(HEADER)}|",
            f"|{marks}|",
            *(f"|{'|'.join(line.cells())}|" for line in self.lines),
            "",
            *(f"- {note}" for note in self._notes()),
            "",
        ]
        (folder / "benchmarks.md").write_text("\n".join(lines), encoding="utf-8")

    def as_picture(self) -> str:
        """The ratios of requests per second as bars, 1 = as fast as the baseline; cut off at 4."""
        height = ROW_HEIGHT * (len(self.lines) + 1)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL_WIDTH + BAR_WIDTH + 60}" height="{height}"'
            ' font-family="sans-serif" font-size="12"><title>Requests per second, ours ÷ baseline</title>'
        ]
        for place, line in enumerate(self.lines):
            top, width = place * ROW_HEIGHT + 4, min(line.ratio.rate, 4) / 4 * BAR_WIDTH
            parts.append(
                f'<text x="{LABEL_WIDTH - 8}" y="{top + 13}" text-anchor="end" fill="#555">{line.name}</text>'
                f'<rect x="{LABEL_WIDTH}" y="{top}" width="{width:.1f}" height="{ROW_HEIGHT - 6}" fill="#3b7dd8"/>'
                f'<text x="{LABEL_WIDTH + width + 6:.1f}" y="{top + 13}" fill="#555">{line.ratio.rate:.2f}</text>'
            )
        one = LABEL_WIDTH + BAR_WIDTH / 4
        parts.append(f'<line x1="{one}" x2="{one}" y1="0" y2="{height - ROW_HEIGHT}" stroke="#c33"/></svg>')
        return "\n".join(parts) + "\n"
