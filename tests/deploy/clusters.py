"""A PostgreSQL of its own with a superuser, which the embedded one has not: for the roles of a production."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bundled_postgres.installation import clean_environment
from tests.crash.processes import shared_folder
from tests.races.server import ROOT, STOP_SECONDS

HOLDER = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from bundled_postgres import cluster, ensure
cluster.ROLE = "root"
cluster.ROLE_SQL = "CREATE ROLE root SUPERUSER LOGIN PASSWORD '{password}';\\n"
print(json.dumps(asdict(ensure(Path(sys.argv[1]), fast=True))), flush=True)
sys.stdin.read()
"""


@contextmanager
def superusers_server() -> Iterator[dict[str, Any]]:
    """What libpq needs to reach the server as its superuser; the server ends with the block."""
    with shared_folder() as folder:
        command = [sys.executable, "-c", HOLDER, str(folder / "pg")]
        holder = subprocess.Popen(
            command, cwd=ROOT, env=clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert holder.stdout is not None
            yield json.loads(holder.stdout.readline())
        finally:
            holder.communicate(timeout=STOP_SECONDS)
