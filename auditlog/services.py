"""The listener that writes the change log."""

import json
from collections.abc import Sequence

from django.db import connection

from kernel.facts import Fact


def record(facts: Sequence[Fact]) -> None:
    """One row per fact, one statement for all of them, in the publisher's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auditlog_logentry (action, user_id, target, details, created_at)"
            " SELECT action, actor, target, details::jsonb, at FROM unnest(%s::text[], %s::bigint[], %s::text[],"
            " %s::text[], %s::timestamptz[]) WITH ORDINALITY AS fact (action, actor, target, details, at, place)"
            " ORDER BY place",
            [
                [fact.action for fact in facts],
                [fact.actor_id for fact in facts],
                [fact.target for fact in facts],
                [json.dumps(fact.details) for fact in facts],
                [fact.occurred_at for fact in facts],
            ],
        )
