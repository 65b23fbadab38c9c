"""One query answers who is asking, whether the session still stands, and what he may do."""

from collections.abc import Collection

from accounts.models import User
from accounts.rules import Access, Claims, Membership
from kernel.db.batch import Statement, ask
from kernel.db.loading import instance_of
from kernel.errors import NotAuthenticated

WHO_AND_WHAT = """
SELECT person.username, person.display_name, person.is_superuser, person.is_staff,
       place.group_id, place.permissions, team.is_system
FROM accounts_user AS person
LEFT JOIN groups_usergroup AS place ON place.user_id = person.id
LEFT JOIN groups_group AS team ON team.id = place.group_id AND team.archived_at IS NULL
WHERE person.id = %s AND person.is_active AND person.token_version = %s
  AND NOT EXISTS (SELECT FROM accounts_refreshsession AS session
                  WHERE session.family = %s AND session.revoked_at IS NOT NULL)
"""
IS_STANDING = """
SELECT FROM accounts_user AS person
WHERE person.id = %s AND person.is_active AND person.token_version = %s
  AND NOT EXISTS (SELECT FROM accounts_refreshsession AS session
                  WHERE session.family = %s AND session.revoked_at IS NOT NULL)
"""


STANDING_AMONG = """
SELECT claim.place FROM unnest(%s::bigint[], %s::integer[], %s::uuid[])
       WITH ORDINALITY AS claim (user_id, token_version, family, place)
  JOIN accounts_user AS person ON person.id = claim.user_id AND person.token_version = claim.token_version
 WHERE person.is_active
   AND NOT EXISTS (SELECT FROM accounts_refreshsession AS session
                   WHERE session.family = claim.family AND session.revoked_at IS NOT NULL)
"""


def standing_among(sessions: Collection[Claims]) -> set[Claims]:
    """Those whose session nobody has ended, in one query."""
    claims = list(sessions)
    values = [each.user_id for each in claims], [each.token_version for each in claims]
    rows = ask(Statement(STANDING_AMONG, (*values, [str(each.family) for each in claims])))
    return {claims[place - 1] for (place,) in rows}


def asking(claims: Claims) -> Statement:
    """The question for `load_user`."""
    return Statement(WHO_AND_WHAT, (claims.user_id, claims.token_version, claims.family))


def standing(claims: Claims) -> Statement:
    """A condition for statements that travel beside that question: whether it finds anybody."""
    return Statement(IS_STANDING, (claims.user_id, claims.token_version, claims.family))


def load_user(claims: Claims) -> User:
    """The user of genuine claims with his `access`, in one query.

    Raises:
        NotAuthenticated: `session_revoked`: deactivated, logged out, or all sessions ended.
    """
    rows = ask(asking(claims))
    if not rows:
        raise NotAuthenticated("session_revoked", cause=_cause(claims), user_id=claims.user_id)
    username, display_name, is_superuser, is_staff, *_ = rows[0]
    user = instance_of(
        User,
        {
            "id": claims.user_id,
            "username": username,
            "display_name": display_name,
            "is_superuser": is_superuser,
            "is_staff": is_staff,
            "is_active": True,
            "token_version": claims.token_version,
        },
    )
    user.access = Access.of(
        user.pk,
        is_superuser=is_superuser,
        memberships=[
            Membership(group_id, permissions == "admin", is_system)
            for *_, group_id, permissions, is_system in rows
            if is_system is not None
        ],
    )
    return user


def _cause(claims: Claims) -> str:
    """Why nobody was found, for the log. One more query, which only a refusal costs."""
    person = User.objects.filter(pk=claims.user_id).values_list("is_active", "token_version").first()
    if person is None:
        return "unknown_person"
    is_active, token_version = person
    if not is_active:
        return "deactivated"
    return "logged_out" if token_version == claims.token_version else "sessions_ended"
