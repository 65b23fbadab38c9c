"""Availability and free rooms for a group, or for oneself: what a rule refuses is not offered, and it is said why.

Contract of policy §2, by way of the API.
"""

import datetime as dt

import pytest

from classrooms.models import BookingHold, Classroom
from classrooms.services.closures import close_rooms
from groups.models import Group
from kernel import clock
from kernel.campus_time import campus_interval
from tests.classrooms.divided import make_hall
from tests.factories import join, make_classroom, make_group, make_registration, make_series
from tests.policies.scenes import make_mark, make_rule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
DAY = dt.date(2026, 2, 1)
SLOT = "date=2026-02-01&start_time=10:00&end_time=12:00"
NO_BOOKING = {"type": "no_booking"}
INDIVIDUAL = {"type": "individual", "allowed": True}


def where(room):
    return {"kind": "classroom", "classroom": room.name}


@pytest.fixture
def hall(room):
    return make_classroom("Hall", capacity=200, building="BC", floor=1)


@pytest.fixture
def search(api, member, team, room, hall):
    """The answer of the search of a member for his group."""

    def search(query="", *, by=member, whose=f"group_id={team.pk}"):
        response = api(by).get(f"classrooms/free/?{SLOT}&{whose}&{query}")
        assert response.status_code == 200, response.content
        return response.json()

    return search


def names(answer):
    return [room["name"] for room in answer["results"]]


def why(answer):
    return {each["classroom"]: (each["why"], each["sentence"]) for each in answer["unavailable"]}


@pytest.fixture
def look(api, member, team, room):
    """What availability says of Room A to a member for his group."""

    def look(slot=SLOT, *, by=member, whose=f"group_id={team.pk}", name="Room A"):
        response = api(by).get(f"classrooms/{name}/availability/?{slot}&{whose}")
        assert response.status_code == 200, response.content
        return response.json()

    return look


# --- for whom -------------------------------------------------------------------------------------


def test_without_rules_a_group_has_what_everybody_has(api, member, search, look):
    plain = api(member).get(f"classrooms/free/?{SLOT}").json()
    assert search() == plain
    assert names(plain) == ["Hall", "Room A"]
    assert look() == api(member).get(f"classrooms/Room A/availability/?{SLOT}").json() | {"rules": []}


@pytest.mark.parametrize("path", ["free/", "Room A/availability/"])
def test_who_may_ask_for_whom(api, path, room, member, group_admin, cspace, stranger, team):
    other = make_group()

    def status(user, query):
        response = api(user).get(f"classrooms/{path}?{SLOT}&{query}")
        return response.status_code, response.json().get("code"), response.json().get("details")

    for user in (member, group_admin, cspace):
        assert status(user, f"group_id={team.pk}")[0] == 200
        assert status(user, "individual=true")[0] == 200
    assert status(stranger, "individual=true")[0] == 200
    for user in (member, group_admin, stranger):
        assert status(user, f"group_id={other.pk}")[:2] == (403, "PERMISSION_DENIED")
    assert status(cspace, f"group_id={other.pk}")[0] == 200
    archived = make_group()
    join(member, archived)
    Group.objects.filter(pk=archived.pk).update(archived_at=clock.now())
    for user, group_id in ((member, 10**9), (cspace, 10**9), (member, archived.pk), (cspace, archived.pk)):
        assert status(user, f"group_id={group_id}") == (400, "VALIDATION_ERROR", {"group_id": ["Unknown group"]})


@pytest.mark.parametrize("path", ["free/", "Room A/availability/"])
def test_nobody_asks_for_somebody(api, settings, path, room, team):
    settings.CSPACE_PUBLIC_READS = True
    assert api().get(f"classrooms/{path}?{SLOT}").status_code == 200
    for query in (f"group_id={team.pk}", "individual=true", "group_id=x", f"group_id={team.pk}&individual=true"):
        refused = api().get(f"classrooms/{path}?{SLOT}&{query}")
        assert (refused.status_code, refused.json()["code"]) == (401, "NOT_AUTHENTICATED"), query
    assert api().get(f"classrooms/{path}?{SLOT}&group_id=&individual=").status_code == 200


