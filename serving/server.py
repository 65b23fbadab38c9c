"""The web server: its bounds, and how it ends. The one place where granian is configured (docs/decisions/0021).

SIGTERM drains: `/readyz` turns 503, and whoever balances the load goes elsewhere; `CSPACE_DRAIN_SECONDS` later the
listener closes; what is being answered then has `STOP_SECONDS`. SIGINT, or a second SIGTERM, skips the first part.
"""

import logging
import multiprocessing
import resource
import signal
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import wait
from typing import Any

from django.conf import settings
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from kernel.listening import Address
from serving import draining, lifeline

logger = logging.getLogger("cspace.serving")
THREADS_PER_WORKER = 4
CONNECTIONS_PER_WORKER = 512
BACKLOG = 1024
OTHER_FILES = 256
"""Of a process beside its connections: the database's, modules, pipes."""
HEADER_SECONDS = 5
"""A connection that has sent nothing, or a part of a header, is closed after so long."""
STOP_SECONDS = {"development": HEADER_SECONDS + 1, "production": 25}
"""A connection that has sent nothing keeps its worker until its header's time is over: less would kill for nothing."""
ALIVE = settings.BASE_DIR / "web" / "alive" / "healthz.json"
"""What `/healthz` answers: granian sends it without a thread of Python, however busy those are."""


def do_nothing() -> None:
    """Where nobody else is to know that the server ends."""


def serve(
    address: Address, workers: int, *, has_streams: bool = False, when_ending: Callable[[], None] = do_nothing
) -> None:
    """Run the web server until SIGINT or SIGTERM; its workers end with this process.

    `has_streams`: whether it serves those too. Each holds its connection, none a thread (`serving.streaming`).
    `when_ending` is called before they are told to end.
    """
    multiprocessing.set_start_method("spawn", force=True)
    hangup = signal.getsignal(signal.SIGHUP)
    drain = draining.Drain()
    # One connection more than there may be streams: else the surplus would wait for an answer instead of getting it.
    streams = settings.CSPACE_STREAM_CAP if has_streams else 0
    allow_files(CONNECTIONS_PER_WORKER + streams + OTHER_FILES)
    server = Server(
        "cspace.asgi:application" if has_streams else "cspace.wsgi:application",
        address=address.number,
        port=address.port,
        interface=Interfaces.ASGI if has_streams else Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=1 if has_streams else THREADS_PER_WORKER,
        backlog=max(BACKLOG, streams),
        backpressure=CONNECTIONS_PER_WORKER + streams,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS["development" if settings.DEBUG else "production"],
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
        static_path_route=["/healthz"],
        static_path_mount=[ALIVE.parent],
        static_path_dir_to_file=ALIVE.name,
        static_path_expires=0,
        log_level=LogLevels.warning,
    )

    server.when_ending, server.drain = when_ending, drain

    @server.on_startup
    def take_signals() -> None:
        """End the server with its terminal; granian would reload it. `nohup` still has its way."""
        end = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGHUP, signal.SIG_IGN if hangup is signal.SIG_IGN else end)
        signal.signal(signal.SIGTERM, Draining(drain, end))

    server.serve(target_loader=partial(load, drain.for_workers))


class Server(MPServer):
    """One that tells its workers that it stops, and says of none that it refused to stop which has stopped.

    granian waits for a worker in two threads. Whoever does not get its status takes it for running until the other
    thread has noted it: on a busy machine longer than the millisecond that granian allows for that. Here the worker's
    end is seen by its sentinel, by as many as look.
    """

    when_ending: Callable[[], None]
    drain: draining.Drain

    def shutdown(self, exit_code: int = 0) -> None:
        """A worker that is being stopped still waits for what it has begun: a stream has to be told that it ends."""
        self.when_ending()
        self.drain.begin()
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]  # of granian

    def _spawn_worker(self, *args: Any, **kwargs: Any) -> Any:
        worker: Any = super()._spawn_worker(*args, **kwargs)
        worker.is_alive = lambda: not has_ended(worker.inner)
        return worker


def has_ended(process: Any) -> bool:
    """Whether a process of multiprocessing is over, whoever has taken its status."""
    return bool(wait([process.sentinel], timeout=0))


class Draining:
    """Handles SIGTERM: the first begins to drain, the second ends at once."""

    def __init__(self, drain: draining.Drain, end: Any) -> None:
        self._drain, self._end, self._has_begun = drain, end, False

    def __call__(self, signal_number: int, frame: Any) -> None:
        if self._has_begun or not settings.CSPACE_DRAIN_SECONDS:
            self._end(signal_number, frame)
            return
        self._has_begun = True
        self._drain.begin()
        timer = threading.Timer(settings.CSPACE_DRAIN_SECONDS, self._end, (signal_number, None))
        timer.daemon = True
        timer.start()


def allow_files(number: int) -> None:
    """Let this process, and those that it starts, have so many files open, or as many as the system lets it have."""
    most_now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most_now == resource.RLIM_INFINITY or most_now >= number:
        return
    granted = number if most == resource.RLIM_INFINITY else min(number, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (granted, most))
    if granted < number:
        logger.warning(
            "too few open files for as many streams: raise the limit (ulimit -Hn) or lower CSPACE_STREAM_CAP",
            extra={"needed": number, "allowed": granted},
        )


def load(drain: Any, target: str) -> Any:
    """What a worker process begins with."""
    draining.listen_to(drain)
    return lifeline.load(target)
