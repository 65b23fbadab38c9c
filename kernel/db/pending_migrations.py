"""Whether the database lacks migrations of this code."""

import threading
import time

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

REMEMBERED_SECONDS = 2.0
"""How long "some are missing" is believed: reading all migrations at every request would itself be a load."""
_asking = threading.Lock()
_missing_until = 0.0


def lacks_migrations(database: BaseDatabaseWrapper) -> bool:
    """Ask through this connection. Raises: DatabaseError."""
    executor = MigrationExecutor(database)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def are_migrations_missing() -> bool:
    """Ask on a connection of its own, for whoever's transaction has failed. What cannot be told counts as no.

    One at a time asks; the others take over its answer.
    """
    global _missing_until
    with _asking:
        if time.monotonic() < _missing_until:
            return True
        other = connection.copy()
        try:
            is_missing = lacks_migrations(other)
        except DatabaseError:
            is_missing = False
        finally:
            other.close()
        if is_missing:
            _missing_until = time.monotonic() + REMEMBERED_SECONDS
        return is_missing
