"""How many come: `attendees` of wishes and of what is drawn for them (contract of policy §6)."""

import pytest

from allocations.models import AllocationRegistration
from allocations.services.deciding import approve_entry
from allocations.services.distributing import distribute
from allocations.services.entries import Wish, change_entry
from allocations.services.promoting import promote
from auditlog.models import LogEntry
from kernel import clock
from kernel.errors import Invalid
from registrations.models import Registration, Series
from tests.allocations import scenes
from tests.allocations.scenes import ended
from tests.factories import make_classroom, make_group
from tests.factories.allocations import make_entry, make_event
from tests.registrations.test_attendees import BAD, fault, refused

pytestmark = pytest.mark.usefixtures("document_clock")


@pytest.fixture
def event(cspace):
    return make_event(by=cspace)


@pytest.fixture
def path(event):
    return f"allocation-events/{event.pk}/registrations/"


@pytest.fixture
def asked(room, team):
    """Tuesdays, in a room for 30."""
    slot = {"start_time": "9:10", "end_time": "10:20", "day_of_week": 3}
    return {"group_id": team.pk, "classroom": "Room A", **slot}


@pytest.fixture
def entry(event, member, team, room):
    return make_entry(event, by=member, group=team, classroom=room, attendees=12)


def log():
    rows = LogEntry.objects.filter(action__startswith="allocation_registration.").order_by("id")
    return list(rows.values_list("action", flat=True))


@pytest.mark.parametrize(
    ("sent", "said"), [({}, None), ({"attendees": None}, None), ({"attendees": 1}, 1), ({"attendees": 30}, 30)]
)
def test_a_wish_says_how_many_come_or_that_it_is_not_known(api, member, path, asked, sent, said):
    made = api(member).post(path, asked | sent)
    assert (made.status_code, made.json()["attendees"]) == (201, said)
    assert api(member).get(f"{path}{made.json()['id']}/").json()["attendees"] == said
    assert [row["attendees"] for row in api(member).get(path).json()["registrations"]] == [said]
    assert AllocationRegistration.objects.get().attendees == said


@pytest.mark.parametrize(("value", "sentence"), BAD)
def test_what_is_no_number_of_people_in_this_room(api, member, path, asked, value, sentence):
    assert refused(api(member).post(path, asked | {"attendees": value})) == fault(sentence)
    assert (AllocationRegistration.objects.count(), log()) == (0, [])


@pytest.mark.parametrize(("value", "sentence"), BAD)
def test_what_it_cannot_be_changed_to(api, member, path, entry, value, sentence):
    assert refused(api(member).put(f"{path}{entry.pk}/", {"attendees": value})) == fault(sentence)
    assert (AllocationRegistration.objects.get().attendees, len(log())) == (12, 1)


def test_absent_stays_and_null_forgets(api, member, path, entry):
    for body, expected in (
        ({"description": "Rehearsal"}, 12),
        ({"attendees": 30}, 30),
        ({"end_time": "11:30"}, 30),
        ({"attendees": None}, None),
        ({"rank": 2}, None),
    ):
        response = api(member).put(f"{path}{entry.pk}/", body)
        assert (response.status_code, response.json()["attendees"]) == (200, expected)
        assert AllocationRegistration.objects.get().attendees == expected


def test_a_change_of_it_is_logged_and_no_change_is_not(api, member, path, entry):
    assert api(member).put(f"{path}{entry.pk}/", {"attendees": 12}).status_code == 200
    assert log() == ["allocation_registration.filed"]
    assert api(member).put(f"{path}{entry.pk}/", {"attendees": 20}).status_code == 200
    assert LogEntry.objects.order_by("-id").first().details["changes"] == {"attendees": [12, 20]}


def test_another_room_is_judged_by_who_comes(api, member, path, entry):
    make_classroom("Room S", capacity=12)
    make_classroom("Closet", capacity=11)
    assert refused(api(member).put(f"{path}{entry.pk}/", {"classroom": "Closet"})) == fault("The room seats 11")
    both = {"classroom": "Room S", "attendees": 13}
    assert refused(api(member).put(f"{path}{entry.pk}/", both)) == fault("The room seats 12")
    assert len(log()) == 1
    assert api(member).put(f"{path}{entry.pk}/", {"classroom": "Room S"}).status_code == 200


def test_a_room_that_lost_seats_stands_in_the_way_of_nothing_else(api, cspace, member, path, entry):
    assert api(cspace).put("classrooms/Room A/", {"capacity": 10}).status_code == 200
    for body in ({"description": "Rehearsal"}, {"start_time": "11:00"}, {"attendees": 12}):
        assert api(member).put(f"{path}{entry.pk}/", body).status_code == 200
    assert refused(api(member).put(f"{path}{entry.pk}/", {"attendees": 11})) == fault("The room seats 10")


@pytest.mark.parametrize(("attendees", "sentence"), [(31, "The room seats 30"), (-1, "At least one")])
def test_the_services_judge_as_the_body_does(event, member, team, room, entry, attendees, sentence):
    with pytest.raises(Invalid) as refusal:
        make_entry(event, by=member, group=team, classroom=room, start=900, attendees=attendees)
    assert refusal.value.details == {"attendees": [sentence]}
    with pytest.raises(Invalid) as refusal:
        change_entry(event_id=event.pk, entry_id=entry.pk, by=member, now=clock.now(), wish=Wish(attendees=attendees))
    assert refusal.value.details == {"attendees": [sentence]}


def test_who_wins_has_what_the_wish_said(api, cspace, member, team, room):
    """The first is a fixed winner, the second is promoted into what it gives back, the third wins another slot."""
    event = scenes.make_event(cspace)
    winner = scenes.make_entry(event, team, room, member, attendees=12)
    others = [
        scenes.make_entry(event, make_group(), room, member, attendees=13),
        scenes.make_entry(event, make_group(), room, member, start=900, end=960, attendees=14),
    ]
    approve_entry(event_id=event.pk, entry_id=winner.pk, by=cspace, now=clock.now())
    room.capacity = 10  # of what was filed before, the draw asks no more
    room.save()
    ended(event, cspace)
    distribute(event_id=event.pk, by=cspace, now=clock.now())
    path = f"allocation-events/{event.pk}/registrations/"
    assert api(cspace).post(f"{path}{winner.pk}/withdraw/").status_code == 200
    assert [row.entry.pk for row in promote(event_id=event.pk, by=cspace, now=clock.now())] == [others[0].pk]

    of_series = Series.objects.in_bulk(AllocationRegistration.objects.values_list("series", flat=True))
    assert sorted(row.attendees for row in of_series.values()) == [12, 13, 14]
    for series in of_series.values():
        rows = Registration.objects.of_series([series.pk]).values_list("attendees", flat=True)
        assert set(rows) == {series.attendees}


def test_who_is_granted_a_slot_by_hand_has_it_too(api, cspace, member, team, room):
    event = scenes.make_event(cspace)
    refused_before = scenes.make_entry(event, team, room, member, attendees=12)
    path = f"allocation-events/{event.pk}/registrations/{refused_before.pk}/"
    assert api(cspace).post(f"{path}reject/").status_code == 200
    ended(event, cspace)
    distribute(event_id=event.pk, by=cspace, now=clock.now())
    assert api(cspace).post(f"{path}approve/").json()["attendees"] == 12
    assert set(Registration.objects.values_list("attendees", flat=True)) == {12}
