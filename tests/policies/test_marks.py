"""Marks: what is held against a group or a person, who may see it, and what he is told (policy §6)."""

import datetime as dt

import pytest

from auditlog.models import LogEntry
from classrooms.models import Occupancy
from groups.services.groups import archive_group
from kernel import clock
from kernel.campus_time import campus_interval
from kernel.db.batch import send
from kernel.errors import Invalid, PermissionDenied
from notifications.models import Notification
from policies.enums import MarkKind, OwnerKind
from policies.models import Mark
from policies.queries.marks import asking_for_marks, marks_in
from policies.rules.scopes import Owner
from policies.rules.wishes import MarkGathered
from policies.services.marks import MarkNotFound, give_mark, withdraw_mark
from registrations.services.cancelling import cancel_registration
from tests.factories import cspace_group, join, make_group, make_occupancy, make_registration, make_user

pytestmark = pytest.mark.usefixtures("document_clock")

DAY = dt.date(2026, 2, 1)
NOW = "2026-01-20T02:00:00Z"
FORBIDDEN = (403, {"error": "You do not have permission to perform this action", "code": "PERMISSION_DENIED"})
NO_GROUP = (404, {"error": "Group not found", "code": "NOT_FOUND"})
GONE = (404, {"error": "Mark not found", "code": "NOT_FOUND"})
REQUIRED = ["This field is required."]
ONE_OWNER = ["Either group_id or username is required, not both"]
UNKNOWN = {"group_id": ["Unknown group"], "username": ["Unknown user"], "registration_id": ["Unknown registration"]}


def answer(response):
    return response.status_code, response.json()


def actions():
    return list(LogEntry.objects.order_by("id").values_list("action", flat=True))


def told():
    return sorted(Notification.objects.values_list("user__username", "description"))


@pytest.fixture
def held(member, team, room):
    return make_registration(by=member, group=team, classroom=room, day=DAY)


def of_group(group, **more):
    return {"group_id": group.pk, "kind": "no_show", "points": 2, **more}


def of_person(username, **more):
    return {"username": username, "kind": "misuse", "points": 1, **more}


def test_a_group_gets_a_mark(api, cspace, member, group_admin, team, held):
    before = actions()
    body = of_group(team, registration_id=held.pk, note="The room stood empty")
    response = api(cspace).post("marks/", body)
    mark = Mark.objects.get()
    shown = {
        "id": mark.pk,
        "group_id": team.pk,
        "username": None,
        "kind": "no_show",
        "points": 2,
        "registration_id": held.pk,
        "note": "The room stood empty",
        "given_by": "cspace_member",
        "given_at": NOW,
    }
    assert answer(response) == (201, shown)
    assert response["Location"] == f"/api/v1/marks/{mark.pk}/"
    for person in (member, group_admin, cspace):
        assert answer(api(person).get(f"groups/{team.pk}/marks/")) == (200, {"results": [shown]})
    assert answer(api(member).get("users/me/marks/")) == (200, {"results": []})
    assert actions()[len(before) :] == ["mark.given"]
    row = LogEntry.objects.get(action="mark.given")
    assert (row.actor, row.target) == (cspace, f"mark:{mark.pk}")
    assert row.details == {
        "group": "522",
        "username": None,
        "kind": "no_show",
        "points": 2,
        "registration_id": held.pk,
        "note": "The room stood empty",
    }
    words = "522 has got a mark for not turning up: 2 points. Note: The room stood empty"
    notices = Notification.objects.filter(kind="mark.given").order_by("user__username")
    assert [(notice.user, notice.description) for notice in notices] == [(group_admin, words), (member, words)]


def test_a_person_gets_a_mark(api, cspace, member, group_admin):
    assert api(cspace).post("marks/", of_person("member")).status_code == 201
    mark = Mark.objects.get()
    assert (mark.group_id, mark.user, mark.note, mark.registration_id) == (None, member, "", None)
    shown = api(member).get("users/me/marks/").json()["results"]
    assert [(row["id"], row["group_id"], row["username"], row["note"]) for row in shown] == [
        (mark.pk, None, "member", "")
    ]
    assert api(group_admin).get("users/me/marks/").json() == {"results": []}
    assert told() == [("member", "You have got a mark for misuse of a room: 1 point.")]
    assert LogEntry.objects.get().details["username"] == "member"


def test_a_mark_about_what_somebody_has_booked(api, cspace, held):
    """For a group or for himself, whatever has become of it."""
    cancel_registration(registration_id=held.pk, by=cspace, now=clock.now())
    for body in (of_person("member"), of_group(held.group)):
        response = api(cspace).post("marks/", body | {"registration_id": held.pk})
        assert (response.status_code, response.json()["registration_id"]) == (201, held.pk)


