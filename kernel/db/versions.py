"""Versions of what many read and few change: a reader who has the present one need not be told again.

Who reads the version in one statement with what it is the version of, never sees the old under the new;
`kernel.db.renewing` makes another. It is no number, for after a restore, or with another database behind the same
address, numbers come back.
"""

VERSION = "SELECT (SELECT stamp FROM cspace_version WHERE key = '{key}') AS stamp"  # keys are constants of ours
"""One row with the version under a key, null where it was never renewed."""
