"""The figures of a run, as tables to read in a terminal and in docs/benchmarks.md."""

import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from kernel import clock
from tests.bench.measuring import Measurement, Ratio, growth_exponent
from tests.bench.picture import picture
from tests.bench.verdicts import Goal, Row

Pairs = Sequence[tuple[Measurement, Measurement]]
GROWTH = Goal("exponent", 0.03)
GROWTH_ROWS = 1_000_000
"""From so many rows on, growth is judged: over less of a step, noise decides."""
WAITS_OF_A_WRITE, WAITS_OF_A_READ = Goal("waits", 2), Goal("waits", 1)
ROWS_HEADER = ("what", "goal", "measured", "", "remark")
LINES_HEADER = ("ours ÷ baseline", "rps", "p50", "p99", "CPU", "ours: rps", "p50 ms", "CPU µs, server + database")
FIGURES = {"rate": "rps", "cpu": "CPU", "p50": "p50"}


@dataclass(frozen=True)
class Line:
    """One operation against one baseline."""

    name: str
    ratio: Ratio
    goals: tuple[Goal, ...]
    rate: float
    """Ours, requests per second; of the median pair, like all that follows."""
    p50: float
    """Ours, seconds."""
    server_cpu: float
    """Ours, seconds per request."""
    database_cpu: float
    client_cpu: float
    """Of the load generator, seconds per request."""

    @classmethod
    def of(cls, name: str, goals: tuple[Goal, ...], pairs: Pairs) -> "Line":
        ours = sorted((mine for mine, _ in pairs), key=lambda one: one.run.rate)[len(pairs) // 2]
        run = ours.run
        costs = [seconds / len(run.latencies) for seconds in (ours.server_cpu, ours.database_cpu, run.cpu_seconds)]
        return cls(name, Ratio.of(pairs), goals, run.rate, run.percentile(50), *costs)

    def cells(self) -> tuple[str, ...]:
        figures = (self.ratio.rate, self.ratio.p50, self.ratio.p99, self.ratio.cpu)
        return (
            self.name,
            *(f"{figure:.2f}" for figure in figures),
            f"{self.rate:,.0f}",
            f"{self.p50 * 1000:.2f}",
            f"{self.server_cpu * 1e6:,.0f} + {self.database_cpu * 1e6:,.0f}",
        )

    def rows(self) -> list[Row]:
        """A row for each goal; the CPU stands beside each ratio of rates."""
        return [
            Row(
                f"{self.name}, {FIGURES[goal.figure]}",
                getattr(self.ratio, goal.figure),
                goal,
                remark=f"CPU × {self.ratio.cpu:.2f}" if goal.figure == "rate" else "",
            )
            for goal in self.goals
        ]


@dataclass
class Report:
    """What a run has measured."""

    is_quick: bool
    rows_of_time: int = 0
    small_rows: int = 0
    lines: list[Line] = field(default_factory=list)
    growth: dict[str, float] = field(default_factory=dict)
    """{operation: p50 with all rows ÷ with few}, medians of pairs."""
    waits: dict[str, int] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
    """The operations that are to wait once."""
    rows: list[Row] = field(default_factory=list)
    """What the parts have found beside that."""
    remarks: list[str] = field(default_factory=list)
    postgres: str = ""
    """Its version."""
    seconds: float = 0.0
    """Of the whole run."""
    pairs: int = 0

    def add(self, name: str, goals: tuple[Goal, ...], pairs: Pairs) -> None:
        self.pairs = len(pairs)
        self.lines.append(Line.of(name, goals, pairs))

    def add_growth(self, name: str, pairs: Pairs) -> None:
        self.growth[name] = Ratio.of(pairs).p50

    def add_memory(self, early: tuple[int, float], late: tuple[int, float]) -> None:
        """Two moments: (requests that the worker had answered, MB that it held)."""
        (few, before), (many, after) = early, late
        remark = f"{before:.0f} MB after {few:,} requests"
        self.rows.append(Row(f"memory of a worker after {many:,} requests", after, unit="MB", remark=remark))

    def exponents(self) -> dict[str, float]:
        """{operation: e}, p50 ~ rows^e."""
        sizes = self.small_rows, self.rows_of_time
        return {name: growth_exponent(*zip(sizes, (1, ratio), strict=True)) for name, ratio in self.growth.items()}

    def all_rows(self) -> list[Row]:
        """What is to hold, each with its figure."""
        rows = [row for line in self.lines for row in line.rows()]
        rows += [
            Row(f"waits for PostgreSQL: {name}", number, WAITS_OF_A_READ if name in self.reads else WAITS_OF_A_WRITE)
            for name, number in self.waits.items()
        ]
        rows += [
            Row(
                f"growth of p50 from {self.small_rows:,} rows on: {name}",
                exponent,
                GROWTH,
                remark=f"{self.growth[name]:.2f} times the time",
                is_judged=self.rows_of_time >= GROWTH_ROWS,
            )
            for name, exponent in self.exponents().items()
        ]
        return rows + self.rows

    def broken(self) -> list[str]:
        """What must never happen, and has."""
        return [f"{row.name}: {row.value:g}" for row in self.all_rows() if row.is_broken]

    def as_text(self) -> str:
        blocks = [_aligned([ROWS_HEADER, *(row.cells() for row in self.all_rows())])]
        blocks.append(_aligned([LINES_HEADER, *(line.cells() for line in self.lines)]))
        return "\n".join([*("\n".join([*block, ""]) for block in blocks), *self._notes(), ""])

    def as_page(self, commit: str) -> str:
        machine = f"{psutil.cpu_count()} cores ({platform.machine()})"
        lines = [
            "# Benchmarks",
            "",
            f"Written by `make bench` on {clock.now():%Y-%m-%d}; commit {commit}; {machine}, Python"
            f" {platform.python_version()}, PostgreSQL {self.postgres}. Ratios compare runs of the same minute on the"
            " same machine; absolute figures say more of the machine than of the server. What they mean, and how they"
            " came about: [performance](performance.md).",
            "",
            "![Requests per second against the baselines, and how time grows with the rows](benchmarks.svg)",
            "",
            "## What is to hold",
            "",
            *_table([ROWS_HEADER, *(row.cells() for row in self.all_rows())]),
            "",
            "## Against the baselines",
            "",
            *_table([LINES_HEADER, *(line.cells() for line in self.lines)]),
            "",
            *(f"- {note}" for note in self._notes()),
            "",
        ]
        return "\n".join(lines)

    def _notes(self) -> list[str]:
        client = max((line.client_cpu for line in self.lines), default=0)
        return [
            f"{self.rows_of_time:,} rows of room time, one worker unless said;"
            f" medians of {self.pairs} alternated pairs.",
            "CPU is that of server and database, per request: a disk that stalls makes a slow server look fast, CPU"
            f" does not. The client's is left out: up to {client * 1e6:.0f} µs a request.",
            *self.remarks,
            f"The whole run took {self.seconds:.0f} s.",
        ]

    def write(self, folder: Path) -> None:
        """`benchmarks.md` and `benchmarks.svg`, and a link to them where `performance.md` only named them."""
        command = ["git", "rev-parse", "--short", "HEAD"]
        commit = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        ).stdout.strip()
        (folder / "benchmarks.md").write_text(self.as_page(commit or "unknown"), encoding="utf-8")
        bars = [(line.name, line.ratio.rate, _bar_of(line)) for line in self.lines]
        times = [(name, ratio) for name, ratio in self.growth.items()]
        limit = (self.rows_of_time / self.small_rows) ** GROWTH.bar
        (folder / "benchmarks.svg").write_text(picture(bars, times, limit), encoding="utf-8")
        if (performance := folder / "performance.md").exists():
            text = performance.read_text(encoding="utf-8").replace(
                "`docs/benchmarks.md`", "[benchmarks](benchmarks.md)"
            )
            performance.write_text(text, encoding="utf-8")


def _bar_of(line: Line) -> float | None:
    return next((goal.bar for goal in line.goals if goal.figure == "rate"), None)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    header, *others = ["| " + " | ".join(row) + " |" for row in rows]
    return [header, "|---" * len(rows[0]) + "|", *others]
