"""People by what a request names them by, all at once."""

from collections.abc import Iterable

from accounts.models import User
from kernel.db.batch import Statement, ask
from kernel.db.loading import instance_of
from kernel.db.pipeline import ResultRow

PERSON = ("id", "username", "display_name")
"""What is read of somebody who is named."""
BY_ID = f"SELECT {', '.join(PERSON)} FROM accounts_user WHERE id = ANY(%s)"  # noqa: S608
ACTIVE_BY_NAME = "SELECT username, id FROM accounts_user WHERE username = ANY(%s) AND is_active"


def asking_for_people(user_ids: Iterable[int]) -> Statement:
    """The question for `people_with_ids`."""
    return Statement(BY_ID, (sorted(set(user_ids)),))


def people_with_ids(rows: Iterable[ResultRow]) -> dict[int, User]:
    """People by id; other columns of theirs are read when they are asked for."""
    return {row[0]: instance_of(User, dict(zip(PERSON, row, strict=True))) for row in rows}


def asking_for_active_people(usernames: Iterable[str]) -> Statement:
    """The query of (username, id) of those with these usernames who are active."""
    return Statement(ACTIVE_BY_NAME, (sorted(set(usernames)),))


BY_NAME_OR_ADDRESS = f"""
SELECT {", ".join(PERSON)} FROM accounts_user
 WHERE is_active AND (username = %s OR (email <> '' AND lower(email) = lower(%s)))
 ORDER BY username = %s DESC LIMIT 2
"""  # noqa: S608  # constants of ours


def person_called(name: str) -> User | None:
    """The active person with this username; else the one with this address, in any case, if there is only one."""
    rows = ask(Statement(BY_NAME_OR_ADDRESS, (name, name, name)))
    if len(rows) > 1 and rows[0][1] != name:
        return None
    return instance_of(User, dict(zip(PERSON, rows[0], strict=True))) if rows else None