def test_who_gives_a_mark_to_himself_is_not_told(api, cspace):
    api(cspace).post("marks/", of_person("cspace_member"))
    assert told() == []
    assert actions() == ["mark.given"]


def test_who_is_deactivated_is_not_told_with_his_group(api, cspace, member, group_admin, team):
    group_admin.is_active = False
    group_admin.save(update_fields=["is_active"])
    api(cspace).post("marks/", of_group(team, kind="late_cancel", points=1))
    assert told() == [("member", "522 has got a mark for cancelling late: 1 point.")]


def test_people_are_told_in_their_language(api, cspace, member):
    api(member).patch("users/me/preferences/", {"language": "zh-hant"})
    api(cspace).post("marks/", of_person("member", points=3, note="門沒鎖"))
    (notice,) = api(member).get("notifications/").json()["results"]
    assert notice["description"] == "您因不當使用教室被記 3 點。備註：門沒鎖"


def test_lists_are_newest_first_and_can_be_asked_by_page(api, cspace, member, team):
    for points in (1, 2, 3):
        api(cspace).post("marks/", of_group(team, points=points))
        api(cspace).post("marks/", of_person("member", points=points))
    Mark.objects.filter(points=1).update(given_at=clock.now() + dt.timedelta(days=1))
    for path in (f"groups/{team.pk}/marks/", "users/me/marks/"):
        rows = api(member).get(path).json()["results"]
        assert [row["points"] for row in rows] == [1, 3, 2]
        page = api(member).get(f"{path}?per_page=2&page=2").json()
        assert (page["count"], page["next"], [row["points"] for row in page["results"]]) == (3, None, [2])


BLANK = ["This field may not be blank."]
NULL = ["This field may not be null."]
INTEGER = ["A whole number is required"]
TOO_LONG = ["A number has more than 19 digits"]
TOO_FEW, TOO_MANY = (
    f"Ensure this value is {bound}." for bound in ("greater than or equal to 1", "less than or equal to 10")
)


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, {"kind": REQUIRED, "points": REQUIRED, "non_field_errors": ONE_OWNER}),
        ([], {"non_field_errors": ["A JSON object is required"]}),
        ({"kind": "misuse", "points": 1}, {"non_field_errors": ONE_OWNER}),
        (of_person(None, group_id=None), {"non_field_errors": ONE_OWNER}),
        (of_person("member", group_id=1), {"non_field_errors": ONE_OWNER}),
        (of_person("nobody"), {"username": ["Unknown user"]}),
        (of_person("MEMBER"), {"username": ["Unknown user"]}),
        (of_person("gone"), {"username": ["Unknown user"]}),
        (of_person(""), {"username": ["Unknown user"]}),
        (of_person(5), {"username": ["A username is required"]}),
        (of_person(["member"]), {"username": ["A username is required"]}),
        (of_person("a\u0000b"), {"username": ["Control characters and broken Unicode are not allowed"]}),
        ({"group_id": 999999, "kind": "misuse", "points": 1}, {"group_id": ["Unknown group"]}),
        ({"group_id": "2", "kind": "misuse", "points": 1}, {"group_id": INTEGER}),
        ({"group_id": True, "kind": "misuse", "points": 1}, {"group_id": INTEGER}),
        ({"group_id": 10**30, "kind": "misuse", "points": 1}, {"non_field_errors": TOO_LONG}),
        ({"group_id": 2**63, "kind": "misuse", "points": 1},
         {"group_id": [f"Ensure this value is less than or equal to {2**63 - 1}."]}),
        (of_person("member", kind="late"), {"kind": ['"late" is not a valid choice.']}),
        (of_person("member", kind=None), {"kind": NULL}),
        (of_person("member", kind=1), {"kind": ['"int" is not a valid choice.']}),
        (of_person("member", points=0), {"points": [TOO_FEW]}),
        (of_person("member", points=11), {"points": [TOO_MANY]}),
        (of_person("member", points=2**40), {"points": [TOO_MANY]}),
        (of_person("member", points=1.0), {"points": INTEGER}),
        (of_person("member", points="1"), {"points": INTEGER}),
        (of_person("member", points=True), {"points": INTEGER}),
        (of_person("member", registration_id=999999), {"registration_id": ["Unknown registration"]}),
        (of_person("member", registration_id=0), {"registration_id": [TOO_FEW]}),
        (of_person("member", registration_id="1"), {"registration_id": INTEGER}),
        (of_person("member", note=5), {"note": ["Not a valid string."]}),
        (of_person("member", note=None), {"note": NULL}),
        (of_person("member", note="x" * 501), {"note": ["Ensure this field has no more than 500 characters."]}),
        (of_person("nobody", registration_id=999999, points=0),
         {"username": ["Unknown user"], "points": [TOO_FEW],
          "registration_id": ["Unknown registration"]}),
        ({"group_id": 999999, "kind": "x", "registration_id": 999999},
         {"group_id": ["Unknown group"], "kind": ['"x" is not a valid choice.'], "points": REQUIRED,
          "registration_id": ["Unknown registration"]}),
        ({"group_id": 999999, "registration_id": 999999, "kind": "misuse", "points": 1},
         {"group_id": ["Unknown group"], "registration_id": ["Unknown registration"]}),
    ],
)  # fmt: skip
def test_what_is_no_mark(api, cspace, member, body, details):
    make_user("gone", is_active=False)
    response = api(cspace).post("marks/", body)
    assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")
    assert response.json()["details"] == details
    assert Mark.objects.count() == LogEntry.objects.count() == Notification.objects.count() == 0


