"""What 500 open channels of 64 logins cost the server that holds them, and how soon a program is told."""

import statistics
import time
from typing import Any

from accounts.services.sid_logins import begin_login, complete_login
from kernel import clock
from tests.bench.measuring import Processes
from tests.bench.streams import ENVIRONMENT, LATEST, THREADS, compare_with_idle, threads_of, warm
from tests.bench.verdicts import Row
from tests.races.server import serving
from tests.serving.subscribers import Subscribers, subscribing

CHANNELS, LOGINS, FEW_CHANNELS = 500, 64, 100
WARM_UP_CHANNELS = 20
FIRST_LINE = b"\r\n\n\r\n"
"""A blank one, as a chunk."""


def measure_channels(stage: Any) -> None:
    """A server with channels, one login after the other completed here; in a whole run, its answers beside them."""
    number = FEW_CHANNELS if stage.is_quick else CHANNELS
    environment = ENVIRONMENT | {"CSPACE_RATE_READ": "1000000/min"}
    with serving(environment, workers=1, has_streams=True) as server, subscribing(server.port) as subscribers:
        warm(stage, server)
        for channel in _opened(subscribers, [begin_login(now=clock.now())], WARM_UP_CHANNELS):
            channel.vanish()
        processes = Processes(server.pid)
        threads = threads_of(processes)
        sids = [begin_login(now=clock.now()) for _ in range(LOGINS)]
        channels = _opened(subscribers, sids, number)
        remark = f"of {LOGINS} logins"
        name = f"{number} open channels: threads more"
        stage.report.rows.append(Row(name, threads_of(processes) - threads, THREADS, remark=remark))
        if not stage.is_quick:
            compare_with_idle(stage, server, f"{number} open channels")
        _tell(stage.report, sids, channels)


def _opened(subscribers: Subscribers, sids: list[str], number: int) -> list[Any]:
    channels = [subscribers.open(f"/push.subscribe/{sids[place % len(sids)]}") for place in range(number)]
    for channel in channels:
        channel.read_until(FIRST_LINE)
    return channels


def _tell(report: Any, sids: list[str], channels: list[Any]) -> None:
    """Complete one login after the other; each has been told when the last of its channels has ended."""
    latencies = []
    for place, sid in enumerate(sids):
        began = time.perf_counter()
        complete_login(sid, user=None, now=clock.now())
        for channel in channels[place :: len(sids)]:
            channel.read_until(b"\r\n0\r\n\r\n")
        latencies.append(time.perf_counter() - began)
    remark = f"{len(sids)} logins; p50 {statistics.median(latencies) * 1000:.1f} ms"
    name = f"from the end of a login to the last of its channels, {len(channels)} open: longest"
    report.rows.append(Row(name, max(latencies) * 1000, LATEST, unit="ms", remark=remark))
