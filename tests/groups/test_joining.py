"""Coming into a group by a token that one of its admins has given out."""

import datetime as dt

import pytest
import time_machine

from accounts.models import AccessKey, User
from auditlog.models import LogEntry
from groups.models import UserGroup
from groups.services.groups import archive_group
from groups.services.society_tokens import issue_society_token
from kernel import clock
from kernel.models import IdempotencyRecord
from notifications.models import Notification
from tests.conftest import DOCUMENT_TIME
from tests.factories import cspace_group, join, make_group, make_user

NOBODY = "This token lets nobody into a group"


@pytest.fixture
def now():
    with time_machine.travel(DOCUMENT_TIME, tick=False):
        yield clock.now()


def issued(api, by, team):
    response = api(by).post(f"groups/{team.pk}/join-token/")
    assert response.status_code == 201
    return response.json()["token"]


def joined(api, by, token):
    response = api(by).post("groups/join/", {"token": token})
    return response.status_code, response.json()


def refused(sentence):
    return 400, {"error": "Validation failed", "code": "VALIDATION_ERROR", "details": {"token": [sentence]}}


def places(team):
    return list(
        UserGroup.objects.filter(group=team).order_by("user__username").values_list("user__username", "permissions")
    )


def test_who_has_the_token_becomes_a_member(api, group_admin, stranger, team, now):
    response = api(group_admin).post(f"groups/{team.pk}/join-token/")
    answer = response.json()
    assert (response.status_code, list(answer), len(answer["token"])) == (201, ["token", "expires_at"], 40)
    assert answer["expires_at"] == "2026-01-27T02:00:00Z"
    before = places(team)
    own = (200, {"id": team.pk, "name": "522", "permissions": "member"})
    for _ in range(2):
        assert joined(api, stranger, answer["token"]) == own
    assert places(team) == [*before, ("stranger", "member")]
    key, place = AccessKey.objects.get(), UserGroup.objects.get(user=stranger)
    rows = LogEntry.objects.order_by("id").values_list("action", "actor_id", "target", "details")
    assert list(rows) == [
        ("access_key.issued", group_admin.pk, f"access_key:{key.pk}", {"scope": "join", "group_id": team.pk}),
        (
            "user_group.added",
            stranger.pk,
            f"user_group:{place.pk}",
            {"group_id": team.pk, "group": "522", "username": "stranger", "permissions": "member"},
        ),
    ]
    assert Notification.objects.count() == 0
    assert api(stranger).get("users/me/user-groups/").json()["results"] == [own[1]]


def test_who_is_in_it_stays_what_he_is(api, group_admin, team):
    token = issued(api, group_admin, team)
    before = places(team)
    assert joined(api, group_admin, token) == (200, {"id": team.pk, "name": "522", "permissions": "admin"})
    assert (places(team), LogEntry.objects.count()) == (before, 1)


def test_of_a_group_one_lives(api, cspace, group_admin, stranger, team):
    first, second = issued(api, group_admin, team), issued(api, cspace, team)
    assert joined(api, stranger, first) == refused(NOBODY)
    assert joined(api, stranger, second)[0] == 200
    assert list(LogEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "access_key.issued",
        "access_key.replaced",
        "user_group.added",
    ]


def test_it_lasts_for_seven_days(api, group_admin, stranger, team, now):
    token = issued(api, group_admin, team)
    before = places(team)
    with time_machine.travel(now + dt.timedelta(days=7), tick=False):
        assert joined(api, stranger, token) == refused("This token has expired")
    assert (places(team), LogEntry.objects.count()) == (before, 1)
    with time_machine.travel(now + dt.timedelta(days=7, seconds=-1), tick=False):
        assert joined(api, stranger, token)[0] == 200


def test_that_of_an_archived_group_is_dead(api, cspace, group_admin, stranger, team):
    token, before = issued(api, group_admin, team), places(team)
    archive_group(group_id=team.pk, by=cspace, now=clock.now())
    assert AccessKey.objects.get().revoked_at is not None
    count = LogEntry.objects.count()
    assert joined(api, stranger, token) == refused(NOBODY)
    AccessKey.objects.update(revoked_at=None)  # a backup was played in, say
    assert joined(api, stranger, token) == refused(NOBODY)
    assert (places(team), LogEntry.objects.count()) == (before, count)
    assert api(group_admin).post(f"groups/{team.pk}/join-token/").status_code == 404