@pytest.mark.parametrize("path", ["free/", "Room A/availability/"])
@pytest.mark.parametrize(
    ("query", "details"),
    [
        ("group_id={team}&individual=true", {"individual": ["Cannot stand beside group_id"]}),
        ("group_id=x", {"group_id": ["A whole number is required"]}),
        ("group_id=0", {"group_id": ["Ensure this value is greater than or equal to 1."]}),
        ("group_id=" + "9" * 18, {"group_id": ["Unknown group"]}),
        ("group_id=" + "9" * 19, {"group_id": ["Must have at most 18 digits"]}),
        ("individual=1", {"individual": ["Must be true or false"]}),
        (
            "individual=yes&attendees=0",
            {
                "individual": ["Must be true or false"],
                "attendees": ["Ensure this value is greater than or equal to 1."],
            },
        ),
    ],
)
def test_what_is_refused(api, member, team, room, path, query, details):
    refused = api(member).get(f"classrooms/{path}?{SLOT}&{query.format(team=team.pk)}")
    assert (refused.status_code, refused.json()["details"]) == (400, details)


def test_not_individual_is_nobody(api, member, team, room):
    for path in ("free/", "Room A/availability/"):
        plain = api(member).get(f"classrooms/{path}?{SLOT}").json()
        assert api(member).get(f"classrooms/{path}?{SLOT}&individual=false").json() == plain
    assert api(member).get(f"classrooms/free/?{SLOT}&individual=false&group_id={team.pk}").status_code == 200
    assert api(member).get(f"classrooms/free/?{SLOT}&explain=1").json()["details"] == {
        "explain": ["Must be true or false"]
    }
    assert api(member).get(f"classrooms/Nowhere/availability/?{SLOT}&group_id={team.pk}").status_code == 404
    filters = api(member).get(f"classrooms/free/?{SLOT}&group_id={team.pk}&min_capacity=x&page=0").json()["details"]
    assert set(filters) == {"min_capacity", "page"}


# --- what rules refuse ----------------------------------------------------------------------------


def test_a_room_that_a_rule_refuses_is_left_out(search, look, cspace, room, hall):
    rule_id = make_rule(cspace, limit=NO_BOOKING, where=where(room))
    answer = search("explain=true")
    assert names(answer) == ["Hall"]
    ((name, (reason, sentence)),) = why(answer).items()
    assert (name, reason, answer["unavailable_count"]) == ("Room A", "policy", 1)
    shown = look()
    assert (shown["is_available"], shown["conflicts"], shown["reason"]) == (False, [], sentence)
    assert shown["rules"] == [{"rule_id": rule_id, "type": "no_booking", "effect": "refuse", "sentence": sentence}]


def test_rules_ask_for_whom_it_is(search, look, cspace, member, stranger, team, room):
    gold, silver = make_group(), make_group()
    for group in (gold, silver):
        join(member, group)
    make_rule(cspace, limit=NO_BOOKING, where=where(room), who={"kind": "group", "group_id": gold.pk})
    make_rule(cspace, limit=INDIVIDUAL, who={"kind": "user", "username": "member"}, where=where(room))
    for group, rooms in ((gold, ["Hall"]), (silver, ["Hall", "Room A"])):
        for person in (member, cspace):
            whose = f"group_id={group.pk}"
            assert names(search(by=person, whose=whose)) == rooms
            assert look(by=person, whose=whose)["is_available"] == ("Room A" in rooms)
    assert names(search(whose="individual=true")) == ["Room A"]
    assert look(whose="individual=true")["is_available"] is True
    for person in (stranger, cspace):
        assert names(search(by=person, whose="individual=true")) == []
        alone = look(by=person, whose="individual=true")
        assert (alone["is_available"], alone["reason"], alone["rules"]) == (
            False,
            "This room is booked by groups only",
            [],
        )


