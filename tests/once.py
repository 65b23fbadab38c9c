"""What all tests of a module look at and none may keep changed: made once, around their own transactions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, transaction
from django.test import override_settings

T = TypeVar("T")


@contextmanager
def built_once(blocker: Any, build: Callable[[], T]) -> Iterator[T]:
    """What `build` makes, for a fixture of a module; rolled back after the last test."""
    quick = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    with blocker.unblock(), quick, transaction.atomic():
        built = build()
        # What is left to be checked at the end would be checked at the end of every test.
        connection.check_constraints()
        yield built
        transaction.set_rollback(True)
