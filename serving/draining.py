"""Whether this server is about to end: then `/readyz` says 503, while everything else is still answered.

The main process tells its workers by closing its end of a pipe, which needs no lock, no file and no signal; a worker
that starts later sees it as well.
"""

from multiprocessing import Pipe
from multiprocessing.connection import Connection

_from_main: "Connection | None" = None


class Drain:
    """The main process's end of the pipe, and the end that its workers are given."""

    def __init__(self) -> None:
        self.for_workers, self._closed_to_tell = Pipe(duplex=False)

    def begin(self) -> None:
        """Tell the workers, once and for all."""
        self._closed_to_tell.close()


def listen_to(for_workers: "Connection") -> None:
    """Take the main process's word, in a worker."""
    global _from_main
    _from_main = for_workers


def is_draining() -> bool:
    """Never in a process that no main process has started."""
    return _from_main is not None and _from_main.poll(0)
