"""Whether whoever has given out a key by which people come into a group may still let them in."""

from accounts.enums import KeyScope
from accounts.rules import digest_of
from kernel.db.batch import Statement

# Its active admins, and cspace: `rules.may_let_in`.
ISSUER = """
SELECT person.id
  FROM accounts_accesskey AS access JOIN accounts_user AS person ON person.id = access.issued_by_id
 WHERE access.digest = %s::bytea AND access.scope = %s AND person.is_active
   AND (person.is_superuser
        OR EXISTS (SELECT FROM groups_usergroup AS place JOIN groups_group AS team ON team.id = place.group_id
                    WHERE place.user_id = person.id
                      AND (team.is_system OR (team.id = access.group_id AND place.permissions = 'admin'))))
"""


def asking_who_lets_in(token: str) -> Statement:
    """The question for his id; no row where he may not, or where there is no such key."""
    return Statement(ISSUER, (digest_of(token), KeyScope.JOIN.value))
