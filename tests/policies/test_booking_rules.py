"""Booking rules over HTTP: who may read and write them, what is no rule, and what is logged (policy §1)."""

import datetime as dt

import pytest

from accounts.models import User
from auditlog.models import LogEntry
from groups.services.groups import archive_group
from kernel import clock
from notifications.models import Notification
from policies.enums import LimitType
from policies.facts import RulesWriting
from policies.models import BookingRule
from policies.services.booking_rules import MAX_RULES
from tests.cascades import answering
from tests.factories import join, make_classroom, make_group, make_user

pytestmark = pytest.mark.usefixtures("document_clock")

FORBIDDEN = (403, {"error": "You do not have permission to perform this action", "code": "PERMISSION_DENIED"})
MISSING = (404, {"error": "Booking rule not found", "code": "NOT_FOUND"})
RULE = {
    "name": "Two hours at most",
    "who": {"kind": "everybody"},
    "where": {"kind": "everywhere"},
    "limit": {"type": "length", "max_minutes": 120},
}
SHOWN = {
    "name": "Two hours at most",
    "sentence": "At most 2 hours long",
    "is_active": True,
    "effect": "refuse",
    "who": {"kind": "everybody"},
    "where": {"kind": "everywhere"},
    "during": None,
    "at": None,
    "limit": {"type": "length", "max_minutes": 120},
}
REQUIRED = ["This field is required."]
NEEDED = ["This field is required"]
NULL = ["This field may not be null."]
OBJECT = ["An object is required"]


def answer(response):
    return response.status_code, response.json()


def actions():
    return list(LogEntry.objects.order_by("id").values_list("action", flat=True))


def names(response):
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["results"]]


@pytest.fixture
def make(api, cspace):
    """Writes a rule over HTTP; its id."""

    def post(name="Two hours at most", **more):
        response = api(cspace).post("booking-rules/", RULE | {"name": name} | more)
        assert response.status_code == 201, response.content
        return response.json()["id"]

    return post


def test_a_rule_is_written_and_shown(api, cspace, stranger):
    asked = []
    with answering(RulesWriting, lambda question: asked.append(question.rule_ids) or []):
        response = api(cspace).post("booking-rules/", RULE)
    rule = BookingRule.objects.get()
    assert answer(response) == (201, {"id": rule.pk, **SHOWN})
    assert list(response.json()) == ["id", *SHOWN]
    assert response["Location"] == f"/api/v1/booking-rules/{rule.pk}/"
    assert asked == [(rule.pk,)]
    assert answer(api(stranger).get("booking-rules/")) == (200, {"results": [{"id": rule.pk, **SHOWN}]})
    assert actions() == ["booking_rule.created"]
    row = LogEntry.objects.get()
    assert (row.actor, row.target) == (cspace, f"booking_rule:{rule.pk}")
    assert row.details == {"name": SHOWN["name"], "sentence": SHOWN["sentence"]}
    assert Notification.objects.count() == 0


def test_all_parts_of_a_rule(api, cspace, team, room):
    quota = {"type": "quota", "minutes": 720, "per": "week", "anchor": "MON 03:00", "counts": "booked_in"}
    whole = {
        "name": "Evenings",
        "is_active": False,
        "effect": "approval",
        "who": {"kind": "group", "group_id": team.pk},
        "where": {"kind": "classroom", "classroom": "Room A"},
        "during": {"from": "2026-02-01", "until": "2026-06-30", "period": "term"},
        "at": {"weekdays": [2, 6], "from": "18:00", "until": "23:00"},
        "limit": quota | {"of": "group"},
    }
    response = api(cspace).post("booking-rules/", whole)
    assert response.status_code == 201
    assert {name: response.json()[name] for name in whole} == whole
    (row,) = api(cspace).get("booking-rules/?all=true").json()["results"]
    assert row == response.json()