def test_who_is_not_allowed_to_book_alone_reads_the_rule(search, cspace, room):
    make_rule(cspace, limit={"type": "individual", "allowed": False})
    answer = search("explain=true", whose="individual=true")
    assert names(answer) == []
    assert {reason for reason, _ in why(answer).values()} == {"policy"}
    assert "This room is booked by groups only" not in {sentence for _, sentence in why(answer).values()}


def test_what_somebody_has_to_decide_on_is_not_taken_away(search, look, cspace, room):
    rule_id = make_rule(cspace, limit=NO_BOOKING, where=where(room), effect="approval")
    assert names(search()) == ["Hall", "Room A"]
    shown = look()
    assert (shown["is_available"], "reason" in shown) == (True, False)
    assert [(rule["rule_id"], rule["effect"]) for rule in shown["rules"]] == [(rule_id, "approval")]


def test_what_the_group_has_counts(search, look, cspace, team, room, hall):
    quota = {"type": "quota", "minutes": 180, "per": "day", "counts": "takes_place_in", "of": "group"}
    rule_id = make_rule(cspace, limit=quota)
    assert names(search()) == ["Hall", "Room A"]
    make_registration(by=cspace, group=team, classroom=hall, day=DAY, start=600 + 240, end=720 + 240)
    assert names(search()) == []
    (rule,) = look()["rules"]
    assert (rule["rule_id"], rule["limit"], rule["used"], rule["wanted"]) == (rule_id, 180, 120, 120)
    other = make_group()
    assert names(search(by=cspace, whose=f"group_id={other.pk}")) == ["Hall", "Room A"]


def test_a_gap_is_kept_to_in_its_own_room_only(search, cspace, team, room):
    make_rule(cspace, limit={"type": "gap", "minutes": 60})
    make_registration(by=cspace, group=team, classroom=room, day=DAY, start=540, end=600)
    assert names(search()) == ["Hall"]


def test_marks_count(search, cspace, team, room):
    make_rule(cspace, limit={"type": "standing", "points": 3, "within_days": 30, "effect_days": 30})
    make_mark(cspace, team, points=2)
    assert names(search()) == ["Hall", "Room A"]
    make_mark(cspace, team)
    assert names(search()) == []


def test_how_many_come_is_asked_by_rules_too(search, look, cspace, room, hall):
    make_rule(cspace, limit={"type": "attendees", "min_percent": 50}, where={"kind": "building", "building": "BC"})
    assert names(search()) == names(search("attendees=20")) == ["Room A"]
    assert names(search("attendees=30")) == ["Room A"]
    assert names(search("attendees=100")) == ["Hall"]
    assert look(f"{SLOT}&attendees=100", name="Hall")["is_available"] is True
    assert look(f"{SLOT}&attendees=99", name="Hall")["is_available"] is False
    too_many = look(f"{SLOT}&attendees=31")
    assert (too_many["is_available"], too_many["reason"]) == (False, "The room seats 30")


def test_of_rooms_alike_each_is_judged_by_how_many_it_seats(search, cspace, room):
    make_rule(cspace, limit={"type": "attendees", "min_percent": 50})
    for capacity in (20, 21, 40, 41, 60):
        make_classroom(f"C{capacity}", capacity=capacity)
    assert names(search("attendees=20")) == ["C20", "C21", "Room A", "C40"]


def test_weekly_slots_each_take_of_what_is_left(search, cspace):
    quota = {"type": "quota", "bookings": 3, "per": "month", "counts": "takes_place_in", "of": "group"}
    make_rule(cspace, limit=quota)
    assert names(search("weekly_until=2026-02-15")) == ["Hall", "Room A"]
    assert names(search("weekly_until=2026-02-22")) == []


def test_a_rule_for_one_of_several_weeks_refuses_all(search, cspace, room):
    make_rule(cspace, limit=NO_BOOKING, where=where(room), during={"from": "2026-02-15", "until": "2026-02-15"})
    assert names(search("weekly_until=2026-02-08")) == ["Hall", "Room A"]
    assert names(search("weekly_until=2026-02-22")) == ["Hall"]


# --- the weeks of a series -------------------------------------------------------------------------

WEEKS = "weekly_until=2026-02-22"  # four of them


