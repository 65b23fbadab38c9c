"""Who shows an access key, whether it opens anything, and for which societies he acts: one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.enums import DeadKey, KeyScope
from accounts.models import User
from accounts.queries.access_keys import key_in
from accounts.rules import Access, Membership, digest_of
from groups.rules import SOCIETY, name_key
from kernel.db.batch import Statement, ask
from kernel.db.loading import instance_of
from kernel.db.pipeline import ResultRow
from kernel.errors import NotAuthenticated

# What a key of a society is worth ends with the place of whoever has asked for it: else he would keep it for good.
PERSON = ("id", "username", "display_name", "email", "token_version", "is_superuser", "unlimited_booking")
BEARER = """
SELECT access.scope, access.user_id, access.group_id, access.expires_at,
       access.revoked_at IS NULL AND person.is_active
       AND (access.user_id IS NULL OR person.token_version = access.token_version),
       person.id, person.username, person.display_name, person.email, person.token_version, person.is_superuser,
       person.unlimited_booking,
       place.group_id, place.permissions, team.is_system, team.kind, team.name, team.code
  FROM accounts_accesskey AS access
  JOIN accounts_user AS person ON person.id = coalesce(access.user_id, access.issued_by_id)
  LEFT JOIN (groups_usergroup AS place JOIN groups_group AS team ON team.id = place.group_id
                                                                AND team.archived_at IS NULL)
    ON place.user_id = person.id AND (access.group_id IS NULL OR access.group_id = place.group_id)
 WHERE access.digest = %s::bytea
"""
ADMIN = "admin"


@dataclass(frozen=True)
class Society:
    """A society to which somebody belongs."""

    id: int
    name: str
    code: str
    has_president: bool
    """Whether he is an admin of it."""


@dataclass(frozen=True)
class KeyBearer:
    """Who acts. `society`: for which society alone, where its key was shown; `user` has then asked for that key."""

    user: User
    societies: Sequence[Society]
    society: Society | None = None

    @property
    def is_unlimited(self) -> bool:
        """Whether he books for himself whatever he has booked already: cspace, and whoever is marked so."""
        return self.society is None and (self.user.access.is_cspace or self.user.unlimited_booking)

    def society_with_code(self, code: str) -> Society | None:
        """His society with this code, in any case."""
        return next((each for each in self.societies if name_key(each.code) == name_key(code)), None)


def key_bearer(token: str, *, now: datetime) -> KeyBearer:
    """Who shows the key of a person, or of a society; only those with a code are told of.

    Raises:
        NotAuthenticated: `token_invalid` or `token_expired`.
    """
    rows = ask(Statement(BEARER, (digest_of(token),)))
    holder = key_in([row[:5] for row in rows], now)
    if isinstance(holder, DeadKey):
        raise NotAuthenticated("token_expired" if holder == DeadKey.EXPIRED else "token_invalid")
    places = [row[12:] for row in rows if row[12] is not None]
    societies = sorted(
        (
            Society(group_id, name, code, level == ADMIN)
            for group_id, level, _, kind, name, code in places
            if kind == SOCIETY and code
        ),
        key=lambda society: (society.name, society.code),
    )
    if holder.scope == KeyScope.USER:
        return KeyBearer(person_in(rows[0][5:12], places), societies)
    if holder.scope != KeyScope.SOCIETY or not societies:
        raise NotAuthenticated("token_invalid")
    return KeyBearer(person_in(rows[0][5:12], places, is_himself=False), societies, societies[0])


def person_in(values: ResultRow, places: Sequence[ResultRow], *, is_himself: bool = True) -> User:
    """The person of these values of `PERSON` with what he may do, by his places (the group, his permissions there,
    whether it is the system group): for whoever shows a society's key all that is the society's, and no more."""
    user: User = instance_of(User, {**dict(zip(PERSON, values, strict=True)), "is_active": True})
    user.access = Access.of(
        user.pk,
        is_superuser=user.is_superuser and is_himself,
        memberships=[
            Membership(group_id, level == ADMIN or not is_himself, is_system and is_himself)
            for group_id, level, is_system, *_ in places
        ],
    )
    return user
