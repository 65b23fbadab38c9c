"""What servers and the database use of the machine while they are loaded, and what two runs are to one another."""

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.load import Run


@dataclass(frozen=True)
class Measurement:
    """One run with what it cost: seconds of CPU."""

    run: Run
    server_cpu: float
    database_cpu: float

    @property
    def cpu_seconds(self) -> float:
        """Server and database."""
        return self.server_cpu + self.database_cpu

    @property
    def cpu(self) -> float:
        """Seconds of CPU per request, server and database."""
        return self.cpu_seconds / len(self.run.latencies)


@dataclass(frozen=True)
class Ratio:
    """Ours ÷ the baseline: medians of alternated pairs."""

    rate: float
    p50: float
    p99: float
    cpu: float
    """Of server and database, per request."""

    @classmethod
    def of(cls, pairs: Sequence[tuple[Measurement, Measurement]]) -> "Ratio":
        """From pairs of (ours, baseline), each measured one after the other."""

        def median(value: Callable[[Measurement], float]) -> float:
            return statistics.median(value(ours) / value(baseline) for ours, baseline in pairs)

        return cls(
            rate=median(lambda one: one.run.rate),
            p50=median(lambda one: one.run.percentile(50)),
            p99=median(lambda one: one.run.percentile(99)),
            cpu=median(lambda one: one.cpu),
        )


def growth_exponent(small: tuple[float, float], large: tuple[float, float]) -> float:
    """e of y ~ x^e through two points (rows, seconds)."""
    return math.log(large[1] / small[1]) / math.log(large[0] / small[0])


class Processes:
    """A process with all that it has started: their CPU and their memory."""

    def __init__(self, pid: int) -> None:
        self.root = psutil.Process(pid)

    def cpu_seconds(self) -> float:
        return sum(sum(self._times(process)) for process in self._all())

    def memory(self) -> int:
        """Bytes resident in the largest of them."""
        return max(process.memory_info().rss for process in self._all())

    def _all(self) -> list[psutil.Process]:
        return [self.root, *self.root.children(recursive=True)]

    @staticmethod
    def _times(process: psutil.Process) -> tuple[float, float, float, float]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            return 0.0, 0.0, 0.0, 0.0
        # A process that has ended counts with whoever waited for it.
        return times.user, times.system, times.children_user, times.children_system


@contextmanager
def cpu_of(processes: Processes) -> Iterator[list[float]]:
    """The seconds that they use inside the block; in the list at its end."""
    used: list[float] = []
    before = processes.cpu_seconds()
    yield used
    used.append(processes.cpu_seconds() - before)


def postmaster(data: Path) -> Processes:
    """The processes of a PostgreSQL cluster."""
    return Processes(int((data / "postmaster.pid").read_text().splitlines()[0]))
