"""Each type of rule on every way that bookings are made, met at its edge and just over it: one verdict in the same
words (policy §1, §2)."""

from datetime import date, timedelta

import pytest
from django.apps import apps

from auditlog.models import LogEntry
from registrations.models import Registration
from tests.admin.pages import errors
from tests.factories import make_group, make_registration
from tests.registrations.bound_bookings import CASES, DAY, EARLIER, HOUR, Scene

pytestmark = pytest.mark.usefixtures("document_clock")
FORBIDDEN = {"error": "You do not have permission to perform this action", "code": "PERMISSION_DENIED"}
WEEK = timedelta(days=7)


@pytest.fixture
def scene(db):
    return Scene()


@pytest.fixture(params=CASES)
def case(request, scene):
    case = CASES[request.param]
    case.before(scene)
    return case


def refusal(*told):
    return {"error": told[0]["sentence"], "code": "POLICY", "details": {"rules": list(told)}}


def answer(response):
    return response.status_code, response.json()


def bookings():
    return set(Registration.objects.values_list("pk", "status"))


def test_a_booking(scene, case, api):
    told, call = case.rule(scene), api(scene.member)
    response = call.post("registrations/", scene.body(**case.kept))
    assert (response.status_code, response.json()["status"]) == (201, "approved")
    call.delete(f"registrations/{response.json()['id']}/")
    case.before_over(scene)
    before, log = bookings(), LogEntry.objects.count()
    assert answer(call.post("registrations/", scene.body(**case.over))) == (409, refusal(told))
    assert (bookings(), LogEntry.objects.count()) == (before, log)


def test_a_move(scene, case, api):
    had = make_registration(
        by=scene.member, group=scene.team, classroom=scene.other_room, day=EARLIER, start=600, end=660, attendees=20
    )
    told, call, path = case.rule(scene), api(scene.member), f"registrations/{had.pk}/"
    if case.binds_moves:
        case.before_over(scene)
        before = bookings()
        assert answer(call.put(path, scene.body(**case.over))) == (409, refusal(told))
        assert bookings() == before
    if not case.kept and case.over:
        assert call.put(path, scene.body(**case.kept)).status_code == 200
    had.refresh_from_db()
    assert had.status == "approved"


def test_a_form_of_the_admin(scene, case, client, api):
    told = case.rule(scene)
    client.force_login(scene.cspace)
    form = HOUR | {"classroom": scene.room.pk, "group": scene.team.pk, "description": "", "attendees": 20}
    page = "/admin/registrations/registration/add/"
    assert client.post(page, form | case.kept).status_code == 302
    api(scene.cspace).delete(f"registrations/{Registration.objects.latest('pk').pk}/")
    case.before_over(scene)
    before = bookings()
    response = client.post(page, form | case.over)
    assert (response.status_code, bookings()) == (200, before)
    assert told["sentence"] in str(errors(response))
    assert client.post(page, form | case.over | {"override": "on"}).status_code == 302
    assert logged(Registration.objects.latest("pk"))["rules"] == [told]


def logged(registration):
    return LogEntry.objects.get(action="registration.created", target=f"registration:{registration.pk}").details


def series_body(scene, first, **more):
    """For the member, on a day and a week later."""
    body = scene.body(**more) | {"on_behalf_of": "member", "day_of_week": first.isoweekday() % 7 + 1}
    del body["date"]
    return body | {"start_date": str(first), "end_date": str(first + WEEK)}


