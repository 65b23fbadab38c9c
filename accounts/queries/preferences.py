"""What a person wants to be told, how, where and in which language."""

from typing import Any

from accounts.models import Preferences, User
from kernel.db.batch import Statement, ask
from kernel.db.loading import JoinedTables, columns_of, instance_of, instances_in
from kernel.db.pipeline import ResultRow

CHOICE = (
    "user_id",
    "language",
    "mail",
    "daily_minute",
    "reminder_hours",
    "is_told_of_last_dates",
    "pending_email",
    "pending_key",
)
PERSON = ("id", "username", "email", "is_active")
TABLES: JoinedTables = (("choice", Preferences, CHOICE), ("person", User, PERSON))
JOINED = f"""
SELECT {columns_of(TABLES)}
  FROM accounts_user AS person {{join}} accounts_preferences AS choice ON choice.user_id = person.id
 WHERE person.id = %s
"""  # noqa: S608
OWN, OF_WHO_HAS_CHOSEN = JOINED.format(join="LEFT JOIN"), JOINED.format(join="JOIN")
LANGUAGE = "SELECT language FROM accounts_preferences WHERE user_id = %s"
"""For `kernel.languages`."""


def asking_for_preferences(user_id: int) -> Statement:
    """The question for `preferences_of`."""
    return Statement(OWN, (user_id,))


def preferences_of(user_id: int) -> Preferences:
    """What a person has chosen, with whose it is; for whoever has not, what everybody begins with.

    Raises: User.DoesNotExist.
    """
    rows = ask(asking_for_preferences(user_id))
    if not rows:
        raise User.DoesNotExist
    return preferences_in(rows[0])


def preferences_in(row: ResultRow) -> Preferences:
    """Of a row that `OWN` or `OF_WHO_HAS_CHOSEN` has read."""
    values: list[Any] = list(row)
    if values[0] is None:  # nothing is chosen
        person = instance_of(User, dict(zip(PERSON, values[len(CHOICE) :], strict=True)))
        return Preferences(user=person)
    choice, person = instances_in(values, TABLES)
    preferences: Preferences = choice
    preferences.user = person
    return preferences
