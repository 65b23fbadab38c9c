"""The way back for tests that have gone to an older schema."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrate_to_the_end() -> None:
    """Every app: going back has taken with it what stands upon the older one."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
