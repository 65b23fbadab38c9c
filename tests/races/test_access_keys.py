"""Many at once with the keys of one group: one lives, and none lets in whoever comes after it has gone. Many with the
API key of one person: one gets the token, one revokes it, and nobody waits to note that it is used."""

import datetime as dt
import hashlib
from functools import partial

import pytest
from django.db import transaction

from accounts.enums import DeadKey, KeyScope
from accounts.models import AccessKey
from accounts.queries.access_keys import asking_for_key, key_in
from accounts.services.access_keys import IssuedKey, issue_api_key, issue_key, noting_use, revoke_api_key
from auditlog.models import LogEntry
from groups.models import UserGroup
from groups.services.groups import archive_group
from groups.services.joining import issue_join_token, join_group
from kernel import clock
from kernel.db.batch import Statement, ask, send
from kernel.errors import Invalid
from tests.factories import cspace_group, join, make_group, make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20
NOON = dt.datetime(2026, 1, 20, 4, tzinfo=dt.UTC)


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


def test_of_two_who_want_the_same_token_at_once_one_gets_it():
    person, other = make_user(), make_user()
    for number in range(ROUNDS):

        def issue(by, number=number):
            return issue_api_key(
                by=by, now=clock.now(), user_id=by.pk, name="x", permissions=["clear"], token=f"{number:020}"
            )

        keys = at_once(*[partial(issue, by) for by in (person, other, person, other)])
        assert sorted(type(key).__name__ for key in keys) == ["IssuedKey"] + ["TokenIsTaken"] * 3
        (issued,) = (key for key in keys if isinstance(key, IssuedKey))
        assert AccessKey.objects.get(digest=hashlib.sha256(f"{number:020}".encode()).digest()).pk == issued.key_id
    assert AccessKey.objects.count() == LogEntry.objects.count() == ROUNDS


def api_key():
    """The id of a new one, and whose it is."""
    person = make_user()
    return issue_api_key(by=person, now=NOON, user_id=person.pk, name="x", permissions=["clear"]).key_id, person


def test_of_many_uses_at_once_one_is_noted_for_a_minute():
    """None waits for another, and none takes the time back."""
    for _ in range(ROUNDS):
        key_id, _ = api_key()
        moments = [NOON + dt.timedelta(milliseconds=place) for place in range(6)]
        assert raised(at_once(*[partial(send, noting_use(key_id, now)) for now in moments])) == []
        first = AccessKey.objects.get(pk=key_id).last_used_at
        assert first in moments
        send(noting_use(key_id, first + dt.timedelta(seconds=59)))
        assert AccessKey.objects.get(pk=key_id).last_used_at == first


def test_nobody_waits_to_note_a_use():
    key_id, person = api_key()
    with transaction.atomic():
        revoke_api_key(by=person, now=NOON, key_id=key_id)
        assert raised(at_once(lambda: send(Statement("SET lock_timeout = '1ms'"), noting_use(key_id, NOON)))) == []
    key = AccessKey.objects.get(pk=key_id)
    assert (key.revoked_at, key.last_used_at) == (NOON, None)


def test_a_key_is_revoked_once_however_many_revoke_it():
    for _ in range(ROUNDS):
        key_id, person = api_key()
        revoking = partial(revoke_api_key, by=person, key_id=key_id)
        moments = [NOON + dt.timedelta(seconds=place) for place in range(4)]
        assert at_once(*[partial(revoking, now=now) for now in moments]) == [None] * 4
        (entry,) = LogEntry.objects.filter(action="access_key.revoked", target=f"access_key:{key_id}")
        assert entry.created_at == AccessKey.objects.get(pk=key_id).revoked_at
