"""Which parts a run has, in their order, and the seconds that each may take on a quiet machine of two cores.

A whole run has 300 s for 10⁶ rows, a quick one 60 s. More rows take longer to fill; everything else stays as long.
"""

import time
from typing import Any

from django.db import connection
from tqdm import tqdm

from tests.bench.bulk import write_in_bulk
from tests.bench.calendars import measure_calendars
from tests.bench.channels import measure_channels
from tests.bench.comparing import compare
from tests.bench.distribute import distribute
from tests.bench.draw import draw
from tests.bench.filling import grow as fill
from tests.bench.growth import grow
from tests.bench.jobs import do_jobs
from tests.bench.measuring import postmaster
from tests.bench.mixed import mix
from tests.bench.operations import OPERATIONS
from tests.bench.parts import Part
from tests.bench.searches import search
from tests.bench.series import weigh_series
from tests.bench.soak import soak
from tests.bench.stage import make_database
from tests.bench.streams import measure_streams
from tests.bench.timetable import import_lectures
from tests.bench.verdicts import Goal, Row
from tests.bench.waits import count_waits

MILLION = 1_000_000
FILLING = Goal("seconds", 60)
"""Of a million rows."""


def parts_for(rows: int) -> list[Part]:
    """All parts, for so many rows of room time."""

    def grow_to_all_rows(stage: Any) -> None:
        fill_and_serve(stage, rows)

    return [
        Part("database", make_database, 12, 10),
        Part("filling", grow_to_all_rows, max(12, 64 * rows / MILLION), max(8, 64 * rows / MILLION)),
        Part("waits", count_waits, 2, 1),
        Part("growth", grow, 27, 6),
        Part("baselines", compare, 80, 16),
        Part("contended mix", mix, 17, 5),
        Part("series", weigh_series, 6, 2),
        Part("memory", soak, 38, 1),
        Part("searches", search, 5, 1),
        Part("bulk", write_in_bulk, 12, 2),
        Part("distribution", distribute, 9, 2),
        Part("timetable", import_lectures, 8, 2),
        Part("draw", draw, 8, 1),
        Part("jobs", do_jobs, 40, 8, is_extra=True),
        Part("streams", measure_streams, 12, 3, is_extra=True),
        Part("channels", measure_channels, 12, 3, is_extra=True),
        Part("calendars", measure_calendars, 90, 8, is_extra=True),
    ]


def fill_and_serve(stage: Any, rows: int) -> None:
    """The large database with all its rows, and our server over it."""
    began = time.perf_counter()
    with tqdm(total=rows, desc=f"Filling {rows:,} rows", leave=False) as bar:
        bar.update(stage.campus.rows)
        stage.campus = fill(stage.campus, rows, bar.update)
    seconds = time.perf_counter() - began
    report, number = stage.report, stage.campus.rows
    report.rows_of_time = number
    report.reads = frozenset(operation.name for operation in OPERATIONS if operation.is_read)
    rate = seconds / number * MILLION
    remark, is_judged = f"{number:,} rows in {seconds:.1f} s", rows >= MILLION
    report.rows.append(Row("filling a million rows", rate, FILLING, "s", remark, is_judged))
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        (report.postgres,) = cursor.fetchone()
    connection.close()
    stage.database = postmaster(stage.folder / "pg" / "data")
    stage.ours = stage.serve(workers=1)