def test_who_sees_which_rules(api, make, stranger, member, cspace, team):
    chess = make_group("Chess club")
    api(cspace).put(f"groups/{team.pk}/", {"tags": ["Gold"]})
    make("all")
    make("alone", who={"kind": "individual"})
    make("mine", who={"kind": "user", "username": "member"})
    make("ours", who={"kind": "group", "group_id": team.pk})
    make("theirs", who={"kind": "group", "group_id": chess.pk})
    make("gold", who={"kind": "tag", "tag": "gold"})
    make("off", is_active=False)
    rules = ["all", "alone", "mine", "ours", "gold"]
    assert names(api(member).get("booking-rules/")) == rules
    assert names(api(stranger).get("booking-rules/?all=false")) == ["all", "alone"]
    assert names(api(cspace).get("booking-rules/")) == ["all", "alone"]
    assert names(api(cspace).get("booking-rules/?all=true")) == [*rules[:4], "theirs", "gold", "off"]
    for person in (stranger, member):
        assert answer(api(person).get("booking-rules/?all=true")) == FORBIDDEN
    page = api(cspace).get("booking-rules/?all=true&per_page=3&page=2").json()
    assert (page["count"], [row["name"] for row in page["results"]]) == (7, ["ours", "theirs", "gold"])
    for query, details in (
        ("all=1", {"all": ["Must be true or false"]}),
        ("ALL=true", {"ALL": ["There is no such parameter: did you mean all?"]}),
    ):
        response = api(cspace).get(f"booking-rules/?{query}")
        assert (response.status_code, response.json()["details"]) == (400, details)


def test_rules_are_in_the_order_of_their_types(api, make, cspace):
    make("buffer", limit={"type": "buffer", "after_minutes": 15})
    make("length")
    make("none", limit={"type": "no_booking"})
    make("shorter", limit={"type": "length", "max_minutes": 90})
    assert names(api(cspace).get("booking-rules/")) == ["none", "length", "shorter", "buffer"]


def test_rules_of_who_is_gone_no_longer_apply(api, make, cspace, member, team):
    ours = make("ours", who={"kind": "group", "group_id": team.pk})
    mine = make("mine", who={"kind": "user", "username": "member"})
    assert names(api(member).get("booking-rules/")) == ["ours", "mine"]
    archive_group(group_id=team.pk, by=cspace, now=clock.now())
    assert names(api(member).get("booking-rules/")) == ["mine"]
    User.objects.filter(pk=member.pk).update(is_active=False)
    other = make_user()
    join(other, make_group())
    assert names(api(other).get("booking-rules/")) == []
    assert names(api(cspace).get("booking-rules/?all=true")) == ["ours", "mine"]
    for rule_id in (ours, mine):  # and they can be put out of force, renamed and deleted
        for body in ({"is_active": False}, {"name": f"was {rule_id}"}):
            assert api(cspace).put(f"booking-rules/{rule_id}/", body).status_code == 200
        assert api(cspace).delete(f"booking-rules/{rule_id}/").status_code == 204


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_what_is_not_said_stays(api, make, cspace, method):
    rule_id = make(during={"period": "term"}, at={"from": "18:00"})
    path = f"booking-rules/{rule_id}/"
    before = api(cspace).get("booking-rules/").json()["results"][0]
    changes = [
        ({"is_active": False}, {}),
        ({"name": "Short"}, {}),
        ({"limit": {"type": "length", "max_minutes": 60}}, {}),
        ({"during": None, "at": None}, {}),
        ({"effect": "approval", "where": {"kind": "floor", "floor": 2}}, {}),
    ]
    expected = {name: value for name, value in before.items() if name != "sentence"}
    for body, more in changes:
        response = api(cspace)(method, path, body)
        expected |= body | more
        assert response.status_code == 200, response.content
        assert {name: value for name, value in response.json().items() if name != "sentence"} == expected
    assert actions() == ["booking_rule.created", *["booking_rule.changed"] * 5]
    rows = LogEntry.objects.filter(action="booking_rule.changed").order_by("id")
    assert [list(row.details["changes"].items()) for row in rows][:3] == [
        [("is_active", [True, False])],
        [("name", ["Two hours at most", "Short"])],
        [("limit", [{"type": "length", "max_minutes": 120}, {"type": "length", "max_minutes": 60}])],
    ]
    assert (rows[1].details["name"], rows[1].target) == ("Short", f"booking_rule:{rule_id}")


