"""Groups and user-groups over HTTP, body by body: contract §2 and §3."""

import pytest

from auditlog.models import LogEntry
from groups.models import Group, UserGroup
from tests.factories import cspace_group, join, make_group, make_user

FORBIDDEN = (403, {"error": "You do not have permission to perform this action", "code": "PERMISSION_DENIED"})
PLAIN = {"tags": [], "kind": "", "code": None}
NO_GROUP = (404, {"error": "Group not found", "code": "NOT_FOUND"})
NO_PLACE = (404, {"error": "User group not found", "code": "NOT_FOUND"})
LAST_ADMIN = (409, {"error": "A group with other members needs at least one admin", "code": "INVALID_STATE"})


def answer(response):
    return response.status_code, response.json()


def place_of(user):
    return UserGroup.objects.get(user=user)


def archived(team, by, api):
    assert api(by).delete(f"groups/{team.pk}/").status_code == 204


def test_lists(api, cspace, member, team):
    own, other = place_of(cspace), place_of(member)
    system = cspace_group()
    assert answer(api(cspace).get("groups/")) == (
        200,
        {"results": [{"id": team.pk, "name": "522", **PLAIN}, {"id": system.pk, "name": "cspace", **PLAIN}]},
    )
    rows = [
        {
            "user_group_id": place.pk,
            "group_id": place.group_id,
            "user_id": place.user_id,
            "username": place.user.username,
            "permissions": "member",
        }
        for place in sorted((own, other), key=lambda place: place.group_id)
    ]
    assert answer(api(cspace).get("user-groups/")) == (200, {"results": rows})


def test_details(api, member, group_admin, team):
    places = UserGroup.objects.filter(group=team).order_by("id")
    assert answer(api(member).get(f"groups/{team.pk}/")) == (
        200,
        {
            "id": team.pk,
            "name": "522",
            **PLAIN,
            "results": [
                {
                    "user_group_id": place.pk,
                    "user_id": place.user_id,
                    "username": place.user.username,
                    "permissions": place.permissions,
                }
                for place in places
            ],
        },
    )
    assert answer(api(member).get(f"user-groups/{place_of(group_admin).pk}/")) == (
        200,
        {
            "id": place_of(group_admin).pk,
            "username": "group_admin",
            "permissions": "admin",
            "group": {"id": team.pk, "name": "522"},
        },
    )


def test_own_groups_by_name(api, member, team, stranger):
    first = make_group("101")
    join(member, first, "admin")
    assert answer(api(member).get("users/me/user-groups/")) == (
        200,
        {
            "results": [
                {"id": first.pk, "name": "101", "permissions": "admin"},
                {"id": team.pk, "name": "522", "permissions": "member"},
            ]
        },
    )
    assert answer(api(stranger).get("users/me/user-groups/")) == (200, {"results": []})


@pytest.mark.parametrize("path", ["groups/", "user-groups/", "users/me/user-groups/"])
def test_lists_are_paged_when_asked(api, cspace, path):
    join(cspace, make_group("101"))
    page = api(cspace).get(f"{path}?per_page=1").json()
    assert (page["count"], len(page["results"])) == (2, 1)
    assert (page["next"], page["previous"]) == (f"/api/v1/{path}?per_page=1&page=2", None)


def test_adding(api, group_admin, stranger, team):
    response = api(group_admin).post(f"groups/{team.pk}/user-groups/", {"username": "stranger"})
    place = place_of(stranger)
    assert answer(response) == (
        201,
        {"user_group_id": place.pk, "username": "stranger", "group_id": team.pk, "permissions": "member"},
    )
    assert response["Location"] == f"/api/v1/user-groups/{place.pk}/"
    assert answer(api(group_admin).post(f"groups/{team.pk}/user-groups/", {"username": "stranger"})) == (
        409,
        {
            "error": "This user is already in the group",
            "code": "ALREADY_EXISTS",
            "details": {"username": ["This user is already in the group"]},
        },
    )
    entry = LogEntry.objects.get()
    assert (entry.action, entry.actor, entry.target) == ("user_group.added", group_admin, f"user_group:{place.pk}")
    assert entry.details == {"group_id": team.pk, "group": "522", "username": "stranger", "permissions": "member"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"username": "nobody"}, ["username"]),
        ({"username": "STRANGER"}, ["username"]),
        ({"username": ""}, ["username"]),
        ({"username": 5}, ["username"]),
        ({}, ["username"]),
        ({"username": "stranger", "permissions": "owner"}, ["permissions"]),
        ({"username": "stranger", "permissions": None}, ["permissions"]),
        ({"permissions": "owner"}, ["permissions", "username"]),
        ({"username": "nobody", "permissions": "owner"}, ["permissions", "username"]),
    ],
)
def test_adding_with_faults(api, group_admin, stranger, team, body, fields):
    response = api(group_admin).post(f"groups/{team.pk}/user-groups/", body)
    assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")
    assert sorted(response.json()["details"]) == fields
    assert (UserGroup.objects.count(), LogEntry.objects.count()) == (1, 0)


