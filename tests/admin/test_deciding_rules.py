"""The page of the rules that decide for one group in one room, and the bars of quotas on pages of groups and people."""

import datetime as dt

import pytest

from kernel import clock
from kernel.campus_time import campus_date
from policies.admin.quota_bars import quota_bars
from policies.services.booking_rules import create_rule, read_rule
from tests.factories import make_registration

DECIDING = "/admin/policies/bookingrule/deciding/"
ALL = {"who": {"kind": "everybody"}, "where": {"kind": "everywhere"}}


@pytest.fixture
def rule(cspace):
    """Writes a rule; its sentence."""

    def write(limit, **scope):
        body = {"name": "A rule", "limit": limit} | ALL | scope
        return create_rule(by=cspace, now=clock.now(), wish=read_rule(body)).rule.sentence

    return write


def asked(place, **more):
    return {"room": place.pk, "day": "2026-02-01", "start_time": "10:00", "end_time": "12:00"} | more


def shown(response):
    """{kind: (sentences of those that decide, of those outranked)}"""
    return {
        row.kind: tuple([each.sentence for each in rules] for rules in (row.deciding, row.outranked))
        for row in response.context["rows"]
    }


def test_of_each_kind_the_rule_that_decides_is_shown_and_what_it_outranks(admin, rule, team, room):
    everywhere = rule({"type": "length", "max_minutes": 60})
    here = rule({"type": "length", "max_minutes": 90}, where={"kind": "classroom", "classroom": "Room A"})
    theirs = rule({"type": "length", "max_minutes": 120}, who={"kind": "group", "group_id": team.pk})
    shortest = rule({"type": "length", "min_minutes": 30})
    quota = rule({"type": "quota", "bookings": 3, "per": "week", "counts": "booked_in", "of": "group"})
    rule({"type": "gap", "minutes": 5}, where={"kind": "floor", "floor": 9})
    rule({"type": "no_booking"}, during={"from": "2026-02-02"})

    page = admin.get(DECIDING, asked(room, group=team.pk))
    assert shown(page) == {
        "Limit on the length (longest)": ([theirs], [here, everywhere]),
        "Limit on the length (shortest)": ([shortest], []),
        "Quota: bookings per week, booked in, of a group": ([quota], []),
    }
    assert theirs in page.content.decode()
    without = shown(admin.get(DECIDING, asked(room)))
    assert without["Limit on the length (longest)"] == ([here], [everywhere])


def test_a_person_is_named_by_his_username(admin, rule, room, member):
    his = rule({"type": "concurrent", "max": 1}, who={"kind": "user", "username": "member"})
    assert shown(admin.get(DECIDING, asked(room, username="member")))["Limit on bookings at the same time"][0] == [his]
    assert "No rule is about such a booking" in admin.get(DECIDING, asked(room)).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"username": "nobody"}, "username", "Unknown user"),
        ({"username": "\x7f"}, "username", "Unknown user"),
        ({"room": "x"}, "room", "Select a valid choice. That choice is not one of the available choices."),
        ({"room": "9" * 30}, "room", "Select a valid choice. That choice is not one of the available choices."),
        ({"day": ""}, "day", "This field is required."),
        ({"day": "0001-01-01", "start_time": "07:00"}, "day", "This date is out of range"),
        ({"end_time": "10:00"}, "start_time", "Start must be before end"),
    ],
)
def test_what_is_asked_wrongly_is_named(admin, room, wrong, field, sentence):
    page = admin.get(DECIDING, asked(room, **wrong))
    assert page.context["form"].errors == {field: [sentence]}
    assert page.status_code == 200


def test_a_gap_of_the_clocks_is_named(admin, room, settings):
    settings.CSPACE_TIME_ZONE = "Europe/Berlin"
    page = admin.get(DECIDING, asked(room, day="2026-03-29", start_time="02:30", end_time="04:00"))
    assert "does not exist on this date" in page.context["form"].errors["start_time"][0]
    assert admin.get(f"{DECIDING}?room=%00").status_code == 400


def test_only_cspace_sees_it_and_every_field_has_a_label(admin, member, browser, room):
    assert browser(member).get(DECIDING)["Location"].startswith("/admin/login/")
    page = admin.get(DECIDING)
    html = page.content.decode()
    assert all(f'for="{field.id_for_label}"' in html for field in page.context["form"])


# --- quotas -------------------------------------------------------------------------------------------------

MONDAY, NEXT_MONDAY = dt.datetime(2026, 2, 1, 16, tzinfo=dt.UTC), dt.datetime(2026, 2, 8, 16, tzinfo=dt.UTC)
HOURS = {"sentence": "At most 12 hours a week", "unit": "minutes", "limit": 720, "used": 180, "left": 540}
ROWS = [
    HOURS | {"from": MONDAY, "until": NEXT_MONDAY},
    {"sentence": "Outstanding <3", "unit": "bookings", "limit": 3, "used": 4, "left": 0, "from": None, "until": None},
]


def test_quotas_are_bars_the_fullest_first():
    html = quota_bars(ROWS)
    assert html.index("Outstanding &lt;3") < html.index("At most 12 hours a week")
    for words in ("3 hours", "12 hours", "9 hours", ">25<", ">133<", "4 bookings", "from now on"):
        assert words in html, words
    assert "2026-02-02 00:00 – 2026-02-08 24:00" in html
    assert 'width="100" height="6" fill="#581c87"' in html
    assert quota_bars([]) == ""


def test_they_stand_on_the_pages_of_groups_and_of_people(admin, cspace, rule, team, member, room):
    day = campus_date(clock.now()) + dt.timedelta(days=2)
    ahead = {"per": "future"}
    rule({"type": "quota", "minutes": 2880, "of": "group", **ahead})
    rule({"type": "quota", "bookings": 3, "of": "person", **ahead})
    make_registration(by=member, group=team, classroom=room, day=day, start=600, end=690)
    of_group = " ".join(admin.get(f"/admin/groups/group/{team.pk}/change/").content.decode().split())
    assert "At most 48 hours outstanding for each group" in of_group
    assert "<td>90 minutes</td> <td>48 hours</td> <td>2790 minutes</td> <td>3</td>" in of_group
    of_person = " ".join(admin.get(f"/admin/accounts/user/{member.pk}/change/").content.decode().split())
    assert "At most 3 bookings outstanding for each person" in of_person
    assert "<td>1 booking</td> <td>3 bookings</td> <td>2 bookings</td> <td>33</td>" in of_person


def test_where_there_is_no_quota_there_are_no_bars(admin, team):
    assert "quota-bars" not in admin.get(f"/admin/groups/group/{team.pk}/change/").content.decode()
    assert "quota-bars" not in admin.get("/admin/groups/group/add/").content.decode()
