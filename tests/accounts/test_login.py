"""What a wrong login costs, and how many may be tried: contract §1, T14–T16."""

import datetime as dt

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from accounts.models import User
from accounts.services.sessions import check_credentials
from kernel.errors import NotAuthenticated
from kernel.models import ThrottleCounter
from tests.factories import PASSWORD, make_user

NOON = dt.datetime(2026, 1, 20, 4, tzinfo=dt.UTC)


class CountingHasher(MD5PasswordHasher):
    """A configured hasher that counts how often it is asked for a hash."""

    algorithm = "counting"
    hashes = 0

    def encode(self, password, salt):
        type(self).hashes += 1
        return super().encode(password, salt)


@pytest.fixture
def people(db, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    make_user("member")
    make_user("gone", is_active=False)
    for name, stored in (("sso", "!no-password"), ("imported", "bcrypt$unknown"), ("blank", "")):
        make_user(name)
        User.objects.filter(username=name).update(password=stored)
    CountingHasher.hashes = 0


@pytest.mark.parametrize("username", ["member", "nobody", "gone", "sso", "imported", "blank"])
def test_a_wrong_login_costs_one_hash_whatever_is_wrong_from_the_first_on(people, username):
    for number in (1, 2):
        with pytest.raises(NotAuthenticated) as refusal:
            check_credentials(username=username, password=PASSWORD if username != "member" else "wrong")
        assert (refusal.value.details, CountingHasher.hashes) == ({"reason": "invalid_credentials"}, number)


def test_a_right_login_costs_one_hash(people):
    assert check_credentials(username="member", password=PASSWORD).username == "member"
    assert CountingHasher.hashes == 1


def try_login(api, username, password="x"):
    response = api().post("auth/token/", {"username": username, "password": password})
    return response.status_code


def test_failures_of_everybody_together_are_limited(api, member, settings):
    """No hash is computed beyond the limit; a success counts for nothing."""
    newcomer = make_user().username
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = {
        "login_name": "1000/min",
        "login_name_everywhere": "1000/min",
        "login_address": "1000/min",
        "login_failures": "3/min",
    }
    with time_machine.travel(NOON, tick=False):
        assert [try_login(api, "member", PASSWORD) for _ in range(5)] == [200] * 5
        assert [try_login(api, f"name-{number}") for number in range(5)] == [401] * 3 + [429] * 2
        assert try_login(api, newcomer, PASSWORD) == 429
        assert try_login(api, "member", PASSWORD) == 200  # from where he has been
    assert ThrottleCounter.objects.get(key__startswith="login_failures:").tries == 3
    with time_machine.travel(NOON + dt.timedelta(minutes=1), tick=False):
        assert try_login(api, newcomer, PASSWORD) == 200


def test_a_failure_in_the_admin_counts_with_the_others(api, cspace, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = {
        "login_name": "1000/min",
        "login_name_everywhere": "1000/min",
        "login_address": "1000/min",
        "login_failures": "3/min",
    }
    shown = []
    with time_machine.travel(NOON, tick=False):
        for _ in range(4):
            body = {"username": "cspace_member", "password": "wrong"}
            page = Client().post("/admin/login/?next=/admin/", body).content.decode()
            shown.append("Too many requests" in page)
        assert try_login(api, "cspace_member", PASSWORD) == 429
    assert shown == [False] * 3 + [True]
    assert ThrottleCounter.objects.get(key__startswith="login_failures:").tries == 3


def test_tries_refused_for_their_address_cost_nobody_else_a_try(api, member, settings):
    """Else one address that is refused anyway would keep everybody it names out (T14: no hard lock-out)."""
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = {
        "login_name": "2/min",
        "login_name_everywhere": "1000/min",
        "login_address": "3/min",
        "login_failures": "1000/min",
    }
    settings.CSPACE_TRUSTED_PROXIES = 1
    with time_machine.travel(NOON, tick=False):
        from_one = {"X-Forwarded-For": "192.0.2.1"}
        tries = [{"username": name, "password": "x"} for name in ("a", "b", "c", *["member"] * 5)]
        statuses = [api().post("auth/token/", body, **from_one).status_code for body in tries]
        assert statuses == [401] * 3 + [429] * 5
        # Nor do they leave a row for each name that was thought of.
        assert ThrottleCounter.objects.filter(key__startswith="login_name:").count() == 3
        right = {"username": "member", "password": PASSWORD}
        assert api().post("auth/token/", right, **{"X-Forwarded-For": "192.0.2.2"}).status_code == 200


def test_logins_that_succeed_do_not_count(api, member, settings):
    """Neither against the name nor against the address; failures among them do."""
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = {
        **settings.CSPACE_THROTTLE_RATES,
        "login_name": "3/min",
        "login_address": "4/min",
    }
    with time_machine.travel(NOON, tick=False):
        assert [try_login(api, "member", PASSWORD) for _ in range(8)] == [200] * 8
        assert [try_login(api, "member") for _ in range(2)] == [401] * 2
        assert [try_login(api, "member", PASSWORD) for _ in range(3)] == [200] * 3
        assert [try_login(api, "member") for _ in range(2)] == [401, 429]
        assert try_login(api, "member", PASSWORD) == 429


def test_logins_to_the_admin_that_succeed_do_not_count(cspace, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = {**settings.CSPACE_THROTTLE_RATES, "login_name": "2/min", "login_address": "2/min"}
    with time_machine.travel(NOON, tick=False):
        for _ in range(5):
            answer = Client().post("/admin/login/", {"username": cspace.username, "password": PASSWORD})
            assert (answer.status_code, "sessionid" in answer.cookies) == (302, True)
        wrong = [Client().post("/admin/login/", {"username": cspace.username, "password": "x"}) for _ in range(3)]
        assert [b"Too many requests" in answer.content for answer in wrong] == [False, False, True]
