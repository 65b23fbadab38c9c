"""Letters: what leaves the server by mail, each of them once.

An app declares a `LetterKind` in its `apps.py`; a service posts a letter inside its transaction: a row (app `outbox`)
and the job that sends it, in the round trip of the COMMIT. A letter has a key that no other has, so that none is posted
twice. What it says is written when it is sent, in the words and the language that are right then; it may turn out that
there is nothing to say any more. Here stands the one statement that posts.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from kernel.db.batch import Statement, put_off
from kernel.jobs import ENQUEUE_FROM, OUTSIDE, Arguments, NameIsTaken

MAX_KEY = 100
BY_SMTP, AS_FILES, NOT_AT_ALL = "by_smtp", "as_files", "not_at_all"
"""How mail leaves (`settings.CSPACE_MAIL_LEAVES`)."""
SEND = "outbox.send"
"""The job that sends a letter: one argument, `letter_id`."""
POST = """
WITH letters AS (
     INSERT INTO outbox_letter (kind, key, arguments, state, error, created_at)
     SELECT %s, wish.key, wish.arguments, 'waiting', '', %s::timestamptz FROM ({source}) AS wish (key, arguments)
         ON CONFLICT (key) DO NOTHING
     RETURNING id
)
"""
SENDING = ENQUEUE_FROM.format(source="SELECT jsonb_build_object('letter_id', id) FROM letters ORDER BY id")
LISTED = "SELECT key, arguments FROM jsonb_to_recordset(%s::jsonb) AS each (key text, arguments jsonb)"


@dataclass(frozen=True, kw_only=True)
class CalendarObject:
    """An iCalendar object (RFC 5545) and what is to be done with it (RFC 5546): `REQUEST` or `CANCEL`."""

    method: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """What a letter says, and to whom. `text` and `html` say the same.

    `headers`: beside those that every letter has. `noting`: what is written in the transaction that notes that the
    letter has gone. `is_for_its_reader_alone`: nobody else gets a copy, for it holds what only he may have.
    """

    address: str
    subject: str
    text: str
    html: str
    calendar: CalendarObject | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    noting: Sequence[Statement] = ()
    is_for_its_reader_alone: bool = False


@dataclass(frozen=True, kw_only=True)
class LetterKind:
    """One kind of letter. `write` is called with `now=` and the arguments of the letter, outside of any transaction, at
    each try; None where there is nothing to say any more."""

    name: str
    write: Callable[..., Message | None]


class PostedOutsideTransaction(RuntimeError):
    """A letter outside a transaction could tell of a change that is rolled back."""


def is_mail_on() -> bool:
    """Whether letters leave at all: where they do not, none is to be posted."""
    return bool(settings.CSPACE_MAIL_LEAVES != NOT_AT_ALL)


def host_of_letters() -> str:
    """The right side of what letters and calendars are known by (`Message-ID`, `UID`): always the same, since it is
    that of the links. Without `CSPACE_PUBLIC_URL`, where no mail leaves, it is `localhost`."""
    host = urlsplit(settings.CSPACE_PUBLIC_URL).hostname or "localhost"
    return f"[{host}]" if ":" in host else host


def public_url() -> str:
    """Where people find this server: what the links in letters begin with, without a slash at the end."""
    return settings.CSPACE_PUBLIC_URL.rstrip("/")


_kinds: dict[str, LetterKind] = {}


def register(*kinds: LetterKind) -> None:
    """Make known how letters are written. Called from `AppConfig.ready`. Raises: NameIsTaken."""
    for kind in kinds:
        if _kinds.setdefault(kind.name, kind) is not kind:
            raise NameIsTaken(kind.name)


def unregister(*kinds: LetterKind) -> None:
    """Forget what a test has declared."""
    for kind in kinds:
        _kinds.pop(kind.name, None)


def kind_named(name: str) -> LetterKind:
    """Raises: LookupError."""
    return _kinds[name]


def post(kind: LetterKind, *, key: str, arguments: Arguments, now: datetime) -> None:
    """Have a letter sent after the commit of the present transaction, with which it travels; nothing where there is or
    was one with this key. Raises: PostedOutsideTransaction."""
    post_many(kind, {key: arguments}, now=now)


def post_many(kind: LetterKind, letters: Mapping[str, Arguments], *, now: datetime) -> None:
    """The same of several, {key: arguments}, in one statement. Raises: PostedOutsideTransaction."""
    if not transaction.get_connection().in_atomic_block:
        raise PostedOutsideTransaction(kind.name)
    if letters:
        wishes = json.dumps([{"key": key, "arguments": dict(arguments)} for key, arguments in letters.items()])
        put_off(posting(kind, LISTED, (wishes,), now=now))


def posting(kind: LetterKind, source: str, parameters: Sequence[Any], *, now: datetime) -> Statement:
    """What posts a letter for each row of a query: (key, text of at most `MAX_KEY`; arguments, jsonb)."""
    return Statement(POST.format(source=source) + SENDING, (kind.name, now, *parameters, OUTSIDE, SEND))
