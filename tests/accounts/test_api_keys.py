"""API keys: a person's for his scripts (contract of Room Booking §2, §7)."""

import datetime as dt
import hashlib
import logging
import re

import pytest

from accounts.enums import ApiPermission, DeadKey, KeyScope
from accounts.models import AccessKey
from accounts.queries.access_keys import KeyHolder, asking_for_key, key_in
from accounts.services.access_keys import (
    ApiKeyNotFound,
    NotAnApiKey,
    TokenIsTaken,
    api_key_try,
    forget_dead_keys,
    issue_api_key,
    issue_key,
    noting_use,
    revoke_api_key,
)
from accounts.services.people import change_user, set_password
from auditlog.models import LogEntry
from groups.queries.api_keys import api_key_in, asking_for_api_key
from groups.queries.key_bearers import key_bearer
from groups.services.joining import join_group
from kernel.db.batch import Statement, ask, send
from kernel.errors import Invalid, NotAuthenticated, PermissionDenied, RateLimited
from kernel.models import ThrottleCounter
from tests.factories import join, make_group, make_user

NOON = dt.datetime(2026, 1, 20, 4, tzinfo=dt.UTC)
DAY, SECOND, LEAST = dt.timedelta(days=1), dt.timedelta(seconds=1), dt.timedelta.resolution
BOTH = ("events", "clear")
TYPED = "a-token-that-I-have-typed"
TOO_SHORT = "Must have at least 20 characters"
NO_HEADER = "Must be printable ASCII characters without spaces: it is sent in a header"
NOT_VISIBLE = "Control, bidirectional and invisible characters are not allowed"
pytestmark = pytest.mark.django_db


def issue(person, **more):
    values = {"by": person, "now": NOON, "user_id": person.pk, "name": "The door sign", "permissions": BOTH}
    return issue_api_key(**values | more)


def holder_of(token, now=NOON):
    return api_key_in(ask(asking_for_api_key(token)), now)


def log():
    return list(LogEntry.objects.order_by("id").values_list("action", "actor_id", "target", "details"))


# --- issuing ------------------------------------------------------------------------------------------------


def test_only_the_digest_of_a_key_is_kept_and_how_it_begins():
    person = make_user()
    key = issue(person, lifetime=DAY)
    assert re.fullmatch("[0-9a-f]{40}", key.token)
    row = AccessKey.objects.get(pk=key.key_id)
    assert bytes(row.digest) == hashlib.sha256(key.token.encode()).digest()
    assert (row.scope, row.user, row.token_version, row.group_id) == ("api", person, None, None)
    assert (row.name, row.prefix, row.permissions) == ("The door sign", key.token[:6], ["events", "clear"])
    assert (row.created_at, row.expires_at, key.expires_at) == (NOON, NOON + DAY, NOON + DAY)
    assert (row.issued_by, row.revoked_at, row.last_used_at) == (person, None, None)


def test_the_log_says_what_it_is_called_and_what_it_may():
    person = make_user()
    key = issue(person, permissions=["clear"])
    revoke_api_key(by=person, now=NOON + DAY, key_id=key.key_id)
    about = {"scope": "api", "user_id": person.pk, "name": "The door sign"}
    assert log() == [
        ("access_key.issued", person.pk, f"access_key:{key.key_id}", about | {"permissions": ["clear"]}),
        ("access_key.revoked", person.pk, f"access_key:{key.key_id}", about),
    ]


@pytest.mark.parametrize(
    ("kept", "sent"),
    [
        ({"name": "Door"}, {"name": "  Door\ufe0f "}),
        ({"name": "n" * 100}, {"name": "n" * 100}),
        ({"permissions": ["events", "clear"]}, {"permissions": ["clear", "events", "clear"]}),
        ({"permissions": ["events"]}, {"permissions": frozenset([ApiPermission.EVENTS])}),
        ({"prefix": "a-toke"}, {"token": TYPED}),
        ({"prefix": "!~!~!~"}, {"token": "!~" * 10}),
        ({"prefix": "xxxxxx"}, {"token": "x" * 200}),
        ({"expires_at": None}, {}),
        ({"expires_at": NOON + LEAST}, {"lifetime": LEAST}),
    ],
)
def test_what_is_kept_of_what_was_sent(kept, sent):
    key = issue(make_user(), **sent)
    row = AccessKey.objects.get()
    assert {name: getattr(row, name) for name in kept} == kept
    assert key.token == sent.get("token", key.token)
    assert holder_of(key.token).key_id == row.pk


