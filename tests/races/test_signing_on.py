"""Two sign on at once: a login by sid ends once, and somebody new is made once."""

import pytest

from accounts.models import AccessKey, LoginSession, User
from accounts.services.identities import Identity, NotAdmitted, person_of
from accounts.services.sid_logins import LoginIsOver, begin_login, complete_login, key_of
from auditlog.models import LogEntry
from groups.models import UserGroup
from groups.queries.key_bearers import key_bearer
from kernel import clock
from tests.factories import make_group, make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20


def test_a_login_by_sid_is_completed_by_one_of_two():
    people = [make_user(), make_user()]
    for number in range(ROUNDS):
        sid = begin_login(now=clock.now())
        results = at_once(*(lambda user=user: complete_login(sid, user=user, now=clock.now()) for user in people))
        assert raised(results) == [LoginIsOver]
        (first,) = [user for user, result in zip(people, results, strict=True) if result is None]
        assert key_bearer(key_of(sid), now=clock.now()).user.pk == first.pk
        assert AccessKey.objects.count() == LogEntry.objects.filter(action="access_key.issued").count() == number + 1
        assert LoginSession.objects.filter(status="logged_in").count() == number + 1


def test_somebody_new_is_made_once_and_put_into_his_groups_once(settings):
    settings.SSO_GROUPS = {"staff": make_group("Office").name}
    for number in range(ROUNDS):
        his = Identity(f"ada{number}@uni.example", f"ada{number}", groups=frozenset({"staff"}))
        results = at_once(*[lambda his=his: person_of(his, now=clock.now(), language=None)] * 3)
        assert len({user.pk for user in results}) == 1
    assert User.objects.count() == LogEntry.objects.filter(action="user.created").count() == ROUNDS
    assert UserGroup.objects.count() == LogEntry.objects.filter(action="user_group.added").count() == ROUNDS


def test_of_two_with_one_name_and_two_addresses_one_comes_in():
    for number in range(ROUNDS):
        both = [Identity(f"{who}{number}@uni.example", f"name{number}") for who in ("ada", "bob")]
        results = at_once(*(lambda each=each: person_of(each, now=clock.now(), language=None) for each in both))
        assert sorted(type(result).__name__ for result in results) == ["NotAdmitted", "User"]
        assert raised(results) == [NotAdmitted]
    assert User.objects.count() == ROUNDS


def test_one_address_is_one_person_whatever_he_is_called():
    for number in range(ROUNDS):
        names = [f"name{number}x{place}" for place in range(4)]
        each = [Identity(f"ada{number}@uni.example", name) for name in names]
        results = at_once(*(lambda his=his: person_of(his, now=clock.now(), language=None) for his in each))
        assert len({user.pk for user in results}) == 1
    assert User.objects.count() == ROUNDS
