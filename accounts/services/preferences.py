"""What people choose about being told."""

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.facts import PreferencesChanged
from accounts.models import Preferences, User
from accounts.queries.preferences import OF_WHO_HAS_CHOSEN, preferences_in
from accounts.rules import without_addresses
from accounts.services.letters import post_confirmation, tell_former_address
from kernel.changes import Changes, changes_between
from kernel.db.batch import Statement, put_off, send
from kernel.db.transactions import transactional
from kernel.facts import publish

CHANGEABLE = ("language", "mail", "daily_minute", "reminder_hours", "is_told_of_last_dates")
FIELDS = (*CHANGEABLE, "pending_email", "pending_key")
BEGIN = "INSERT INTO accounts_preferences (user_id) SELECT id FROM accounts_user WHERE id = %s ON CONFLICT DO NOTHING"
KEEP = f"UPDATE accounts_preferences SET {', '.join(f'{name} = %s' for name in FIELDS)} WHERE user_id = %s"  # noqa: S608
END_WAITING = (
    "UPDATE accounts_preferences SET pending_email = '', pending_key = '' WHERE user_id = %s AND pending_email <> ''"
)
KEEP_ADDRESS = "UPDATE accounts_user SET email = %s WHERE id = %s"


@transactional
def change_preferences(*, by: User, now: datetime, **values: Any) -> Preferences:
    """Change one's own `language`, `mail`, `daily_minute`, `reminder_hours`, `is_told_of_last_dates` or `email`; what
    is not named stays. Publishes `PreferencesChanged`, nothing for a no-op.

    Another `email` waits until it is confirmed (`accounts.services.confirming`): a letter asks for that there, again
    each time. "" takes the address away, and the present one ends the waiting of another.
    Raises: MailIsOff, RateLimited (both for an address that would have to be confirmed).
    """
    preferences = hold_preferences(by.pk)
    changes: Changes = changes_between({name: getattr(preferences, name) for name in CHANGEABLE}, values)
    for name, (_, new) in changes.items():
        setattr(preferences, name, new)
    if "email" in values:
        changes |= _wish_for(values["email"], preferences, now=now)
    if changes:
        keep(preferences)
        publish(
            PreferencesChanged(actor_id=by.pk, occurred_at=now, user_id=by.pk, username=by.username, changes=changes)
        )
    return preferences


def _wish_for(email: str, preferences: Preferences, *, now: datetime) -> Changes:
    """Have mail sent to this address, as soon as may be; what that changes, for the log."""
    person, before = preferences.user, {"email": preferences.user.email, "pending_email": preferences.pending_email}
    must_be_confirmed = email not in ("", person.email)
    after = {"email": person.email if email else "", "pending_email": email if must_be_confirmed else ""}
    changes = changes_between(before, after)
    if "pending_email" in changes:
        preferences.pending_key = secrets.token_hex(16) if must_be_confirmed else ""
    if must_be_confirmed:
        post_confirmation(preferences, email, now=now)
    preferences.pending_email = after["pending_email"]
    if "email" in changes:
        change_address(person, "", now=now)
    return without_addresses(changes)


def change_address(person: User, email: str, *, now: datetime) -> None:
    """Of somebody whose row is held: from now on mail goes there. The former address is told."""
    former, person.email = person.email, email
    put_off(Statement(KEEP_ADDRESS, (email, person.pk)))
    tell_former_address(person, former, now=now)


def begin_preferences(*, user_id: int, language: str) -> None:
    """A new person's, who has been heard to speak a language."""
    Preferences.objects.create(user_id=user_id, language=language)


def end_waiting(*, user_id: int) -> None:
    """Of the address that somebody wishes for, whose row is held."""
    put_off(Statement(END_WAITING, (user_id,)))


def hold_preferences(user_id: int) -> Preferences:
    """Somebody's, held together with his row: there are some from now on. Two changes at once take turns.

    Raises: User.DoesNotExist.
    """
    lock = "" if "skip-preferences-lock" in settings.CSPACE_TEST_FAULTS else " FOR NO KEY UPDATE"
    _, rows = send(Statement(BEGIN, (user_id,)), Statement(f"{OF_WHO_HAS_CHOSEN}{lock}", (user_id,)))
    if not rows:
        raise User.DoesNotExist
    return preferences_in(rows[0])


def keep(preferences: Preferences) -> None:
    """What is held, as it is now."""
    put_off(Statement(KEEP, (*(getattr(preferences, name) for name in FIELDS), preferences.user_id)))
