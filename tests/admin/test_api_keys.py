"""API keys in the admin: made for anybody, shown once, revoked."""

import datetime as dt
import re

import pytest

from accounts.models import AccessKey
from accounts.services.access_keys import issue_api_key
from auditlog.models import LogEntry
from groups.queries.api_keys import api_key_in, asking_for_api_key
from kernel import clock
from kernel.campus_time import campus_date, wall_instant
from kernel.db.batch import ask
from tests.admin.pages import act, actions, errors, said, save, sections
from tests.admin.pages import ask as choose
from tests.factories import make_user

PAGE = "accounts/accesskey"
LIST = f"/admin/{PAGE}/"
TYPED = "a-token-that-I-have-typed"
SHOWN = re.compile(r"<code[^>]*>([^<]+)</code>")
pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return make_user("ada")


def form(**more):
    return {"username": "ada", "name": "The door sign", "permissions": ["events"]} | more


def shown(response):
    (token,) = SHOWN.findall(response.content.decode())
    return token


def holder_of(token):
    return api_key_in(ask(asking_for_api_key(token)), clock.now())


def test_a_key_is_made_for_somebody_and_shown_once(admin, cspace, person):
    response = save(admin, f"{LIST}add/", form(permissions=["clear", "events"]))
    token = shown(response)
    assert re.fullmatch("[0-9a-f]{40}", token)
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    holder = holder_of(token)
    key = AccessKey.objects.get()
    assert (holder.user, holder.key_id, holder.permissions) == (person, key.pk, {"events", "clear"})
    assert (key.name, key.prefix, key.issued_by, key.expires_at) == ("The door sign", token[:6], cspace, None)
    pages = [LIST, f"{LIST}{key.pk}/change/", f"{LIST}{key.pk}/history/", "/admin/auditlog/logentry/", "/admin/"]
    assert [page for page in pages if token in admin.get(page).content.decode()] == []
    assert token not in str([admin.cookies, dict(admin.session)])
    assert token not in str(list(LogEntry.objects.values_list("details", "target")))


def test_a_token_may_be_typed(admin, person):
    assert shown(save(admin, f"{LIST}add/", form(token=TYPED))) == TYPED
    assert holder_of(TYPED).user == person


@pytest.mark.parametrize(
    ("token", "is_free"), [("<script>alert(1)</script>", True), ("x" * 200, True), (f" {TYPED}", False)]
)
def test_a_token_is_taken_as_it_stands(admin, person, token, is_free):
    response = save(admin, f"{LIST}add/", form(token=token))
    assert AccessKey.objects.exists() is is_free
    if is_free:
        assert holder_of(token).user == person
        assert b"<script>alert(1)" not in response.content
    else:
        assert list(errors(response)) == ["token"]


@pytest.mark.parametrize(("time", "minute"), [("", 1440), ("24:00", 1440), ("09:30", 570)])
def test_it_ends_on_the_campus_clock(admin, person, time, minute):
    day = campus_date(clock.now()) + dt.timedelta(days=30)
    save(admin, f"{LIST}add/", form(ends_on=str(day), ends_at=time))
    assert AccessKey.objects.get().expires_at == wall_instant(day, minute)


@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        ({"username": "nobody"}, {"username": ["Unknown user"]}),
        ({"username": ""}, {"username": ["This field is required."]}),
        ({"name": ""}, {"name": ["This field is required."]}),
        ({"name": "n" * 101}, {"name": ["Ensure this value has at most 100 characters (it has 101)."]}),
        ({"permissions": []}, {"permissions": ["This field is required."]}),
        (
            {"permissions": ["all"]},
            {"permissions": ["Select a valid choice. all is not one of the available choices."]},
        ),
        ({"token": "secrettoken"}, {"token": ["Must have at least 20 characters"]}),
        ({"token": TYPED}, {"token": ["Some key has this token already: choose another one"]}),
        ({"ends_on": "2026-01-20"}, {"ends_on": ["Must lie in the future"]}),
        ({"ends_on": "9998-12-31"}, {"ends_on": ["Must lie within a hundred years"]}),
        ({"ends_on": "9999-12-31"}, {"ends_at": ["This date is out of range"]}),
        ({"ends_on": "2026-02-30"}, {"ends_on": ["Enter a valid date."]}),
        ({"ends_at": "12:00"}, {"ends_on": ["Choose the day, too"]}),
    ],
)
def test_what_is_refused(admin, cspace, person, typed, faults):
    issue_api_key(by=cspace, now=clock.now(), user_id=cspace.pk, name="x", permissions=["clear"], token=TYPED)
    before = actions()
    assert errors(admin.post(f"{LIST}add/", form(**typed))) == faults
    assert (AccessKey.objects.count(), actions()) == (1, before)


def test_nobody_inactive_is_given_one(admin):
    make_user("ada", is_active=False)
    assert errors(admin.post(f"{LIST}add/", form())) == {"username": ["Unknown user"]}


def test_a_key_is_revoked_after_it_was_asked(admin, cspace, person):
    token = shown(save(admin, f"{LIST}add/", form()))
    key = AccessKey.objects.get()
    asking = choose(admin, PAGE, "revoke", key)
    assert sections(asking) == {"ada: The door sign": ["Access key revoked: name The door sign, scope api"]}
    assert holder_of(token).user == person
    act(admin, PAGE, "revoke", key)
    assert holder_of(token) is None
    assert actions() == ["access_key.issued", "access_key.revoked"]
    assert said(choose(admin, PAGE, "revoke", key)) == ["ada: The door sign: It has been revoked already"]


def test_the_list_tells_keys_apart(admin, cspace, person):
    now = clock.now()
    for name in ("Door", "Clock"):
        key = issue_api_key(by=cspace, now=now, user_id=person.pk, name=name, permissions=["events", "clear"])
        AccessKey.objects.filter(pk=key.key_id).update(last_used_at=now)
        html = admin.get(f"{LIST}?q={name}").content.decode()
        assert [word for word in (name, key.token[:6], "events, clear") if word not in html] == []
    assert admin.get(f"{LIST}?q={key.token[:6]}").context["cl"].result_count == 1
    headings = re.findall(r"Opens for|May|Last used", html)
    assert {"Opens for", "May", "Last used"} <= set(headings)


def test_a_stranger_makes_none(stranger, browser, person):
    response = browser(stranger).post(f"{LIST}add/", form())
    assert response["Location"].startswith("/admin/login/")
    assert not AccessKey.objects.exists()
