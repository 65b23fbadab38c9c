"""A worker process that knows the letters of the tests: `python -m tests.outbox.worker`."""

import os

import django

POLL_SECONDS = 0.2

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cspace.settings")
    django.setup()
    from cspace.jobs import run_worker
    from kernel.letters import register
    from tests.outbox.made_up import HELLO

    register(HELLO)
    run_worker(poll_seconds=POLL_SECONDS)
