"""What a program is told of a login that it waits for: once in a channel, or whenever it asks."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.http import http_date

from accounts.enums import LoginStatus
from accounts.queries.sid_logins import Login
from accounts.services.sid_logins import key_of
from dialects.roomie.sessions import session_of
from dialects.roomie.sids import PREFIX
from groups.queries.key_bearers import key_bearer
from kernel.errors import NotAuthenticated

LOGGED_IN, NOT_LOGGED_IN = "You are logged in", "The login has failed"
MESSAGE_ID = 1
ETAG = str(MESSAGE_ID)
"""A channel has one message, ever."""


@dataclass(frozen=True)
class ChannelMessage:
    """The one message of a channel. `text`: base64 of ASCII JSON; `time`: an HTTP date."""

    channel: str
    text: str
    time: str

    @property
    def json(self) -> dict[str, Any]:
        return {"id": MESSAGE_ID, "channel": self.channel, "text": self.text}


def user_data(letters: str, login: Login, *, now: datetime) -> dict[str, Any] | None:
    """Whoever has logged in, with his key; None where nobody has, or he has logged out since."""
    if login.status != LoginStatus.LOGGED_IN:
        return None
    token = key_of(letters)
    try:
        bearer = key_bearer(token, now=now)
    except NotAuthenticated:
        return None
    return {**session_of(bearer, now=now), "token": token}


def message_of(letters: str, login: Login, *, now: datetime) -> ChannelMessage | None:
    """What is said in the channel of a login, once it has ended. Of a failure no `groups`: clients take them for one
    who has logged in."""
    if login.status == LoginStatus.PENDING:
        return None
    data = user_data(letters, login, now=now)
    result = {"result": "failure", "message": NOT_LOGGED_IN}
    if data is not None:
        result = {**data, "result": "success", "message": LOGGED_IN}
    text = base64.b64encode(json.dumps(result).encode("ascii")).decode()
    return ChannelMessage(PREFIX + letters, text, http_date(login.since.timestamp()))
