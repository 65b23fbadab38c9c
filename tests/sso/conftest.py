"""One provider, one database and the servers for all tests of a process: each takes seconds to start."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.races.server import free_port
from tests.sso.browsers import Browser
from tests.sso.campus import Campus, campus, migrated_database
from tests.sso.identity_provider import identity_provider


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sso")


@pytest.fixture(scope="session")
def issuer(folder: Path) -> Iterator[str]:
    with identity_provider(folder) as issuer:
        yield issuer


@pytest.fixture(scope="session")
def database(issuer: str, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock(), migrated_database(issuer) as url:
        yield url


@pytest.fixture(scope="session")
def everybody(folder: Path, database: str, issuer: str) -> Iterator[Campus]:
    """Admits everybody whom the provider knows."""
    with campus(folder, database, issuer) as server:
        yield server


@pytest.fixture(scope="session")
def staff_only(folder: Path, database: str, issuer: str) -> Iterator[Campus]:
    with campus(folder, database, issuer, SSO_ALLOWED_GROUPS="Staff, board") as server:
        yield server


@pytest.fixture(scope="session")
def cut_off(folder: Path, database: str) -> Iterator[Campus]:
    """Its provider does not answer."""
    with campus(folder, database, f"http://127.0.0.1:{free_port()}") as server:
        yield server


@pytest.fixture
def browse() -> Iterator[Callable[..., Browser]]:
    """Opens a browser at a server."""
    with ExitStack() as stack:

        def browse(campus: Campus, **headers: str) -> Browser:
            browser = Browser(campus.origin, **headers)
            stack.callback(browser.client.close)
            return browser

        yield browse


@pytest.fixture
def browser(browse: Callable[..., Browser], everybody: Campus) -> Browser:
    return browse(everybody)
