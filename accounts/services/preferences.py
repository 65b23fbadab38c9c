"""What people choose about being told."""

from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.facts import PreferencesChanged
from accounts.models import Preferences, User
from accounts.queries.preferences import COLUMNS, asking_for_preferences
from kernel.changes import changes_between
from kernel.db.batch import Statement, put_off, send
from kernel.db.loading import instance_of
from kernel.db.transactions import transactional
from kernel.facts import publish

CHANGEABLE = ("language", "mail", "daily_minute", "reminder_hours", "is_told_of_last_dates")
BEGIN = "INSERT INTO accounts_preferences (user_id) VALUES (%s) ON CONFLICT DO NOTHING"
KEEP = f"UPDATE accounts_preferences SET {', '.join(f'{name} = %s' for name in CHANGEABLE)} WHERE user_id = %s"  # noqa: S608


@transactional
def change_preferences(*, by: User, now: datetime, **values: Any) -> Preferences:
    """Change one's own `language`, `mail`, `daily_minute`, `reminder_hours` or `is_told_of_last_dates`; what is not
    named stays. Publishes `PreferencesChanged`, nothing for a no-op."""
    preferences = _own(by.pk)
    changes = changes_between({name: getattr(preferences, name) for name in CHANGEABLE}, values)
    if not changes:
        return preferences
    for name, (_, new) in changes.items():
        setattr(preferences, name, new)
    put_off(Statement(KEEP, (*(getattr(preferences, name) for name in CHANGEABLE), by.pk)))
    publish(PreferencesChanged(actor_id=by.pk, occurred_at=now, user_id=by.pk, username=by.username, changes=changes))
    return preferences


def begin_preferences(*, user_id: int, language: str) -> None:
    """A new person's, who has been heard to speak a language."""
    Preferences.objects.create(user_id=user_id, language=language)


def _own(user_id: int) -> Preferences:
    """One's own, held: there is a row from now on. Two changes at once take turns."""
    question = asking_for_preferences(user_id)
    lock = "" if "skip-preferences-lock" in settings.CSPACE_TEST_FAULTS else " FOR NO KEY UPDATE"
    _, (row,) = send(Statement(BEGIN, (user_id,)), Statement(f"{question.sql}{lock}", question.parameters))
    return instance_of(Preferences, dict(zip(COLUMNS, row, strict=True)))
