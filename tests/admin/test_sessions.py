"""Sessions of the admin: they end when they are idle, and with all other sessions of the person."""

import datetime as dt
import logging

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.services.people import change_user, set_password
from accounts.services.sessions import end_all_sessions
from kernel import clock
from kernel.admin.site import CSpaceAdminSite
from tests.factories import PASSWORD, make_user

NOON = dt.datetime(2026, 1, 20, 4, tzinfo=dt.UTC)
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
NEW = "another long one 77"


def is_inside(client):
    response = client.get("/admin/")
    assert response.status_code == 200 or response["Location"].startswith("/admin/login/")
    return response.status_code == 200


def deactivate_and_back(user, by):
    change_user(user_id=user.pk, by=by, now=clock.now(), is_active=False)
    change_user(user_id=user.pk, by=by, now=clock.now(), is_active=True)


ENDS = {
    "all sessions ended": lambda user, by: end_all_sessions(user=user, now=clock.now()),
    "deactivated and activated again": deactivate_and_back,
    "a password set by somebody else": lambda user, by: set_password(
        user_id=user.pk, by=by, now=clock.now(), password=NEW
    ),
    "the same password set again": lambda user, by: set_password(
        user_id=user.pk, by=by, now=clock.now(), password=PASSWORD
    ),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_session_ends_with_all_others(how, admin, cspace):
    assert is_inside(admin)
    ENDS[how](cspace, make_user("root", is_superuser=True))
    assert not is_inside(admin)


def test_ones_own_new_password_ends_every_other_browser(admin, cspace, browser):
    other = browser(cspace)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert admin.post("/admin/password_change/", form).status_code == 302
    assert (is_inside(admin), is_inside(other)) == (True, False)


def test_somebody_elses_end_is_not_ones_own(admin, cspace_admin, browser):
    other = browser(cspace_admin)
    end_all_sessions(user=cspace_admin, now=clock.now())
    assert (is_inside(admin), is_inside(other)) == (True, False)


def test_a_session_that_is_used_lives_and_an_idle_one_ends(db, cspace, browser):
    with time_machine.travel(NOON, tick=False) as time:
        used, idle = browser(cspace), browser(cspace)
        assert is_inside(used)
        assert is_inside(idle)
        for _ in range(4):
            time.shift(HOUR - MINUTE)
            assert is_inside(used)
        assert not is_inside(idle)
        time.shift(HOUR + MINUTE)
        assert not is_inside(used)


def test_the_browser_is_told_the_idle_time(admin):
    assert admin.get("/admin/").cookies["sessionid"]["max-age"] == 3600


def test_pages_of_nobody_make_no_sessions(db):
    Client().get("/admin/login/")
    Client().get("/admin/")
    assert Session.objects.count() == 0


def test_the_log_says_that_a_session_was_over(admin, cspace, caplog):
    with caplog.at_level(logging.INFO, logger="cspace.auth"):
        assert is_inside(admin)
        Client().get("/admin/", follow=True)
        Session.objects.update(expire_date=clock.now() - MINUTE)
        admin.get("/admin/", follow=True)
    assert [record.getMessage() for record in caplog.records] == ["auth.session_expired"]


def test_a_page_whose_session_ended_meanwhile_is_still_answered(admin, cspace, monkeypatch):
    """Logged out in another window while this page was made."""

    each_context = CSpaceAdminSite.each_context

    def context_and_end(self, request):
        Session.objects.all().delete()
        return each_context(self, request)

    monkeypatch.setattr(CSpaceAdminSite, "each_context", context_and_end)
    assert admin.get("/admin/").status_code == 200
    assert not is_inside(admin)
