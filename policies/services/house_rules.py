"""Writing the rules with which a house begins: those that are not there yet."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
from kernel.db.transactions import transactional
from policies.queries.rulebook import NamedRule
from policies.services.booking_rules import RuleExists, create_rule, read_rule


def write_house_rules(rules: Iterable[Mapping[str, Any]], *, by: User, now: datetime) -> list[NamedRule]:
    """Those of the rules, as JSON says them, that no other says already. Publishes `BookingRuleCreated` for each.

    Raises: PermissionDenied, Invalid, TooManyRules.
    """
    written = [_written(rule, by, now) for rule in rules]
    return [each for each in written if each is not None]


@transactional
def _written(rule: Mapping[str, Any], by: User, now: datetime) -> NamedRule | None:
    try:
        return create_rule(by=by, now=now, wish=read_rule(rule))
    except RuleExists:
        return None
