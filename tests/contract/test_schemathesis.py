"""Generated requests against a real server, as three people: no 5xx, no undocumented status, no other body.

Over a thousand cases in all; the safety bar's nightly count is a matter of `--max-examples`.
"""

import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from accounts.services.tokens import issue_access
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.races.server import serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(280)]
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
GENERATED = re.compile(r"(\d+) generated")


@pytest.mark.parametrize("role", ["anonymous", "member", "cspace"])
def test_generated_requests(role, server_environment, tmp_path):
    make_classroom("Room A")
    user = make_user(role)
    join(user, cspace_group() if role == "cspace" else make_group("522"))
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", "--seed", "1", "--checks", CHECKS]
    command += ["--max-examples", "2", "--phases", "coverage,fuzzing"]
    # This server has no streams, which it says by 503; tests/live has every other answer of theirs.
    command += ["--exclude-path-regex", r"^/api/v1/(notifications|classrooms)/stream/$"]
    if role != "anonymous":
        command += ["-H", f"Authorization: Bearer {issue_access(user, family=uuid.uuid4())}"]
        # A generated logout would end the session and leave the rest of the run at 401.
        command += ["--exclude-path", "/api/v1/auth/logout/"]
    with serving(server_environment | {"CSPACE_RATE_WRITE": "100000/min"}) as server:
        run = subprocess.run(
            [*command, f"{server.base_url}/api/schema/"], cwd=tmp_path, capture_output=True, text=True, timeout=240
        )
    assert run.returncode == 0, run.stdout[-6000:]
    counted = GENERATED.search(run.stdout)
    assert counted is not None
    assert int(counted[1]) >= 400
