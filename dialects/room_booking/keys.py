"""Whose script calls, by the API key that it shows."""

from datetime import datetime

from accounts.services.access_keys import api_key_try, noting_use
from groups.queries.api_keys import ApiKeyHolder, api_key_in, asking_for_api_key
from kernel.db.batch import AskingAhead, ask, look_ahead, send
from kernel.errors import NotAuthenticated

SCHEME = "bearer"


def holder_of_key(authorization: str, *, now: datetime) -> ApiKeyHolder:
    """Whose `Authorization: Bearer <key>` it is. The call is counted, and noted as a use of the key.

    Raises:
        NotAuthenticated: no key, or one that opens nothing.
        RateLimited: it has been used too often in this minute.
    """
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != SCHEME or not token:
        raise NotAuthenticated("missing")
    question, attempt = asking_for_api_key(token), api_key_try(token, now=now)
    with AskingAhead():
        if attempt is not None:
            look_ahead([question, attempt.statement])
        holder = api_key_in(ask(question), now)
        if holder is None:
            raise NotAuthenticated("token_invalid")
        if attempt is not None:
            attempt.count()
    send(noting_use(holder.key_id, now))
    return holder
