"""Make .venv and install requirements/<name>.txt into it. Run by install.sh with the system's Python."""

import fcntl
import os
import runpy
import shutil
import subprocess
import sys
import threading
import time
import venv
from pathlib import Path
from typing import NoReturn

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / "unfinished"
"""There while an installation runs: found without its lock, the environment is rubbish."""


def fail(problem: str) -> NoReturn:
    """Print one line and leave."""
    sys.exit(f"CSpace: {problem}")


def make_environment(name: str) -> NoReturn:
    """Make .venv, then go on as its own Python. The lock lasts until that process ends."""
    lock = os.open("requirements", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.set_inheritable(lock, True)
    if UNFINISHED.exists() or not has_pip():
        shutil.rmtree(VENV, ignore_errors=True)
    sys.stderr.write(f"Installing requirements/{name}.txt into .venv ...\n")
    VENV.mkdir(exist_ok=True)
    UNFINISHED.touch()
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True, symlinks=True)
    os.execv(PYTHON, [str(PYTHON), __file__, name])


def has_pip() -> bool:
    """Whether .venv has a Python that runs, and pip."""
    try:
        return subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def end_with_parent() -> None:
    """End this process soon after its parent, should that be killed."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def install(name: str) -> None:
    """Run pip inside this process, and only after its success say that the set is installed."""
    requirements = f"requirements/{name}.txt"
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes", "--only-binary", ":all:"]
    sys.argv = ["pip", "install", *options, "--requirement", requirements]
    try:
        runpy.run_module("pip", run_name="__main__", alter_sys=True)
    except SystemExit as finished:
        if finished.code:
            fail("pip could not install the requirements (see above): is the network there? Then run make again")
    shutil.copyfile(requirements, VENV / f"{name}.installed")
    UNFINISHED.unlink()


if __name__ == "__main__":
    end_with_parent()
    try:
        if Path(sys.prefix).resolve() == VENV.resolve():
            install(sys.argv[1])
        else:
            make_environment(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        fail(f"cannot write {error.filename or VENV}: {error.strerror}")
