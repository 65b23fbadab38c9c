"""Requests made from the published document, against a real server: no 5xx, no undocumented status, no other body."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.test_schemathesis import CHECKS
from tests.dialects.room_booking.scenes import make_department, new_key
from tests.races.server import serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(200)]


@pytest.mark.parametrize("is_known", [True, False], ids=["with a key", "without"])
def test_generated_requests(is_known, server_environment, tmp_path):
    department = make_department()
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", "--seed", "1", "--checks", CHECKS]
    command += ["--max-examples", "25", "--phases", "examples,coverage,fuzzing"]
    if is_known:
        command += ["-H", f"Authorization: Bearer {new_key(department.head)}"]
    with serving(server_environment) as server:
        run = subprocess.run(
            [*command, f"{server.base_url}/api/openapi.json"], cwd=tmp_path, capture_output=True, text=True, timeout=180
        )
    assert run.returncode == 0, run.stdout[-6000:]
    generated = re.search(r"(\d+) generated", run.stdout)
    assert generated is not None
    assert int(generated[1]) >= 100