@pytest.mark.parametrize(
    ("sent", "faults"),
    [
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": " \t "}, {"name": ["This field may not be blank."]}),
        ({"name": "n" * 101}, {"name": ["This name is too long"]}),
        *(({"name": f"a{odd}b"}, {"name": [NOT_VISIBLE]}) for odd in ("\x00", "\n", "\u200b", "\u202e", "\ud800")),
        ({"permissions": []}, {"permissions": ["Choose at least one permission"]}),
        ({"permissions": ["events", "all"]}, {"permissions": ["Unknown permission: all"]}),
        ({"permissions": ["b", "A", "b"]}, {"permissions": ["Unknown permission: A", "Unknown permission: b"]}),
        ({"lifetime": -SECOND}, {"expires_at": ["Must lie in the future"]}),
        ({"lifetime": dt.timedelta(0)}, {"expires_at": ["Must lie in the future"]}),
        ({"lifetime": dt.timedelta.max}, {"expires_at": ["Must lie within a hundred years"]}),
        ({"token": ""}, {"token": ["This field may not be blank."]}),
        ({"token": "secrettoken"}, {"token": [TOO_SHORT]}),
        ({"token": "x" * 19}, {"token": [TOO_SHORT]}),
        ({"token": "x" * 201}, {"token": ["Must have at most 200 characters"]}),
        *(({"token": f"{TYPED}{odd}"}, {"token": [NO_HEADER]}) for odd in (" ", "\n", "\x00", "\x7f", "é", "\ud800")),
        ({"token": "ä"}, {"token": [NO_HEADER, TOO_SHORT]}),
        (
            {"name": "", "permissions": [], "lifetime": -SECOND, "token": "x"},
            {
                "name": ["This field may not be blank."],
                "permissions": ["Choose at least one permission"],
                "expires_at": ["Must lie in the future"],
                "token": [TOO_SHORT],
            },
        ),
        ({"user_id": 2**40}, {"user": ["Unknown user"]}),
    ],
)
def test_what_is_no_key_is_refused_all_at_once(sent, faults):
    person = make_user(is_superuser=True)
    with pytest.raises(Invalid) as refusal:
        issue(person, **sent)
    assert refusal.value.details == faults
    assert (AccessKey.objects.count(), log()) == (0, [])


@pytest.mark.parametrize(("token", "prefix"), [("secrettoken", ""), ("x", ""), ("x" * 19, ""), ("x" * 20, "xxxxxx")])
def test_in_development_a_token_may_be_as_short_as_in_the_document(settings, token, prefix):
    settings.DEBUG = True
    key = issue(make_user(), token=token)
    assert (key.token, AccessKey.objects.get().prefix) == (token, prefix)
    assert holder_of(token).key_id == key.key_id


@pytest.mark.parametrize("token", ["", " ", "secret token"])
def test_in_development_too_a_token_has_to_fit_a_header(settings, token):
    settings.DEBUG = True
    with pytest.raises(Invalid):
        issue(make_user(), token=token)


def test_a_token_that_some_key_has_already_is_refused():
    person, other = make_user(), make_user()
    issue(person, token=TYPED)
    of_devices = issue_key(scope=KeyScope.USER, by=other, now=NOON, user_id=other.pk).token
    count = AccessKey.objects.count(), len(log())
    for token in (TYPED, of_devices):
        with pytest.raises(TokenIsTaken) as refusal:
            issue(other, token=token)
        assert refusal.value.details == {"token": ["Some key has this token already: choose another one"]}
    assert (AccessKey.objects.count(), len(log())) == count
    assert holder_of(TYPED).user == person


def test_a_person_has_as_many_as_he_likes():
    person = make_user()
    tokens = [issue(person).token for _ in range(3)]
    assert [holder_of(token).user for token in tokens] == [person] * 3


@pytest.mark.parametrize(
    ("role", "whose", "is_allowed"),
    [
        ("stranger", "own", True),
        ("stranger", "cspace", False),
        ("group_admin", "member", False),
        ("cspace", "own", True),
        ("cspace", "stranger", True),
        ("cspace_admin", "stranger", True),
    ],
)
@pytest.mark.parametrize("deed", ["issues", "revokes"])
def test_who_issues_and_revokes_whose(request, role, whose, is_allowed, deed):
    by = request.getfixturevalue(role)
    owner = by if whose == "own" else request.getfixturevalue(whose)
    if deed == "issues":
        call = lambda: issue(by, user_id=owner.pk)  # noqa: E731
    else:
        key_id = issue(owner).key_id
        call = lambda: revoke_api_key(by=by, now=NOON, key_id=key_id)  # noqa: E731
    before = len(log())
    if is_allowed:
        call()
        assert [entry[1] for entry in log()[before:]] == [by.pk]
        assert AccessKey.objects.get().user == owner
    else:
        with pytest.raises(PermissionDenied):
            call()
        assert len(log()) == before
    assert AccessKey.objects.filter(revoked_at=None).exists() is ((deed == "issues") == is_allowed)