def enter(api, user, team, room, until="2026-02-22"):
    """What becomes of the series of these weeks."""
    item = {"group_id": team.pk, "classroom": room.name, "day_of_week": 1, "start_time": "10:00", "end_time": "12:00"}
    item |= {"start_date": "2026-02-01", "end_date": until, "description": "Choir"}
    return api(user).post("batch-allocations/?dry_run=true", {"items": [item]})


@pytest.mark.parametrize(
    ("limit", "had"),
    [
        ({"type": "series", "max_weeks": 3}, False),
        ({"type": "series", "max_weeks": 4}, True),
        ({"type": "series", "max_per_week": 1}, False),
        ({"type": "series", "max_per_week": 2}, True),
        ({"type": "series"}, True),
    ],
)
def test_weeks_that_no_series_may_have_are_not_offered(api, search, member, cspace, team, room, hall, limit, had):
    make_series(by=cspace, group=team, classroom=room, starts_on=dt.date(2026, 2, 16))  # on Mondays
    make_rule(cspace, limit=limit, where=where(hall), name="Weekly in the hall")
    make_rule(cspace, limit={"type": "series"}, name="Weekly elsewhere")
    for user in (member, cspace):
        assert ("Hall" in names(search(WEEKS, by=user))) is had
        assert (enter(api, user, team, hall).status_code == 201) is had
        assert "Room A" in names(search(WEEKS, by=user))
    reason = why(search(f"{WEEKS}&explain=true")).get("Hall")
    assert reason is None if had else reason[0] == "policy"
    assert names(search("suggest=true")) == ["Hall", "Room A"]  # one date is no series


def test_where_members_enter_no_series_their_weeks_are_not_offered(api, search, member, cspace, team, room, hall):
    make_rule(cspace, limit={"type": "series"}, where=where(hall))
    assert (names(search(WEEKS)), names(search(WEEKS, by=cspace))) == (["Hall"], ["Hall", "Room A"])
    assert [enter(api, user, team, room).status_code for user in (member, cspace)] == [403, 201]
    assert why(search(f"{WEEKS}&explain=true")) == {
        "Room A": ("policy", "Weekly series in this room are entered by cspace only")
    }
    assert names(search(WEEKS, whose="individual=true")) == []  # nobody may alone: no rule says so
    make_rule(cspace, limit=INDIVIDUAL)
    assert names(search(WEEKS, whose="individual=true")) == ["Hall", "Room A"]


def test_a_series_that_somebody_has_to_decide_on_is_offered(api, search, cspace, team, room, hall):
    make_rule(cspace, limit={"type": "series", "max_weeks": 3}, effect="approval")
    assert names(search(WEEKS)) == ["Hall", "Room A"]


def test_other_times_of_weeks_are_offered_by_the_same_rules(search, cspace, team, room, hall):
    make_registration(by=cspace, group=team, classroom=room, day=dt.date(2026, 2, 8))
    offered = search(f"{WEEKS}&suggest=true")["suggestions"]
    assert {each["classroom"] for each in offered} == {"Hall", "Room A"}
    make_rule(cspace, limit={"type": "series", "max_weeks": 3}, where=where(room))
    make_rule(cspace, limit={"type": "series"}, where=where(hall))
    assert {each["classroom"] for each in search(f"{WEEKS}&suggest=true")["suggestions"]} == {"Hall"}


def test_pages_and_their_count_are_of_what_is_left(search, cspace, room):
    for number in range(5):
        made = make_classroom(f"R{number}")
        if number % 2:
            make_rule(cspace, limit=NO_BOOKING, where=where(made))
    pages = [search(f"per_page=2&page={page}") for page in (1, 2, 3)]
    assert [names(page) for page in pages] == [["Hall", "R0"], ["R2", "R4"], ["Room A"]]
    assert [page["count"] for page in pages] == [5, 5, 5]
    assert pages[0]["next"] is not None


def test_behind_the_last_page_is_nothing(api, member, team, room):
    for whose in ("", f"&group_id={team.pk}"):
        assert api(member).get(f"classrooms/free/?{SLOT}&page=2{whose}").status_code == 404
        assert api(member).get(f"classrooms/free/?{SLOT}&page=1&floor=9{whose}").json()["count"] == 0


