"""Booking rules and marks that tests are about, through the services."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from accounts.models import User
from classrooms.rules import Buffers
from groups.models import Group
from kernel import clock
from policies.enums import MarkKind, OwnerKind
from policies.models import Mark
from policies.queries.rulebook import renew_rulebook
from policies.rules.scopes import Owner
from policies.services.booking_rules import create_rule, delete_rule, read_rule
from policies.services.marks import give_mark
from tests.factories import cspace_group, join, make_user


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


def make_buffers(person: User, buffers: Buffers) -> int | None:
    """A rule that keeps time around all that a person books; its id, None for no time."""
    if not buffers:
        return None
    minutes = {"before_minutes": buffers.before_minutes, "after_minutes": buffers.after_minutes}
    limit = {"type": "buffer", **{name: number for name, number in minutes.items() if number}}
    who = {"kind": "user", "username": person.username}
    return make_rule(_office(), name=f"Time around {person.username}", who=who, limit=limit)


@contextmanager
def time_kept(person: User, buffers: Buffers) -> Iterator[None]:
    """What a person books meanwhile has these buffers, and keeps them until it is moved."""
    rule_id = make_buffers(person, buffers)
    yield
    if rule_id is not None:
        delete_rule(rule_id=rule_id, by=_office(), now=clock.now())
        renew_rulebook()


def _office() -> User:
    """Somebody of cspace."""
    office = User.objects.filter(username="office").first() or make_user("office")
    if not office.access.is_cspace:
        join(office, cspace_group())
        office.forget_access()
    return office


def make_mark(by: User, owner: Group | User, points: int = 1) -> Mark:
    """Of a group or a person, for not turning up."""
    kind = OwnerKind.GROUP if isinstance(owner, Group) else OwnerKind.PERSON
    return give_mark(by=by, now=clock.now(), owner=Owner(kind, owner.pk), kind=MarkKind.NO_SHOW, points=points)