def test_nothing_is_done_to_an_archived_group(api, cspace, group_admin, member, stranger, team):
    place = place_of(member)
    archived(team, cspace, api)
    rows = LogEntry.objects.count()
    for person in (cspace, group_admin, member):
        assert answer(api(person).get(f"groups/{team.pk}/")) == NO_GROUP
        assert answer(api(person).post(f"groups/{team.pk}/user-groups/", {"username": "stranger"})) == NO_GROUP
        assert answer(api(person).get(f"user-groups/{place.pk}/")) == NO_PLACE
        assert answer(api(person).put(f"user-groups/{place.pk}/", {"permissions": "admin"})) == NO_PLACE
        assert answer(api(person).delete(f"user-groups/{place.pk}/")) == NO_PLACE
    assert answer(api(cspace).delete(f"groups/{team.pk}/")) == NO_GROUP
    assert [row["group_id"] for row in api(cspace).get("user-groups/").json()["results"]] == [cspace_group().pk]
    assert LogEntry.objects.count() == rows


def test_missing_ids(api, cspace, stranger):
    for person in (cspace, stranger):
        assert answer(api(person).get("groups/999999/")) == NO_GROUP
        assert answer(api(person).post("groups/999999/user-groups/", {})) == NO_GROUP
        for response in (
            api(person).get("user-groups/999999/"),
            api(person).put("user-groups/999999/", {}),
            api(person).delete("user-groups/999999/"),
        ):
            assert answer(response) == NO_PLACE
    assert answer(api(cspace).delete("groups/999999/")) == NO_GROUP
    assert answer(api(stranger).delete("groups/999999/")) == FORBIDDEN


def test_who_may_not(api, stranger, member, group_admin, team):
    place = place_of(member).pk
    for person in (stranger, member):
        assert answer(api(person).put(f"user-groups/{place}/", {"permissions": "nonsense"})) == FORBIDDEN
        assert answer(api(person).delete(f"user-groups/{place_of(group_admin).pk}/")) == FORBIDDEN
    assert answer(api(stranger).get(f"user-groups/{place}/")) == FORBIDDEN
    for person in (stranger, member, group_admin):
        assert answer(api(person).post("groups/", {"name": ""})) == FORBIDDEN
        assert answer(api(person).delete(f"groups/{team.pk}/")) == FORBIDDEN
    other = make_user("other")
    join(other, make_group(), "admin")
    assert answer(api(other).put(f"user-groups/{place}/", {"permissions": "admin"})) == FORBIDDEN
    assert LogEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "groups/"),
        ("POST", "groups/"),
        ("GET", "groups/1/"),
        ("PUT", "groups/1/"),
        ("PATCH", "groups/1/"),
        ("DELETE", "groups/1/"),
        ("POST", "groups/1/user-groups/"),
        ("GET", "user-groups/"),
        ("GET", "user-groups/1/"),
        ("PUT", "user-groups/1/"),
        ("PATCH", "user-groups/1/"),
        ("DELETE", "user-groups/1/"),
        ("GET", "users/me/user-groups/"),
    ],
)
def test_anonymous(api, db, method, path):
    response = api()(method, path)
    assert (response.status_code, response.json()["details"]) == (401, {"reason": "missing"})


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_changing(api, group_admin, member, team, method):
    place = place_of(member).pk
    promoted = {"id": place, "username": "member", "permissions": "admin", "group": {"id": team.pk, "name": "522"}}
    for body in ({"permissions": "admin"}, {"permissions": "admin"}, {}, {"username": "group_admin", "group_id": 1}):
        assert answer(api(group_admin)(method, f"user-groups/{place}/", body)) == (200, promoted)
    entry = LogEntry.objects.get()
    assert entry.details == {
        "group_id": team.pk,
        "group": "522",
        "username": "member",
        "permissions": "admin",
        "previous": "member",
    }
    response = api(group_admin)(method, f"user-groups/{place}/", {"permissions": "owner"})
    assert (response.status_code, list(response.json()["details"])) == (400, ["permissions"])


