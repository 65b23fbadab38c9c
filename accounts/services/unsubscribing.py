"""Whoever has a mail can say that he wants no more, without logging in (RFC 8058; contract of mail, §3).

The token in it stands for a person and stays valid: it can do nothing but this. Signed with `SECRET_KEY`, under a salt
that nothing else has; one that was signed with a key of `SECRET_KEY_FALLBACKS` is good as long as that stands there.
"""

from collections.abc import Callable
from datetime import datetime

from django.core import signing

from accounts.enums import MailChoice
from accounts.facts import Unsubscribed
from accounts.models import Preferences, User
from accounts.queries.preferences import preferences_of
from accounts.services.preferences import hold_preferences, keep
from kernel.db.transactions import transactional
from kernel.errors import NotFound
from kernel.facts import publish

SALT = "accounts.unsubscribe"
SEPARATOR = "."
MAX_TOKEN = 100


class LinkNotFound(NotFound):
    resource = "Link"


def unsubscribe_token(user_id: int) -> str:
    """Of letters, digits and `-_.`: it can stand in an address as it is."""
    return signing.Signer(salt=SALT, sep=SEPARATOR).sign(str(user_id))


def subscription(*, token: str) -> Preferences:
    """Of the person whose token it is. Raises: LinkNotFound."""
    return _of(preferences_of, token)


def _of(read: Callable[[int], Preferences], token: str) -> Preferences:
    if len(token) > MAX_TOKEN:
        raise LinkNotFound
    try:
        return read(int(signing.Signer(salt=SALT, sep=SEPARATOR).unsign(token)))
    except (signing.BadSignature, User.DoesNotExist) as error:
        raise LinkNotFound from error


@transactional
def unsubscribe(*, token: str, now: datetime) -> Preferences:
    """Send that person no more mail. Publishes `Unsubscribed`, nothing where he gets none. Raises: LinkNotFound."""
    preferences = _of(hold_preferences, token)
    before, preferences.mail = preferences.mail, MailChoice.OFF.value
    if before != preferences.mail:
        keep(preferences)
        user_id, username = preferences.user_id, preferences.user.username
        changes = {"mail": [before, preferences.mail]}
        publish(Unsubscribed(actor_id=user_id, occurred_at=now, user_id=user_id, username=username, changes=changes))
    return preferences
