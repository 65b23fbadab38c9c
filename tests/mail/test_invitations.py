"""What calendars are told: by the letter of a notice, by the one that follows, and what they read in it."""

import datetime as dt

import pytest
import time_machine

from allocations.services.distributing import distribute
from kernel import clock
from kernel.phrases import MOST_KEPT
from mail.models import Invitation
from mail.services.calendar_letters import post_calendar_letters
from tests.allocations.scenes import ended, make_entry, make_event
from tests.factories import make_classroom, make_group, make_registration
from tests.mail.post import events_of

pytestmark = pytest.mark.usefixtures("document_clock")
CLOSURE = {"starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-02-01T15:00:00Z", "on_conflict": "cancel"}


def told(messages):
    """(method, number, sequence, status) of each event of each letter."""
    return [
        (message.calendar.method, int(event["UID"].split("@")[0].split("-")[1]), event["SEQUENCE"], event["STATUS"])
        for message in messages
        if message.calendar
        for event in events_of(message)
    ]


@pytest.fixture
def invited(post, api, member, cspace, wish):
    """A registration of the member's that his calendar knows, SEQUENCE 1."""
    post.address(member)
    made = api(member).post("registrations/", wish).json()["id"]
    api(cspace).post(f"registrations/{made}/approve/", {})
    assert told(post.deliver()) == [("REQUEST", made, 1, "CONFIRMED")]
    return made


@pytest.fixture
def series(post, api, member, cspace, team, room):
    """Four Wednesdays of the member's, entered by cspace."""
    post.address(member)
    body = {
        "classroom": "Room A", "group_id": team.pk, "day_of_week": 4, "start_time": "09:10", "end_time": "10:20",
        "start_date": "2026-02-01", "end_date": "2026-02-28", "description": "Choir", "on_behalf_of": "member",
    }  # fmt: skip
    return api(cspace).post("batch-allocations/", body).json()


def test_a_move_by_others_is_told_with_the_next_sequence(post, api, cspace, invited):
    api(cspace).patch(f"registrations/{invited}/", {"start_time": "11:00", "end_time": "13:00"})
    (message,) = post.deliver()
    assert told([message]) == [("REQUEST", invited, 2, "CONFIRMED")]
    assert events_of(message)[0]["DTSTART"].dt.isoformat() == "2026-02-01T11:00:00+08:00"
    assert post.follow() == []


def test_a_cancellation_by_others_is_told_by_its_notice(post, api, cspace, invited):
    api(cspace).delete(f"registrations/{invited}/")
    assert told(post.deliver()) == [("CANCEL", invited, 2, "CANCELLED")]
    assert post.follow() == []


def test_what_he_moves_himself_waits_for_a_decision_and_his_calendar_says_so(post, api, member, cspace, invited):
    api(member).patch(f"registrations/{invited}/", {"date": "2026-02-02"})
    assert post.deliver() == []
    assert told(post.follow()) == [("REQUEST", invited, 3, "TENTATIVE")]
    api(cspace).post(f"registrations/{invited}/reject/", {"reason": "no"})
    assert told(post.deliver()) == [("CANCEL", invited, 4, "CANCELLED")]
    assert post.follow() == []


def test_a_description_of_his_own_follows(post, api, member, invited):
    api(member).patch(f"registrations/{invited}/", {"description": "Rehearsal"})
    (message,) = post.follow()
    assert told([message]) == [("REQUEST", invited, 2, "CONFIRMED")]
    assert events_of(message)[0]["SUMMARY"] == "Rehearsal"
    assert message.subject == "For your calendar: Room A, 2026-02-01 10:00–12:00"


def test_what_a_closure_takes_is_cancelled(post, api, cspace, invited):
    assert api(cspace).post("classrooms/Room A/closures/", CLOSURE).status_code == 201
    assert told(post.deliver()) == [("CANCEL", invited, 2, "CANCELLED")]


def test_what_ends_with_its_group_is_cancelled(post, api, cspace_admin, team, invited):
    assert api(cspace_admin).delete(f"groups/{team.pk}/").status_code in (200, 204)
    assert told(post.deliver()) == [("CANCEL", invited, 2, "CANCELLED")]
    assert post.follow() == []


def test_who_was_never_invited_is_not_cancelled(post, api, member, cspace, wish):
    post.address(member)
    made = api(member).post("registrations/", wish).json()["id"]
    api(cspace).post(f"registrations/{made}/reject/", {})
    (message,) = post.deliver()
    assert message.calendar is None
    assert not Invitation.objects.exists()


def test_an_approval_that_was_taken_back_before_its_letter_left_invites_nobody(post, api, member, cspace, wish):
    post.address(member)
    made = api(member).post("registrations/", wish).json()["id"]
    api(cspace).post(f"registrations/{made}/approve/", {})
    api(cspace).delete(f"registrations/{made}/")
    assert told(post.deliver()) == []
    assert post.follow() == []


def test_deciders_get_no_invitation(post, api, member, cspace, wish):
    post.address(cspace)
    api(member).post("registrations/", wish)
    (message,) = post.deliver()
    assert message.calendar is None
    assert message.subject == "522 asks for Room A, 2026-02-01 10:00–12:00."


def test_a_series_is_one_message(post, series, api, cspace):
    ids = [row["id"] for row in series["registrations"]]
    (message,) = post.deliver()
    assert told([message]) == [("REQUEST", pk, 0, "CONFIRMED") for pk in ids]

    api(cspace).patch(f"batch-allocations/{series['id']}/", {"start_time": "09:40", "end_time": "10:50"})
    assert told(post.deliver()) == [("REQUEST", pk, 1, "CONFIRMED") for pk in ids]
    api(cspace).delete(f"batch-allocations/{series['id']}/?from_date=2026-02-12")
    assert told(post.deliver()) == [("CANCEL", pk, 2, "CANCELLED") for pk in ids if pk in ids[2:]]
    assert post.follow() == []