def test_what_changes_nothing_is_not_logged(api, make, cspace):
    rule_id = make(at={"weekdays": [2, 3]})
    (rule,) = api(cspace).get("booking-rules/").json()["results"]
    asked = []
    bodies = [
        {},
        rule,
        {"name": " Two hours at most "},
        {"at": {"weekdays": [3, 2, 2], "from": None}},
        {"limit": {"type": "length", "max_minutes": 120, "min_minutes": None}},
        {"who": {"kind": "everybody", "tag": None}},
        {"id": 5, "sentence": "Anything"},
    ]
    with answering(RulesWriting, lambda question: asked.append(question) or []):
        for body in bodies:
            assert answer(api(cspace).put(f"booking-rules/{rule_id}/", body)) == (200, rule)
    assert (actions(), asked) == (["booking_rule.created"], [])


def test_another_name_asks_nobody(api, make, cspace):
    rule_id = make()
    asked = []
    with answering(RulesWriting, lambda question: asked.append(question.rule_ids) or []):
        api(cspace).put(f"booking-rules/{rule_id}/", {"name": "Short"})
        assert asked == []
        api(cspace).put(f"booking-rules/{rule_id}/", {"is_active": False})
        api(cspace).delete(f"booking-rules/{rule_id}/")
    assert asked == [(rule_id,), (rule_id,)]


def test_a_rule_is_deleted_once(api, make, cspace):
    rule_id = make()
    response = api(cspace).delete(f"booking-rules/{rule_id}/")
    assert (response.status_code, response.content) == (204, b"")
    assert BookingRule.objects.count() == 0
    assert actions() == ["booking_rule.created", "booking_rule.deleted"]
    row = LogEntry.objects.latest("id")
    assert (row.actor, row.target) == (cspace, f"booking_rule:{rule_id}")
    assert row.details == {"name": SHOWN["name"], "sentence": SHOWN["sentence"]}
    assert answer(api(cspace).delete(f"booking-rules/{rule_id}/")) == MISSING
    assert answer(api(cspace).put(f"booking-rules/{rule_id}/", {"name": 5})) == MISSING
    assert len(actions()) == 2


def test_two_rules_that_say_the_same(api, make, cspace):
    first, second = make(), make("Short", limit={"type": "length", "max_minutes": 60})
    alike = (409, {"error": "There is a rule that says the same", "code": "ALREADY_EXISTS"})
    assert answer(api(cspace).post("booking-rules/", RULE | {"name": "Other", "at": None})) == alike
    assert answer(api(cspace).put(f"booking-rules/{second}/", {"limit": RULE["limit"]})) == alike
    assert api(cspace).put(f"booking-rules/{first}/", {"is_active": False}).status_code == 200
    assert api(cspace).put(f"booking-rules/{second}/", {"limit": RULE["limit"]}).status_code == 200
    assert actions() == [*["booking_rule.created"] * 2, *["booking_rule.changed"] * 2]


