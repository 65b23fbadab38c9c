"""What PostgreSQL says when it refuses, read once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction

from kernel.errors import DomainError


def sqlstate(error: BaseException) -> str | None:
    """The five-character SQLSTATE behind a Django database error, or None."""
    return getattr(error.__cause__, "sqlstate", None)


def missing_column(error: DatabaseError) -> str | None:
    """The column that was given nothing, because what it should refer to is not there; or None."""
    if sqlstate(error) != "23502":
        return None
    diagnostics: Any = getattr(error.__cause__, "diag", None)
    return str(diagnostics.column_name)


def violated_constraint(error: DatabaseError) -> str | None:
    """The name of the constraint that refused, or None."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None)


@contextmanager
def naming(refusals: Mapping[str, DomainError]) -> Iterator[None]:
    """Turn the violation of a named constraint into the domain's own error.

    A savepoint stands around the block, so the transaction stays usable after the refusal.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        refusal = refusals.get(violated_constraint(error) or "")
        if refusal is None:
            raise
        raise refusal from error
