"""Who an identity provider says somebody is, and which person of ours that is (contract of Roomie, §6).

Whoever calls this believes the provider: its address is taken for confirmed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from accounts.facts import PersonSigningOn
from accounts.models import SsoWhitelist, User
from accounts.rules import MAX_DEPARTMENT, MAX_DISPLAY_NAME, is_username
from accounts.services.people import UsernameIsTaken, create_user
from kernel.db.batch import send
from kernel.db.locks import Lock, Namespace, taking
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import PermissionDenied
from kernel.facts import cascade
from kernel.mail_addresses import read_mail_address
from kernel.names import is_visible, one_line


class NotAdmitted(PermissionDenied):
    message = "Your account may not use CSpace: ask whoever runs it"


class UnknownIdentity(PermissionDenied):
    message = "The identity provider has not said who you are"


@dataclass(frozen=True)
class Identity:
    """`email`: the address that a provider knows him by; `groups`: those that he is in there."""

    email: str
    username: str = ""
    display_name: str = ""
    department: str = ""
    groups: frozenset[str] = frozenset()


def is_admitted(identity: Identity, allowed_groups: Collection[str]) -> bool:
    """Whether he is in one of the groups, or on the whitelist; the case of either does not matter."""
    allowed = {group.casefold() for group in allowed_groups}
    if any(group.casefold() in allowed for group in identity.groups):
        return True
    return SsoWhitelist.objects.filter(eppn__iexact=identity.email).exists()


@transactional
def person_of(identity: Identity, *, now: datetime, language: str | None) -> User:
    """The active person with this address, who is made if there is none yet.

    `language`: the one he asks in. Publishes `UserCreated`; the groups that follow from those of the provider are had
    by whoever heeds `PersonSigningOn`. Raises: UnknownIdentity, NotAdmitted (he is deactivated; his name is somebody
    else's; his address is that of several people).
    """
    identity = _cleaned(identity)
    people = _people_at(identity.email)
    if not people:  # perhaps he is being made at this moment
        send(*taking(Lock(Namespace.NEWCOMERS)))
        people = _people_at(identity.email)
    if len(people) > 1:
        raise NotAdmitted
    user = people[0] if people else _make(identity, now=now, language=language)
    if not user.is_active:
        raise NotAdmitted
    cascade(PersonSigningOn(actor_id=user.pk, occurred_at=now, user_id=user.pk, provider_groups=identity.groups))
    return user


def _make(identity: Identity, *, now: datetime, language: str | None) -> User:
    if not is_username(identity.username):
        raise UnknownIdentity
    # A name that is an address stands for whoever has it, where people are looked for by either.
    is_anothers = "@" in identity.username and identity.username.casefold() != identity.email.casefold()
    if is_anothers or User.objects.filter(username=identity.username).exists():
        raise NotAdmitted
    try:
        return create_user(
            by=None,
            now=now,
            username=identity.username,
            password=None,
            display_name=identity.display_name,
            email=identity.email,
            department=identity.department,
            language=language,
        )
    except UsernameIsTaken as error:  # a moment ago it was not
        raise StaleRead from error


def _people_at(email: str) -> list[User]:
    return list(User.objects.filter(email__iexact=email).order_by("id")[:2])


def _cleaned(identity: Identity) -> Identity:
    """As people are kept; what cannot be shown is left out. Raises: UnknownIdentity (no address)."""
    try:
        email = read_mail_address(identity.email.strip())
    except ValueError as error:
        raise UnknownIdentity from error
    display_name = _line(identity.display_name, MAX_DISPLAY_NAME) or identity.username
    department = _line(identity.department, MAX_DEPARTMENT)
    return Identity(email, identity.username.strip(), display_name, department, identity.groups)


def _line(text: str, longest: int) -> str:
    line = one_line(text)[:longest].strip()
    return line if is_visible(line) else ""
