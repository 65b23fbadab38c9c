"""What a rule would do, before it is kept: whom it touches, and which live bookings it would have refused."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups.models import Group
from kernel import clock
from kernel.campus_time import campus_date
from policies.models import BookingRule, Mark
from policies.queries import previewing
from policies.queries.previewing import preview_of
from policies.queries.rule_rows import named_row
from policies.services.booking_rules import create_rule, read_rule
from registrations.models import Registration
from tests.admin.pages import actions, is_asking
from tests.factories import join, make_classroom, make_group, make_registration, make_series, make_user

RULES = "/admin/policies/bookingrule/"


@pytest.fixture
def soon():
    return campus_date(clock.now()) + dt.timedelta(days=7)


@pytest.fixture
def booked(member, team, room, soon):
    """Two bookings of the group on one day: of two hours, and of three behind it."""
    return [
        make_registration(by=member, group=team, classroom=room, day=soon, start=600, end=720),
        make_registration(by=member, group=team, classroom=room, day=soon, start=720, end=900),
    ]


@pytest.fixture
def preview(cspace):
    """What a rule with a limit does that is written now, beside those there are."""

    def of(limit, **more):
        body = {"name": "A rule", "who": {"kind": "everybody"}, "where": {"kind": "everywhere"}, "limit": limit}
        return preview_of(written(cspace, body | more), now=clock.now())

    return of


def written(by, body):
    return create_rule(by=by, now=clock.now(), wish=read_rule(body)).rule


def found(preview):
    return [booking.id for booking, _ in preview.shown]


def weekday(day):
    return day.isoweekday() % 7 + 1


def test_of_each_kind_those_are_found_that_it_would_have_refused(preview, booked, soon):
    two_hours, three_hours = (row.pk for row in booked)
    week = {"per": "week", "counts": "takes_place_in", "of": "group"}
    for limit, broken in (
        ({"type": "no_booking"}, [two_hours, three_hours]),
        ({"type": "length", "max_minutes": 120}, [three_hours]),
        ({"type": "length", "min_minutes": 150}, [two_hours]),
        ({"type": "grid", "minutes": 60, "offset": 15}, [two_hours, three_hours]),
        ({"type": "notice", "max_days": 6}, [two_hours, three_hours]),
        ({"type": "notice", "max_days": 7}, []),
        ({"type": "attendees", "min": 1}, [two_hours, three_hours]),
        ({"type": "concurrent", "max": 0}, [two_hours, three_hours]),
        ({"type": "concurrent", "max": 1}, []),
        ({"type": "gap", "minutes": 1}, [three_hours]),
        ({"type": "quota", "bookings": 1, **week}, [three_hours]),
        ({"type": "quota", "minutes": 240, **week}, [three_hours]),
        ({"type": "quota", "minutes": 300, **week}, []),
        ({"type": "quota", "bookings": 1, **week, "per": "future"}, [three_hours]),
        ({"type": "quota", "bookings": 1, **week, "counts": "booked_in", "per": "day"}, [three_hours]),
        ({"type": "individual", "allowed": False}, []),
        ({"type": "buffer", "before_minutes": 15}, []),
        ({"type": "cancel", "min_minutes": 100_000, "then": "refuse"}, []),
        ({"type": "series", "max_weeks": 1}, []),
        ({"type": "length", "none": True}, []),
    ):
        BookingRule.objects.all().delete()
        assert found(preview(limit)) == broken, limit


def test_opening_hours_of_one_scope_are_looked_at_together(preview, cspace, booked, soon):
    days = {"type": "opening_hours", "weekdays": [weekday(soon)]}
    assert found(preview(days | {"from": "11:00", "until": "15:00"})) == [booked[0].pk]
    assert found(preview(days | {"from": "10:00", "until": "11:00"})) == []


def test_where_a_more_specific_rule_decides_this_one_refuses_nothing(preview, cspace, team, booked):
    limit = {"type": "length", "max_minutes": 200}
    written(
        cspace,
        {
            "name": "For them",
            "who": {"kind": "group", "group_id": team.pk},
            "where": {"kind": "everywhere"},
            "limit": limit,
        },
    )
    assert found(preview({"type": "length", "max_minutes": 60})) == []


def test_a_series_is_found_by_its_first_date(preview, cspace, team, room, soon):
    series = make_series(by=cspace, group=team, classroom=room, starts_on=soon, weeks=3)
    other = make_series(by=cspace, group=team, classroom=room, starts_on=soon, weeks=3, start=900, end=960)
    first = Registration.objects.of_series([series.pk]).in_order().first()
    of_other = Registration.objects.of_series([other.pk]).in_order().first()
    assert found(preview({"type": "series", "max_weeks": 2})) == [first.pk, of_other.pk]
    assert found(preview({"type": "series", "max_weeks": 3})) == []
    assert len(found(preview({"type": "series", "max_per_week": 1}))) == 1


def test_who_has_marks_now_is_found(preview, cspace, team, booked):
    limit = {"type": "standing", "points": 3, "within_days": 30, "effect_days": 30}
    assert found(preview(limit)) == []
    Mark.objects.create(group=team, kind="no_show", points=3, note="", given_by=cspace, given_at=clock.now())
    assert len(found(preview(limit | {"points": 2}))) == 2


def test_only_live_ones_of_the_next_four_weeks_are_looked_at(preview, member, team, room, booked, soon):
    make_registration(by=member, group=team, classroom=room, day=soon + dt.timedelta(days=30))
    preview_now = preview({"type": "no_booking"})
    assert (preview_now.looked_at, preview_now.broken_count) == (2, 2)


def test_all_are_counted_and_the_soonest_shown(preview, booked, monkeypatch):
    monkeypatch.setattr(previewing, "MAX_SHOWN", 1)
    shown = preview({"type": "no_booking"})
    assert (found(shown), shown.broken_count, shown.more) == ([booked[0].pk], 2, 1)


@pytest.mark.parametrize(
    ("who", "reach"),
    [
        ({"kind": "everybody"}, (3, 4)),
        ({"kind": "individual"}, (0, 4)),
        ({"kind": "tag", "tag": " GOLD "}, (1, 1)),
        ({"kind": "group_kind", "group_kind": "society"}, (1, 1)),
        ({"kind": "user", "username": "member"}, (0, 1)),
    ],
)
def test_whom_it_touches_is_counted(preview, member, who, reach):
    gold = Group.objects.create(name="Gold", name_key="gold", kind="society", tags=["Gold"], tag_keys=["gold"])
    join(make_user("golden"), gold)
    join(make_user("gone", is_active=False), gold)
    make_user("alone")
    make_classroom("Room B", building="Library", floor=3)
    make_classroom("Room C", building="Library", floor=-1)
    for where, rooms in (
        ({"kind": "everywhere"}, 2),
        ({"kind": "building", "building": "Library"}, 2),
        ({"kind": "floor", "floor": 3}, 1),
        ({"kind": "floor", "floor": 3, "building": "Annexe"}, 0),
        ({"kind": "classroom", "classroom": "Room C"}, 1),
    ):
        counted = preview({"type": "no_booking"}, who=who, where=where).reach
        assert (counted.groups, counted.people, counted.rooms) == (*reach, rooms)


def test_a_group_of_its_own_is_counted_with_its_people(preview, team, member, group_admin):
    counted = preview({"type": "no_booking"}, who={"kind": "group", "group_id": team.pk}).reach
    assert (counted.groups, counted.people) == (1, 2)


# --- the pages ------------------------------------------------------------------------------------------


FORM = {"name": "A rule", "is_active": "on", "effect": "refuse", "who": "everybody", "where": "everywhere"}


def test_the_page_that_asks_says_what_the_rule_would_do(admin, booked, team):
    page = admin.post(f"{RULES}add/", FORM | {"kind": "length", "max_minutes": "2 hours"})
    html = page.content.decode()
    assert is_asking(page)
    assert "At most 2 hours long" in html
    assert "have refused <strong>1</strong>" in " ".join(html.split())
    assert html.count("<td>522</td>") == 1
    assert not BookingRule.objects.exists()
    assert actions() == ["registration.created"] * 2


def test_a_rule_that_is_kept_has_a_page_with_its_preview(admin, cspace, booked):
    body = {"name": "A rule", "is_active": False, "effect": "approval", "who": {"kind": "everybody"}}
    rule = written(cspace, body | {"where": {"kind": "everywhere"}, "limit": {"type": "no_booking"}})
    html = " ".join(admin.get(f"{RULES}{rule.id}/preview/").content.decode().split())
    assert "have sent to approval <strong>2</strong>" in html
    assert "It is not in force." in html
    for odd in ("x", "9" * 30, "-1", "%00"):
        assert admin.get(f"{RULES}{odd}/preview/").status_code in {302, 400, 404}


def test_a_rule_that_refuses_no_booking_says_so(admin, cspace):
    for limit in ({"type": "buffer", "before_minutes": 5}, {"type": "length", "none": True}):
        body = {"name": "A rule", "who": {"kind": "everybody"}, "where": {"kind": "everywhere"}, "limit": limit}
        rule = written(cspace, body)
        assert "It refuses no booking" in admin.get(f"{RULES}{rule.id}/preview/").content.decode()


def test_a_preview_costs_the_same_for_few_bookings_and_for_many(cspace, member, booked, team, soon):
    body = {"name": "A rule", "who": {"kind": "everybody"}, "where": {"kind": "everywhere"}}
    written(cspace, body | {"limit": {"type": "no_booking"}})
    rule = named_row(BookingRule.objects.select_related("group", "user", "classroom").get()).rule
    with CaptureQueriesContext(connection) as few:
        preview_of(rule, now=clock.now())
    number = len(few)
    assert number <= 6
    BookingRule.objects.all().delete()
    for place in range(5):
        other = make_group()
        join(member, other)
        make_registration(by=member, group=other, classroom=make_classroom(), day=soon + dt.timedelta(days=place))
    with CaptureQueriesContext(connection) as many:
        preview_of(rule, now=clock.now())
    assert len(many) == number
