"""What a webhook may ask for, and how its deliveries are signed (Standard Webhooks). Pure."""

import base64
import hashlib
import hmac
from collections.abc import Collection, Sequence

MAX_URL = 1000
MAX_DESCRIPTION = 200
MAX_EVENTS = 100
MAX_EVENT = 60
ALL_EVENTS = "*"
SECRET_PREFIX = "whsec_"  # noqa: S105 - how a secret begins
RETRY_SECONDS = (5, 60, 600, 3600, 6 * 3600, 24 * 3600)
"""After the first try, the second …; after the last of them the webhook is switched off."""
MAX_TRIES = 1 + len(RETRY_SECONDS)


def event_faults(events: Sequence[str], actions: Collection[str]) -> list[str]:
    """What is wrong with a list of events: each is an action of the log, `noun.*` for all of a noun, or `*`."""
    nouns = {f"{action.partition('.')[0]}.*" for action in actions}
    unknown = [each for each in events if each != ALL_EVENTS and each not in nouns and each not in actions]
    return [f"Unknown action: {each}" for each in dict.fromkeys(unknown)]


def signature(secrets: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one for each secret, which are base64 after their prefix."""
    content = f"{message_id}.{timestamp}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix(SECRET_PREFIX)) for secret in secrets]
    digests = [hmac.new(key, content, hashlib.sha256).digest() for key in keys]
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
