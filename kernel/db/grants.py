"""What the application's role may do with the tables that another role owns.

Granted anew after each migration by the owner: rows are read and written, the rows of an append-only model are only
added, and what Django notes about migrations is only read. Nothing else is granted, above all not TRUNCATE, TRIGGER and
REFERENCES; changing a table, its triggers or its rights is the owner's, and nobody can be granted it.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

OWNER = "owner"
"""The alias of the owner's connection; there is none where the application owns its tables itself."""


def grant_after_migrating(*, using: str, **_of_the_signal: Any) -> None:
    """Listens to `post_migrate`."""
    if using == OWNER:
        grant_to(str(settings.DATABASES["default"]["USER"]), append_only=append_only_tables())


def append_only_tables() -> list[str]:
    """The tables of models that say `is_append_only`."""
    return sorted(model._meta.db_table for model in apps.get_models() if getattr(model, "is_append_only", False))


def grant_to(role: str, *, append_only: Sequence[str]) -> None:
    """Give a role exactly its rights on what there is, and on the tables and sequences to come."""
    read_only = [MigrationRecorder.Migration._meta.db_table]
    with transaction.atomic(using=OWNER), connections[OWNER].cursor() as cursor:
        for statement in (
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {role}",
            "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {role}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}",
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
        ):
            cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role)))
        for table in append_only:
            _revoke(cursor, "UPDATE, DELETE", table, role)
        for table in read_only:
            _revoke(cursor, "INSERT, UPDATE, DELETE", table, role)


def _revoke(cursor: Any, rights: str, table: str, role: str) -> None:
    statement = sql.SQL("REVOKE {rights} ON {table} FROM {role}")
    cursor.execute(statement.format(rights=sql.SQL(rights), table=sql.Identifier(table), role=sql.Identifier(role)))
