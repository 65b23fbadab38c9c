"""How many statements a login and a refresh cost, throttles on; the budget of what tests/query_budget.json leaves out.

Counted are all but the savepoints that stand in for BEGIN and COMMIT under test.
"""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.accounts.test_login_limits import NOON, OTHERS, Json, exhaust
from tests.factories import PASSWORD, make_user


@pytest.fixture(autouse=True)
def limits(settings, db):
    settings.CSPACE_THROTTLE, settings.CSPACE_TRUSTED_PROXIES = True, 1
    with time_machine.travel(NOON, tick=False):
        yield


def cost(call, *arguments, **options):
    """(what it answers, how many statements)."""
    with CaptureQueriesContext(connection) as captured:
        answer = call(*arguments, **options)
    return answer, sum("SAVEPOINT" not in row["sql"] for row in captured.captured_queries)


def test_a_login_from_where_the_name_has_never_been(member):
    assert cost(Json(), member.username) == (401, 7)
    assert cost(Json(), "nobody") == (401, 7)
    assert cost(Json(), member.username, PASSWORD) == (200, 8)


def test_a_login_from_a_network_that_is_known(member):
    assert Json()(member.username, PASSWORD) == 200
    assert cost(Json(), member.username) == (401, 7)
    assert cost(Json(), member.username, PASSWORD) == (200, 8)
    exhaust(Json, member.username)  # everywhere else
    assert cost(Json(), member.username, PASSWORD) == (200, 10)


def test_a_login_on_a_device_that_is_known(member):
    browser = Json()
    assert browser(member.username, PASSWORD) == 200
    assert cost(browser, member.username, PASSWORD) == (200, 5)
    assert [cost(browser, member.username) for _ in range(6)] == [(401, 4)] * 5 + [(429, 2)]


def test_a_login_that_is_one_too_many(member):
    """For the name from here, for the name from everywhere, for the network, for everybody."""
    assert [Json()(member.username) for _ in range(5)] == [401] * 5
    assert cost(Json(), member.username, PASSWORD) == (429, 5)
    exhaust(Json, member.username)
    assert cost(Json(), member.username, PASSWORD, address="203.0.113.1") == (429, 7)
    assert [Json()(make_user().username, address="203.0.113.2") for _ in range(20)] == [401] * 20
    assert cost(Json(), member.username, PASSWORD, address="203.0.113.2") == (429, 3)


def test_a_login_when_everybody_failed_too_often(member, settings):
    settings.CSPACE_THROTTLE_RATES = settings.CSPACE_THROTTLE_RATES | {"login_failures": "1/min"}
    assert Json()("nobody", address=OTHERS[0]) == 401
    assert cost(Json(), member.username, PASSWORD) == (429, 2)


@pytest.mark.parametrize(("rotates", "statements"), [(False, 3), (True, 6)])
def test_a_refresh(member, settings, rotates, statements):
    settings.CSPACE_ROTATE_REFRESH = rotates
    settings.CSPACE_THROTTLE_RATES = settings.CSPACE_THROTTLE_RATES | {"refresh": "2/min"}
    browser = Json()
    assert browser(member.username, PASSWORD) == 200

    def refresh():
        return browser.client.post("/api/v1/auth/token/refresh/").status_code

    assert [cost(refresh) for _ in range(3)] == [(200, statements)] * 2 + [(429, 1)]
    del browser.client.cookies["refresh_token"]
    assert cost(refresh) == (401, 0)