def test_nobody_inactive_is_given_a_key(cspace):
    with pytest.raises(Invalid) as refusal:
        issue(cspace, user_id=make_user(is_active=False).pk)
    assert refusal.value.details == {"user": ["Unknown user"]}


# --- who calls ----------------------------------------------------------------------------------------------


def test_one_question_says_all_that_a_call_needs(cspace, django_assert_num_queries):
    person, team, old = make_user(display_name="Ada L", email="ada@example.edu"), make_group(), make_group()
    join(person, team, "admin")
    join(person, old)
    old.archived_at = NOON
    old.save()
    key = issue(person, permissions=["clear"])
    with django_assert_num_queries(1):
        holder = holder_of(key.token)
        who = (holder.user.pk, holder.user.username, holder.user.display_name, holder.user.email)
        access, is_active = holder.user.access, holder.user.is_active
    assert (holder.key_id, holder.permissions) == (key.key_id, {ApiPermission.CLEAR})
    assert (who, is_active) == ((person.pk, person.username, "Ada L", "ada@example.edu"), True)
    person.forget_access()
    assert access == person.access
    assert (access.group_ids, access.admin_group_ids) == ({team.pk}, {team.pk})
    assert holder_of(issue(cspace).token).user.access.is_cspace
    assert holder_of(issue(make_user(is_superuser=True)).token).user.access.is_superuser
    with django_assert_num_queries(1):
        assert holder_of("0" * 40) is None


def test_a_key_opens_nothing_after_its_end(cspace_admin):
    person = make_user()
    for_a_day, for_good = issue(person, lifetime=DAY), issue(person)
    assert holder_of(for_a_day.token, NOON + DAY - LEAST).key_id == for_a_day.key_id
    assert holder_of(for_a_day.token, NOON + DAY) is None
    assert holder_of(for_good.token, NOON + 36_500 * DAY).key_id == for_good.key_id
    revoke_api_key(by=person, now=NOON, key_id=for_good.key_id)
    assert holder_of(for_good.token) is None
    before = log()
    revoke_api_key(by=person, now=NOON + DAY, key_id=for_good.key_id)
    assert AccessKey.objects.get(pk=for_good.key_id).revoked_at == NOON
    assert log() == before


def test_it_does_not_end_with_sessions_and_rests_while_its_user_is_inactive(cspace_admin):
    person = make_user()
    token = issue(person).token
    set_password(user_id=person.pk, by=cspace_admin, now=NOON, password="another horse")
    assert holder_of(token).user == person
    change_user(user_id=person.pk, by=cspace_admin, now=NOON, is_active=False)
    assert holder_of(token) is None
    assert key_in(ask(asking_for_key(token)), NOON) == DeadKey.INVALID
    change_user(user_id=person.pk, by=cspace_admin, now=NOON, is_active=True)
    assert holder_of(token).user == person


@pytest.mark.parametrize("token", ["", "0" * 40, "\ud800", "\x00", "x" * 100_000])
def test_what_is_no_key(token):
    issue(make_user())
    assert holder_of(token) is None


def test_no_other_key_is_an_api_key_and_an_api_key_is_no_other(team, group_admin):
    others = [
        issue_key(scope=KeyScope.USER, by=group_admin, now=NOON, user_id=group_admin.pk),
        issue_key(scope=KeyScope.SOCIETY, by=group_admin, now=NOON, group_id=team.pk),
        issue_key(scope=KeyScope.JOIN, by=group_admin, now=NOON, group_id=team.pk),
    ]
    assert [holder_of(key.token) for key in others] == [None] * 3
    token, comer = issue(group_admin).token, make_user()
    assert key_in(ask(asking_for_key(token)), NOON) == KeyHolder(KeyScope.API, group_admin.pk, None)
    with pytest.raises(NotAuthenticated):
        key_bearer(token, now=NOON)
    with pytest.raises(Invalid):
        join_group(token=token, by=comer, now=NOON)
    before = log()
    for key in others:
        with pytest.raises(NotAnApiKey):
            revoke_api_key(by=make_user(is_superuser=True), now=NOON, key_id=key.key_id)
    with pytest.raises(PermissionDenied):
        revoke_api_key(by=comer, now=NOON, key_id=others[1].key_id)
    with pytest.raises(ApiKeyNotFound):
        revoke_api_key(by=comer, now=NOON, key_id=2**40)
    assert log() == before


