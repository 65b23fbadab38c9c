"""Passwords are hashed two at a time in a process: whoever comes on top of that is told to come back, at once.

A hash takes a fifth of a second of computing and 100 MB. Twenty logins at once would otherwise take every thread, and
everybody else would wait for them. The limit stands in the hashers, so that every way to a hash has it: both logins, a
new password, one's own or somebody else's, a person who is made, an old hash that is renewed.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher

from kernel.errors import Unavailable

AT_ONCE = 2
_places = threading.BoundedSemaphore(AT_ONCE)


class TooManyPasswordsAtOnce(Unavailable):
    message = "Too many people are logging in at this moment, please try again"


@contextmanager
def hashing() -> Iterator[None]:
    """Take one of the places. Raises: TooManyPasswordsAtOnce."""
    if not _places.acquire(blocking=False):
        raise TooManyPasswordsAtOnce
    try:
        yield
    finally:
        _places.release()


class Argon2(Argon2PasswordHasher):
    """In one lane. Django's eight are eight threads of computing for each hash: 32 at once in two processes.

    Whoever else has something short to do, as `/healthz` has, then waits for his turn among them. It costs an attacker
    as much as before: time and memory are the same. Hashes of eight lanes are still read.
    """

    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with hashing():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with hashing():
            return super().verify(password, encoded)


class PBKDF2(PBKDF2PasswordHasher):
    """Its `verify` and `harden_runtime` call `encode`."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with hashing():
            return super().encode(password, salt, iterations)
