"""Groups and memberships: contract §3."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from auditlog.models import LogEntry
from groups.models import UserGroup
from kernel import clock
from notifications.models import Notification
from registrations.models import Registration
from tests.factories import cspace_group, make_registration, make_user


def actions():
    return list(LogEntry.objects.order_by("id").values_list("action", flat=True))


def test_archiving_cancels_what_lies_ahead_and_frees_the_name(api, cspace, member, team, room):
    ahead = make_registration(by=member, group=team, classroom=room, day=clock.now().date() + dt.timedelta(days=3))

    assert api(cspace).delete(f"groups/{team.pk}/").status_code == 204

    assert Registration.objects.get(pk=ahead.pk).status == "cancelled"
    assert actions() == ["registration.created", "registration.cancelled", "group.archived"]
    assert LogEntry.objects.get(action="group.archived").details == {
        "name": "522",
        "cancelled_count": 1,
        "cancelled": [f"registration:{ahead.pk}"],
    }
    assert Notification.objects.filter(user=member).count() == 2
    assert api(cspace).get(f"groups/{team.pk}/").json() == {"error": "Group not found", "code": "NOT_FOUND"}
    assert api(member).get("users/me/user-groups/").json() == {"results": []}
    assert api(cspace).post("groups/", {"name": "522"}).status_code == 201
    assert api(cspace).delete(f"groups/{team.pk}/").status_code == 404


def test_the_system_group_stays(api, cspace_admin):
    assert api(cspace_admin).delete(f"groups/{cspace_group().pk}/").status_code == 403


def test_who_sees_and_changes_a_group(api, member, group_admin, stranger, cspace, team):
    make_user("new")
    for person, seen, added in ((stranger, 403, 403), (member, 200, 403), (group_admin, 200, 201), (cspace, 200, 409)):
        assert api(person).get(f"groups/{team.pk}/").status_code == seen
        response = api(person).post(f"groups/{team.pk}/user-groups/", {"username": "new"})
        assert response.status_code == added
    assert api().get(f"groups/{team.pk}/").status_code == 401
    assert actions() == ["user_group.added"]
    for path in ("groups/", "user-groups/"):
        assert api(member).get(path).status_code == 403


def test_the_last_admin_stays_while_there_are_others(api, group_admin, member, team, cspace):
    own = UserGroup.objects.get(user=group_admin)
    for person in (group_admin, cspace):
        response = api(person).put(f"user-groups/{own.pk}/", {"permissions": "member"})
        assert (response.status_code, response.json()["code"]) == (409, "INVALID_STATE")
        assert api(person).delete(f"user-groups/{own.pk}/").status_code == 409
    assert actions() == []
    assert api(member).delete(f"user-groups/{UserGroup.objects.get(user=member).pk}/").status_code == 204
    assert api(group_admin).delete(f"user-groups/{own.pk}/").status_code == 204
    assert actions() == ["user_group.removed", "user_group.removed"]


def test_a_change_that_changes_nothing_is_not_logged(api, group_admin, member, team):
    place = UserGroup.objects.get(user=member)
    assert api(group_admin).put(f"user-groups/{place.pk}/", {"permissions": "member"}).status_code == 200
    assert actions() == []
    assert api(group_admin).put(f"user-groups/{place.pk}/", {"permissions": "admin"}).status_code == 200
    assert actions() == ["user_group.changed"]
    assert Notification.objects.get().user == member


def test_only_a_cspace_admin_changes_cspace(api, cspace, cspace_admin):
    make_user("new")
    add = f"groups/{cspace_group().pk}/user-groups/"
    assert api(cspace).post(add, {"username": "new"}).status_code == 403
    assert api(cspace_admin).post(add, {"username": "new"}).status_code == 201
    own = UserGroup.objects.get(user=cspace)
    assert api(cspace).delete(f"user-groups/{own.pk}/").status_code == 204


def test_a_new_membership_counts_on_the_next_request(api, stranger, group_admin, team):
    assert api(stranger).get(f"groups/{team.pk}/").status_code == 403
    api(group_admin).post(f"groups/{team.pk}/user-groups/", {"username": "stranger"})
    assert api(stranger).get(f"groups/{team.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        ("UPDATE groups_usergroup SET permissions = 'owner'", "usergroup_known_permissions"),
        ("INSERT INTO groups_group (name, name_key, is_system) VALUES ('x', '522', false)", "group_living_name"),
        ("INSERT INTO groups_group (name, name_key, is_system) VALUES ('x', 'y', true)", "group_one_system_group"),
        ("UPDATE groups_group SET name = ''", "group_has_a_name"),
        ("UPDATE groups_group SET archived_at = now() WHERE is_system", "group_system_group_is_never_archived"),
        (
            "INSERT INTO groups_usergroup (group_id, user_id, permissions)"
            " SELECT group_id, user_id, permissions FROM groups_usergroup",
            "usergroup_one_place_per_group",
        ),
    ],
)
def test_constraints(member, team, sql, constraint):
    cspace_group()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
