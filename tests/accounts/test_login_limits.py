"""Whom wrong passwords keep out: those who send them, and not the owner of the name (contract §1, T14)."""

import datetime as dt

import pytest
import time_machine
from django.core import signing
from django.test import Client

from kernel.devices import COOKIE, SALT
from kernel.models import ThrottleCounter
from kernel.requests import network_of
from kernel.throttling import forget_old_windows
from tests.factories import PASSWORD, make_user

NOON = dt.datetime(2026, 1, 20, 4, tzinfo=dt.UTC)
OWNER, OTHERS = "192.0.2.1", [f"198.51.100.{number}" for number in range(1, 10)]
RATES = {
    "login_name": "5/min",
    "login_name_everywhere": "20/min",
    "login_address": "20/min",
    "login_failures": "600/min",
}


@pytest.fixture(autouse=True)
def limits(settings, db):
    settings.CSPACE_THROTTLE, settings.CSPACE_TRUSTED_PROXIES = True, 1
    settings.CSPACE_THROTTLE_RATES = RATES
    with time_machine.travel(NOON, tick=False):
        yield


class Json:
    """The API's login."""

    def __init__(self):
        self.client = Client(raise_request_exception=False)

    def __call__(self, name, password="x", address=OWNER):
        headers = {"X-Forwarded-For": address}
        body = {"username": name, "password": password}
        path = "/api/v1/auth/token/"
        return self.client.post(path, body, content_type="application/json", headers=headers).status_code


class Form(Json):
    """The admin's, in the same words."""

    def __call__(self, name, password="x", address=OWNER):
        body = {"username": name, "password": password}
        answer = self.client.post("/admin/login/", body, headers={"X-Forwarded-For": address})
        if answer.status_code == 302:
            return 200
        assert answer.status_code == 200
        return 429 if b"Too many requests" in answer.content else 401


@pytest.fixture(params=[Json, Form])
def door(request):
    """Each call is another browser."""
    return request.param


def exhaust(door, name, addresses=OTHERS):
    return [door()(name, address=address) for address in addresses for _ in range(5)]


def test_wrong_logins_of_others_keep_nobody_out_of_his_own_network(door, cspace):
    assert [door()(cspace.username, address=OTHERS[0]) for _ in range(7)] == [401] * 5 + [429] * 2
    assert door()(cspace.username, PASSWORD) == 200
    assert door()(cspace.username, PASSWORD, address=OTHERS[0]) == 429


def test_all_networks_together_have_a_wider_limit(door, cspace):
    assert exhaust(door, cspace.username) == [401] * 20 + [429] * 25
    assert door()(cspace.username, PASSWORD) == 429  # from where the name has never been
    with time_machine.travel(NOON + dt.timedelta(minutes=1), tick=False):
        assert door()(cspace.username, PASSWORD) == 200


def test_a_network_that_logged_the_name_in_before_is_let_through(door, cspace):
    assert door()(cspace.username, PASSWORD) == 200
    exhaust(door, cspace.username)
    assert door()(cspace.username, PASSWORD) == 200
    assert door()("somebody-else", PASSWORD) == 401
    # Its own wrong passwords still count for it.
    assert [door()(cspace.username) for _ in range(6)] == [401] * 5 + [429]


def test_a_device_that_logged_the_name_in_before_is_let_through_wherever_it_is(door, cspace):
    browser = door()
    assert browser(cspace.username, PASSWORD) == 200
    exhaust(door, cspace.username)
    exhaust(door, cspace.username, [OWNER])  # others behind the same address
    assert browser(cspace.username, PASSWORD) == 200
    assert browser(cspace.username, PASSWORD, address="203.0.113.9") == 200
    assert door()(cspace.username, PASSWORD, address="203.0.113.10") == 429
    # It is counted by itself.
    assert [browser(cspace.username) for _ in range(6)] == [401] * 5 + [429]


def test_a_known_device_and_a_known_network_pass_the_limit_of_everybody(door, cspace, settings):
    settings.CSPACE_THROTTLE_RATES = RATES | {"login_failures": "3/min"}
    browser = door()
    assert browser(cspace.username, PASSWORD) == 200
    assert [door()(f"name-{number}", address=OTHERS[number]) for number in range(5)] == [401] * 3 + [429] * 2
    assert browser(cspace.username, PASSWORD, address="203.0.113.9") == 200
    assert door()(cspace.username, PASSWORD) == 200
    assert door()(cspace.username, PASSWORD, address="203.0.113.10") == 429


def test_the_doors_know_each_others_devices(cspace):
    browser, page = Json(), Form()
    assert browser(cspace.username, PASSWORD) == 200
    page.client = browser.client
    exhaust(Json, cspace.username)
    assert page(cspace.username, PASSWORD, address="203.0.113.9") == 200


def test_a_device_is_known_for_its_names_only_and_not_for_ever(cspace, member):
    browser = Json()
    assert (browser(cspace.username, PASSWORD), browser(member.username, PASSWORD)) == (200, 200)
    for user in (cspace, member):
        exhaust(Json, user.username)
        assert browser(user.username, PASSWORD, address="203.0.113.9") == 200
    make_user("victim")
    exhaust(Json, "victim")
    assert browser("victim", PASSWORD, address="203.0.113.9") == 429
    with time_machine.travel(NOON + dt.timedelta(days=31), tick=False):
        exhaust(Json, member.username)
        assert browser(member.username, PASSWORD) == 429


def test_a_cookie_says_no_name_and_forged_ones_are_none(member):
    browser = Json()
    assert browser(member.username, PASSWORD) == 200
    cookie = browser.client.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert all(member.username not in str(part) for part in signing.loads(cookie.value, salt=SALT))
    exhaust(Json, member.username)
    exhaust(Json, member.username, [OWNER])
    for value in ("", "x", cookie.value[:-1], "é", signing.dumps([["a", "b"]], salt="another"), "x" * 5000):
        other = Json()
        other.client.cookies[COOKIE] = value
        assert other(member.username, PASSWORD) == 429
    for _ in range(9):
        name = make_user().username
        assert browser(name, PASSWORD, address="203.0.113.10") == 200
    assert len(signing.loads(browser.client.cookies[COOKIE].value, salt=SALT)) == 5


def test_nothing_makes_a_network_or_device_known_but_the_right_password(door, cspace):
    """Neither a form without a password nor a wrong one; nor does the answer tell which names there are."""
    make_user("gone", is_active=False)
    for name in (cspace.username, "nobody", "gone"):
        browser = door()
        assert browser(name, "") in (400, 401)
        assert browser(name) == 401
        assert COOKIE not in browser.client.cookies
        assert browser(name, PASSWORD if name == "gone" else "x") == 401
    assert not ThrottleCounter.objects.filter(key__startswith="known:").exists()


def test_what_is_known_of_networks_names_nobody_and_is_forgotten(member):
    assert Json()(member.username, PASSWORD) == 200
    (row,) = ThrottleCounter.objects.filter(key__startswith="known:")
    assert not any(word in row.key for word in (member.username, OWNER))
    for days, kept in ((1, 1), (30, 1), (31, 0)):
        forget_old_windows(now=NOON + dt.timedelta(days=days))
        assert ThrottleCounter.objects.filter(key__startswith="known:").count() == kept
    assert not ThrottleCounter.objects.exists()


def test_a_name_is_the_same_in_any_case(member):
    assert [Json()(name) for name in ("member", "MEMBER", "Member") * 2] == [401] * 5 + [429]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (None, "unknown"),
    ],
)
def test_a_network(address, network):
    assert network_of(address) == network
