"""The listener that writes the change log."""

from collections.abc import Sequence

from auditlog.models import LogEntry
from cspace.facts import Fact


def record(facts: Sequence[Fact]) -> None:
    """One row per fact, one statement for all of them, in the publisher's transaction."""
    LogEntry.objects.bulk_create(
        LogEntry(
            action=fact.action,
            actor_id=fact.actor_id,
            target=fact.target,
            details=fact.details,
            created_at=fact.occurred_at,
        )
        for fact in facts
    )
