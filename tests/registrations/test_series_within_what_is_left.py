"""What series take of quotas and weeks, however they come to it: changed, tried again, counted beside one another."""

import datetime as dt

import pytest

from auditlog.models import LogEntry
from kernel import clock
from registrations.models import Registration
from registrations.queries.charged import ledger_differences
from tests.factories import make_classroom, make_group
from tests.policies.scenes import make_rule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
MONDAY = dt.date(2026, 2, 2)
URL = "batch-allocations/"


@pytest.fixture
def rooms(db):
    return [make_classroom(name, auto_approve=True) for name in ("Left", "Right")]


def one(team, **more):
    slot = {"classroom": "Left", "date": "2026-02-02", "start_time": "10:00", "end_time": "11:00"}
    return {"group_id": team.pk} | slot | more


def weekly(team, weeks=3, **more):
    last = MONDAY + dt.timedelta(days=7 * weeks - 7)
    slot = {"classroom": "Left", "day_of_week": 2, "start_time": "10:00", "end_time": "11:00"}
    return {"group_id": team.pk, "start_date": "2026-02-02", "end_date": last.isoformat()} | slot | more


def post(api, user, path, body, status=201):
    response = api(user).post(path, body)
    assert response.status_code == status, response.content
    return response.json()


def used(api, user, team, query="date=2026-02-02"):
    (row,) = api(user).get(f"groups/{team.pk}/quota/?{query}").json()["results"]
    return row["used"], row["limit"]


# --- quotas ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "limit",
    [
        {"bookings": 2, "per": "future", "of": "group"},
        {"bookings": 2, "per": "month", "counts": "takes_place_in", "of": "group"},
        {"minutes": 120, "per": "month", "counts": "takes_place_in", "of": "group"},
        {"bookings": 2, "per": "week", "counts": "booked_in", "of": "group"},
    ],
)
@pytest.mark.parametrize("conflict", ["fail", "skip"])
def test_what_a_series_has_is_not_free_for_dates_that_it_has_not(api, cspace, team, rooms, limit, conflict):
    make_rule(cspace, limit={"type": "quota"} | limit)
    post(api, cspace, "registrations/", one(make_group()))  # in the way of the first date
    series = post(api, cspace, URL, weekly(team, on_conflict="skip"))
    assert [row["date"] for row in series["registrations"]] == ["2026-02-09", "2026-02-16"]
    before = LogEntry.objects.count()
    change = {"start_time": "12:00", "end_time": "13:00", "on_conflict": conflict}
    response = api(cspace).put(f"{URL}{series['id']}/", change)
    if conflict == "fail":
        assert (response.status_code, response.json()["code"], LogEntry.objects.count()) == (409, "POLICY", before)
        (rule,) = response.json()["details"]["rules"]
        assert rule["dates"] == ["2026-02-02"]
    else:
        assert response.status_code == 200
        assert [row["date"] for row in response.json()["registrations"]] == ["2026-02-09", "2026-02-16"]
        assert [(row["date"], row["why"]) for row in response.json()["skipped"]] == [("2026-02-02", "policy")]
    query = "date=2026-01-20" if limit.get("counts") == "booked_in" else "date=2026-02-02"
    assert used(api, cspace, team, query) == (limit.get("bookings") or limit["minutes"],) * 2
    assert ledger_differences(clock.now()) == []


def test_with_override_it_takes_them_all(api, cspace, team, rooms):
    make_rule(cspace, limit={"type": "quota", "bookings": 2, "per": "future", "of": "group"})
    post(api, cspace, "registrations/", one(make_group()))
    series = post(api, cspace, URL, weekly(team, on_conflict="skip"))
    change = {"start_time": "12:00", "end_time": "13:00", "override": True}
    assert len(api(cspace).put(f"{URL}{series['id']}/", change).json()["registrations"]) == 3
    assert used(api, cspace, team) == (3, 2)


