"""One server of CalDAV for all tests of a process: it takes seconds to start. And the mail servers of the outbox."""

import os
from collections.abc import Iterator

import pytest

from tests.calendars.radicale import Radicale, radicale
from tests.outbox.conftest import certificate, hello, post_office, sending_to

__all__ = ["certificate", "hello", "post_office", "sending_to"]


@pytest.fixture(scope="session")
def caldav_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    folder = tmp_path_factory.mktemp("radicale")
    base = tmp_path_factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # of all processes together
    with radicale(run / "radicale-environment", folder) as server:
        yield server
