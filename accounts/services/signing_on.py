"""A login by sid that an identity provider completes: somebody is found or made for it, or nothing happens."""

from datetime import datetime

from accounts.models import User
from accounts.services.identities import Identity, person_of
from accounts.services.sid_logins import complete_login
from kernel.db.transactions import transactional


@transactional
def sign_on(sid: str, identity: Identity, *, now: datetime, language: str | None) -> User:
    """In one step: where the login does not wait, nobody is made and nobody comes into a group.

    Publishes and raises as `person_of` and `complete_login`.
    """
    user = person_of(identity, now=now, language=language)
    complete_login(sid, user=user, now=now)
    return user
