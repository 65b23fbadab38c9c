"""Many at once with the keys of one group: one lives, and none lets in whoever comes after it has gone."""

import pytest

from accounts.enums import DeadKey, KeyScope
from accounts.models import AccessKey
from accounts.queries.access_keys import asking_for_key, key_in
from accounts.services.access_keys import IssuedKey, issue_key
from auditlog.models import LogEntry
from groups.models import UserGroup
from groups.services.groups import archive_group
from groups.services.joining import issue_join_token, join_group
from kernel import clock
from kernel.db.batch import ask
from kernel.errors import Invalid
from tests.factories import cspace_group, join, make_group, make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20


def test_of_many_that_are_issued_at_once_one_lives():
    """Whoever calls it holds the group; it needs no lock to be right."""
    person = make_user()
    for group_id in range(1, ROUNDS + 1):

        def issue(group_id=group_id):
            return issue_key(scope=KeyScope.SOCIETY, by=person, now=clock.now(), group_id=group_id)

        keys = at_once(*[issue] * 4)
        assert [type(key) for key in keys] == [IssuedKey] * 4
        living = [key for key in keys if key_in(ask(asking_for_key(key.token)), clock.now()) != DeadKey.INVALID]
        assert len(living) == 1
    assert AccessKey.objects.count() == ROUNDS
    actions = list(LogEntry.objects.values_list("action", flat=True))
    assert (actions.count("access_key.issued"), actions.count("access_key.replaced")) == (ROUNDS, 3 * ROUNDS)


def scene():
    leader, group, comer = make_user(), make_group(), make_user()
    join(leader, cspace_group())
    token = issue_join_token(group_id=group.pk, by=leader, now=clock.now()).token
    return leader, group, comer, lambda: join_group(token=token, by=comer, now=clock.now())


def test_who_joins_twice_at_once_has_one_place():
    for _ in range(ROUNDS):
        _, group, comer, joining = scene()
        assert raised(at_once(joining, joining)) == []
        assert UserGroup.objects.filter(group=group, user=comer).count() == 1


def test_who_joins_while_the_group_is_archived_comes_before_or_not_at_all():
    for _ in range(ROUNDS):
        leader, group, comer, joining = scene()
        joined, archived = at_once(joining, lambda: archive_group(group_id=group.pk, by=leader, now=clock.now()))
        assert archived is None
        is_in = UserGroup.objects.filter(group=group, user=comer).exists()
        assert isinstance(joined, UserGroup if is_in else Invalid), joined
        last = LogEntry.objects.filter(action__in=["user_group.added", "group.archived"]).latest("id")
        assert last.action == "group.archived"


def test_who_joins_while_the_token_is_replaced_comes_before_or_not_at_all():
    for _ in range(ROUNDS):
        leader, group, comer, joining = scene()
        joined, replaced = at_once(joining, lambda: issue_join_token(group_id=group.pk, by=leader, now=clock.now()))
        assert isinstance(replaced, IssuedKey)
        is_in = UserGroup.objects.filter(group=group, user=comer).exists()
        assert isinstance(joined, UserGroup if is_in else Invalid), joined
        order = list(
            LogEntry.objects.filter(action__in=["user_group.added", "access_key.replaced"])
            .order_by("-id")
            .values_list("action", flat=True)[: 1 + is_in]
        )
        assert order == ["access_key.replaced", "user_group.added"][: 1 + is_in]
