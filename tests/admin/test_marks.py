"""Marks in the admin: given to a group or a person, withdrawn with a reason."""

import datetime as dt

import pytest

from notifications.models import Notification
from policies.models import Mark
from tests.admin.pages import act, actions, ask, errors, is_asking, said, save, typed
from tests.factories import make_group, make_registration, make_user
from tests.policies.scenes import make_mark

MARKS = "/admin/policies/mark/"
PAGE = "policies/mark"
DAY = dt.date(2026, 2, 1)
ONE_OWNER = ["Choose a group or type a username, not both"]

pytestmark = pytest.mark.usefixtures("document_clock")


def form(**more):
    return {"kind": "no_show", "points": "2", "note": ""} | more


def marks():
    return [
        (mark.group and mark.group.name, mark.user and mark.user.username, mark.points) for mark in Mark.objects.all()
    ]


def test_a_group_gets_a_mark(admin, cspace, member, team, room):
    save(admin, f"{MARKS}add/", form(group=team.pk, note="Empty\r\nall evening"))
    assert marks() == [("522", None, 2)]
    assert Mark.objects.get().note == "Empty\nall evening"
    assert actions() == ["mark.given"]
    assert [notice.user for notice in Notification.objects.all()] == [member]


def test_a_person_gets_a_mark(admin, member):
    save(admin, f"{MARKS}add/", form(username="member", kind="misuse"))
    assert marks() == [(None, "member", 2)]


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        ({}, {"group": ONE_OWNER}),
        ({"username": "nobody"}, {"username": ["Unknown user"]}),
        ({"username": "gone"}, {"username": ["Unknown user"]}),
        ({"username": "member", "points": "11"}, {"points": ["Ensure this value is less than or equal to 10."]}),
        ({"username": "member", "points": "0"}, {"points": ["Ensure this value is greater than or equal to 1."]}),
        ({"username": "member", "points": "x"}, {"points": ["Enter a whole number."]}),
        ({"username": "member", "kind": "late"},
         {"kind": ["Select a valid choice. late is not one of the available choices."]}),
        ({"username": "member", "registration_id": "999"}, {"registration_id": ["Unknown registration"]}),
        ({"username": "member", "registration_id": "9" * 30},
         {"registration_id": [f"Ensure this value is less than or equal to {2**63 - 1}."]}),
        ({"username": "member", "note": "x" * 501},
         {"note": ["Ensure this value has at most 500 characters (it has 501)."]}),
    ],
)  # fmt: skip
def test_what_is_no_mark_is_said_at_its_field(admin, member, values, faults):
    make_user("gone", is_active=False)
    response = admin.post(f"{MARKS}add/", form(**values))
    assert errors(response) == faults
    assert typed(response, "username") == [values.get("username")]
    assert (marks(), actions()) == ([], [])


def test_not_for_both_and_not_about_others(admin, member, team, room):
    assert errors(admin.post(f"{MARKS}add/", form(group=team.pk, username="member"))) == {"group": ONE_OWNER}
    held = make_registration(by=member, group=team, classroom=room, day=DAY)
    response = admin.post(f"{MARKS}add/", form(group=make_group().pk, registration_id=held.pk))
    assert errors(response) == {"registration_id": ["This registration is somebody else's"]}
    save(admin, f"{MARKS}add/", form(group=team.pk, registration_id=held.pk))
    assert Mark.objects.get().registration_id == held.pk


def test_a_mark_is_withdrawn_with_a_reason(admin, cspace, member, team):
    mark = make_mark(cspace, team)
    for reason in ("", "  ", "\u200b"):
        response = ask(admin, PAGE, "withdraw", mark, reason=reason)
        assert (is_asking(response), len(said(response))) == (False, 1)
    assert Mark.objects.get().withdrawn_at is None
    assert said(act(admin, PAGE, "withdraw", mark, reason="They were ill")) == ["1 withdrawn."]
    assert Mark.objects.get().withdrawn_at is not None
    assert actions() == ["mark.given", "mark.withdrawn"]
    assert "They were ill" in Notification.objects.latest("id").description
    assert said(ask(admin, PAGE, "withdraw", mark, reason="Again")) == ["522: no_show (1): Mark not found"]


def test_a_mark_is_shown_and_not_changed(admin, cspace, team):
    mark = make_mark(cspace, team, points=3)
    assert "522" in admin.get(MARKS).content.decode()
    assert admin.post(f"{MARKS}{mark.pk}/change/", form(group=team.pk, points="9")).status_code == 403
    assert marks() == [("522", None, 3)]