def test_a_series(scene, case, api):
    """Two dates, of which the rule is about the first."""
    told = case.rule(scene, during={"from": str(DAY), "until": str(DAY + timedelta(days=1))})
    call, path = api(scene.cspace), "batch-allocations/"
    kept = call.post(path, series_body(scene, DAY, **case.kept))
    assert (kept.status_code, kept.json()["skipped"]) == (201, [])
    call.delete(f"{path}{kept.json()['id']}/")
    case.before_over(scene)
    first = date.fromisoformat(scene.body(**case.over)["date"])
    body, before = series_body(scene, first, **case.over), bookings()
    refused = (409, refusal(told | {"dates": [str(first)]}))
    assert answer(call.post(path, body)) == refused
    assert answer(call.post(path, body | {"end_date": str(first), "on_conflict": "skip"})) == refused
    assert bookings() == before
    made = call.post(path, body | {"on_conflict": "skip"}).json()
    assert made["skipped"] == [{"date": str(first), "existing_registration_id": None, "why": "policy"}]
    assert [row["date"] for row in made["registrations"]] == [str(first + WEEK)]


def test_what_is_sent_to_approval_waits_also_in_a_room_that_approves_by_itself(scene, case, api):
    told, own, decider = case.rule(scene, effect="approval"), api(scene.member), api(scene.cspace)
    case.before_over(scene)
    made = own.post("registrations/", scene.body(**case.over))
    assert (made.status_code, made.json()["status"]) == (201, "pending")
    path = f"registrations/{made.json()['id']}/"
    for shown in (made.json(), own.get(path).json()):
        assert "broken_rules" not in shown
    assert decider.get(path).json()["broken_rules"] == [told]
    rows = {row["id"]: row.get("broken_rules") for row in decider.get("registrations/").json()["registrations"]}
    assert rows[made.json()["id"]] == [told]
    assert decider.post(f"{path}approve/").json()["status"] == "approved"
    decider.delete(path)
    make_again = decider.post("registrations/", scene.body(**case.over) | {"override": True})
    assert (make_again.status_code, make_again.json()["status"]) == (201, "approved")


def test_who_goes_over_a_rule_is_cspace_and_the_log_says_so(scene, case, api):
    told = case.rule(scene)
    case.before_over(scene)
    before, body = bookings(), scene.body(**case.over) | {"override": True}
    assert answer(api(scene.member).post("registrations/", body)) == (403, FORBIDDEN)
    assert bookings() == before
    assert api(scene.cspace).post("registrations/", scene.body(**case.over)).json() == refusal(told)
    made = api(scene.cspace).post("registrations/", body)
    assert made.status_code == 201
    details = logged(Registration.objects.get(pk=made.json()["id"]))
    assert (details["override"], details["rules"]) == (True, [told])


def rows():
    """How many of everything there are."""
    return {model: model._default_manager.count() for model in apps.get_models() if model._meta.managed}


def test_asking_beforehand_says_what_comes_and_writes_nothing(scene, case, api):
    told, call = case.rule(scene), api(scene.member)
    case.before_over(scene)
    before = rows()
    over, kept = (call.post("registrations/check/", scene.body(**part)) for part in (case.over, case.kept))
    expected = {"allowed": False, "needs_approval": False, "rules": [told], "conflicts": []}
    assert answer(over) == (200, expected)
    if case.over:
        assert answer(kept) == (200, {"allowed": True, "needs_approval": False, "rules": [], "conflicts": []})
    assert rows() == before


def test_a_rule_is_told_of_after_what_is_wrong_with_the_body_and_before_what_is_in_the_way(scene, case, api):
    told = case.rule(scene)
    case.before_over(scene)
    others = booked_by_others(scene)
    call, body = api(scene.member), scene.body(**case.over)
    assert call.post("registrations/", body | {"attendees": 31}).json()["code"] == "VALIDATION_ERROR"
    assert answer(call.post("registrations/", body)) == (409, refusal(told))
    checked = call.post("registrations/check/", body).json()
    assert (checked["allowed"], checked["rules"]) == (False, [told])
    assert [row["id"] for row in checked["conflicts"]] == [others[body["date"]]]


def booked_by_others(scene):
    """{day: what somebody else has where the hour of the cases is}, whatever the rules say."""
    days = (DAY, DAY + timedelta(days=1))
    others = {"by": scene.cspace, "group": make_group(), "classroom": scene.room, "is_overriding": True}
    return {str(day): make_registration(day=day, start=600, end=660, **others).pk for day in days}