def test_a_series_that_its_reader_changes_himself_is_one_letter_for_each_method(post, series, api, member):
    ids = [row["id"] for row in series["registrations"]]
    post.deliver()
    for pk in ids[:2]:
        api(member).delete(f"registrations/{pk}/")
    api(member).patch(f"registrations/{ids[2]}/", {"description": "Quartet"})
    messages = post.follow()
    assert sorted(told(messages)) == [
        ("CANCEL", ids[0], 1, "CANCELLED"),
        ("CANCEL", ids[1], 1, "CANCELLED"),
        ("REQUEST", ids[2], 1, "CONFIRMED"),
    ]
    assert len(messages) == 2
    assert post.follow() == []


def test_what_was_drawn_is_in_the_calendar(post, member, cspace, team, room):
    post.address(member)
    event = make_event(cspace, weeks=4)
    make_entry(event, team, room, member)
    ended(event, cspace)
    distribute(event_id=event.pk, by=cspace, now=clock.now())
    messages = [message for message in post.deliver() if message.calendar]
    assert [(method, sequence) for method, _, sequence, _ in told(messages)] == [("REQUEST", 0)] * 4


def test_a_letter_that_goes_out_late_takes_nothing_back(post, invited, api, cspace):
    """Two letters were written, of two states; the older one is noted last."""
    api(cspace).patch(f"registrations/{invited}/", {"description": "One"})
    older = post.write()
    api(cspace).patch(f"registrations/{invited}/", {"description": "Two"})
    newer = post.write()
    post.note(*newer)
    post.note(*older)
    assert Invitation.objects.get().sequence == 3
    assert told(post.follow()) == []


def test_mail_that_is_off_tells_no_calendar_until_it_is_on_again(post, api, member, invited):
    post.address(member, mail="off")
    api(member).delete(f"registrations/{invited}/")
    assert post.follow() == []
    post.address(member, mail="daily")
    assert told(post.follow()) == [("CANCEL", invited, 2, "CANCELLED")]


def test_a_letter_that_said_nothing_because_mail_was_off_is_written_again_when_it_is_on(post, api, member, invited):
    api(member).delete(f"registrations/{invited}/")
    post_calendar_letters(now=clock.now())
    post.address(member, mail="off")
    assert post.deliver() == []
    post.address(member)
    assert told(post.follow()) == [("CANCEL", invited, 2, "CANCELLED")]
    assert post.follow() == []


def test_who_is_granted_his_wish_after_the_draw_has_it_in_his_calendar(post, api, member, stranger, cspace, room):
    post.address(member, stranger)
    event = make_event(cspace, weeks=4)
    entries = [make_entry(event, make_group(f"of {person}"), room, person) for person in (member, stranger)]
    ended(event, cspace)
    distribute(event_id=event.pk, by=cspace, now=clock.now())
    post.deliver()
    winner, loser = sorted(type(entries[0]).objects.filter(event=event), key=lambda entry: entry.status != "approved")
    path = f"allocation-events/{event.pk}/registrations"
    assert api(cspace).post(f"{path}/{winner.pk}/withdraw/", {}).status_code == 200
    post.deliver()
    assert api(cspace).post(f"{path}/{loser.pk}/approve/", {}).status_code == 200
    assert [(method, status) for method, *_, status in told(post.deliver())] == [("REQUEST", "CONFIRMED")] * 4


def test_a_batch_of_more_series_than_its_notice_names_is_in_the_calendar_whole(post, api, member, cspace, team, room):
    post.address(member)
    first = dt.date(2026, 2, 1)
    items = [
        {
            "classroom": "Room A", "group_id": team.pk, "day_of_week": day.isoweekday() % 7 + 1, "start_time": "09:10",
            "end_time": "10:20", "start_date": f"{day}", "end_date": f"{day}", "on_behalf_of": "member",
        }
        for day in (first + dt.timedelta(days=number) for number in range(MOST_KEPT + 5))
    ]  # fmt: skip
    assert api(cspace).post("batch-allocations/", {"items": items}).status_code == 201
    (message,) = post.deliver()
    assert len(told([message])) == MOST_KEPT + 5
    assert post.follow() == []


def test_what_is_over_is_left_alone(post, api, member, invited):
    with time_machine.travel("2026-02-02T05:00:00Z", tick=False):
        from registrations.models import Registration

        Registration.objects.filter(pk=invited).update(description="late")
        assert post.follow() == []


@pytest.mark.parametrize(
    "text",
    ["Choir\r\nATTENDEE:mailto:x@example.edu", "a;b,c\\d\ne", "x\x07y\u2028z", "END:VEVENT\rBEGIN:VEVENT", "語" * 300],
)
def test_what_people_write_stays_inside_its_line(post, member, cspace, team, text):
    room = make_classroom("Room; B, \\1")
    post.address(member)
    made = make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 2, 1), description=text)
    from registrations.services.deciding import approve_registration

    approve_registration(registration_id=made.pk, by=cspace, now=clock.now())
    (message,) = post.deliver()
    (event,) = events_of(message)
    assert event["SUMMARY"] == " ".join(text.replace("\x07", " ").split())
    assert event["LOCATION"] == "Room; B, \\1"
    assert event["ATTENDEE"] == "mailto:member@example.edu"
    assert {name for name, _ in event.property_items()} == {
        "BEGIN", "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "STATUS", "ORGANIZER",
        "ATTENDEE", "END",
    }  # fmt: skip
    assert all(len(line.encode()) <= 75 for line in message.calendar.text.split("\r\n"))