@pytest.mark.parametrize(("limit", "is_had"), [(60, False), (120, True)])
def test_what_a_closure_took_comes_back_within_the_quota_alone(api, cspace, member, team, rooms, limit, is_had):
    quota = {"type": "quota", "minutes": limit, "per": "week", "counts": "takes_place_in", "of": "group"}
    make_rule(cspace, limit=quota)
    series = post(api, cspace, URL, weekly(team, weeks=2))
    first = series["registrations"][0]["id"]
    assert api(cspace).put(f"registrations/{first}/", {"classroom": "Right"}).status_code == 200
    span = {"starts_at": "2026-02-02T01:00:00Z", "ends_at": "2026-02-02T08:00:00Z"}
    closure = post(api, cspace, "classrooms/Right/closures/", span | {"reason": "x", "on_conflict": "cancel"})
    post(api, member, "registrations/", one(team, start_time="14:00", end_time="15:00"))
    assert api(cspace).delete(f"classrooms/Right/closures/{closure['id']}/").status_code == 204
    assert api(cspace).post(f"{URL}{series['id']}/retry-skipped/").status_code == 200
    assert Registration.objects.filter(occupancy__classroom__name="Right", occupancy__is_live=True).exists() is is_had
    assert used(api, cspace, team) == (120 if is_had else 60, limit)


def test_a_quota_that_is_lifted_for_a_group_is_none_of_its_own(api, cspace, member, team, rooms):
    assert api(cspace).put(f"groups/{team.pk}/", {"tags": ["gold"]}).status_code == 200
    kind = {"type": "quota", "per": "week", "counts": "takes_place_in", "of": "group"}
    make_rule(cspace, limit=kind | {"minutes": 60})
    assert len(api(member).get(f"groups/{team.pk}/quota/").json()["results"]) == 1
    lifted = kind | {"none": True, "unit": "minutes"}
    make_rule(cspace, name="Gold", who={"kind": "tag", "tag": "gold"}, limit=lifted)
    post(api, member, "registrations/", one(team, end_time="15:00"))
    assert api(member).get(f"groups/{team.pk}/quota/").json() == {"results": []}


# --- how many in a week ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # Begun on a Wednesday for Tuesdays: the week of that Wednesday has none.
        ({"day_of_week": 3, "start_date": "2026-02-04", "end_date": "2026-02-25"}, {"end_date": "2026-02-02"}),
        # A week begins on Monday.
        (
            {"day_of_week": 1, "start_date": "2026-02-08", "end_date": "2026-02-08"},
            {"start_date": "2026-02-09", "end_date": "2026-02-09"},
        ),
    ],
)
def test_a_series_counts_in_the_weeks_of_its_dates(api, cspace, member, team, rooms, first, second):
    make_rule(cspace, limit={"type": "series", "max_per_week": 1})
    post(api, member, URL, weekly(team, **first))
    post(api, member, URL, weekly(team, **second))
    assert post(api, member, URL, weekly(team, **first | {"classroom": "Right"}), 409)["code"] == "POLICY"


def test_a_series_without_dates_counts_no_more(api, cspace, member, team, rooms):
    make_rule(cspace, limit={"type": "series", "max_per_week": 1})
    series = post(api, member, URL, weekly(team))
    for row in series["registrations"][:2]:
        assert api(member).delete(f"registrations/{row['id']}/").status_code == 204
    query = "date=2026-02-02&start_time=10:00&end_time=11:00"
    for until, weeks in (("2026-02-09", 2), ("2026-02-16", 3)):
        free = api(member).get(f"classrooms/free/?{query}&weekly_until={until}&group_id={team.pk}").json()["results"]
        assert bool(free) is (weeks == 2)
    post(api, member, URL, weekly(team), 409)
    assert api(cspace).delete(f"{URL}{series['id']}/?from_date=2026-02-16").status_code == 204
    post(api, member, URL, weekly(team))


# --- going over rules, and being late --------------------------------------------------------------


def test_all_items_go_over_the_rules_or_none(api, cspace, member, team, rooms):
    make_rule(cspace, limit={"type": "series"})
    make_rule(cspace, limit={"type": "length", "max_minutes": 30})
    items = [weekly(team, override=True), weekly(team, classroom="Right")]
    assert post(api, member, URL, {"items": items}, 403)["code"] == "PERMISSION_DENIED"
    mixed = post(api, cspace, URL, {"items": items}, 400)
    assert mixed["details"] == {"items.1.override": ["Must be said of all items of a request, or of none"]}
    post(api, cspace, URL, {"override": True, "items": [weekly(team, override=False)]}, 409)
    post(api, cspace, URL, {"items": [item | {"override": True} for item in items]})


