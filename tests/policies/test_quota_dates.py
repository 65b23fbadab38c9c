"""For which days `?date=` asks what is used of quotas (policy §3)."""

import pytest

from tests.policies.scenes import make_rule

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("document_clock")]
PERIODS = ["day", "week", "month", "term", {"days": 366}, "future"]
OUTSIDE = {"date": ["Must lie between 1900 and 2500"]}


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2501-01-01", "9999-12-31"])
def test_a_day_outside_the_known_years_is_refused(api, member, team, cspace, day):
    for per in PERIODS:
        make_rule(cspace, limit={"type": "quota", "minutes": 60, "per": per, "counts": "booked_in", "of": "group"})
    for path in ("users/me/quota/", f"groups/{team.pk}/quota/"):
        response = api(member).get(f"{path}?date={day}")
        assert (response.status_code, response.json()["details"]) == (400, OUTSIDE)


@pytest.mark.parametrize("day", ["1900-01-01", "2500-12-31"])
def test_the_first_and_the_last_known_day_are_answered(api, member, team, cspace, day):
    ids = [
        make_rule(cspace, limit={"type": "quota", "minutes": 60, "per": per, "counts": "booked_in", "of": "group"})
        for per in PERIODS
    ]
    response = api(member).get(f"groups/{team.pk}/quota/?date={day}")
    assert response.status_code == 200
    answered = [rule_id for rule_id, per in zip(ids, PERIODS, strict=True) if per != "term"]
    assert [row["rule_id"] for row in response.json()["results"]] == answered