def test_there_are_so_many_rules_and_no_more(api, make, cspace):
    rule = BookingRule.objects.get(pk=make())
    rows = []
    for number in range(1, MAX_RULES):
        values = {
            field.attname: getattr(rule, field.attname) for field in BookingRule._meta.fields if field.name != "id"
        }
        rows.append(BookingRule(**values | {"likeness": str(number)}))
    BookingRule.objects.bulk_create(rows)
    response = api(cspace).post("booking-rules/", RULE | {"limit": {"type": "no_booking"}})
    assert answer(response) == (409, {"error": "There are 500 booking rules already", "code": "LIMIT_REACHED"})


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, {"name": REQUIRED, "who": REQUIRED, "where": REQUIRED, "limit": REQUIRED}),
        ([], {"non_field_errors": ["A JSON object is required"]}),
        (RULE | {"name": None, "who": None, "effect": None, "is_active": None},
         {"name": NULL, "who": NULL, "effect": NULL, "is_active": NULL}),
        (RULE | {"name": ""}, {"name": ["This field may not be blank."]}),
        (RULE | {"name": "x" * 101}, {"name": ["Ensure this field has no more than 100 characters."]}),
        (RULE | {"name": "a\nb"}, {"name": ["Control, bidirectional and invisible characters are not allowed"]}),
        (RULE | {"name": "a\u0000b"}, {"name": ["Control characters and broken Unicode are not allowed"]}),
        (RULE | {"name": 5}, {"name": ["Not a valid string."]}),
        (RULE | {"is_active": "true"}, {"is_active": ["Must be a valid boolean."]}),
        (RULE | {"effect": "warn"}, {"effect": ['"warn" is not a valid choice.']}),
        (RULE | {"colour": "red"}, {"colour": ["Unknown field"]}),
        (RULE | {"who": []}, {"who": OBJECT, "who.kind": NEEDED}),
        (RULE | {"who": {}}, {"who.kind": NEEDED}),
        (RULE | {"who": {"kind": "group"}}, {"who.group_id": NEEDED}),
        (RULE | {"who": {"kind": "group", "group_id": 999999}}, {"who.group_id": ["Unknown group"]}),
        (RULE | {"who": {"kind": "user", "username": "nobody"}}, {"who.username": ["Unknown user"]}),
        (RULE | {"who": {"kind": "user", "username": "gone"}}, {"who.username": ["Unknown user"]}),
        (RULE | {"who": {"kind": "everybody", "tag": "gold"}}, {"who.tag": ["Does not belong to this kind"]}),
        (RULE | {"who": {"kind": "everybody", "colour": 1}}, {"who.colour": ["Unknown field"]}),
        (RULE | {"where": {"kind": "classroom", "classroom": "Nowhere"}}, {"where.classroom": ["Unknown classroom"]}),
        (RULE | {"where": {"kind": "floor", "floor": 10**15}},
         {"where.floor": ["Must be a whole number from -20 to 200"]}),
        (RULE | {"where": {"kind": "planet"}},
         {"where.kind": ["Must be one of everywhere, building, floor, classroom"]}),
        (RULE | {"during": {"from": "2026-02-30"}}, {"during.from": ["There is no such day"]}),
        (RULE | {"during": {}}, {"during": ["Name from, until or period, or say null"]}),
        (RULE | {"during": {"from": "2026-03-01", "until": "2026-02-01"}},
         {"during.from": ["Must not be after until"]}),
        (RULE | {"at": {"from": "23:00", "until": "18:00"}}, {"at.from": ["Must be before until"]}),
        (RULE | {"at": {"weekdays": [0]}}, {"at.weekdays": ["A list of days is required, 1 = Sunday to 7 = Saturday"]}),
        (RULE | {"limit": "none"}, {"limit": OBJECT, "limit.type": NEEDED}),
        (RULE | {"limit": {"type": "colour"}},
         {"limit.type": [f"Must be one of {', '.join(LimitType.values)}"]}),
        (RULE | {"limit": {"type": "length"}}, {"limit": ["Name at least one of min_minutes and max_minutes"]}),
        (RULE | {"limit": {"type": "length", "max_minutes": 10**15}},
         {"limit.max_minutes": ["Must be a whole number from 1 to 1440"]}),
        (RULE | {"limit": {"type": "length", "max_minutes": True}},
         {"limit.max_minutes": ["Must be a whole number from 1 to 1440"]}),
        (RULE | {"effect": "approval", "limit": {"type": "buffer", "after_minutes": 15}},
         {"effect": ["A buffer rule cannot send to approval"]}),
        # everything at once
        ({"name": "", "who": {"kind": "group", "group_id": 999999}, "where": {"kind": "classroom", "classroom": "x"},
          "limit": {"type": "gap"}, "colour": 1},
         {"name": ["This field may not be blank."], "who.group_id": ["Unknown group"],
          "where.classroom": ["Unknown classroom"], "limit.minutes": NEEDED,
          "colour": ["Unknown field"]}),
        (RULE | {"who": {"kind": "user", "username": "nobody"}, "limit": {"type": "gap"}},
         {"who.username": ["Unknown user"], "limit.minutes": NEEDED}),
        ({"where": {"kind": "classroom", "classroom": "x"}},
         {"name": REQUIRED, "who": REQUIRED, "limit": REQUIRED, "where.classroom": ["Unknown classroom"]}),
    ],
)  # fmt: skip
def test_what_is_no_rule(api, cspace, body, details):
    make_user("gone", is_active=False)
    response = api(cspace).post("booking-rules/", body)
    assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")
    assert response.json()["details"] == details
    assert BookingRule.objects.count() == LogEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"name": None}, {"name": NULL}),
        ({"limit": {"type": "cancel", "min_minutes": 30, "then": "refuse"}},
         {"effect": ["A cancel rule cannot send to approval"]}),
        ({"who": {"kind": "tag"}, "colour": 5}, {"who.tag": NEEDED, "colour": ["Unknown field"]}),
        ({"who": {"kind": "group", "group_id": 999999}, "is_active": 1},
         {"who.group_id": ["Unknown group"], "is_active": ["Must be a valid boolean."]}),
        ({"where": {"kind": "classroom", "classroom": "Nowhere"}}, {"where.classroom": ["Unknown classroom"]}),
        ({"during": 5, "at": []}, {"during": OBJECT, "at": OBJECT}),
        ([], {"non_field_errors": ["A JSON object is required"]}),
    ],
)  # fmt: skip
def test_what_is_no_change(api, make, cspace, body, details):
    rule_id = make(effect="approval")
    before = BookingRule.objects.values().get()
    response = api(cspace).put(f"booking-rules/{rule_id}/", body)
    assert (response.status_code, response.json()["details"]) == (400, details)
    assert BookingRule.objects.values().get() == before
    assert actions() == ["booking_rule.created"]


