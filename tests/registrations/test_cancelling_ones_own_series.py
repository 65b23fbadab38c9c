"""Who gives up a series of his own is asked about `cancel` for each date, as if it were alone (policy §1)."""

import pytest

from auditlog.models import LogEntry
from policies.models import Mark
from registrations.models import Registration
from tests.policies.scenes import make_rule

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("document_clock")]
TWO_WEEKS = 14 * 24 * 60


@pytest.fixture
def series(api, member, team, cspace, room):
    """Tuesdays from the 27th on; it is Tuesday the 20th, ten o'clock."""
    make_rule(cspace, limit={"type": "series"})
    body = {"classroom": "Room A", "group_id": team.pk, "day_of_week": 3, "on_conflict": "fail"}
    body |= {"start_date": "2026-01-21", "end_date": "2026-02-17", "start_time": "10:00", "end_time": "12:00"}
    response = api(member).post("batch-allocations/", body)
    assert response.status_code == 201, response.content
    return f"batch-allocations/{response.json()['id']}/"


def live():
    return list(Registration.objects.live().order_by("pk").values_list("occupancy__starts_at__day", flat=True))


def test_a_rule_that_refuses_it_names_the_dates_and_nothing_is_cancelled(api, member, cspace, series):
    rule_id = make_rule(cspace, limit={"type": "cancel", "min_minutes": TWO_WEEKS, "then": "refuse"})
    before = LogEntry.objects.count()
    response = api(member).delete(series)
    assert (response.status_code, response.json()["code"]) == (409, "POLICY")
    (rule,) = response.json()["details"]["rules"]
    assert (rule["rule_id"], rule["dates"]) == (rule_id, ["2026-01-27"])
    assert (live(), LogEntry.objects.count()) == ([27, 3, 10, 17], before)
    assert api(member).delete(f"{series}?from_date=2026-02-03").status_code == 204
    assert live() == [27]
    assert api(cspace).delete(series).status_code == 409
    assert api(cspace).delete(f"{series}?override=true").status_code == 204
    assert (live(), Mark.objects.count()) == ([], 0)


def test_a_rule_that_marks_it_marks_each_date_that_is_late(api, member, team, cspace, series):
    make_rule(cspace, limit={"type": "cancel", "min_minutes": TWO_WEEKS + 60, "then": "late"})
    assert api(member).delete(series).status_code == 204
    assert live() == []
    marks = list(
        Mark.objects.order_by("registration_id").values_list("group", "points", "registration__starts_at__day")
    )
    assert marks == [(team.pk, 1, 27), (team.pk, 1, 3)]