def test_why_not_is_said_of_five_hundred_rooms(search, cspace, room):
    rows = [
        Classroom(name=name, name_key=name, name_order=name, capacity=30, floor=3, equipment={})
        for name in (f"r{number:03}" for number in range(505))
    ]
    Classroom.objects.bulk_create(rows)
    make_rule(cspace, limit=NO_BOOKING, where={"kind": "floor", "floor": 3})
    answer = search("explain=true")
    assert names(answer) == ["Hall", "Room A"]
    assert answer["unavailable_count"] == 505
    assert [each["classroom"] for each in answer["unavailable"]] == [f"r{number:03}" for number in range(500)]


def test_nothing_is_suggested_that_a_rule_refuses(search, cspace, team, room, hall):
    make_rule(cspace, limit=NO_BOOKING, where=where(room))
    make_rule(cspace, limit={"type": "opening_hours", "weekdays": [1], "from": "10:00", "until": "12:30"})
    for each in (room, hall):
        make_registration(by=cspace, group=team, classroom=each, day=DAY, start=600, end=630, is_overriding=True)
    offered = search("suggest=true")["suggestions"]
    assert [(each["classroom"], each["start_time"], each["clashes"]) for each in offered] == [
        ("Hall", "10:30", 0),
        ("Hall", "10:00", 1),
    ]


# --- buffers --------------------------------------------------------------------------------------


def test_buffers_count_as_in_a_booking(search, look, cspace, team, member, room, hall):
    make_rule(cspace, limit={"type": "buffer", "after_minutes": 30}, where=where(room))
    neighbour = make_registration(by=cspace, group=team, classroom=room, day=DAY, start=740, end=780)
    answer = search("explain=true")
    assert names(answer) == ["Hall"]
    assert why(answer) == {
        "Room A": ("booked", "There has to be time around a booking on 2026-02-01 from 12:20 to 13:00")
    }
    shown = look()
    assert (shown["is_available"], shown["conflicts"]) == (
        False,
        [{"id": neighbour.pk, "start_time": "12:20", "end_time": "13:00", "kind": "buffer"}],
    )
    beside = look("date=2026-02-01&start_time=10:00&end_time=11:50")
    assert (beside["is_available"], beside["conflicts"]) == (True, [])
    after = "date=2026-02-01&start_time=13:00&end_time=14:00"
    assert [each["kind"] for each in look(after)["conflicts"]] == ["buffer"]
    assert look("date=2026-02-01&start_time=13:30&end_time=14:00")["is_available"] is True


def test_a_neighbour_on_the_next_day_is_too_near(look, cspace, team, room):
    make_rule(cspace, limit={"type": "buffer", "after_minutes": 30})
    make_registration(by=cspace, group=team, classroom=room, day=DAY + dt.timedelta(days=1), start=10, end=60)
    shown = look("date=2026-02-01&start_time=22:00&end_time=24:00")
    assert (shown["is_available"], shown["conflicts"], shown["reason"]) == (
        False,
        [],
        "There has to be time around a booking near it",
    )


def test_lectures_and_closures_are_near_nobody(search, cspace, room):
    make_rule(cspace, limit={"type": "buffer", "before_minutes": 30, "after_minutes": 30})
    close_rooms(by=cspace, now=clock.now(), classrooms=[room], interval=campus_interval(DAY, 720, 780), reason="")
    assert names(search()) == ["Hall", "Room A"]


# --- why not --------------------------------------------------------------------------------------


def closed(by, room, start, end):
    return close_rooms(by=by, now=clock.now(), classrooms=[room], interval=campus_interval(DAY, start, end), reason="")


