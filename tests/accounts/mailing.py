"""A server that sends mail, and what it would send."""

import re
from typing import Any

import pytest

from accounts.models import Preferences, User
from accounts.services.mailed_tokens import WishedAddress, confirmation_token
from kernel import clock
from kernel.letters import Message, kind_named
from outbox.models import Letter

PUBLIC_URL = "https://rooms.example.edu"
KEY = "0123456789abcdef"


@pytest.fixture
def mail_is_on(settings: Any) -> None:
    settings.CSPACE_MAIL_LEAVES, settings.CSPACE_PUBLIC_URL = "by_smtp", PUBLIC_URL


def waiting_for(email: str, person: User) -> str:
    """Have somebody wish for an address; the token by which it is confirmed."""
    Preferences.objects.create(user=person, pending_email=email, pending_key=KEY)
    return confirmation_token(WishedAddress(person.pk, email, KEY), issued_at=int(clock.now().timestamp()))


def letters() -> list[tuple[str, Message | None]]:
    """(kind, what it says now) of all that were posted."""
    return [
        (row.kind, kind_named(row.kind).write(now=clock.now(), **row.arguments))
        for row in Letter.objects.order_by("id")
    ]


def confirmation() -> Message:
    """The last letter that asks for one."""
    message = [message for kind, message in letters() if kind == "accounts.confirmation"][-1]
    assert message is not None
    return message


def token_in(message: Message) -> str:
    """Of the link in a letter."""
    link = re.search(rf"^{PUBLIC_URL}/api/v1/[a-z-]+/\?token=(\S+)$", message.text, re.MULTILINE)
    assert link is not None
    return link[1]
