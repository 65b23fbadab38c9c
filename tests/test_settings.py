"""A production refuses to start on what would make it unsafe: one line, exit 78."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
KEY = "k3Y-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2
SAFE = {
    "CSPACE_ENV": "production",
    "SECRET_KEY": KEY,
    "CSPACE_JWT_KEY": KEY[::-1],
    "ALLOWED_HOSTS": "rooms.example.edu",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
}


def check(**changes):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CSPACE_", "DEBUG", "DATABASE"))}
    environment = {name: value for name, value in (kept | SAFE | changes).items() if value is not None}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_safe_production_passes_the_deployment_check():
    result = check()
    assert (result.returncode, result.stderr) == (0, "")
    assert "no issues" in result.stdout


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY (or SECRET_KEY_FILE) is not set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is weak"),
        ({"CSPACE_JWT_KEY": None}, "CSPACE_JWT_KEY (or CSPACE_JWT_KEY_FILE) is not set"),
        ({"CSPACE_JWT_KEY": "a" * 60}, "CSPACE_JWT_KEY is weak"),
        ({"CSPACE_JWT_KEY": KEY}, "must differ"),
        ({"CSPACE_JWT_KEY_FALLBACKS": f"{KEY[::-1]},short"}, "CSPACE_JWT_KEY_FALLBACKS is weak"),
        ({"SECRET_KEY": None, "SECRET_KEY_FILE": "/nowhere"}, "cannot be read"),
        ({"DEBUG": "1"}, "DEBUG must not be on"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must list"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS must list"),
        ({"CSPACE_CORS_ORIGINS": "*"}, "CSPACE_CORS_ORIGINS lists exact origins"),
        ({"OCCUPANCY_CORS_ORIGINS": "https://a.example,b.example"}, "'b.example' is neither * nor an exact origin"),
        ({"OCCUPANCY_CORS_ORIGINS": "https://a.example/"}, "'https://a.example/' is neither * nor an exact origin"),
        ({"CSPACE_THROTTLE": "off"}, "CSPACE_THROTTLE=off is for development only"),
        ({"CSPACE_TEST_FAULTS": "skip-lock"}, "CSPACE_TEST_FAULTS is for tests only"),
        ({"CSPACE_TIME_ZONE": "Mars/Base"}, "is not an IANA time zone"),
        ({"CSPACE_RATE_REFRESH": "often"}, "'often' is not a rate such as 5/min"),
        ({"CSPACE_RATE_LOGIN_NAME": "-5/min"}, "'-5/min' is not a rate"),
        ({"CSPACE_BOOKING_HORIZON_DAYS": "many"}, "CSPACE_BOOKING_HORIZON_DAYS"),
    ],
)
def test_an_unsafe_production_does_not_start(changes, sentence):
    result = check(**changes)
    assert result.returncode == 78
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
