"""Two things at once with one booking rule or one mark: nothing is withdrawn twice, nothing that was said is lost."""

import pytest

from auditlog.models import LogEntry
from groups.services.groups import archive_group
from kernel import clock
from kernel.errors import AlreadyExists, Invalid
from policies.models import BookingRule, Mark
from policies.services.booking_rules import amend_rule
from policies.services.marks import MarkNotFound, withdraw_mark
from tests.factories import cspace_group, join, make_group, make_user
from tests.policies.scenes import make_mark, make_rule
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 10


def leader():
    person = make_user()
    join(person, cspace_group())
    assert person.access.is_cspace
    return person


def withdrawing(mark, by):
    return lambda: withdraw_mark(mark_id=mark.pk, by=by, now=clock.now(), reason="x")


def saying(rule_id, by, **body):
    return lambda: amend_rule(rule_id=rule_id, by=by, now=clock.now(), body=body)


def test_a_mark_is_withdrawn_once():
    first, second, team = leader(), leader(), make_group()
    for _ in range(ROUNDS):
        mark = make_mark(first, team)
        assert raised(at_once(withdrawing(mark, first), withdrawing(mark, second))) == [MarkNotFound]
    assert LogEntry.objects.filter(action="mark.withdrawn").count() == ROUNDS


def test_a_mark_or_the_end_of_its_group():
    """The mark is given before, or there is no such group."""
    by, other = leader(), leader()
    for _ in range(ROUNDS):
        team = make_group()
        results = at_once(
            lambda team=team: make_mark(by, team),
            lambda team=team: archive_group(group_id=team.pk, by=other, now=clock.now()),
        )
        is_given = Mark.objects.filter(group=team).exists()
        assert raised(results) == ([] if is_given else [Invalid])
        rows = LogEntry.objects.filter(action__in=["mark.given", "group.archived"]).order_by("-id")[: 1 + is_given]
        assert [row.action for row in rows] == ["group.archived", "mark.given"][: 1 + is_given]


def test_two_parts_of_a_rule_said_at_once_are_both_kept():
    first, second = leader(), leader()
    for number in range(ROUNDS):
        rule_id = make_rule(first, limit={"type": "length", "max_minutes": 100 + number})
        at_once(saying(rule_id, first, name="Short"), saying(rule_id, second, is_active=False))
        assert BookingRule.objects.values_list("name", "is_active").get(pk=rule_id) == ("Short", False)


def test_two_rules_never_come_to_say_the_same():
    first, second = leader(), leader()
    for number in range(ROUNDS):
        limits = [{"type": "length", "max_minutes": minutes} for minutes in (100 + number, 300 + number, 500 + number)]
        rules = [make_rule(first, limit=limit) for limit in limits[:2]]
        results = at_once(saying(rules[0], first, limit=limits[2]), saying(rules[1], second, limit=limits[2]))
        (error,) = raised(results)
        assert issubclass(error, AlreadyExists)
