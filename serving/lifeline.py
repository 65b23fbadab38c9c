"""No process outlives the one it works for, however that one dies."""

import os
import signal
import threading
import time
from importlib import import_module
from multiprocessing import parent_process
from typing import Any

POLL_SECONDS = 0.25
GRACE_SECONDS = 3


def end_with_parent() -> None:
    """Send this process SIGTERM soon after its parent is gone, and end it if that was not enough."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def load(target: str) -> Any:
    """Import `module:name` in a worker process and tie its life to the main process.

    The two share a pipe that multiprocessing made; its end, seen at once, is the end of the main process.
    A process group of its own keeps a terminal's Ctrl-C for the main process, which stops its workers in order.
    """
    os.setpgrp()
    main = parent_process()

    def watch() -> None:
        if main is not None:
            main.join()
            os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
