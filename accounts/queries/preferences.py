"""What a person wants to be told, how and in which language."""

from accounts.models import Preferences
from kernel.db.batch import Statement, ask
from kernel.db.loading import instance_of

COLUMNS = ("user_id", "language", "mail", "daily_minute", "reminder_hours", "is_told_of_last_dates")
OWN = f"SELECT {', '.join(COLUMNS)} FROM accounts_preferences WHERE user_id = %s"  # noqa: S608
LANGUAGE = "SELECT language FROM accounts_preferences WHERE user_id = %s"
"""For `kernel.languages`."""


def asking_for_preferences(user_id: int) -> Statement:
    """The question for `preferences_of`."""
    return Statement(OWN, (user_id,))


def preferences_of(user_id: int) -> Preferences:
    """What a person has chosen; for whoever has not, what everybody begins with."""
    rows = ask(asking_for_preferences(user_id))
    return instance_of(Preferences, dict(zip(COLUMNS, rows[0], strict=True))) if rows else Preferences(user_id=user_id)
