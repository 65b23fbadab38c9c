"""Groups and places in the admin: the API's rules, the services' writes."""

import pytest

from groups.models import Group, UserGroup
from tests.admin.pages import act, actions, answer, ask, errors, said, typed
from tests.factories import cspace_group, join, make_group

GROUPS = "/admin/groups/group/"
PLACES = "/admin/groups/usergroup/"
UNAVAILABLE = " is not one of the available choices."


def place_form(group, user, permissions="member"):
    return {"group": group.pk, "username": user.username, "permissions": permissions}


def places(group):
    return sorted(UserGroup.objects.filter(group=group).values_list("user__username", "permissions"))


def test_a_group_is_made_by_the_service(admin):
    assert admin.post(f"{GROUPS}add/", {"name": "  Choir "}).status_code == 302
    assert list(Group.objects.filter(is_system=False).values_list("name", "name_key")) == [("Choir", "choir")]
    assert actions() == ["group.created"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cspace", "A group with this name already exists"),
        ("ＣＳＰＡＣＥ", "A group with this name already exists"),
        ("cs\u200bpace", "Control, bidirectional and invisible characters are not allowed"),
        ("a\tb", "Control, bidirectional and invisible characters are not allowed"),
        ("a" * 101, "Ensure this value has at most 100 characters (it has 101)."),
        ("\ufdfa" * 30, "This name is too long"),
        ("  ", "This field is required."),
    ],
)
def test_a_name_the_api_refuses_is_refused_here(admin, name, sentence):
    response = admin.post(f"{GROUPS}add/", {"name": name})
    assert errors(response) == {"name": [sentence]}
    assert typed(response, "name") == [name]
    assert list(Group.objects.all()) == [cspace_group()]
    assert actions() == []


def test_a_group_is_archived_and_not_renamed(admin, team):
    assert admin.post(f"{GROUPS}{team.pk}/change/", {"name": "other"}).status_code == 403
    page = ask(admin, "groups/group", "archive", team, cspace_group())
    refused = {prospect.name: prospect.refusal for prospect in page.context["refused"]}
    assert refused == {"cspace": "You do not have permission to perform this action"}
    assert said(answer(admin, page)) == ["1 archived."]
    team.refresh_from_db()
    assert (team.name, team.archived_at is None) == ("522", False)
    assert actions() == ["group.archived"]


def test_a_group_shows_who_is_in_it(admin, team, member, group_admin):
    page = admin.get(f"{GROUPS}{team.pk}/change/")
    (inline,) = page.context["inline_admin_formsets"]
    assert [form.instance.user.username for form in inline.formset] == ["group_admin", "member"]


def test_a_place_is_given_changed_and_taken_by_the_services(admin, team, stranger, group_admin):
    assert admin.post(f"{PLACES}add/", place_form(team, stranger)).status_code == 302
    place = UserGroup.objects.get(user=stranger)
    for _ in range(2):
        assert admin.post(f"{PLACES}{place.pk}/change/", {"permissions": "admin"}).status_code == 302
    assert places(team) == [("group_admin", "admin"), ("stranger", "admin")]
    assert said(act(admin, "groups/usergroup", "remove", place))[-1] == "1 removed."
    assert places(team) == [("group_admin", "admin")]
    assert actions() == ["user_group.added", "user_group.changed", "user_group.removed"]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"username": "nobody"}, {"username": ["Unknown user"]}),
        ({"username": "member"}, {"username": ["This user is already in the group"]}),
        ({"username": "a\x00"}, {"username": ["Null characters are not allowed."]}),
        ({"permissions": "owner"}, {"permissions": ["Select a valid choice. owner" + UNAVAILABLE]}),
        ({"group": "abc"}, {"group": ["Select a valid choice. That choice" + UNAVAILABLE]}),
        ({"group": 2**70}, {"group": ["Select a valid choice. That choice" + UNAVAILABLE]}),
    ],
)
def test_a_wrong_place_is_named_and_not_given(admin, team, member, stranger, wrong, expected):
    response = admin.post(f"{PLACES}add/", place_form(team, stranger) | wrong)
    assert errors(response) == expected
    assert places(team) == [("member", "member")]
    assert actions() == []


def test_an_archived_group_takes_nobody(admin, team, stranger, member):
    act(admin, "groups/group", "archive", team)
    place = UserGroup.objects.get(user=member)
    response = admin.post(f"{PLACES}add/", place_form(team, stranger))
    assert errors(response) == {"group": ["Select a valid choice. That choice" + UNAVAILABLE]}
    response = admin.post(f"{PLACES}{place.pk}/change/", {"permissions": "admin"})
    assert errors(response) == {"__all__": ["User group not found"]}
    assert places(team) == [("member", "member")]
    assert actions() == ["group.archived"]


def test_the_last_admin_stays(admin, team, member, group_admin):
    place = UserGroup.objects.get(user=group_admin)
    sentence = "A group with other members needs at least one admin"
    response = admin.post(f"{PLACES}{place.pk}/change/", {"permissions": "member"})
    assert errors(response) == {"__all__": [sentence]}
    assert typed(response, "permissions") == ["member"]
    assert said(act(admin, "groups/usergroup", "remove", place)) == [f"group_admin in 522 (admin): {sentence}"]
    assert places(team) == [("group_admin", "admin"), ("member", "member")]
    assert actions() == []


def test_a_plain_cspace_member_makes_nobody_cspace(admin, cspace, stranger, cspace_admin, browser):
    system, denied = cspace_group(), "You do not have permission to perform this action"
    own = UserGroup.objects.get(user=cspace)
    assert errors(admin.post(f"{PLACES}add/", place_form(system, stranger))) == {"__all__": [denied]}
    assert errors(admin.post(f"{PLACES}{own.pk}/change/", {"permissions": "admin"})) == {"__all__": [denied]}
    assert actions() == []
    assert browser(cspace_admin).post(f"{PLACES}add/", place_form(system, stranger)).status_code == 302
    assert places(system) == [("cspace_admin", "admin"), ("cspace_member", "member"), ("stranger", "member")]
    assert actions() == ["user_group.added"]


def test_a_group_admin_has_the_api_and_not_the_admin(group_admin, stranger, team, browser):
    assert browser(group_admin).post(f"{PLACES}add/", place_form(team, stranger)).status_code == 302
    assert places(team) == [("group_admin", "admin")]
    assert actions() == []


def test_two_archived_groups_of_one_name_are_told_apart(admin):
    for _ in range(2):
        act(admin, "groups/group", "archive", make_group("Choir"))
    choirs = list(Group.objects.filter(name="Choir"))
    assert said(act(admin, "groups/group", "archive", *choirs)) == ["Choir: Group not found"] * 2


def test_everybody_may_leave_through_the_admin_too(admin, cspace):
    own = UserGroup.objects.get(user=cspace)
    join(cspace, make_group("another"))
    act(admin, "groups/usergroup", "remove", own)
    assert places(cspace_group()) == []
    assert admin.get("/admin/").status_code == 302
    assert actions() == ["user_group.removed"]
