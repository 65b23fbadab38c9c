"""What happens to people and their keys, as log lines beside the rows of the change log, which tell no address and no
request."""

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from accounts.facts import AboutKey, AboutUser
from kernel.auth_trail import write
from kernel.db.batch import Statement
from kernel.facts import Fact


def trace(facts: Sequence[Fact]) -> list[Statement]:
    """Write a log line for each fact about a person or a key, once it is committed; nothing in a table."""
    for fact in facts:
        if isinstance(fact, AboutUser | AboutKey):
            transaction.on_commit(
                partial(write, fact.action, user_id=fact.user_id, actor_id=fact.actor_id, **fact.trace)
            )
    return []
