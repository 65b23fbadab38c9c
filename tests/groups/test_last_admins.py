"""Only active people count as admins: of a group, and of the campus."""

import pytest

from accounts.models import User
from accounts.services.people import CampusNeedsAnAdmin, change_user
from auditlog.models import LogEntry
from groups.models import UserGroup
from groups.services.members import GroupNeedsAnAdmin, change_permissions, remove_member
from kernel import clock
from tests.admin import pages
from tests.factories import cspace_group, join, make_user

GROUP = (409, {"error": "A group with other members needs at least one admin", "code": "INVALID_STATE"})
CAMPUS = "The last active admin of cspace cannot be taken away: make somebody else an admin first"


def place_of(person):
    return UserGroup.objects.get(user=person)


def answer(response):
    return response.status_code, response.json()


def deactivated(person):
    User.objects.filter(pk=person.pk).update(is_active=False)
    return person


@pytest.fixture
def retired(team):
    """An admin of the group who has been deactivated."""
    person = make_user("retired")
    join(person, team, "admin")
    return deactivated(person)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_deactivated_admin_does_not_count(api, team, group_admin, retired, method):
    own = f"user-groups/{place_of(group_admin).pk}/"
    body = None if method == "DELETE" else {"permissions": "member"}

    assert answer(api(group_admin)(method, own, body)) == GROUP
    assert not LogEntry.objects.exists()


def test_a_deactivated_admin_may_be_removed_and_demoted(api, cspace, team, member, retired):
    """He is no admin that anybody could turn to, so nothing is lost."""
    path = f"user-groups/{place_of(retired).pk}/"
    assert api(cspace).put(path, {"permissions": "member"}).status_code == 200
    assert api(cspace).delete(path).status_code == 204


def test_the_last_active_admin_of_cspace_stays(api, cspace_admin):
    """Alone in the system group he may not even step down: nobody could let him in again."""
    own = f"user-groups/{place_of(cspace_admin).pk}/"
    for response in (api(cspace_admin).put(own, {"permissions": "member"}), api(cspace_admin).delete(own)):
        assert answer(response) == (409, {"error": CAMPUS, "code": "INVALID_STATE"})
    assert not LogEntry.objects.exists()
    make_user("root", is_superuser=True)
    assert api(cspace_admin).put(own, {"permissions": "member"}).status_code == 200


def test_a_deactivated_superuser_is_no_admin_of_cspace(api, cspace_admin):
    deactivated(make_user("root", is_superuser=True))
    own = f"user-groups/{place_of(cspace_admin).pk}/"
    assert api(cspace_admin).delete(own).status_code == 409


@pytest.mark.parametrize("values", [{"is_active": False}, {"is_superuser": False}])
def test_the_last_superuser_stays(db, values):
    root = make_user("root", is_superuser=True)
    with pytest.raises(CampusNeedsAnAdmin):
        change_user(user_id=root.pk, by=root, now=clock.now(), **values)
    root.refresh_from_db()
    assert (root.is_active, root.is_superuser) == (True, True)
    assert not LogEntry.objects.exists()


def test_the_last_admin_of_the_group_cspace_stays_active(cspace_admin, cspace):
    with pytest.raises(CampusNeedsAnAdmin):
        change_user(user_id=cspace_admin.pk, by=cspace_admin, now=clock.now(), is_active=False)
    join(make_user("second"), cspace_group(), "admin")
    assert not change_user(user_id=cspace_admin.pk, by=cspace_admin, now=clock.now(), is_active=False).is_active


def test_members_of_cspace_come_and_go(cspace_admin, cspace):
    """Whoever is no admin is not needed."""
    remove_member(user_group_id=place_of(cspace).pk, by=cspace, now=clock.now())


def test_a_deactivated_admin_of_cspace_does_not_keep_it_going(cspace_admin, cspace):
    second = make_user("second")
    join(second, cspace_group(), "admin")
    deactivated(second)
    with pytest.raises(GroupNeedsAnAdmin):
        change_permissions(
            user_group_id=place_of(cspace_admin).pk, by=cspace_admin, now=clock.now(), permissions="member"
        )


def test_bulk_deactivation_in_the_admin_spares_the_last(client, db):
    people = [make_user(name, is_superuser=True, is_staff=True) for name in ("one", "two")]
    client.force_login(people[0])

    page = pages.ask(client, "accounts/user", "deactivate", *reversed(people))
    again = pages.answer(client, page)

    assert list(pages.sections(page)) == ["one", "two"]
    assert User.objects.filter(is_active=True, is_superuser=True).count() == 1
    assert pages.said(again)[0] == "1 deactivated."
    assert pages.said(again)[-1].startswith("two: ")
