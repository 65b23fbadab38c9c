"""Changing a group: its name and its tags, which are free labels of cspace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog.models import LogEntry
from groups.facts import GroupRelabelling
from groups.models import Group
from groups.rules import MAX_TAG, MAX_TAG_KEY, MAX_TAGS, tag_key, tags_faults
from tests.cascades import answering
from tests.factories import cspace_group, make_group

FORBIDDEN = (403, {"error": "You do not have permission to perform this action", "code": "PERMISSION_DENIED"})
PLAIN = {"kind": "", "code": None}
BLANK = "This field may not be blank."
HIDDEN = "Control, bidirectional and invisible characters are not allowed"


def answer(response):
    return response.status_code, response.json()


def kept(group):
    return Group.objects.values_list("name", "name_key", "tags", "tag_keys").get(pk=group.pk)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_tags_are_kept_in_the_order_given(api, cspace, member, team, method):
    body = {"tags": ["Gold", "  choir  ", "三樓", "e\u0301"]}
    tagged = {"id": team.pk, "name": "522", "tags": ["Gold", "choir", "三樓", "\u00e9"], **PLAIN}
    for _ in range(2):
        assert answer(api(cspace)(method, f"groups/{team.pk}/", body)) == (200, tagged)
    assert kept(team) == ("522", "522", tagged["tags"], ["gold", "choir", "三樓", "\u00e9"])
    row = LogEntry.objects.get()
    assert (row.action, row.actor, row.target) == ("group.changed", cspace, f"group:{team.pk}")
    assert row.details == {"name": "522", "changes": {"tags": [[], tagged["tags"]]}}
    assert api(cspace).get("groups/").json()["results"] == [
        tagged,
        {"id": cspace_group().pk, "name": "cspace", "tags": [], **PLAIN},
    ]
    detail = api(member).get(f"groups/{team.pk}/").json()
    assert (list(detail), detail["tags"]) == (
        ["id", "name", "results", "tags", "kind", "code"],
        tagged["tags"],
    )


def test_documented_shapes_stay_as_they_are(api, cspace, member, team):
    api(cspace).put(f"groups/{team.pk}/", {"tags": ["gold"]})
    assert api(member).get("users/me/user-groups/").json() == {
        "results": [{"id": team.pk, "name": "522", "permissions": "member"}]
    }
    place = api(cspace).get(f"groups/{team.pk}/").json()["results"][0]["user_group_id"]
    assert api(member).get(f"user-groups/{place}/").json()["group"] == {"id": team.pk, "name": "522"}
    made = api(cspace).post("groups/", {"name": "new", "tags": ["gold"]}).json()
    assert made == {"id": made["id"], "name": "new"}
    assert Group.objects.get(pk=made["id"]).tags == []


def test_name_and_tags_together(api, cspace, team):
    body = {"name": "Chess club", "tags": ["gold"]}
    assert answer(api(cspace).put(f"groups/{team.pk}/", body)) == (200, {"id": team.pk, **body, **PLAIN})
    assert LogEntry.objects.get().details == {
        "name": "Chess club",
        "changes": {"name": ["522", "Chess club"], "tags": [[], ["gold"]]},
    }
    assert answer(api(cspace).put(f"groups/{team.pk}/", {"name": "CHESS club"}))[1]["name"] == "CHESS club"
    assert answer(api(cspace).put(f"groups/{team.pk}/", {"tags": []}))[1]["tags"] == []
    assert kept(team) == ("CHESS club", "chess club", [], [])
    changes = [row.details["changes"] for row in LogEntry.objects.order_by("id")[1:]]
    assert changes == [{"name": ["Chess club", "CHESS club"]}, {"tags": [["gold"], []]}]


def test_what_changes_nothing_is_not_logged(api, cspace, team):
    api(cspace).put(f"groups/{team.pk}/", {"tags": ["a", "b"]})
    same = (200, {"id": team.pk, "name": "522", "tags": ["a", "b"], **PLAIN})
    for body in ({}, {"name": "522"}, {"name": " 522 "}, {"tags": ["a", "b "]}, {"id": 5, "is_system": True}):
        assert answer(api(cspace).put(f"groups/{team.pk}/", body)) == same
    assert LogEntry.objects.count() == 1
    assert answer(api(cspace).put(f"groups/{team.pk}/", {"tags": ["b", "a"]}))[1]["tags"] == ["b", "a"]
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"tags": None}, {"tags": ["This field may not be null."]}),
        ({"tags": "gold"}, {"tags": ['Expected a list of items but got type "str".']}),
        ({"tags": {"gold": 1}}, {"tags": ['Expected a list of items but got type "dict".']}),
        ({"tags": True}, {"tags": ['Expected a list of items but got type "bool".']}),
        ({"tags": ["a", 5]}, {"tags.1": ["Not a valid string."]}),
        ({"tags": [True]}, {"tags.0": ["Not a valid string."]}),
        ({"tags": [None]}, {"tags.0": ["This field may not be null."]}),
        ({"tags": [["gold"]]}, {"tags.0": ["Not a valid string."]}),
        ({"tags": ["gold", ""]}, {"tags.1": [BLANK]}),
        ({"tags": ["\u3000"]}, {"tags.0": [BLANK]}),
        ({"tags": ["\ufe0f"]}, {"tags": [f": {BLANK}"]}),
        ({"tags": ["a\u200bb"]}, {"tags.0": [HIDDEN]}),
        ({"tags": ["a\nb"]}, {"tags.0": [HIDDEN]}),
        ({"tags": ["a\u0000b"]}, {"tags.0": ["Control characters and broken Unicode are not allowed"]}),
        ({"tags": ["x" * 51]}, {"tags.0": ["Ensure this field has no more than 50 characters."]}),
        ({"tags": ["\ufdfa" * 50]}, {"tags": ["\ufdfa" * 50 + ": This tag is too long"]}),
        ({"tags": [f"tag {n}" for n in range(21)]}, {"tags": ["Ensure this field has no more than 20 elements."]}),
        ({"tags": ["gold", "Gold "]}, {"tags": ["The tag gold stands twice"]}),
        ({"tags": ["old  gold", "OLD GOLD", "ｇｏｌｄ", "gold"]},
         {"tags": ["The tag ｇｏｌｄ stands twice", "The tag old  gold stands twice"]}),
        ({"name": "", "tags": ["a", "A"]}, {"name": [BLANK], "tags": ["The tag a stands twice"]}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"name": 5, "tags": 5}, {"name": ["Not a valid string."],
                                  "tags": ['Expected a list of items but got type "int".']}),
        ([], {"non_field_errors": ["A JSON object is required"]}),
    ],
)  # fmt: skip
def test_what_is_no_change(api, cspace, team, body, details):
    response = api(cspace).put(f"groups/{team.pk}/", body)
    assert (response.status_code, response.json()["code"], response.json()["details"]) == (
        400,
        "VALIDATION_ERROR",
        details,
    )
    assert kept(team) == ("522", "522", [], [])
    assert LogEntry.objects.count() == 0


def test_a_group_has_up_to_twenty_tags_of_fifty_characters(api, cspace, team):
    tags = ["x" * 48 + f"{number:02}" for number in range(20)]
    assert answer(api(cspace).put(f"groups/{team.pk}/", {"tags": tags}))[1]["tags"] == tags


def test_a_name_that_is_taken(api, cspace, team):
    make_group("Choir")
    for name in ("choir", "CSPACE"):
        response = api(cspace).put(f"groups/{team.pk}/", {"name": name, "tags": ["gold"]})
        assert (response.status_code, response.json()["code"]) == (409, "ALREADY_EXISTS")
        assert response.json()["details"] == {"name": ["A group with this name already exists"]}
    assert kept(team) == ("522", "522", [], [])
    assert LogEntry.objects.count() == 0


def test_the_system_group_keeps_its_name(api, cspace, cspace_admin):
    path = f"groups/{cspace_group().pk}/"
    assert answer(api(cspace_admin).put(path, {"name": "staff", "tags": ["gold"]})) == FORBIDDEN
    assert answer(api(cspace).put(path, {"name": "cspace", "tags": ["gold"]}))[1]["tags"] == ["gold"]
    assert kept(cspace_group()) == ("cspace", "cspace", ["gold"], ["gold"])


def test_who_may_not(api, stranger, member, group_admin, cspace, team):
    for person in (stranger, member, group_admin):
        for group_id in (team.pk, cspace_group().pk, 999999):
            assert answer(api(person).put(f"groups/{group_id}/", {"tags": 5})) == FORBIDDEN
    assert api().put(f"groups/{team.pk}/", {"tags": ["gold"]}).status_code == 401
    assert answer(api(cspace).put("groups/999999/", {"tags": 5})) == (
        404,
        {"error": "Group not found", "code": "NOT_FOUND"},
    )
    assert kept(team) == ("522", "522", [], [])


def test_a_dry_run_keeps_nothing(api, cspace, team):
    response = api(cspace).put(f"groups/{team.pk}/?dry_run=true", {"name": "new", "tags": ["gold"]})
    assert answer(response) == (200, {"id": team.pk, "name": "new", "tags": ["gold"], **PLAIN})
    assert kept(team) == ("522", "522", [], [])
    assert LogEntry.objects.count() == 0


def test_whoever_depends_on_tags_is_asked_before_they_change(api, cspace, team):
    asked = []

    def answer_it(question):
        asked.append((question.group_id, question.tags, question.actor_id, Group.objects.get(pk=team.pk).tags))
        return []

    with answering(GroupRelabelling, answer_it):
        api(cspace).put(f"groups/{team.pk}/", {"name": "new"})
        for tags in (["gold"], ["gold"], []):
            api(cspace).put(f"groups/{team.pk}/", {"tags": tags})
    assert asked == [(team.pk, ("gold",), cspace.pk, []), (team.pk, (), cspace.pk, ["gold"])]


@given(st.lists(st.text(st.sampled_from("aAß ﬁ\u00a0\u0301\u200b"), max_size=4), max_size=4))
def test_tags_without_faults_have_distinct_keys(tags):
    """A naive reading of the rule: each visible and not blank, no two alike."""
    keys = [tag_key(tag) for tag in tags]
    assert keys == [tag_key(key) for key in keys]
    if not tags_faults(tags):
        assert all(keys)
        assert len(set(keys)) == len(keys) <= MAX_TAGS
        assert all(len(tag) <= MAX_TAG and len(tag_key(tag)) <= MAX_TAG_KEY for tag in tags)
        assert not any("\u200b" in tag for tag in tags)
