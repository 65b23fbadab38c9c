"""`python -m tests.bench.suite [--quick] [--rows N] [--only PART …]`: our operations beside baselines, in one run.

A database of its own, thrown away, with N rows of room time (10⁶), fsync on, production settings, one worker. Ours and
a baseline take turns, five pairs of half a second each (three of 0.15 s with --quick), and what is shown are medians of
the pairs' ratios. Its parts and their seconds stand in tests/bench/plan.py: five minutes in all, one with --quick; a
part that takes three times its seconds and ten more ends the run, and so does an answer that was not meant. The part
`jobs` is measured only where it is named.
Writes docs/benchmarks.md and docs/benchmarks.svg, unless --quick or --only.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
ROWS, QUICK_ROWS = 1_000_000, 100_000
NECESSARY = ("database", "filling")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter parts, 10⁵ rows, nothing written")
    parser.add_argument("--rows", type=lambda text: int(float(text)), help="rows of room time (1e6)")
    parser.add_argument("--only", nargs="+", metavar="PART", help="no other parts, and nothing written")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything that was started is ended
    if arguments.folder is None:
        sys.exit(in_a_folder_of_its_own(sys.argv[1:]))
    rows = arguments.rows or (QUICK_ROWS if arguments.quick else ROWS)
    measure(arguments.folder, rows, is_quick=arguments.quick, only=arguments.only)


def in_a_folder_of_its_own(arguments: list[str]) -> int:
    """The exit status of a process of its own; its database ends with it, and then goes."""
    (ROOT / "var").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "var"))
    folder.chmod(0o755)  # as root the database runs as somebody else
    command = [sys.executable, "-m", "tests.bench.suite", *arguments, "--folder", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        return process.wait()
    finally:
        process.terminate()
        process.wait(60)
        pid = folder / "pg" / "data" / "postmaster.pid"
        with suppress(OSError, ValueError, psutil.Error):
            psutil.Process(int(pid.read_text().split()[0])).wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def measure(folder: Path, rows: int, *, is_quick: bool, only: list[str] | None) -> None:
    """All parts, then the report; what must never happen and has ends the process with an error."""
    from tests.bench.stage import Stage, set_up

    began = time.perf_counter()
    set_up(folder)
    from tests.bench.parts import work_through
    from tests.bench.plan import parts_for
    from tests.bench.report import Report

    parts = parts_for(rows)
    if unknown := set(only or ()) - {part.name for part in parts}:
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are: {', '.join(part.name for part in parts)}")
    parts = [part for part in parts if (part.name in (*NECESSARY, *only) if only else not part.is_extra)]
    report = Report(is_quick=is_quick)
    with ExitStack() as stack:
        stage = Stage(folder=folder, report=report, is_quick=is_quick, stack=stack)
        work_through(parts, stage, is_quick=is_quick, say=_say)
        report.seconds = time.perf_counter() - began
    _say("\n" + report.as_text())
    if broken := report.broken():
        sys.exit(f"what must never happen has happened: {'; '.join(broken)}")
    if not is_quick and not only:
        report.write(ROOT / "docs")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
