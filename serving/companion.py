"""A process that runs beside the web server: begun anew when it dies, ended with it."""

import logging
import subprocess
import threading
from collections.abc import Sequence

PAUSE_SECONDS = 1.0
"""Before it is begun anew: one that cannot start is no reason to do nothing else."""
END_SECONDS = 4.0
"""Longer than it gives what it is doing."""

logger = logging.getLogger("cspace.companion")


class Companion(threading.Thread):
    """Keeps `command` running inside a `with` block.

    It has a process group of its own, so that a terminal's Ctrl-C is for the main process, which ends it in order. When
    that is killed, the companion ends by itself (`serving.lifeline`).
    """

    def __init__(self, command: Sequence[str]) -> None:
        super().__init__(name="companion", daemon=True)
        self._command = command
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Companion":
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.end()
        if (process := self._process) is not None:
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        self.join(END_SECONDS)

    def end(self) -> None:
        """Tell it to end, and do not begin it anew; leaving the block waits for it."""
        with self._lock:
            self._ending.set()
            if self._process is not None:
                self._process.terminate()

    def run(self) -> None:
        """Start it, wait for its end, start it again."""
        while True:
            with self._lock:
                if self._ending.is_set():
                    return
                # Nobody else's words: the interpreter and script that run already.
                self._process = subprocess.Popen(self._command, process_group=0)  # noqa: S603
            status = self._process.wait()
            if self._ending.wait(PAUSE_SECONDS):
                return
            logger.warning("the worker has ended and is begun anew", extra={"status": status})
