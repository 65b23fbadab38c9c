"""What sort of group it is, and what other programs call it by (contract of the Roomie dialect, §8)."""

import datetime as dt

import pytest

from auditlog.models import LogEntry
from groups.facts import GroupRelabelling
from groups.models import Group
from groups.queries.societies import asking_for_society, society_in
from kernel import clock
from kernel.campus_time import campus_date
from kernel.db.batch import ask
from policies.models import QuotaCharge
from tests.cascades import answering
from tests.factories import cspace_group, make_classroom, make_group, make_registration
from tests.policies.scenes import make_rule

BLANK = "This field may not be blank."
HIDDEN = "Control, bidirectional and invisible characters are not allowed"


def kept(group):
    return Group.objects.values_list("kind", "code", "code_key").get(pk=group.pk)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_kind_and_code_are_given_changed_and_taken_away(api, cspace, member, team, method):
    path = f"groups/{team.pk}/"
    answer = api(cspace)(method, path, {"kind": " Society ", "code": " Chess-Club "})
    shown = {"id": team.pk, "name": "522", "tags": [], "kind": "society", "code": "Chess-Club"}
    assert (answer.status_code, answer.json(), kept(team)) == (200, shown, ("society", "Chess-Club", "chess-club"))
    assert api(cspace).get("groups/").json()["results"][0] == shown
    detail = api(member).get(path).json()
    assert (detail["kind"], detail["code"]) == ("society", "Chess-Club")
    for same in ({"kind": "SOCIETY"}, {"code": "Chess-Club"}, {}):
        assert api(cspace)(method, path, same).json() == shown
    assert api(cspace)(method, path, {"kind": "", "code": None}).json() == shown | {"kind": "", "code": None}
    assert kept(team) == ("", None, None)
    assert [row.details["changes"] for row in LogEntry.objects.order_by("id")] == [
        {"kind": ["", "society"], "code": [None, "Chess-Club"]},
        {"kind": ["society", ""], "code": ["Chess-Club", None]},
    ]


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"kind": None}, {"kind": ["This field may not be null."]}),
        ({"kind": 5}, {"kind": ["Not a valid string."]}),
        ({"kind": ["society"]}, {"kind": ["Not a valid string."]}),
        ({"kind": "x" * 51}, {"kind": ["Ensure this field has no more than 50 characters."]}),
        ({"kind": "\ufdfa" * 4}, {"kind": ["This kind is too long"]}),
        ({"kind": "a\u200bb"}, {"kind": [HIDDEN]}),
        ({"kind": "a\u0000b"}, {"kind": ["Control characters and broken Unicode are not allowed"]}),
        ({"code": ""}, {"code": [BLANK]}),
        ({"code": "\u3000"}, {"code": [BLANK]}),
        ({"code": "\ufe0f"}, {"code": [BLANK]}),
        ({"code": 5}, {"code": ["Not a valid string."]}),
        ({"code": True}, {"code": ["Not a valid string."]}),
        ({"code": "x" * 41}, {"code": ["Ensure this field has no more than 40 characters."]}),
        ({"code": "\ufdfa" * 40}, {"code": ["This code is too long"]}),
        ({"code": "a\nb", "kind": "a\nb"}, {"code": [HIDDEN], "kind": [HIDDEN]}),
    ],
)
def test_what_is_no_kind_and_no_code(api, cspace, team, body, details):
    response = api(cspace).put(f"groups/{team.pk}/", body)
    assert (response.status_code, response.json()["code"], response.json()["details"]) == (
        400,
        "VALIDATION_ERROR",
        details,
    )
    assert (kept(team), LogEntry.objects.count()) == (("", None, None), 0)


def test_a_code_is_of_one_living_group(api, cspace, team):
    other = make_group("Choir")
    code = "x" * 40
    assert api(cspace).put(f"groups/{other.pk}/", {"code": code}).status_code == 200
    for taken in (code, code.upper(), "ｘ" * 40):
        response = api(cspace).put(f"groups/{team.pk}/", {"code": taken, "name": "new"})
        assert (response.status_code, response.json()) == (
            409,
            {
                "error": "A group with this code already exists",
                "code": "ALREADY_EXISTS",
                "details": {"code": ["A group with this code already exists"]},
            },
        )
    assert (kept(team), LogEntry.objects.count()) == (("", None, None), 1)
    assert api(cspace).put(f"groups/{other.pk}/", {"code": code.upper()}).json()["code"] == code.upper()
    api(cspace).delete(f"groups/{other.pk}/")
    assert api(cspace).put(f"groups/{team.pk}/", {"code": code}).json()["code"] == code


def test_only_cspace_gives_them(api, group_admin, member, team):
    for person in (group_admin, member):
        assert api(person).put(f"groups/{team.pk}/", {"kind": "society", "code": "chess"}).status_code == 403
    made = api(group_admin).post("groups/", {"name": "new", "kind": "society"})
    assert made.status_code == 403
    assert (kept(team), LogEntry.objects.count()) == (("", None, None), 0)


def test_the_system_group_may_have_a_code(api, cspace_admin):
    path = f"groups/{cspace_group().pk}/"
    assert api(cspace_admin).put(path, {"code": "staff"}).json()["code"] == "staff"


def test_a_society_is_found_by_its_code(api, cspace, team):
    def found(code):
        society = society_in(ask(asking_for_society(code)))
        return society and (society.pk, society.name, society.kind, society.code)

    api(cspace).put(f"groups/{team.pk}/", {"code": "Chess"})
    assert found("Chess") is None
    api(cspace).put(f"groups/{team.pk}/", {"kind": "society"})
    assert [found(code) for code in ("Chess", "CHESS ", "ches", "", "Chess\x00", "Chess\ud800")] == [
        (team.pk, "522", "society", "Chess"),
        (team.pk, "522", "society", "Chess"),
        *[None] * 4,
    ]
    api(cspace).delete(f"groups/{team.pk}/")
    assert found("Chess") is None


def test_whoever_depends_on_kinds_is_asked_before_they_change(api, cspace, team):
    asked = []

    def answer_it(question):
        asked.append((question.group_id, question.kind, question.tags, Group.objects.get(pk=team.pk).kind))
        return []

    with answering(GroupRelabelling, answer_it):
        api(cspace).put(f"groups/{team.pk}/", {"code": "chess"})
        for body in ({"kind": "society"}, {"kind": "Society"}, {"tags": ["gold"]}, {"kind": "", "tags": []}):
            api(cspace).put(f"groups/{team.pk}/", body)
    assert asked == [
        (team.pk, "society", (), ""),
        (team.pk, "society", ("gold",), "society"),
        (team.pk, "", (), "society"),
    ]


def test_quotas_follow_the_kind(api, cspace, member, team):
    quota = {"type": "quota", "minutes": 600, "per": "week", "counts": "takes_place_in", "of": "group"}
    rule_id = make_rule(cspace, who={"kind": "group_kind", "group_kind": "society"}, limit=quota)
    make_registration(
        by=member, group=team, classroom=make_classroom(), day=campus_date(clock.now()) + dt.timedelta(days=1)
    )

    def charged():
        return list(QuotaCharge.objects.values_list("rule_id", "amount"))

    assert charged() == []
    api(cspace).put(f"groups/{team.pk}/", {"kind": "society"})
    assert charged() == [(rule_id, 120)]
    api(cspace).put(f"groups/{team.pk}/", {"tags": ["gold"]})
    assert charged() == [(rule_id, 120)]
    api(cspace).put(f"groups/{team.pk}/", {"kind": ""})
    assert charged() == []
