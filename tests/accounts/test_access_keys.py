"""Access keys: one mechanism for those of people, of societies, and those that let people into a group."""

import datetime as dt
import hashlib
import logging
import re

import pytest
from django.db import connection

from accounts.enums import DeadKey, KeyScope
from accounts.models import AccessKey
from accounts.queries.access_keys import KeyHolder, asking_for_key, key_in
from accounts.services.access_keys import issue_key, revoke_keys
from accounts.services.people import change_user, set_password
from auditlog.models import LogEntry
from kernel import clock
from kernel.db.batch import ask
from kernel.errors import PermissionDenied
from tests.factories import make_user

WEEK = dt.timedelta(days=7)


def holder_of(token, now=None):
    return key_in(ask(asking_for_key(token)), now or clock.now())


def issue(person, scope=KeyScope.USER, **more):
    holder = {"user_id": person.pk} if scope == KeyScope.USER else {"group_id": 5}
    return issue_key(scope=scope, by=person, now=clock.now(), **holder | more).token


def log():
    return list(LogEntry.objects.order_by("id").values_list("action", "actor_id", "target", "details"))


def test_a_key_says_whose_it_is_and_only_its_digest_is_kept(db):
    person, now = make_user(), clock.now()
    key = issue_key(scope=KeyScope.SOCIETY, by=person, now=now, group_id=5, lifetime=WEEK)
    assert re.fullmatch(r"[0-9a-f]{40}", key.token)
    assert key.expires_at == now + WEEK
    assert holder_of(key.token) == KeyHolder(KeyScope.SOCIETY, user_id=None, group_id=5)
    row = AccessKey.objects.get()
    assert bytes(row.digest) == hashlib.sha256(key.token.encode()).digest()
    assert (row.issued_by, row.created_at, row.expires_at, row.revoked_at) == (person, now, now + WEEK, None)
    assert log() == [("access_key.issued", person.pk, f"access_key:{row.pk}", {"scope": "society", "group_id": 5})]
    assert key.token not in repr(key)


def test_a_person_has_one_for_each_device_and_ends_all_of_them_at_once(db):
    person, other = make_user(), make_user()
    tokens = [issue(person), issue(person)]
    others = issue(other)
    assert [holder_of(token) for token in tokens] == [KeyHolder(KeyScope.USER, person.pk, None)] * 2
    assert revoke_keys(scope=KeyScope.USER, now=clock.now(), by=person, user_id=person.pk) == 2
    assert [holder_of(token) for token in tokens] == [DeadKey.INVALID] * 2
    assert holder_of(others) == KeyHolder(KeyScope.USER, other.pk, None)
    ids = AccessKey.objects.filter(user=person).order_by("pk").values_list("pk", flat=True)
    details = {"scope": "user", "user_id": person.pk}
    revoked = [("access_key.revoked", person.pk, f"access_key:{key}", details) for key in ids]
    assert [entry for entry in log() if entry[0] == "access_key.revoked"] == revoked
    assert revoke_keys(scope=KeyScope.USER, now=clock.now(), by=person, user_id=person.pk) == 0
    assert len(log()) == 5


def test_a_group_has_one_of_each_scope(db):
    person = make_user()
    society, join = issue(person, KeyScope.SOCIETY), issue(person, KeyScope.JOIN)
    elsewhere = issue(person, KeyScope.SOCIETY, group_id=6)
    second = issue(person, KeyScope.SOCIETY)
    assert holder_of(society) == DeadKey.INVALID
    assert holder_of(second) == KeyHolder(KeyScope.SOCIETY, None, 5)
    assert holder_of(join) == KeyHolder(KeyScope.JOIN, None, 5)
    assert holder_of(elsewhere) == KeyHolder(KeyScope.SOCIETY, None, 6)
    assert [entry[0] for entry in log()] == ["access_key.issued"] * 3 + ["access_key.replaced"]
    assert revoke_keys(scope=KeyScope.SOCIETY, now=clock.now(), by=person, group_id=5) == 1
    assert [holder_of(token) for token in (second, join)] == [DeadKey.INVALID, KeyHolder(KeyScope.JOIN, None, 5)]
    assert holder_of(issue(person, KeyScope.SOCIETY)) == KeyHolder(KeyScope.SOCIETY, None, 5)
    assert [entry[0] for entry in log()][4:] == ["access_key.revoked", "access_key.issued"]


