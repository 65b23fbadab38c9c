"""Versions of what many read and few change: a reader who has the present one need not be told again.

A service that changes what is shown says so by `renew`, in its own transaction. Who reads the version in one statement
with what it is the version of, never sees the old under the new. It is no number, for after a restore, or with another
database behind the same address, numbers come back.
"""

from kernel.db.batch import Statement, put_off_once

VERSION = "SELECT (SELECT stamp FROM cspace_version WHERE key = '{key}') AS stamp"  # keys are constants of ours
"""One row with the version under a key, null where it was never renewed."""
RENEW = (
    "INSERT INTO cspace_version (key, stamp) VALUES (%s, gen_random_uuid())"
    " ON CONFLICT (key) DO UPDATE SET stamp = excluded.stamp"
)


def renew(key: str) -> None:
    """Another version from the end of this transaction on. The last that is written: others wait for this row."""
    put_off_once(Statement(RENEW, (key,)))
