"""Groups and places in the admin: the API's rules, the services' writes."""

import pytest

from groups.models import Group, UserGroup
from groups.services.groups import change_group
from kernel import clock
from tests.admin.pages import act, actions, answer, ask, errors, said, typed
from tests.factories import cspace_group, join, make_group

GROUPS = "/admin/groups/group/"
PLACES = "/admin/groups/usergroup/"
HIDDEN = "Control, bidirectional and invisible characters are not allowed"
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


def group_form(name="522", tags="", kind="", code=""):
    """What the page sends; the people on it are only looked at."""
    labels = {"tags": tags, "kind": kind, "code": code}
    return {"name": name, **labels, "user_groups-TOTAL_FORMS": 0, "user_groups-INITIAL_FORMS": 0}


def test_a_group_gets_a_name_and_tags_by_the_service(admin, team, member):
    path = f"{GROUPS}{team.pk}/change/"
    (inline,) = admin.get(path).context["inline_admin_formsets"]
    sent = {f"user_groups-{name}": value for name, value in inline.formset.management_form.initial.items()}
    for _ in range(2):
        form = group_form("  Choir ", "Gold\r\n\r\n  a, b \r\n") | sent | {"user_groups-0-permissions": "admin"}
        assert admin.post(path, form).status_code == 302
    assert (sent["user_groups-TOTAL_FORMS"], places(team)) == (1, [("member", "member")])
    team.refresh_from_db()
    assert (team.name, team.tags, team.tag_keys) == ("Choir", ["Gold", "a, b"], ["gold", "a, b"])
    page = admin.get(path)
    assert page.context["adminform"].form["tags"].value() == "Gold\na, b"
    assert admin.post(path, group_form("Choir")).status_code == 302
    team.refresh_from_db()
    assert (team.tags, team.tag_keys, actions()) == ([], [], ["group.changed", "group.changed"])


def test_a_group_gets_a_kind_and_a_code_by_the_service(admin, team):
    path = f"{GROUPS}{team.pk}/change/"
    for _ in range(2):
        assert admin.post(path, group_form(kind=" Society", code=" Chess ")).status_code == 302
    team.refresh_from_db()
    assert (team.kind, team.code, team.code_key, actions()) == ("society", "Chess", "chess", ["group.changed"])
    assert "Chess" in admin.get(f"{GROUPS}?q=chess").content.decode()
    assert admin.post(path, group_form()).status_code == 302
    team.refresh_from_db()
    assert (team.kind, team.code, team.code_key) == ("", None, None)


def test_what_others_have_changed_meanwhile_stays(admin, team, cspace):
    """Only what was touched on the page is another now."""
    change_group(group_id=team.pk, by=cspace, now=clock.now(), tags=["gold"])
    shown = {"initial-name": "522", "initial-tags": ""}
    assert admin.post(f"{GROUPS}{team.pk}/change/", group_form("Choir") | shown).status_code == 302
    team.refresh_from_db()
    assert (team.name, team.tags) == ("Choir", ["gold"])


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"name": "CSPACE"}, {"name": ["A group with this name already exists"]}),
        ({"name": ""}, {"name": ["This field is required."]}),
        ({"code": "staff"}, {"code": ["A group with this code already exists"]}),
        ({"code": "a\u200bb", "kind": "a\u200bb"}, {"code": [HIDDEN], "kind": [HIDDEN]}),
        ({"code": "x" * 41}, {"code": ["Ensure this value has at most 40 characters (it has 41)."]}),
        ({"code": "\ufdfa" * 40}, {"code": ["This code is too long"]}),
        ({"kind": "\ufdfa" * 50}, {"kind": ["This kind is too long"]}),
        ({"tags": "gold\nGOLD "}, {"tags": ["The tag gold stands twice"]}),
        ({"tags": "a\u200bb"}, {"tags": [f"Item 1 in the array did not validate: {HIDDEN}"]}),
        (
            {"tags": "x" * 51},
            {
                "tags": [
                    "Item 1 in the array did not validate: Ensure this value has at most 50 characters (it has 51)."
                ]
            },
        ),
        (
            {"tags": "\n".join(map(str, range(21)))},
            {"tags": ["List contains 21 items, it should contain no more than 20."]},
        ),
    ],
)
def test_what_the_api_refuses_of_a_group_is_refused_here(admin, team, wrong, expected):
    Group.objects.filter(is_system=True).update(code="Staff", code_key="staff")
    response = admin.post(f"{GROUPS}{team.pk}/change/", group_form() | wrong)
    assert errors(response) == expected
    team.refresh_from_db()
    assert (team.name, team.tags, actions()) == ("522", [], [])


def test_the_system_group_keeps_its_name(admin):
    system = cspace_group()
    response = admin.post(f"{GROUPS}{system.pk}/change/", group_form("staff"))
    assert errors(response) == {"__all__": ["You do not have permission to perform this action"]}
    assert admin.post(f"{GROUPS}{system.pk}/change/", group_form("cspace", "gold")).status_code == 302
    system.refresh_from_db()
    assert (system.name, system.tags) == ("cspace", ["gold"])


def test_an_archived_group_stays_as_it_was(admin, team):
    act(admin, "groups/group", "archive", team)
    assert admin.post(f"{GROUPS}{team.pk}/change/", group_form("other")).status_code == 403
    assert admin.get(f"{GROUPS}{team.pk}/change/").status_code == 200


def test_a_group_is_archived_and_not_the_system_group(admin, team):
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