# --- when it was used ---------------------------------------------------------------------------------------


def test_its_last_use_is_noted_once_a_minute():
    key, other = issue(make_user()), issue(make_user())
    moments = [0, 0.5, 59.999999, 60, 61, 30, 119.999999, 120, 3600]
    noted = []
    for seconds in moments:
        now = NOON + dt.timedelta(seconds=seconds)
        rows, _ = send(asking_for_api_key(key.token), noting_use(key.key_id, now))
        assert api_key_in(rows, now).key_id == key.key_id
        noted.append((AccessKey.objects.get(pk=key.key_id).last_used_at - NOON).total_seconds())
    assert noted == [0, 0, 0, 60, 60, 60, 60, 120, 3600]
    assert AccessKey.objects.get(pk=other.key_id).last_used_at is None


# --- how often ----------------------------------------------------------------------------------------------


def test_each_key_has_its_own_throttle_and_no_key_has_none(settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = settings.CSPACE_THROTTLE_RATES | {"api_key": "2/min"}
    person = make_user()
    key, other, ended = issue(person), issue(person), issue(person)
    revoke_api_key(by=person, now=NOON, key_id=ended.key_id)
    now = NOON + 20 * SECOND

    def call(token):
        api_key_try(token, now=now).count()

    call(key.token)
    call(key.token)
    with pytest.raises(RateLimited) as refusal:
        call(key.token)
    assert refusal.value.retry_after == 40
    call(other.token)
    assert ThrottleCounter.objects.count() == 2
    for _ in range(3):
        call("0" * 40)
        call(ended.token)
    assert ThrottleCounter.objects.count() == 2
    settings.CSPACE_THROTTLE = False
    assert api_key_try(key.token, now=now) is None


def test_who_calls_and_how_often_are_asked_in_one_round_trip(settings):
    settings.CSPACE_THROTTLE = True
    key = issue(make_user())
    rows, tries = send(asking_for_api_key(key.token), api_key_try(key.token, now=NOON).statement)
    assert api_key_in(rows, NOON).key_id == key.key_id
    assert tries == [(1,)]


# --- secrecy and the end ------------------------------------------------------------------------------------


def test_nothing_tells_a_token(cspace, caplog, django_capture_on_commit_callbacks):
    caplog.set_level(logging.DEBUG)
    person = make_user()
    with django_capture_on_commit_callbacks(execute=True):
        keys = [issue(person), issue(cspace, user_id=person.pk, token=TYPED)]
        with pytest.raises(TokenIsTaken) as refusal:
            issue(person, token=TYPED)
        revoke_api_key(by=cspace, now=NOON, key_id=keys[0].key_id)
    trail = [vars(each) for each in caplog.records if each.name == "cspace.auth"]
    assert [(each["msg"], each["actor_id"], each["scope"], each["user_id"]) for each in trail] == [
        ("access_key.issued", person.pk, "api", person.pk),
        ("access_key.issued", cspace.pk, "api", person.pk),
        ("access_key.revoked", cspace.pk, "api", person.pk),
    ]
    (stored,) = send(Statement("SELECT accounts_accesskey::text FROM accounts_accesskey"))
    holders = [holder_of(key.token) for key in keys]
    said = str((stored, trail, log(), holders, keys, refusal.value.details, str(refusal.value)))
    assert [key.token for key in keys if key.token in said] == []
    assert "The door sign" not in str(trail)


@pytest.mark.parametrize(
    ("is_kept", "life"),
    [
        (True, {}),
        (True, {"expires_at": NOON + 31 * DAY}),
        (True, {"revoked_at": NOON + DAY}),
        (False, {"revoked_at": NOON + DAY - LEAST}),
        (False, {"expires_at": NOON + DAY - LEAST}),
    ],
)
def test_a_dead_key_is_forgotten_a_month_later(is_kept, life):
    person = make_user()
    issue(person)
    AccessKey.objects.update(**life)
    person.token_version += 1
    person.save()
    assert forget_dead_keys(now=NOON + 31 * DAY) == (not is_kept)
    assert AccessKey.objects.exists() is is_kept
