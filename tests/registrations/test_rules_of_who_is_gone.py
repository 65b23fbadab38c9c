"""A rule of an archived group or a deactivated person no longer applies; when he is back it does (policy §1)."""

import io

import pytest
import time_machine
from django.core.management import call_command

from accounts.services.people import change_user
from kernel import clock
from policies.models import QuotaCharge
from policies.queries.rulebook import renew_rulebook
from tests.factories import make_user
from tests.policies.scenes import make_rule

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("document_clock")]
LATER = "2026-01-20T06:00:00Z"
QUOTA = {"type": "quota", "minutes": 600, "per": "month", "counts": "takes_place_in", "of": "person"}
MEMBER = {"kind": "user", "username": "member"}


@pytest.fixture
def switch(member):
    """Deactivates the member, or has him back."""
    root = make_user("root", is_superuser=True)

    def switch(*, is_active):
        change_user(user_id=member.pk, by=root, now=clock.now(), is_active=is_active)
        member.refresh_from_db()

    return switch


def booked(client, team, **more):
    body = {"classroom": "Room A", "group_id": team.pk, "date": "2026-02-02"}
    return client.post("registrations/", body | {"start_time": "10:00", "end_time": "12:00"} | more)


def charged():
    return sorted(QuotaCharge.objects.values_list("rule_id", "amount"))


def is_sound():
    """Raises: SystemExit."""
    call_command("check_quotas", stdout=io.StringIO(), stderr=io.StringIO())
    return True


def test_who_is_back_goes_by_his_rules_again_though_they_were_read_while_he_was_away(
    api, member, team, cspace, room, switch
):
    make_rule(cspace, who=MEMBER, limit={"type": "no_booking"})
    switch(is_active=False)
    renew_rulebook()
    switch(is_active=True)
    with time_machine.travel(LATER, tick=False):
        response = booked(api(member), team)
    assert (response.status_code, response.json()["code"]) == (409, "POLICY")


@pytest.mark.parametrize("has_wider", [True, False])
def test_what_he_has_is_charged_to_the_rules_that_bind(api, member, team, cspace, room, switch, has_wider):
    wider = [(make_rule(cspace, limit=QUOTA), 120)] if has_wider else []
    his_own = make_rule(cspace, who=MEMBER, limit=QUOTA)
    assert booked(api(member), team).status_code == 201
    assert charged() == [(his_own, 120)]
    switch(is_active=False)
    assert charged() == wider
    assert is_sound()
    switch(is_active=True)
    assert charged() == [(his_own, 120)]
    assert is_sound()


def test_what_an_archived_group_has_had_is_charged_as_if_it_had_no_rules_of_its_own(api, member, team, cspace, room):
    wider = make_rule(cspace, limit=QUOTA)
    its_own = make_rule(cspace, who={"kind": "group", "group_id": team.pk}, limit=QUOTA)
    assert booked(api(member), team, date="2026-01-20", end_time="13:00").status_code == 201
    assert booked(api(member), team).status_code == 201
    assert charged() == [(its_own, 120), (its_own, 180)]
    with time_machine.travel(LATER, tick=False):
        assert api(cspace).delete(f"groups/{team.pk}/").status_code == 204
        assert charged() == [(wider, 180)]
        assert is_sound()
