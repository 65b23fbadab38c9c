"""A key for a username or an address: whose password it has to be."""

import pytest

from accounts.models import AccessKey
from accounts.queries.people import person_called
from accounts.services.access_keys import log_in_for_key
from kernel import clock
from kernel.errors import NotAuthenticated
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def log_in(name, password=PASSWORD):
    user, _ = log_in_for_key(name=name, password=password, now=clock.now())
    return user.username


def test_a_name_or_an_address_in_any_case():
    make_user("ada", email="Ada@example.edu")
    assert [log_in(name) for name in ("ada", "Ada@example.edu", "ada@EXAMPLE.edu")] == ["ada"] * 3
    assert AccessKey.objects.count() == 3


def test_a_username_comes_before_an_address():
    make_user("ada", email="bob@example.edu")
    make_user("bob@example.edu")
    assert log_in("bob@example.edu") == "bob@example.edu"


def test_an_address_that_people_share_is_nobodys():
    for name in ("ada", "bob"):
        make_user(name, email="office@example.edu")
    with pytest.raises(NotAuthenticated):
        log_in("office@example.edu")
    assert person_called("office@example.edu") is None


def test_whoever_is_deactivated_is_not_found():
    make_user("ada", email="ada@example.edu", is_active=False)
    make_user("bob", email="ada@example.edu")
    assert log_in("ada@example.edu") == "bob"
    with pytest.raises(NotAuthenticated):
        log_in("ada")


@pytest.mark.parametrize(("name", "password"), [("", PASSWORD), ("ada", ""), ("ada", "wrong")])
def test_no_key_is_made_for_anybody_else(name, password):
    make_user("ada")
    with pytest.raises(NotAuthenticated):
        log_in(name, password)
    assert not AccessKey.objects.exists()