def test_the_token_of_a_society_lets_nobody_in(api, cspace, group_admin, stranger, team):
    api(cspace).put(f"groups/{team.pk}/", {"kind": "society"})
    token = issue_society_token(group_id=team.pk, by=group_admin, now=clock.now()).token
    assert joined(api, stranger, token) == refused(NOBODY)
    assert joined(api, stranger, issued(api, group_admin, team))[0] == 200


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, {"token": ["This field is required."]}),
        ({"token": None}, {"token": ["This field may not be null."]}),
        ({"token": ""}, {"token": ["This field may not be blank."]}),
        ({"token": 5}, {"token": ["Not a valid string."]}),
        ({"token": ["a"]}, {"token": ["Not a valid string."]}),
        ({"token": "\u0000"}, {"token": ["Control characters and broken Unicode are not allowed"]}),
        ({"token": "x" * 101}, {"token": ["Ensure this field has no more than 100 characters."]}),
        ({"token": "0" * 40}, {"token": [NOBODY]}),
        ({"token": "三樓"}, {"token": [NOBODY]}),
        ([], {"non_field_errors": ["A JSON object is required"]}),
    ],
)
def test_what_is_no_token(api, stranger, team, body, details):
    response = api(stranger).post("groups/join/", body)
    assert (response.status_code, response.json()["details"]) == (400, details)
    assert LogEntry.objects.count() == 0


def test_who_gives_it_out(api, cspace, cspace_admin, member, stranger, group_admin, team):
    for person in (member, stranger):
        assert api(person).post(f"groups/{team.pk}/join-token/").status_code == 403
    for person in (group_admin, cspace, cspace_admin):
        assert api(person).post(f"groups/{cspace_group().pk}/join-token/").status_code == 403
    assert api(group_admin).post(f"groups/{make_group().pk}/join-token/").status_code == 403
    assert (AccessKey.objects.count(), LogEntry.objects.count()) == (0, 0)


def test_who_has_just_been_demoted_gives_none_out(api, cspace, group_admin, team):
    join(make_user(), team, "admin")
    place = UserGroup.objects.get(group=team, user=group_admin)
    api(cspace).put(f"user-groups/{place.pk}/", {"permissions": "member"})
    assert api(group_admin).post(f"groups/{team.pk}/join-token/").status_code == 403


@pytest.mark.parametrize("change", ["removed", "demoted", "deactivated"])
def test_who_may_let_nobody_in_any_more_lets_nobody_in_by_his_token_either(
    api, cspace_admin, group_admin, stranger, team, change
):
    token = issued(api, group_admin, team)
    join(make_user(), team, "admin")
    place = UserGroup.objects.get(group=team, user=group_admin)
    if change == "removed":
        assert api(cspace_admin).delete(f"user-groups/{place.pk}/").status_code == 204
    elif change == "demoted":
        assert api(cspace_admin).put(f"user-groups/{place.pk}/", {"permissions": "member"}).status_code == 200
    else:
        User.objects.filter(pk=group_admin.pk).update(is_active=False)
    assert joined(api, stranger, token) == refused(NOBODY)
    if change == "removed":
        assert joined(api, group_admin, token)[0] == 400


def test_that_of_cspace_lets_people_in_while_it_is_cspaces(api, cspace, cspace_admin, stranger, member, team):
    token = issued(api, cspace, team)
    assert joined(api, stranger, token)[0] == 200
    place = UserGroup.objects.get(group=cspace_group(), user=cspace)
    assert api(cspace_admin).delete(f"user-groups/{place.pk}/").status_code == 204
    assert joined(api, make_user(), token)[0] == 400


def test_a_dry_run_joins_nobody(api, group_admin, stranger, team):
    token, before = issued(api, group_admin, team), places(team)
    assert api(stranger).post("groups/join/?dry_run=true", {"token": token}).json()["permissions"] == "member"
    assert (places(team), LogEntry.objects.count()) == (before, 1)


def test_a_dry_run_replaces_no_token(api, group_admin, stranger, team):
    token = issued(api, group_admin, team)
    dry = api(group_admin).post(f"groups/{team.pk}/join-token/?dry_run=true")
    assert (dry.status_code, dry.json()["token"], dry["X-Dry-Run"]) == (201, None, "true")
    assert (joined(api, stranger, token)[0], LogEntry.objects.count()) == (200, 2)


def test_no_answer_with_a_token_is_kept(api, group_admin, stranger, team):
    """Nor one that was sent: of a request there is a fingerprint."""
    key = {"Idempotency-Key": "k1"}
    first = api(group_admin).post(f"groups/{team.pk}/join-token/", **key).json()["token"]
    token = api(group_admin).post(f"groups/{team.pk}/join-token/", **key).json()["token"]
    assert (first == token, IdempotencyRecord.objects.count()) == (False, 0)
    for _ in range(2):
        assert api(stranger).post("groups/join/", {"token": token}, **key).status_code == 200
    (record,) = IdempotencyRecord.objects.values()
    assert token not in str(record)