def test_each_other_active_room_has_one_reason(search, cspace, team, room, hall):
    both, booked, small, big = (make_classroom(name, capacity=30) for name in ("Both", "Booked", "Small", "Big"))
    make_classroom("Shut", is_active=False)
    closed(cspace, both, 660, 690)
    make_registration(by=cspace, group=team, classroom=both, day=DAY, start=600, end=630)
    make_registration(by=cspace, group=team, classroom=booked, day=DAY, start=660, end=690)
    type(small).objects.filter(pk__in=[small.pk, room.pk]).update(capacity=5)
    for each in (both, booked, big):
        make_rule(cspace, limit=NO_BOOKING, where=where(each))
    expected = {
        "Both": ("closed", "Closed on 2026-02-01 from 11:00 to 11:30"),
        "Booked": ("booked", "Taken on 2026-02-01 from 11:00 to 11:30"),
        "Small": ("too_small", "The room seats 5"),
        "Room A": ("too_small", "The room seats 5"),
    }
    for query in ("attendees=10", "min_capacity=10", "attendees=2&min_capacity=10"):
        answer = search(f"explain=true&{query}")
        assert names(answer) == ["Hall"]
        found = why(answer)
        assert found.pop("Big")[0] == "policy"
        assert (found, answer["unavailable_count"]) == (expected, 5)
    assert names(search("explain=true")) == ["Hall", "Room A", "Small"]
    assert [each["classroom"] for each in search("explain=true&floor=2")["unavailable"]] == ["Big", "Booked", "Both"]
    assert search("explain=true&floor=1")["unavailable"] == []


def test_under_a_hold_the_rest_is_held(search, cspace, team, room, hall):
    make_registration(by=cspace, group=team, classroom=room, day=DAY)
    make_rule(cspace, limit=NO_BOOKING, where=where(hall))
    span = campus_interval(DAY, 0, 1440)
    BookingHold.objects.create(
        source="test", starts_at=span.starts_at, ends_at=span.ends_at, reason="Kept for the draw"
    )
    answer = search("explain=true&suggest=true")
    assert (names(answer), answer["reason"], answer["suggestions"]) == ([], "Kept for the draw", [])
    assert why(answer) == {
        "Hall": ("held", "Kept for the draw"),
        "Room A": ("booked", "Taken on 2026-02-01 from 10:00 to 12:00"),
    }
    assert why(search("explain=true", by=cspace))["Hall"][0] == "policy"


def test_of_weekly_slots_it_is_said_how_many_are_taken(search, cspace, team, room, hall):
    for week in (1, 3):
        day = DAY + dt.timedelta(weeks=week)
        make_registration(by=cspace, group=team, classroom=room, day=day, start=660, end=690)
    interval = campus_interval(DAY + dt.timedelta(weeks=2), 0, 1440)
    close_rooms(by=cspace, now=clock.now(), classrooms=[hall], interval=interval, reason="")
    assert why(search("explain=true&weekly_until=2026-02-22")) == {
        "Hall": ("closed", "Closed on 1 of 4 dates, first on 2026-02-15 from 00:00 to 24:00"),
        "Room A": ("booked", "Taken on 2 of 4 dates, first on 2026-02-08 from 11:00 to 11:30"),
    }


def test_anybody_may_ask_why_and_rules_are_not_told_to_nobody(api, settings, member, cspace, team, room, hall):
    settings.CSPACE_PUBLIC_READS = True
    make_registration(by=cspace, group=team, classroom=room, day=DAY)
    make_rule(cspace, limit=NO_BOOKING, where=where(hall))
    for person in (None, member, cspace):
        answer = api(person).get(f"classrooms/free/?{SLOT}&explain=true").json()
        assert names(answer) == ["Hall"]
        assert why(answer) == {"Room A": ("booked", "Taken on 2026-02-01 from 10:00 to 12:00")}
        plain = api(person).get(f"classrooms/free/?{SLOT}").json()
        assert answer == plain | {"unavailable": answer["unavailable"], "unavailable_count": 1}


def test_of_what_is_made_of_rooms_the_use_is_told(search, cspace, team):
    rooms = make_hall()
    whole = rooms["abc"]
    make_registration(by=cspace, group=team, classroom=whole, day=DAY)
    found = why(search("explain=true"))
    assert {name: reason for name, (reason, _) in found.items()} == dict.fromkeys(rooms, "booked")
