"""Commands of cspace to series under booking rules: what goes over them is in the log, what gives up time stays."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from auditlog.models import LogEntry
from registrations.models import Registration
from tests.factories import make_group
from tests.policies.scenes import make_rule

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("document_clock")]
NEVER_ON_TUESDAYS = {"type": "opening_hours", "weekdays": [2], "from": "08:00", "until": "20:00"}
DATES = ["2026-01-27", "2026-02-03"]


@pytest.fixture
def weekly(team, room):
    """Two Tuesdays."""
    body = {"classroom": "Room A", "group_id": team.pk, "day_of_week": 3, "start_time": "10:00", "end_time": "12:00"}
    return body | {"start_date": DATES[0], "end_date": DATES[1], "on_conflict": "fail"}


def entered(client, body):
    response = client.post("batch-allocations/", body)
    assert response.status_code == 201, response.content
    return f"batch-allocations/{response.json()['id']}/"


def gone_over():
    """What the last row of the log says of it: (action, whether it went over rules, [(type, dates)])."""
    row = LogEntry.objects.order_by("id").last()
    broken = [(rule["type"], rule.get("dates")) for rule in row.details.get("rules", [])]
    return row.action, row.details.get("override", False), broken


def test_the_log_says_which_rules_a_series_went_over_as_a_whole_and_by_its_dates(api, cspace, weekly):
    make_rule(cspace, limit={"type": "series", "max_weeks": 1})
    make_rule(cspace, limit=NEVER_ON_TUESDAYS)
    entered(api(cspace), weekly | {"override": True})
    assert gone_over() == ("series.created", True, [("series", None), ("opening_hours", DATES)])


def test_the_log_says_which_rules_a_change_went_over(api, cspace, weekly):
    url = entered(api(cspace), weekly)
    make_rule(cspace, limit=NEVER_ON_TUESDAYS)
    assert api(cspace).put(url, {"start_time": "09:00", "override": True}).status_code == 200
    assert gone_over() == ("series.changed", True, [("opening_hours", DATES)])
    other = make_group("other")
    assert api(cspace).put(url, {"group_id": other.pk, "override": True}).status_code == 200
    assert gone_over() == ("series.changed", True, [("opening_hours", DATES)])
    assert api(cspace).put(url, {"description": "x"}).status_code == 200
    assert gone_over() == ("series.changed", False, [])


def test_a_series_that_gives_up_time_is_not_asked_whether_it_could_be_booked_today(api, cspace, weekly):
    url = entered(api(cspace), weekly)
    make_rule(cspace, limit=NEVER_ON_TUESDAYS)
    assert api(cspace).put(url, {"end_time": "11:00"}).status_code == 200
    assert Registration.objects.live().count() == len(DATES)
    make_rule(cspace, limit={"type": "length", "min_minutes": 45})
    response = api(cspace).put(url, {"end_time": "10:30", "on_conflict": "fail"})
    assert (response.status_code, response.json()["code"]) == (409, "POLICY")
    assert [rule["type"] for rule in response.json()["details"]["rules"]] == ["length"]
    response = api(cspace).put(url, {"end_time": "11:10", "on_conflict": "fail"})
    assert [rule["type"] for rule in response.json()["details"]["rules"]] == ["opening_hours"]


def test_other_series_are_looked_up_once_however_many_are_entered(api, cspace, team, weekly):
    make_rule(cspace, limit={"type": "series", "max_per_week": 4})
    entered(api(cspace), weekly)
    costs = []
    for first, number in ((13, 1), (14, 3)):
        items = [weekly | {"start_time": f"{first + at}:00", "end_time": f"{first + at}:30"} for at in range(number)]
        with CaptureQueriesContext(connection) as captured:
            response = api(cspace).post("batch-allocations/?dry_run=true", {"items": items})
        assert response.status_code == 201, response.content
        costs.append(sum("registrations_series" in query["sql"] for query in captured.captured_queries))
    assert costs[0] == costs[1]
    items = [weekly | {"start_time": f"{hour}:00", "end_time": f"{hour}:30"} for hour in range(13, 17)]
    response = api(cspace).post("batch-allocations/", {"items": items})
    (rule,) = response.json()["details"]["rules"]
    assert (response.status_code, rule["limit"], rule["used"]) == (409, 4, 4)
