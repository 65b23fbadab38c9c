"""A table for what jobs leave behind, and workers that do them."""

from collections.abc import Iterator
from functools import partial

import pytest
from django.db import connection

from tests.jobs.made_up import TRACE
from tests.jobs.workers import Begin, worker_process


@pytest.fixture
def trace(transactional_db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(TRACE)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE tests_trace")


@pytest.fixture
def worker(trace: None, server_environment: dict[str, str]) -> Begin:
    """Begins a worker process over the test's database."""
    return partial(worker_process, server_environment)