def test_the_last_admin(api, cspace, group_admin, member, team):
    own = f"user-groups/{place_of(group_admin).pk}/"
    assert answer(api(group_admin).put(own, {"permissions": "member"})) == LAST_ADMIN
    assert answer(api(cspace).delete(own)) == LAST_ADMIN
    assert api(group_admin).put(own, {"permissions": "admin"}).status_code == 200
    api(group_admin).put(f"user-groups/{place_of(member).pk}/", {"permissions": "admin"})
    assert api(group_admin).put(own, {"permissions": "member"}).status_code == 200
    assert answer(api(group_admin).put(own, {"permissions": "admin"})) == FORBIDDEN


def test_alone_in_a_group_one_may_step_down_and_leave(api, group_admin, team):
    own = f"user-groups/{place_of(group_admin).pk}/"
    assert api(group_admin).put(own, {"permissions": "member"}).status_code == 200
    response = api(group_admin).delete(own)
    assert (response.status_code, response.content) == (204, b"")
    assert UserGroup.objects.count() == 0


def test_a_group_without_admin_takes_a_member_first(api, cspace, team, stranger):
    response = api(cspace).post(f"groups/{team.pk}/user-groups/", {"username": "stranger"})
    assert (response.status_code, response.json()["permissions"]) == (201, "member")


def test_the_system_group(api, cspace, cspace_admin, stranger):
    system = cspace_group()
    places = {user: f"user-groups/{place_of(user).pk}/" for user in (cspace, cspace_admin)}
    second = make_user("second")
    join(second, system)
    assert answer(api(cspace).put(places[cspace], {"permissions": "admin"})) == FORBIDDEN
    assert answer(api(cspace).delete(f"user-groups/{place_of(second).pk}/")) == FORBIDDEN
    assert answer(api(cspace).delete(f"groups/{system.pk}/")) == FORBIDDEN
    assert answer(api(cspace_admin).delete(places[cspace_admin])) == LAST_ADMIN
    superuser = make_user("root", is_superuser=True)
    assert answer(api(superuser).delete(f"groups/{system.pk}/")) == FORBIDDEN
    assert api(superuser).put(places[cspace], {"permissions": "admin"}).status_code == 200
    assert api(cspace).delete(f"user-groups/{place_of(second).pk}/").status_code == 204
    assert api(cspace_admin).delete(places[cspace_admin]).status_code == 204
    assert answer(api(cspace_admin).get("groups/")) == FORBIDDEN


def test_authority_follows_the_flag_not_the_name(api, stranger):
    system = cspace_group()
    Group.objects.filter(pk=system.pk).update(name="staff", name_key="staff")
    named = make_group("cspace")
    join(stranger, named, "admin")
    assert answer(api(stranger).get("groups/")) == FORBIDDEN


def test_dry_runs_store_nothing(api, cspace, group_admin, member, team):
    response = api(cspace).post("groups/?dry_run=true", {"name": "new"})
    assert answer(response) == (201, {"id": None, "name": "new"})
    assert "Location" not in response
    assert api(cspace).post("groups/?dry_run=true", {"name": "522"}).status_code == 409
    assert api(cspace).delete(f"groups/{team.pk}/?dry_run=true").status_code == 204
    assert api(group_admin).delete(f"user-groups/{place_of(member).pk}/?dry_run=true").status_code == 204
    assert answer(api(group_admin).delete(f"user-groups/{place_of(group_admin).pk}/?dry_run=true")) == LAST_ADMIN
    assert (Group.objects.living().count(), LogEntry.objects.count()) == (2, 0)
    assert UserGroup.objects.filter(group=team).count() == 2