def test_a_mark_is_about_what_its_owner_has_booked(api, cspace, stranger, held, room):
    other = make_group()
    lecture = make_occupancy(room, campus_interval(DAY, 1000, 1060))
    foreign = ["This registration is somebody else's"]
    for body, details in (
        (of_group(other, registration_id=held.pk), {"registration_id": foreign}),
        (of_person("stranger", registration_id=held.pk), {"registration_id": foreign}),
        (of_group(held.group, registration_id=lecture.pk), {"registration_id": ["Unknown registration"]}),
        (of_group(other, registration_id=held.pk, points=0),
         {"registration_id": foreign, "points": [TOO_FEW]}),
    ):  # fmt: skip
        response = api(cspace).post("marks/", body)
        assert (response.status_code, response.json()["details"]) == (400, details)
    assert Mark.objects.count() == 0


def test_an_archived_group_has_no_marks_to_see_and_gets_none(api, cspace, member, team):
    api(cspace).post("marks/", of_group(team))
    archive_group(group_id=team.pk, by=cspace, now=clock.now())
    assert answer(api(cspace).get(f"groups/{team.pk}/marks/"))[0] == 404
    response = api(cspace).post("marks/", of_group(team))
    assert (response.status_code, response.json()["details"]) == (400, {"group_id": ["Unknown group"]})


def test_who_may_see_and_give(api, stranger, member, group_admin, cspace, team):
    other = make_group()
    for person in (stranger, member, group_admin):
        assert answer(api(person).post("marks/", {"points": 99})) == FORBIDDEN
        assert answer(api(person).delete("marks/999999/")) == FORBIDDEN
        assert answer(api(person).get(f"groups/{other.pk}/marks/")) == FORBIDDEN
        assert answer(api(person).get("groups/999999/marks/")) == (
            404,
            {"error": "Group not found", "code": "NOT_FOUND"},
        )
    assert answer(api(stranger).get(f"groups/{team.pk}/marks/")) == FORBIDDEN
    assert api(cspace).get(f"groups/{other.pk}/marks/").json() == {"results": []}
    assert api(stranger).get("users/me/marks/").json() == {"results": []}
    for method, path in (("GET", "users/me/marks/"), ("GET", f"groups/{team.pk}/marks/"), ("POST", "marks/")):
        assert api()(method, path).status_code == 401
    assert api().delete("marks/1/?reason=x").status_code == 401


def test_a_mark_is_withdrawn_once(api, cspace, member, group_admin, team):
    api(cspace).post("marks/", of_group(team, note="Empty"))
    mark = Mark.objects.get()
    Notification.objects.all().delete()
    response = api(cspace).delete(f"marks/{mark.pk}/?reason=They were%20ill")
    assert (response.status_code, response.content) == (204, b"")
    mark.refresh_from_db()
    assert (mark.withdrawn_at, mark.note) == (clock.now(), "Empty")
    assert api(member).get(f"groups/{team.pk}/marks/").json() == {"results": []}
    assert actions() == ["mark.given", "mark.withdrawn"]
    row = LogEntry.objects.get(action="mark.withdrawn")
    assert (row.actor, row.target, row.details) == (
        cspace,
        f"mark:{mark.pk}",
        {
            "group": "522",
            "username": None,
            "kind": "no_show",
            "points": 2,
            "registration_id": None,
            "reason": "They were ill",
        },
    )
    words = "The mark of 522 for not turning up has been withdrawn (2 points). Reason: They were ill"
    assert told() == [("group_admin", words), ("member", words)]
    assert answer(api(cspace).delete(f"marks/{mark.pk}/?reason=again")) == GONE
    assert answer(api(cspace).delete("marks/999999/?reason=x")) == GONE
    assert len(actions()) == 2


