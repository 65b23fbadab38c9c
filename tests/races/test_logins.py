"""Logins of one name at once: wrong ones never exceed the limit, right ones never meet it (T14)."""

from functools import partial

import pytest

from accounts.services.sessions import log_in
from kernel import clock
from kernel.errors import NotAuthenticated, RateLimited
from kernel.models import ThrottleCounter
from tests.factories import PASSWORD, make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT, AT_ONCE, ROUNDS, MUTANT_ROUNDS = 5, 12, 10, 100
RATES = {
    "login_name": f"{LIMIT}/day",
    "login_name_everywhere": "1000/day",
    "login_address": "1000/day",
    "login_failures": "100000/day",
}


@pytest.fixture(autouse=True)
def throttled(settings):
    settings.CSPACE_THROTTLE, settings.CSPACE_THROTTLE_RATES = True, RATES


def tries(name, password="x", number=AT_ONCE):
    return at_once(*[partial(log_in, username=name, password=password, now=clock.now(), address="192.0.2.1")] * number)


def wrong_ones(name):
    return raised(tries(name)).count(NotAuthenticated)


def test_wrong_logins_at_once_never_exceed_the_limit():
    for number in range(ROUNDS):
        outcomes = raised(tries(f"name-{number}"))
        assert (outcomes.count(NotAuthenticated), outcomes.count(RateLimited)) == (LIMIT, AT_ONCE - LIMIT)
    assert not ThrottleCounter.objects.exclude(pending=0).exists()


@pytest.mark.parametrize("scope", ["login_name_everywhere", "login_address"])
def test_nor_those_of_the_wider_limits(scope, settings):
    settings.CSPACE_THROTTLE_RATES = RATES | {"login_name": "1000/day", scope: f"{LIMIT}/day"}
    assert wrong_ones("name") == LIMIT


def test_with_check_then_count_they_do(settings):
    """The mutant: whether there is room is asked before, and not by the statement that takes it."""
    settings.CSPACE_TEST_FAULTS = {"skip-conditional-try"}
    if any(wrong_ones(f"name-{number}") > LIMIT for number in range(MUTANT_ROUNDS)):
        return
    pytest.fail("the mutant survived: the race is never met")


@pytest.mark.parametrize("scope", ["login_name", "login_name_everywhere", "login_address"])
def test_right_logins_at_once_never_meet_a_limit(scope, settings):
    settings.CSPACE_THROTTLE_RATES = RATES | {"login_name": "1000/day", scope: f"{LIMIT}/day"}
    name = make_user().username
    for _ in range(ROUNDS):
        assert raised(tries(name, PASSWORD)) == []
    assert not ThrottleCounter.objects.exclude(tries=0).exists()
