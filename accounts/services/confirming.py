"""An address is confirmed by whoever reads what was sent there (contract of mail, §3)."""

from collections.abc import Callable
from datetime import datetime

from accounts.facts import EmailConfirmed
from accounts.models import Preferences, User
from accounts.queries.preferences import preferences_of
from accounts.rules import without_addresses
from accounts.services.mailed_tokens import read_confirmation
from accounts.services.preferences import change_address, hold_preferences, keep
from kernel.changes import changes_between
from kernel.db.transactions import transactional
from kernel.errors import Invalid
from kernel.facts import publish


class TokenIsSpent(Invalid):
    """One text for whatever is wrong with it."""

    def __init__(self) -> None:
        super().__init__({"token": ["This link is wrong, used or too old: ask for another one"]})


def waiting_preferences(*, token: str, now: datetime) -> Preferences:
    """Of whoever could confirm the address that he wishes for by this token. Raises: as `confirm_email`."""
    return _waiting(preferences_of, token, now)


@transactional
def confirm_email(*, token: str, now: datetime) -> Preferences:
    """Have mail sent to the address that a letter has asked for; whose it is now. Publishes `EmailConfirmed`.

    Raises: TokenIsSpent: also where he has wished for another address meanwhile, or may not log in any more.
    """
    preferences = _waiting(hold_preferences, token, now)
    person, email = preferences.user, preferences.pending_email
    before = {"email": person.email, "pending_email": email}
    changes = changes_between(before, {"email": email, "pending_email": ""})
    preferences.pending_email = preferences.pending_key = ""
    keep(preferences)
    change_address(person, email, now=now)
    publish(
        EmailConfirmed(
            actor_id=person.pk,
            occurred_at=now,
            user_id=person.pk,
            username=person.username,
            changes=without_addresses(changes),
        )
    )
    return preferences


def _waiting(read: Callable[[int], Preferences], token: str, now: datetime) -> Preferences:
    wish = read_confirmation(token, now=now)
    if wish is None:
        raise TokenIsSpent
    try:
        preferences = read(wish.user_id)
    except User.DoesNotExist as error:
        raise TokenIsSpent from error
    is_the_wish = (preferences.pending_email, preferences.pending_key) == (wish.email, wish.key)
    if not is_the_wish or not preferences.user.is_active:
        raise TokenIsSpent
    return preferences
