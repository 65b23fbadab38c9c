"""Booking rules in the admin: a form for each kind of limit, which makes the rule that the API would make of it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from policies.admin.limit_forms import FORMS
from policies.enums import LimitType
from policies.models import BookingRule
from policies.services.booking_rules import named_rule, shown_rule
from tests.admin.pages import act, actions, answer, ask, errors, is_asking, said, save, typed
from tests.factories import make_user

RULES = "/admin/policies/bookingrule/"
PAGE = "policies/bookingrule"
# {kind: (what is typed, the limit it makes, how it begins in words)}
LIMITS = {
    "no_booking": ({}, {}, "No bookings"),
    "individual": ({"allowed": "yes"}, {"allowed": True}, "Bookings without a group are possible"),
    "opening_hours": (
        {"weekdays": ["2", "3"], "from_time": "8:00", "until_time": "24:00"},
        {"weekdays": [2, 3], "from": "08:00", "until": "24:00"},
        "Open Mon, Tue 08:00–24:00",
    ),
    "notice": (
        {"min_minutes": "3 days", "max_days": "28", "opens_at": "10:00"},
        {"min_minutes": 4320, "max_days": 28, "opens_at": "10:00"},
        "Booked at least 3 days before the start and at most 28 days ahead, the last of them from 10:00 on",
    ),
    "cancel": (
        {"min_minutes": "48 hours", "then": "late"},
        {"min_minutes": 2880, "then": "late"},
        "Only with a mark cancelled or moved within 2 days before the start",
    ),
    "length": ({"max_minutes": "2 h"}, {"max_minutes": 120}, "At most 2 hours long"),
    "grid": (
        {"periods": "08:15–09:05 First\r\n09:15 - 10:05  Second one\r\n"},
        {
            "periods": [
                {"from": "08:15", "until": "09:05", "name": "First"},
                {"from": "09:15", "until": "10:05", "name": "Second one"},
            ]
        },
        "In whole periods: First 08:15–09:05, Second one 09:15–10:05",
    ),
    "attendees": ({"min_percent": "50"}, {"min_percent": 50}, "At least 50 % of the seats taken"),
    "series": ({"max_weeks": "8"}, {"max_weeks": 8}, "Weekly series by members of at most 8 weeks"),
    "concurrent": ({"max": "1"}, {"max": 1}, "At most 1 booking at the same time"),
    "gap": ({"minutes": "90"}, {"minutes": 90}, "90 minutes between two bookings of one room"),
    "quota": (
        {"amount": "12", "unit": "hours", "per": "week", "of": "group", "counts": "booked_in", "anchor_time": "3:00"},
        {"minutes": 720, "per": "week", "anchor": "MON 03:00", "counts": "booked_in", "of": "group"},
        "At most 12 hours a week for each group, from Monday 03:00, by the time of booking",
    ),
    "standing": (
        {"points": "3", "within_days": "120", "effect_days": "90"},
        {"points": 3, "within_days": 120, "effect_days": 90},
        "Nothing for 90 days after 3 points of marks within 120 days",
    ),
    "buffer": (
        {"before_minutes": "15 minutes"},
        {"before_minutes": 15},
        "15 minutes before each booking kept free",
    ),
}
every_kind = pytest.mark.parametrize("kind", LIMITS)


def form(kind, **more):
    return {"kind": kind, "name": "A rule", "is_active": "on", "effect": "refuse"} | SCOPE | LIMITS[kind][0] | more


SCOPE = {"who": "everybody", "where": "everywhere"}


def made(client, kind, **more):
    """A rule, made by its form."""
    response = save(client, f"{RULES}add/", form(kind, **more))
    assert "adminform" not in response.context, errors(response)
    return BookingRule.objects.latest("pk")


def kept(rule):
    """What answers of the API show of it."""
    return shown_rule(named_rule(rule.pk))


def sentence(rule):
    return named_rule(rule.pk).rule.sentence


def test_there_is_a_form_for_each_kind_of_limit():
    assert list(FORMS) == [each.value for each in LimitType] == list(LIMITS)


def test_a_new_rule_begins_with_the_choice_of_what_it_limits(admin):
    html = admin.get(f"{RULES}add/").content.decode()
    assert [kind for kind in LIMITS if f'href="?kind={kind}"' in html] == list(LIMITS)
    assert "At most 12 hours a week for each group" in html
    assert admin.get(f"{RULES}add/?kind=nonsense").context["cards"]


@every_kind
def test_each_kind_is_written_by_its_form_and_shown_in_it_again(admin, kind):
    _, limit, words = LIMITS[kind]
    rule = made(admin, kind)
    assert kept(rule)["limit"] == {"type": kind} | limit
    assert sentence(rule).startswith(words)
    assert actions() == ["booking_rule.created"]

    page = admin.get(f"{RULES}{rule.pk}/change/")
    again = sent_back(page)
    assert said(save(admin, f"{RULES}{rule.pk}/change/", again)) != []
    assert kept(rule)["limit"] == {"type": kind} | limit
    assert actions() == ["booking_rule.created"]


def sent_back(page):
    """What a browser sends that shows a form."""
    bound = page.context["adminform"].form
    sent = {name: bound[name].field.prepare_value(bound[name].value()) for name in bound.fields}
    return {name: value for name, value in sent.items() if value not in (None, False, [])}


@every_kind
def test_the_form_is_a_sentence_and_every_field_of_it_has_a_label(admin, kind):
    html = admin.get(f"{RULES}add/?kind={kind}").content.decode()
    shown = admin.get(f"{RULES}add/?kind={kind}").context["adminform"].form
    for name in shown.fields:
        field = shown[name]
        if not field.is_hidden:
            assert f'for="{field.id_for_label}"' in html or f"<legend>{field.label}</legend>" in html, name
    for words, _ in shown.pieces:
        assert words in html


def test_every_kind_can_be_lifted_and_single_bounds_too(admin):
    for kind in LIMITS:
        rule = made(admin, kind, lifted="none", where="floor", on_floor="2")
        assert kept(rule)["limit"]["none"] is True
        assert typed(admin.get(f"{RULES}{rule.pk}/change/"), "lifted") == ["none"]
    rule = made(admin, "notice", lifted="none", lifted_bounds=["max_days"])
    assert kept(rule)["limit"] == {"type": "notice", "none": ["max_days"]}
    assert typed(admin.get(f"{RULES}{rule.pk}/change/"), "lifted_bounds") == [["max_days"]]


@pytest.mark.parametrize(
    ("scope", "part", "said_of_it"),
    [
        ({"who": "individual"}, "who", {"kind": "individual"}),
        ({"who": "tag", "tag": "gold"}, "who", {"kind": "tag", "tag": "gold"}),
        ({"who": "group_kind", "group_kind": "society"}, "who", {"kind": "group_kind", "group_kind": "society"}),
        ({"who": "user", "username": "cspace_member"}, "who", {"kind": "user", "username": "cspace_member"}),
        ({"where": "building", "in_building": "Library"}, "where", {"kind": "building", "building": "Library"}),
        ({"where": "floor", "on_floor": "-1"}, "where", {"kind": "floor", "floor": -1}),
        ({"period": "term", "first_day": "2026-02-01"}, "during", {"from": "2026-02-01", "period": "term"}),
        (
            {"only_weekdays": ["2", "6"], "only_from": "18:00", "only_until": "24:00"},
            "at",
            {"weekdays": [2, 6], "from": "18:00"},
        ),
    ],
)
def test_for_whom_where_and_when_are_kept_and_shown_again(admin, scope, part, said_of_it):
    rule = made(admin, "concurrent", **scope)
    assert kept(rule)[part] == said_of_it
    again = sent_back(admin.get(f"{RULES}{rule.pk}/change/"))
    save(admin, f"{RULES}{rule.pk}/change/", again | {"name": "Other"})
    assert kept(rule)[part] == said_of_it
    assert actions() == ["booking_rule.created", "booking_rule.changed"]


def test_a_group_and_a_room_are_chosen(admin, team, room):
    rule = made(admin, "no_booking", who="group", whose_group=team.pk, where="classroom", room=room.pk)
    assert kept(rule)["who"] == {"kind": "group", "group_id": team.pk}
    assert kept(rule)["where"] == {"kind": "classroom", "classroom": "Room A"}
    assert typed(admin.get(f"{RULES}{rule.pk}/change/"), "whose_group", "room") == [team.pk, room.pk]


@pytest.mark.parametrize(
    ("kind", "wrong", "field", "sentence"),
    [
        ("quota", {"amount": ""}, "amount", "Fill in what the sentence leaves open"),
        ("quota", {"amount": "x"}, "amount", "Enter a whole number."),
        ("quota", {"amount": "-1"}, "amount", "Must be a whole number from 0 to 5270400"),
        ("quota", {"per": "days", "anchor_time": ""}, "days", "This field is required"),
        ("quota", {"per": "day"}, "anchor_day", "Belongs to a week"),
        ("quota", {"anchor_time": "25:00"}, "anchor_time", "A time of the form HH:MM is required"),
        ("quota", {"name": ""}, "name", "This field is required."),
        ("quota", {"who": "tag"}, "tag", "This field is required"),
        ("quota", {"tag": "gold"}, "tag", "Does not belong to this kind"),
        ("quota", {"who": "user", "username": "nobody"}, "username", "Unknown user"),
        ("quota", {"who": "user", "username": "a\x00"}, "username", "Null characters are not allowed."),
        ("quota", {"where": "classroom"}, "room", "This field is required"),
        ("quota", {"where": "floor", "on_floor": "9" * 30}, "on_floor", "Must be a whole number from -20 to 200"),
        ("quota", {"first_day": "2026-02-02", "last_day": "2026-02-01"}, "first_day", "Must not be after until"),
        ("quota", {"only_from": "12:00", "only_until": "11:00"}, "only_from", "Must be before until"),
        ("quota", {"only_weekdays": ["8"]}, "only_weekdays", "Select a valid choice. 8 is not one of the available"),
        ("length", {"max_minutes": ""}, "min_minutes", "Fill in what the sentence leaves open"),
        ("length", {"max_minutes": "2 fortnights"}, "max_minutes", "A length of time like"),
        ("length", {"max_minutes": "2 days"}, "max_minutes", "Must be a whole number from 1 to 1440"),
        ("length", {"min_minutes": "3 hours"}, "min_minutes", "Must not be more than max_minutes"),
        ("notice", {"max_days": ""}, "opens_at", "Belongs to max_days"),
        ("opening_hours", {"weekdays": []}, "weekdays", "This field is required"),
        ("opening_hours", {"from_time": "8"}, "from_time", "A time of the form HH:MM is required"),
        ("grid", {"periods": "8-9 First"}, "periods", "Line 1: a period like"),
        ("grid", {"periods": "10:00–09:00 First"}, "periods", "Must be before until"),
        ("grid", {"periods": "", "minutes": "7"}, "minutes", "Select a valid choice"),
        ("cancel", {"effect": "approval"}, "effect", "A cancel rule cannot send to approval"),
        ("concurrent", {"max": ""}, "max", "This field is required"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(admin, kind, wrong, field, sentence):
    response = admin.post(f"{RULES}add/", form(kind, **wrong))
    found = errors(response)
    assert list(found) == [field]
    assert found[field][0].startswith(sentence)
    assert not BookingRule.objects.exists()
    assert actions() == []


@every_kind
def test_odd_values_are_not_our_fault_and_write_nothing(admin, kind):
    for value in ("", "\x00", "x", "9" * 30, "-1", "[" * 5_000, "NaN"):
        odd = dict.fromkeys(FORMS[kind].base_fields, value) | {"kind": kind}
        assert "adminform" in admin.post(f"{RULES}add/", odd).context
        assert admin.get(f"{RULES}add/", odd | {name: text[:200] for name, text in odd.items()}).status_code in {
            200,
            400,
        }
    assert not BookingRule.objects.exists()
    assert actions() == []


def test_a_week_begins_on_monday_where_nothing_else_is_said(admin):
    assert "anchor" not in kept(made(admin, "quota", anchor_time=""))["limit"]
    assert kept(made(admin, "quota", anchor_time="", anchor_day="WED"))["limit"]["anchor"] == "WED 00:00"
    fortnight = made(admin, "quota", anchor_time="", per="days", days="14", unit="bookings", of="person")
    assert kept(fortnight)["limit"]["per"] == {"days": 14}
    assert sentence(fortnight) == "At most 12 bookings in 14 days for each person, by the time of booking"
    assert typed(admin.get(f"{RULES}{fortnight.pk}/change/"), "per", "days", "unit") == ["days", 14, "bookings"]


def test_a_rule_is_asked_about_before_it_is_kept(admin):
    page = admin.post(f"{RULES}add/", form("quota"))
    assert is_asking(page)
    html = page.content.decode()
    assert LIMITS["quota"][2] in html
    assert not BookingRule.objects.exists()
    assert actions() == []
    answer(admin, page)
    assert actions() == ["booking_rule.created"]
    assert errors(answer(admin, page)) == {"__all__": ["There is a rule that says the same"]}
    assert BookingRule.objects.count() == 1


def test_a_rule_like_another_is_refused_above_the_form(admin):
    made(admin, "quota")
    response = admin.post(f"{RULES}add/", form("quota", name="Another name"))
    assert errors(response) == {"__all__": ["There is a rule that says the same"]}
    assert BookingRule.objects.count() == 1


def test_the_list_shows_each_rule_as_its_sentence(admin):
    made(admin, "quota", effect="approval", who="tag", tag="gold")
    made(admin, "gap")
    html = admin.get(RULES).content.decode()
    assert "by the time of booking, for groups tagged gold; else by approval" in html
    assert [row.limit_type for row in admin.get(f"{RULES}?limit_type__exact=gap").context["cl"].result_list] == ["gap"]


def test_a_list_of_rules_costs_the_same_for_one_and_for_many(admin, team, room, django_assert_max_num_queries):
    made(admin, "gap", who="group", whose_group=team.pk)
    admin.get(RULES)
    with CaptureQueriesContext(connection) as few:
        admin.get(RULES)
    number = len(few)
    for minutes in range(10, 15):
        made(admin, "gap", minutes=str(minutes), where="classroom", room=room.pk)
    with django_assert_max_num_queries(number):
        admin.get(RULES)


def test_rules_are_put_out_of_force_and_in_again_and_deleted(admin):
    rule = made(admin, "quota")
    assert said(act(admin, PAGE, "deactivate", rule)) == ["1 put out of force."]
    assert kept(rule)["is_active"] is False
    assert "It is not in force" in said(act(admin, PAGE, "deactivate", rule))[0]
    assert said(act(admin, PAGE, "activate", rule)) == ["1 put in force."]
    assert kept(rule)["is_active"] is True
    assert is_asking(ask(admin, PAGE, "delete_rules", rule))
    assert BookingRule.objects.exists()
    assert said(act(admin, PAGE, "delete_rules", rule)) == ["1 deleted."]
    assert not BookingRule.objects.exists()
    assert actions() == ["booking_rule.created", *["booking_rule.changed"] * 2, "booking_rule.deleted"]


def test_whoever_is_not_in_cspace_sees_and_writes_no_rule(member, stranger, browser):
    for person in (member, stranger, make_user("group_boss")):
        for page in ("", "add/", "add/?kind=quota"):
            assert browser(person).get(f"{RULES}{page}")["Location"].startswith("/admin/login/")
        assert browser(person).post(f"{RULES}add/", form("quota"))["Location"].startswith("/admin/login/")
    assert not BookingRule.objects.exists()
