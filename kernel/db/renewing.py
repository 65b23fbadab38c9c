"""Another version of what many read (`kernel.db.versions`), in the transaction of the service that changes it."""

from kernel.db.batch import Statement, put_off_once

RENEW = (
    "INSERT INTO cspace_version (key, stamp) VALUES (%s, gen_random_uuid())"
    " ON CONFLICT (key) DO UPDATE SET stamp = excluded.stamp"
)


def renew(key: str) -> None:
    """Another version from the end of this transaction on. It is written last, for others wait for this row."""
    put_off_once(Statement(RENEW, (key,)))