def test_the_person_is_told_of_a_withdrawal(api, cspace, member):
    api(cspace).post("marks/", of_person("member"))
    Notification.objects.all().delete()
    api(cspace).delete(f"marks/{Mark.objects.get().pk}/?reason=A mistake")
    assert told() == [("member", "Your mark for misuse of a room has been withdrawn (1 point). Reason: A mistake")]


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ("", {"reason": REQUIRED}),
        ("?reason=", {"reason": ["Must not be empty"]}),
        ("?reason=%20%20", {"reason": BLANK}),
        ("?reason=a%00b", {"reason": ["Control characters and broken Unicode are not allowed"]}),
        ("?reason=" + "x" * 501, {"reason": ["Ensure this field has no more than 500 characters."]}),
        ("?reason=a&reason=b", {"reason": ["May stand only once"]}),
        ("?raeson=a", {"raeson": ["There is no such parameter: did you mean reason?"], "reason": REQUIRED}),
    ],
)
def test_a_withdrawal_needs_a_reason(api, cspace, member, query, details):
    api(cspace).post("marks/", of_person("member"))
    path = f"marks/{Mark.objects.get().pk}/"
    response = api(cspace).delete(path + query)
    assert (response.status_code, response.json()["details"]) == (400, details)
    assert Mark.objects.filter(withdrawn_at=None).count() == 1
    assert actions() == ["mark.given"]
    if "%00" not in query:
        assert answer(api(cspace).delete(f"marks/999999/{query}")) == GONE


def test_dry_runs_keep_nothing(api, cspace, member):
    response = api(cspace).post("marks/?dry_run=true", of_person("member"))
    assert (response.status_code, response.json()["id"], response.json()["given_at"]) == (201, None, None)
    assert Mark.objects.count() == 0
    api(cspace).post("marks/", of_person("member"))
    path = f"marks/{Mark.objects.get().pk}/?reason=x"
    assert api(cspace).delete(f"{path}&dry_run=true").status_code == 204
    assert Mark.objects.get().withdrawn_at is None
    assert actions() == ["mark.given"]


def test_what_stands_is_what_counts(cspace, member, team):
    now = clock.now()
    days = [dt.timedelta(days=days) for days in (0, 10, 20)]
    group, person = Owner(OwnerKind.GROUP, team.pk), Owner(OwnerKind.PERSON, member.pk)
    for points, ago in enumerate(days, start=1):
        for owner in (group, person):
            give_mark(by=cspace, now=now - ago, owner=owner, kind=MarkKind.MISUSE, points=points)
    gathered = [MarkGathered(2, now - days[1]), MarkGathered(1, now)]
    for owner in (group, person):
        assert marks_in(*send(asking_for_marks(owner, now - days[1]))) == gathered
    for mark in Mark.objects.filter(points=1):
        withdraw_mark(mark_id=mark.pk, by=cspace, now=now, reason="x")
    for owner in (group, person):
        assert marks_in(*send(asking_for_marks(owner, now - days[1]))) == gathered[:1]
    assert marks_in(*send(asking_for_marks(Owner(OwnerKind.PERSON, cspace.pk), now - days[2]))) == []


def test_the_system_gives_marks_in_the_transaction_of_what_they_are_about(cspace, member, group_admin, held):
    before = actions()
    owner = Owner(OwnerKind.GROUP, held.group_id)
    mark = give_mark(
        by=None, now=clock.now(), owner=owner, kind=MarkKind.LATE_CANCEL, points=1, registration_id=held.pk
    )
    assert (mark.given_by, mark.registration_id, mark.group_id) == (None, held.pk, held.group_id)
    row = LogEntry.objects.get(action="mark.given")
    assert (row.actor, row.details["group"]) == (None, "522")
    assert Notification.objects.filter(kind="mark.given").count() == 2
    assert len(actions()) == len(before) + 1


def test_services_ask_who_acts(member, stranger, cspace, team):
    join(stranger, make_group())
    owner = Owner(OwnerKind.GROUP, team.pk)
    with pytest.raises(PermissionDenied):
        give_mark(by=member, now=clock.now(), owner=owner, kind=MarkKind.MISUSE, points=1)
    mark = give_mark(by=cspace, now=clock.now(), owner=owner, kind=MarkKind.MISUSE, points=1)
    with pytest.raises(PermissionDenied):
        withdraw_mark(mark_id=mark.pk, by=member, now=clock.now(), reason="x")
    with pytest.raises(MarkNotFound):
        withdraw_mark(mark_id=999999, by=cspace, now=clock.now(), reason="x")
    gone = Owner(OwnerKind.PERSON, 999999)
    with pytest.raises(Invalid) as refused:
        give_mark(by=cspace, now=clock.now(), owner=gone, kind=MarkKind.MISUSE, points=1, registration_id=999999)
    assert refused.value.details == {"username": UNKNOWN["username"], "registration_id": UNKNOWN["registration_id"]}
    assert (Mark.objects.count(), actions()) == (1, ["mark.given"])


def test_the_system_group_can_have_marks(api, cspace):
    response = api(cspace).post("marks/", of_group(cspace_group()))
    assert response.status_code == 201
    assert Occupancy.objects.count() == 0