def test_who_may_write(api, make, stranger, member, group_admin, cspace):
    rule_id = make()
    for person in (stranger, member, group_admin):
        for method, path in (
            ("POST", "booking-rules/"),
            ("PUT", f"booking-rules/{rule_id}/"),
            ("PATCH", "booking-rules/999999/"),
            ("DELETE", f"booking-rules/{rule_id}/"),
            ("DELETE", "booking-rules/999999/"),
        ):
            assert answer(api(person)(method, path, {"name": 5})) == FORBIDDEN
    for method, path in (
        ("GET", "booking-rules/"),
        ("POST", "booking-rules/"),
        ("DELETE", f"booking-rules/{rule_id}/"),
    ):
        assert api()(method, path).status_code == 401
    assert actions() == ["booking_rule.created"]


def test_dry_runs_keep_nothing(api, make, cspace):
    response = api(cspace).post("booking-rules/?dry_run=true", RULE)
    assert answer(response) == (201, {"id": None, **SHOWN})
    assert BookingRule.objects.count() == 0
    rule_id = make()
    assert api(cspace).put(f"booking-rules/{rule_id}/?dry_run=true", {"name": "x"}).json()["name"] == "x"
    assert api(cspace).delete(f"booking-rules/{rule_id}/?dry_run=true").status_code == 204
    assert BookingRule.objects.get().name == "Two hours at most"
    assert actions() == ["booking_rule.created"]


def test_a_room_with_rules_cannot_be_deleted(api, make, cspace, room):
    rule_id = make(where={"kind": "classroom", "classroom": "Room A"})
    response = api(cspace).delete("classrooms/Room A/")
    assert (response.status_code, response.json()["code"]) == (409, "INVALID_STATE")
    assert "is_active" in response.json()["error"]
    make_classroom("Room B")
    assert api(cspace).delete("classrooms/Room B/").status_code == 204
    api(cspace).delete(f"booking-rules/{rule_id}/")
    assert api(cspace).delete("classrooms/Room A/").status_code == 204


def test_a_quota_is_charged_from_the_beginning_of_its_period(api, make):
    quota = {"type": "quota", "bookings": 1, "per": "day", "counts": "takes_place_in", "of": "person"}
    make("quota", limit=quota)
    make()
    charged = dict(BookingRule.objects.values_list("name", "charged_from"))
    assert charged == {"quota": dt.datetime(2026, 1, 19, 16, tzinfo=dt.UTC), "Two hours at most": None}
