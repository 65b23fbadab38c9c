"""Booking rules and marks that tests are about, through the services."""

from typing import Any

from accounts.models import User
from groups.models import Group
from kernel import clock
from policies.enums import MarkKind, OwnerKind
from policies.models import Mark
from policies.queries.rulebook import renew_rulebook
from policies.rules.scopes import Owner
from policies.services.booking_rules import create_rule, read_rule
from policies.services.marks import give_mark


def make_rule(by: User, **parts: Any) -> int:
    """A rule for everybody and everywhere, that nobody takes a room for more than two hours; its id.

    The process goes by it from now on.
    """
    body = {
        "name": "Two hours at most",
        "who": {"kind": "everybody"},
        "where": {"kind": "everywhere"},
        "limit": {"type": "length", "max_minutes": 120},
    }
    rule_id = create_rule(by=by, now=clock.now(), wish=read_rule(body | parts)).rule.id
    renew_rulebook()
    return rule_id


def make_mark(by: User, owner: Group | User, points: int = 1) -> Mark:
    """Of a group or a person, for not turning up."""
    kind = OwnerKind.GROUP if isinstance(owner, Group) else OwnerKind.PERSON
    return give_mark(by=by, now=clock.now(), owner=Owner(kind, owner.pk), kind=MarkKind.NO_SHOW, points=points)
