"""Who somebody says he is, what a person may do as far as it follows from memberships, and who manages people.

Pure: no database, no clock.
"""

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from accounts.enums import ApiPermission
from kernel.changes import Changes
from kernel.errors import PermissionDenied
from kernel.names import BLANK, NOT_VISIBLE, is_visible
from kernel.text import has_forbidden_text

MAX_USERNAME = 150
USERNAME = re.compile(r"[A-Za-z0-9_.@+-]+")
MAX_DISPLAY_NAME = 150
MAX_DEPARTMENT = 150
MAX_KEY_NAME = 100
MIN_TOKEN, MAX_TOKEN = 20, 200
"""Characters of a token that somebody types; shorter ones only in development."""
IN_A_HEADER = re.compile(r"[!-~]*")
PREFIX_LENGTH = 6
MAX_LIFETIME = timedelta(days=36_500)
DAILY_MINUTE = 8 * 60
"""When the mail of a day leaves for whoever has not said otherwise."""
REMINDER_HOURS, MAX_REMINDER_HOURS = 24, 7 * 24
"""How long before a registration people are reminded of it, unless they say otherwise; at most."""


PENDING_TIME, KNOWN_TIME = timedelta(minutes=10), timedelta(minutes=20)
"""How long a login by sid can be completed after it has begun, and how long its outcome is told."""
ADDRESS = "an address"
"""What the log says instead of one: it is kept for good, and read by all of cspace."""


@dataclass(frozen=True)
class Claims:
    """What a genuine access token says."""

    user_id: int
    token_version: int
    family: UUID
    expires_at: datetime


@dataclass(frozen=True)
class Membership:
    """One user-group row, as far as authority depends on it."""

    group_id: int
    is_admin: bool
    is_system: bool
    """Whether the group is the system group: the immutable flag, never the name."""


@dataclass(frozen=True)
class Access:
    """A person's authority, read from the database on each request, never from a token."""

    user_id: int
    is_superuser: bool = False
    is_cspace: bool = False
    """Member (any level) of the system group, or superuser."""
    is_cspace_admin: bool = False
    """Admin of the system group, or superuser."""
    group_ids: frozenset[int] = frozenset()
    admin_group_ids: frozenset[int] = frozenset()

    @classmethod
    def of(cls, user_id: int, *, is_superuser: bool, memberships: Iterable[Membership]) -> "Access":
        """The authority that memberships of living groups give."""
        rows = list(memberships)
        return cls(
            user_id=user_id,
            is_superuser=is_superuser,
            is_cspace=is_superuser or any(row.is_system for row in rows),
            is_cspace_admin=is_superuser or any(row.is_system and row.is_admin for row in rows),
            group_ids=frozenset(row.group_id for row in rows),
            admin_group_ids=frozenset(row.group_id for row in rows if row.is_admin),
        )

    @property
    def may_book_at_all(self) -> bool:
        """Contract §5: who belongs to any group; cspace for any group."""
        return self.is_cspace or bool(self.group_ids)

    def is_member_of(self, group_id: int) -> bool:
        return group_id in self.group_ids

    def is_admin_of(self, group_id: int) -> bool:
        return group_id in self.admin_group_ids


def digest_of(secret: str) -> str:
    """What is kept of a token instead of it: its SHA-256, as PostgreSQL reads a bytea."""
    return "\\x" + hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def name_of_digest(secret: str) -> str:
    """The same as a word: 64 hex digits."""
    return digest_of(secret).removeprefix("\\x")


def prefix_of(token: str) -> str:
    """What may be shown of a token: how it begins. Of a short one nothing: the rest could be guessed."""
    return token[:PREFIX_LENGTH] if len(token) >= MIN_TOKEN else ""


def api_key_faults(
    *, name: str, permissions: Collection[str], lifetime: timedelta | None, token: str | None, min_token: int
) -> dict[str, list[str]]:
    """What keeps this from being an API key: {field: [sentence, …]}. `token`: None where it is made by chance."""
    faults = {
        "name": _key_name_faults(name),
        "permissions": _permission_faults(permissions),
        "expires_at": [] if lifetime is None else _lifetime_faults(lifetime),
        "token": [] if token is None else _token_faults(token, min_token),
    }
    return {field: sentences for field, sentences in faults.items() if sentences}


def _key_name_faults(name: str) -> list[str]:
    if not name:
        return [BLANK]
    if has_forbidden_text(name) or not is_visible(name):
        return [NOT_VISIBLE]
    return ["This name is too long"] if len(name) > MAX_KEY_NAME else []


def _permission_faults(permissions: Collection[str]) -> list[str]:
    if not permissions:
        return ["Choose at least one permission"]
    return [f"Unknown permission: {word}" for word in sorted(set(permissions) - set(ApiPermission.values))]


def _lifetime_faults(lifetime: timedelta) -> list[str]:
    if lifetime <= timedelta(0):
        return ["Must lie in the future"]
    return ["Must lie within a hundred years"] if lifetime > MAX_LIFETIME else []


def _token_faults(token: str, min_token: int) -> list[str]:
    if not token:
        return [BLANK]
    faults = []
    if not IN_A_HEADER.fullmatch(token):
        faults.append("Must be printable ASCII characters without spaces: it is sent in a header")
    if len(token) < min_token:
        faults.append(f"Must have at least {min_token} characters")
    if len(token) > MAX_TOKEN:
        faults.append(f"Must have at most {MAX_TOKEN} characters")
    return faults


def is_username(text: str) -> bool:
    """Whether somebody can be called so."""
    return len(text) <= MAX_USERNAME and USERNAME.fullmatch(text) is not None


def without_addresses(changes: Changes) -> Changes:
    """The same for the log, which tells only whether there was an address and whether there is one."""
    return {
        name: [ADDRESS if value else "" for value in pair] if name in ("email", "pending_email") else pair
        for name, pair in changes.items()
    }


def check_cspace(access: Access) -> None:
    """Raises: PermissionDenied, for whoever is not cspace."""
    if not access.is_cspace:
        raise PermissionDenied


def may_manage(access: Access, *, is_superuser: bool) -> bool:
    """Who makes people, changes them and sets their passwords: a cspace admin; of superusers only a superuser.

    Whoever sets a superuser's password can become him; whoever makes a superuser, too.
    """
    return access.is_superuser or (access.is_cspace_admin and not is_superuser)
