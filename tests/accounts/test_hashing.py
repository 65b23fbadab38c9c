"""Passwords are hashed two at a time; one more is told to come back, whichever way it comes."""

from contextlib import ExitStack

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password
from django.test import Client

from accounts.models import User
from accounts.services.hashing import AT_ONCE, TooManyPasswordsAtOnce, hashing
from kernel.models import ThrottleCounter
from tests.factories import make_user

PASSWORD, OTHER = "a password of one's own", "quite another phrase"
BUSY = "Too many people are logging in at this moment, please try again"


@pytest.fixture
def real_hashers(quick_passwords, settings):
    """Those of production, in which the limit stands."""
    settings.PASSWORD_HASHERS = ["accounts.services.hashing.Argon2", "accounts.services.hashing.PBKDF2"]


@pytest.fixture
def root(db, real_hashers):
    user = make_user("root", is_superuser=True, is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def browser(root):
    client = Client(raise_request_exception=False)
    client.force_login(root)
    return client


@pytest.fixture
def full():
    """All places are taken."""
    with ExitStack() as places:
        for _ in range(AT_ONCE):
            places.enter_context(hashing())
        yield


def log_in(api, browser, root):
    return api().post("auth/token/", {"username": "root", "password": PASSWORD})


def log_in_as_nobody(api, browser, root):
    return api().post("auth/token/", {"username": "nobody", "password": PASSWORD})


def log_in_to_the_admin(api, browser, root):
    return Client(raise_request_exception=False).post("/admin/login/", {"username": "root", "password": PASSWORD})


def change_own_password(api, browser, root):
    words = {"old_password": PASSWORD, "new_password1": OTHER, "new_password2": OTHER}
    return browser.post("/admin/password_change/", words)


@pytest.mark.parametrize("ask", [log_in, log_in_as_nobody, log_in_to_the_admin, change_own_password])
def test_one_login_too_many_is_told_to_come_back(api, browser, root, full, ask):
    response = ask(api, browser, root)
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert BUSY in response.content.decode()


@pytest.mark.parametrize("ask", [log_in, log_in_to_the_admin])
def test_a_login_that_was_not_looked_at_is_no_try(api, browser, root, full, settings, ask):
    settings.CSPACE_THROTTLE = True
    assert ask(api, browser, root).status_code == 503
    assert set(ThrottleCounter.objects.values_list("tries", flat=True)) == {0}


@pytest.fixture
def person(root):
    return make_user("ada")


def test_a_password_for_somebody_else_is_refused_in_words_and_not_set(browser, person, full):
    before = User.objects.get(pk=person.pk).password
    page = browser.post(f"/admin/accounts/user/{person.pk}/password/", {"password1": OTHER, "password2": OTHER})
    assert BUSY in page.content.decode()
    assert User.objects.get(pk=person.pk).password == before


def test_there_is_room_again_after_a_hash_and_after_a_fault(api, browser, root):
    for _ in range(AT_ONCE + 2):
        assert log_in(api, browser, root).status_code == 200
        assert log_in_as_nobody(api, browser, root).status_code == 401
        with pytest.raises(TypeError), hashing():
            raise TypeError


def test_an_old_hash_counts_too(real_hashers, settings, full):
    settings.PASSWORD_HASHERS = ["accounts.services.hashing.PBKDF2"]
    for call in (lambda: make_password(PASSWORD), lambda: check_password(PASSWORD, OLD)):
        with pytest.raises(TooManyPasswordsAtOnce):
            call()


OLD = "pbkdf2_sha256$1$salt$5a5hBmvFCFkDmBwEDmGZWtGHdB2Kwqtd2TFB4IFpCZI="


def test_hashes_are_read_as_before(real_hashers):
    assert check_password(PASSWORD, make_password(PASSWORD))
    assert make_password(PASSWORD).startswith("argon2$argon2id$")
    assert make_password(PASSWORD, hasher="pbkdf2_sha256").startswith("pbkdf2_sha256$")
    assert make_password(PASSWORD).split("$")[3].endswith("p=1")


def test_a_hash_of_eight_lanes_is_still_read(api, root):
    class EightLanes(Argon2PasswordHasher):
        parallelism = 8

    User.objects.filter(pk=root.pk).update(password=EightLanes().encode(PASSWORD, "twelve-letters"))
    assert log_in(api, None, root).status_code == 200
