"""The token in a letter that asks to confirm an address: who wants which, since when. Nothing of it is kept.

Signed with `SECRET_KEY`, under a salt that nothing else has; a key that has moved to `SECRET_KEY_FALLBACKS` is believed
for as long as it stands there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing

SALT = "accounts.confirmation"
LIFETIME = timedelta(days=3)
MAX_TOKEN = 1_000
"""Characters: nothing longer has been signed here, so that nothing longer is read."""


@dataclass(frozen=True)
class WishedAddress:
    user_id: int
    email: str
    key: str
    """Of the wish: `Preferences.pending_key`."""


def confirmation_token(wish: WishedAddress, *, issued_at: int) -> str:
    """`issued_at` in seconds of Unix."""
    return signing.Signer(salt=SALT).sign_object([wish.user_id, wish.email, wish.key, issued_at])


def read_confirmation(token: str, *, now: datetime) -> WishedAddress | None:
    """What the token says; None where it is not one of ours, or older than `LIFETIME`."""
    if len(token) > MAX_TOKEN:
        return None
    try:
        user_id, email, key, issued_at = signing.Signer(salt=SALT).unsign_object(token)
    except (signing.BadSignature, ValueError):  # not signed here, or before wishes had keys
        return None
    is_young = now.timestamp() < issued_at + LIFETIME.total_seconds()
    return WishedAddress(user_id, email, key) if is_young else None
