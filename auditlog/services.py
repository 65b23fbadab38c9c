"""The listener that writes the change log."""

import json
from collections.abc import Sequence

from kernel.db.batch import Statement
from kernel.facts import Fact

INSERT = (
    "INSERT INTO auditlog_logentry (action, user_id, target, details, created_at)"
    " SELECT action, actor, target, details, at FROM ROWS FROM (jsonb_to_recordset(%s::jsonb)"
    " AS (action text, actor bigint, target text, details jsonb, at timestamptz)) WITH ORDINALITY AS fact"
    " (action, actor, target, details, at, place) ORDER BY place"
)


def record(facts: Sequence[Fact]) -> list[Statement]:
    """One row per fact that is logged, one statement for all of them."""
    rows = [
        {
            "action": fact.action,
            "actor": fact.actor_id,
            "target": fact.target,
            "details": fact.details,
            "at": fact.occurred_at.isoformat(),
        }
        for fact in facts
        if fact.is_logged
    ]
    return [Statement(INSERT, (json.dumps(rows),))] if rows else []
