"""A server that signs people on at a provider, over a database of its own, in processes that end with the block."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.cspace.test_unmigrated import address
from tests.races.server import ROOT
from tests.serving.productions import Production, production
from tests.sso.identity_provider import SECRET

PEOPLE_OF_OURS = """
from accounts.models import User
from accounts.services.sso_whitelist import add_to_whitelist
from kernel import clock
from tests.factories import cspace_group, join, make_group, make_user
make_user("wil", email="wil@example.edu")
make_user("taken", email="taken@example.edu")
make_user("twin1", email="twin@example.edu")
make_user("twin2", email="Twin@example.edu")
User.objects.filter(pk=make_user("gone", email="gone@example.edu").pk).update(is_active=False)
make_group("Office")
keeper = make_user("keeper")
join(keeper, cspace_group())
add_to_whitelist(eppn="Liste@Example.edu", by=keeper, now=clock.now())
"""
SETTINGS = {
    "CSPACE_ENV": "development",
    "CSPACE_PUBLIC_URL": "",
    "CSPACE_MAIL_DIR": "",
    "CSPACE_THROTTLE": "off",
    "CSPACE_CORS_ORIGINS": "https://front.example.edu",
    "OIDC_CLIENT_ID": "cspace",
    "OIDC_CLIENT_SECRET": SECRET,
    "OIDC_NAME": "Campus <ID>",
    "SSO_GROUPS": json.dumps({"staff": "Office"}),
}


@dataclass
class Campus:
    """Where it answers, and what stands in its database and its log."""

    server: Production
    database: str

    @property
    def origin(self) -> str:
        return self.server.url

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database) as connection:
            return connection.execute(query, values).fetchall()

    def trail(self) -> list[dict[str, Any]]:
        """The lines of authentication, as far as they say anything of these tests."""
        lines = [json.loads(line) for line in self.server.printed().splitlines() if line.startswith("{")]
        words = ("message", "reason", "via", "user_id", "fault")
        return [
            {word: line[word] for word in words if word in line}
            for line in lines
            if line["name"] == "cspace.auth" and line["message"].startswith("auth.login")
        ]


@contextmanager
def migrated_database(issuer: str) -> Iterator[str]:
    """Its URL. It had people before anybody could sign on."""
    name = f"cspace_sso_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(address("postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            before = {"DEBUG": "1", "DATABASE_URL": address(name)}
            manage(before, "migrate", "--verbosity", "0")
            manage(before, "shell", "--verbosity", "0", "-c", PEOPLE_OF_OURS)
            manage(SETTINGS | before | {"OIDC_ISSUER": issuer}, "migrate", "--verbosity", "0")
            yield address(name)
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def manage(environment: Mapping[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@contextmanager
def campus(folder: Path, database: str, issuer: str, **settings: str) -> Iterator[Campus]:
    output = folder / f"{uuid.uuid4().hex}.log"
    environment = SETTINGS | {"OIDC_ISSUER": issuer, "DATABASE_URL": database} | settings
    with production(output, "--workers", "1", **environment) as server:
        yield Campus(server, database)