def test_a_key_expires_to_the_second(db):
    person, now = make_user(), clock.now()
    token = issue_key(scope=KeyScope.JOIN, by=person, now=now, group_id=5, lifetime=WEEK).token
    assert holder_of(token, now + WEEK - dt.timedelta(microseconds=1)) == KeyHolder(KeyScope.JOIN, None, 5)
    assert holder_of(token, now + WEEK) == DeadKey.EXPIRED
    issue(person, KeyScope.JOIN)
    assert holder_of(token, now + WEEK) == DeadKey.INVALID
    assert holder_of(issue(person), now + dt.timedelta(days=36_500)) == KeyHolder(KeyScope.USER, person.pk, None)


def test_what_ends_the_sessions_of_a_person_ends_his_keys(db):
    admin = make_user(is_superuser=True)
    person = make_user()
    token = issue(person)
    set_password(user_id=person.pk, by=admin, now=clock.now(), password="another horse")
    assert holder_of(token) == DeadKey.INVALID
    # Who was found to be he by the old password just before, has a key that is as old.
    assert holder_of(issue(person)) == DeadKey.INVALID
    person.refresh_from_db()
    token = issue(person)
    assert holder_of(token) == KeyHolder(KeyScope.USER, person.pk, None)
    for is_active in (False, True):
        change_user(user_id=person.pk, by=admin, now=clock.now(), is_active=is_active)
        assert holder_of(token) == DeadKey.INVALID


def test_nobody_gets_the_key_of_somebody_else(db):
    person, other = make_user(), make_user()
    with pytest.raises(PermissionDenied):
        issue_key(scope=KeyScope.USER, by=person, now=clock.now(), user_id=other.pk)
    assert (AccessKey.objects.count(), LogEntry.objects.count()) == (0, 0)


@pytest.mark.parametrize("token", ["", "0" * 40, "\ud800", "\x00", "x" * 100_000])
def test_what_is_no_key(db, token):
    issue(make_user())
    assert holder_of(token) == DeadKey.INVALID


def test_a_key_in_capitals_is_another(db):
    assert holder_of(issue(make_user()).upper()) == DeadKey.INVALID


def test_nothing_tells_a_key(db, caplog, django_capture_on_commit_callbacks):
    caplog.set_level(logging.DEBUG)
    person = make_user()
    with django_capture_on_commit_callbacks(execute=True):
        tokens = [issue(person), issue(person, KeyScope.SOCIETY), issue(person, KeyScope.SOCIETY)]
        revoke_keys(scope=KeyScope.USER, now=clock.now(), by=person, user_id=person.pk)
    trail = [
        (each.message, each.actor_id, each.scope, vars(each).get("user_id"), vars(each).get("group_id"))
        for each in caplog.records
        if each.name == "cspace.auth"
    ]
    assert trail == [
        ("access_key.issued", person.pk, "user", person.pk, None),
        ("access_key.issued", person.pk, "society", None, 5),
        ("access_key.replaced", person.pk, "society", None, 5),
        ("access_key.revoked", person.pk, "user", person.pk, None),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_accesskey::text FROM accounts_accesskey")
        stored = str(cursor.fetchall())
    said = stored + str([vars(each) for each in caplog.records if each.name == "cspace.auth"]) + str(log())
    assert [token for token in tokens if token in said] == []


def test_one_question_however_it_ends(db, django_assert_num_queries):
    tokens = [issue(make_user()), "0" * 40]
    for token in tokens:
        with django_assert_num_queries(1):
            holder_of(token)
