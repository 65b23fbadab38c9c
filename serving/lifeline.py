"""No process outlives the one it works for, however that one dies.

`python -m serving.lifeline PID script …` runs a script that ends soon after its parent PID, even before it has imported
anything.
"""

import os
import runpy
import signal
import sys
import threading
import time
from importlib import import_module
from multiprocessing import parent_process
from typing import Any

POLL_SECONDS = 0.25
GRACE_SECONDS = 3


def end_with_parent(parent: int | None = None) -> None:
    """Send this process SIGTERM soon after its parent is gone, and end it if that was not enough.

    `parent`: where it may be gone already, its process id.
    """
    parent = os.getppid() if parent is None else parent

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


def command(script: str, *arguments: str) -> list[str]:
    """What runs a script as a process that this one is to be the parent of."""
    return [sys.executable, "-m", __name__, str(os.getpid()), script, *arguments]


if __name__ == "__main__":
    _, parent_id, *sys.argv = sys.argv
    end_with_parent(int(parent_id))
    runpy.run_path(sys.argv[0], run_name="__main__")