def test_cspace_is_bound_too_where_series_are_given_up_late(api, cspace, team, rooms):
    series = post(api, cspace, URL, weekly(team, weeks=2))
    path = f"{URL}{series['id']}/"
    make_rule(cspace, limit={"type": "cancel", "min_minutes": 14 * 24 * 60, "then": "refuse"})
    before = LogEntry.objects.count()
    change = {"start_time": "12:00", "end_time": "13:00"}
    for refused in (api(cspace).delete(path), api(cspace).put(path, change), api(cspace).put(path, {"day_of_week": 3})):
        assert (refused.status_code, refused.json()["code"]) == (409, "POLICY")
        assert [rule["dates"] for rule in refused.json()["details"]["rules"]] == [["2026-02-02"]]
    assert LogEntry.objects.count() == before
    assert api(cspace).put(path, {"description": "Choir"}).status_code == 200
    assert api(cspace).put(path, change | {"override": True}).status_code == 200
    assert LogEntry.objects.get(action="series.changed", details__has_key="rules").details["rules"]
    assert api(cspace).delete(f"{path}?override=true").status_code == 204
    details = LogEntry.objects.get(action="series.cancelled").details
    assert [rule["dates"] for rule in details["rules"]] == [["2026-02-02"]]


def test_whoever_is_no_admin_goes_over_nothing(api, cspace, member, team, rooms):
    make_rule(cspace, limit={"type": "series"})
    series = post(api, member, URL, weekly(team))
    assert api(member).delete(f"{URL}{series['id']}/?override=true").status_code == 403
    assert api(member).delete(f"{URL}{series['id']}/").status_code == 204


def test_a_move_names_all_that_it_breaks_in_the_order_of_the_contract(api, cspace, member, team, rooms):
    booking = post(api, member, "registrations/", one(team, date="2026-01-20", start_time="15:00", end_time="16:00"))
    make_rule(cspace, limit={"type": "cancel", "min_minutes": 2880, "then": "refuse"})
    make_rule(cspace, limit={"type": "length", "max_minutes": 120})
    make_rule(cspace, limit={"type": "grid", "minutes": 30}, effect="approval")
    path = f"registrations/{booking['id']}/"
    for change, types in (
        ({"end_time": "19:00"}, ["cancel", "length"]),
        ({"start_time": "15:10"}, ["cancel", "grid"]),
        ({"start_time": "14:10", "end_time": "18:00"}, ["cancel", "length", "grid"]),
    ):
        refused = api(member).put(path, change)
        assert (refused.status_code, refused.json()["code"]) == (409, "POLICY")
        assert [rule["type"] for rule in refused.json()["details"]["rules"]] == types
        assert refused.json()["error"] == "Not cancelled or moved within 2 days before the start"


# --- times that there are not ----------------------------------------------------------------------


def test_weeks_in_which_a_part_of_the_time_is_missing_are_those_of_a_series(api, settings, cspace, member, team, rooms):
    settings.CSPACE_TIME_ZONE = "Europe/Berlin"
    make_rule(cspace, limit={"type": "series"})
    post(api, cspace, "registrations/", one(team, date="2026-03-29", start_time="03:00", end_time="03:30"))
    query = "date=2026-03-22&start_time=02:30&end_time=03:30&weekly_until=2026-04-05"
    free = api(member).get(f"classrooms/free/?{query}&group_id={team.pk}").json()["results"]
    assert [room["name"] for room in free] == ["Right"]
    slot = {"day_of_week": 1, "start_time": "02:30", "end_time": "03:30"}
    slot |= {"start_date": "2026-03-22", "end_date": "2026-04-05"}
    post(api, member, URL, weekly(team, **slot), 409)
    post(api, member, URL, weekly(team, **slot | {"classroom": "Right"}))
