"""Whom and where a rule is for: the ids of what it names."""

from dataclasses import dataclass

from classrooms.rules import UNKNOWN_CLASSROOM
from groups.rules import UNKNOWN_GROUP
from kernel.db.batch import Statement, send
from kernel.errors import UNKNOWN_USER, Faults
from policies.rules.reading import WhereNamed, WhoNamed

IDS = """
SELECT (SELECT id FROM groups_group WHERE id = %s::bigint AND archived_at IS NULL),
       (SELECT id FROM accounts_user WHERE username = %s::text AND is_active),
       (SELECT id FROM classrooms_classroom WHERE name = %s::text)
"""


@dataclass(frozen=True)
class ScopeIds:
    """None: it names none. `faults`: what it names and there is none of."""

    group_id: int | None
    user_id: int | None
    classroom_id: int | None
    faults: Faults


def scope_ids(who: WhoNamed | None, where: WhereNamed | None) -> ScopeIds:
    """The group, the person and the room. One query; none for a rule that names none of them."""
    names = (who and who.group_id, who and who.username, where and where.classroom)
    if names == (None, None, None):
        return ScopeIds(None, None, None, {})
    (((group_id, user_id, classroom_id),),) = send(Statement(IDS, names))
    unknown = {"who.group_id": UNKNOWN_GROUP, "who.username": UNKNOWN_USER, "where.classroom": UNKNOWN_CLASSROOM}
    faults = {
        field: [sentence]
        for (field, sentence), name, row_id in zip(
            unknown.items(), names, (group_id, user_id, classroom_id), strict=True
        )
        if name is not None and row_id is None
    }
    return ScopeIds(group_id, user_id, classroom_id, faults)
