"""What PostgreSQL's refusals mean to the caller: the SQLSTATE map, in one place (architecture §3)."""

import logging

from django.db import DatabaseError, IntegrityError

from kernel.db.constraints import sqlstate
from kernel.db.pending_migrations import are_migrations_missing
from kernel.db.transactions import RETRIED_SQLSTATES
from kernel.errors import AlreadyExists, Conflict, DomainError, Invalid, Unavailable

logger = logging.getLogger("cspace.errors")
UNSTORABLE_SQLSTATES = frozenset({"23514", "22000", "22001", "22003", "22021", "22P05", "22008"})
DANGLING_SQLSTATES = frozenset({"23503", "23001"})
UNAVAILABLE_SQLSTATES = RETRIED_SQLSTATES | {"55P03", "57014", "25006", "25P03", "25P04"}
UNAVAILABLE_CLASSES = ("53", "08", "57")
UNKNOWN_NAME_SQLSTATES = frozenset({"42P01", "42703", "42704", "42883", "3F000"})
"""No such table, column, type, function, schema: a fault of ours, unless the migration that makes it is missing."""


class NotMigrated(Unavailable):
    message = "CSpace is being set up or upgraded: its database is not migrated yet, please try again later"

    def __init__(self) -> None:
        super().__init__(retry_after=5)


def as_domain_error(error: DomainError | DatabaseError) -> DomainError | None:
    """What a service's refusal means to the caller, whoever refused; None if it is a fault of ours."""
    if isinstance(error, DomainError):
        return error
    state = sqlstate(error) or ""
    if state == "23P01":
        return Conflict()
    if state == "23505":
        return AlreadyExists()
    if state in UNSTORABLE_SQLSTATES:
        return Invalid({"non_field_errors": ["A value is outside what can be stored"]})
    if state in DANGLING_SQLSTATES:
        return Invalid({"non_field_errors": ["Something referred to does not exist any more"]})
    is_connection_loss = not state and not isinstance(error, IntegrityError)
    if is_connection_loss or state in UNAVAILABLE_SQLSTATES or state.startswith(UNAVAILABLE_CLASSES):
        logger.warning("database unavailable", extra={"sqlstate": state, "error": type(error).__name__})
        return Unavailable()
    if state in UNKNOWN_NAME_SQLSTATES and are_migrations_missing():
        logger.warning("database not migrated", extra={"sqlstate": state, "error": type(error).__name__})
        return NotMigrated()
    return None
