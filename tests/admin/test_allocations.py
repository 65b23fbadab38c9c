"""Allocation events in the admin: pictures, results, and commands that are the services'."""

import datetime as dt
from xml.etree import ElementTree

import pytest

from allocations.models import AllocationEvent, AllocationRegistration, Draw, DrawSecret
from allocations.queries.demand import DemandCell, RoomDemand, demand, most_at_once, picture
from kernel import clock
from tests.admin import pages
from tests.admin.pages import actions, said
from tests.allocations.scenes import TUESDAY, ended, make_entry, make_event
from tests.factories import make_classroom, make_group

SVG = "{http://www.w3.org/2000/svg}"
EVENTS, ENTRIES = "/admin/allocations/allocationevent/", "/admin/allocations/allocationregistration/"


@pytest.fixture
def event(cspace):
    return make_event(cspace)


def act(client, page, action, *rows, **more):
    return "\n".join(said(pages.act(client, page.removeprefix("/admin/").rstrip("/"), action, *rows, **more)))


def titles(svg):
    return [title.text for title in ElementTree.fromstring(svg).iter(f"{SVG}title")]


def test_pages_render(admin, event, team, member, room):
    entry = make_entry(event, team, room, member)
    for page in (EVENTS, f"{EVENTS}add/", f"{EVENTS}{event.pk}/change/", ENTRIES, f"{ENTRIES}{entry.pk}/change/"):
        assert admin.get(page).status_code == 200
    assert admin.get(f"{ENTRIES}?event__id__exact={event.pk}").status_code == 200


def test_the_demand_is_a_picture_of_the_week(event, team, member, room, db):
    evil = make_classroom('<b>"A&B"</b>', floor=3)
    make_entry(event, team, room, member, start=600, end=660)
    make_entry(event, make_group(), room, member, start=630, end=700)
    make_entry(event, team, room, member, start=660, end=720)
    make_entry(event, team, evil, member, day=TUESDAY)
    make_entry(event, team, evil, member, day=1, status="withdrawn")
    rows = demand(event)
    assert rows == [RoomDemand("Room A", {2: DemandCell(3, 2)}), RoomDemand('<b>"A&B"</b>', {3: DemandCell(1, 1)})]
    said = titles(picture(rows))
    assert said[0] == "Wishes per room and weekday: 2 rooms; darker = more at one moment"
    assert len(said) == 1 + 2 * 7
    assert "Room A, Monday: 3 wishes, at most 2 at once" in said
    assert '<b>"A&B"</b>, Tuesday: 1 wishes, at most 1 at once' in said
    assert "<b>" not in picture(rows)
    assert picture([]) == ""


def test_touching_wishes_are_not_at_once():
    assert most_at_once([(600, 660), (660, 720), (650, 655)]) == 2
    assert most_at_once([(600, 660), (660, 720)]) == 1


def test_the_event_page_shows_the_demand_and_then_the_result(admin, cspace, event, team, member, room):
    rival = make_group("<i>316</i>")
    make_entry(event, team, room, member)
    make_entry(event, rival, room, member, start=630, end=690)
    page = f"{EVENTS}{event.pk}/change/"
    before = admin.get(page).content.decode()
    assert "<title>Room A, Monday: 2 wishes, at most 2 at once</title>" in before
    assert "Not drawn yet." in before
    ended(event, cspace)
    act(admin, EVENTS, "distribute", event)
    winner, _ = AllocationRegistration.objects.order_by("position")
    after = admin.get(page).content.decode()
    assert "2 entries: 1 won, 1 did not." in after
    assert f"rejected: lost to entry {winner.pk} of " in after
    assert "<i>316" not in after
    assert "&lt;i&gt;316" in after


def test_commands_are_the_services(admin, event, team, member, room):
    entry = make_entry(event, team, room, member)
    act(admin, ENTRIES, "approve", entry)
    act(admin, EVENTS, "end", event)
    act(admin, EVENTS, "end", event)
    act(admin, EVENTS, "distribute", event)
    assert actions()[:4] == [
        "allocation_event.created",
        "allocation_registration.approved",
        "allocation_event.closed",
        "allocation_event.distributed",
    ]
    assert Draw.objects.get().successful == 1


def test_refusals_are_shown(admin, event):
    assert "The allocation event has not been closed yet" in act(admin, EVENTS, "distribute", event)
    act(admin, EVENTS, "cancel", event)
    assert "has been cancelled" in act(admin, EVENTS, "end", event)


def test_a_public_value_is_given_beside_the_action(admin, cspace):
    event = make_event(cspace, public_source="dice")
    ended(event, cspace)
    assert "Required: the value of" in act(admin, EVENTS, "distribute", event)
    assert "200 printable characters and no line break" in act(admin, EVENTS, "distribute", event, public_value="a\tb")
    act(admin, EVENTS, "distribute", event, public_value="6 3 ")
    assert Draw.objects.get().salt == "6 3 "


def test_an_event_is_made_and_changed_by_the_services(admin, cspace):
    day = clock.now().date()
    form = {
        "opens_on": str(day),
        "opens_at": "00:00",
        "closes_on": str(day + dt.timedelta(days=7)),
        "closes_at": "24:00",
        "target_starts_on": str(day + dt.timedelta(days=10)),
        "target_ends_on": str(day + dt.timedelta(days=90)),
        "balance": "minutes",
        "conflict": "skip",
        "tie": "ticket",
        "min_percent": "50",
    }
    admin.post(f"{EVENTS}add/", form)
    event = AllocationEvent.objects.get()
    assert DrawSecret.objects.filter(event=event).exists()
    changed = form | {"target_ends_on": str(day + dt.timedelta(days=97))}
    admin.post(f"{EVENTS}{event.pk}/change/", changed)
    admin.post(f"{EVENTS}{event.pk}/change/", changed)
    assert actions() == ["allocation_event.created", "allocation_event.changed"]
    bad = admin.post(f"{EVENTS}add/", form | {"target_starts_on": str(day + dt.timedelta(days=91))})
    assert pages.errors(bad) == {"target_starts_on": ["Target start must not be after target end"]}
    assert AllocationEvent.objects.count() == 1


def test_the_secret_has_no_page(admin, event):
    assert admin.get("/admin/allocations/drawsecret/").status_code == 404
    seed = bytes(DrawSecret.objects.get().seed)
    for page in (EVENTS, f"{EVENTS}{event.pk}/change/"):
        assert seed.hex() not in admin.get(page).content.decode()
