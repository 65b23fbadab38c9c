"""Who is reminded of what, and when: each rule of the contract with its minute, in literal notices."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command

from accounts.models import Preferences
from auditlog.models import LogEntry
from kernel import clock
from kernel.facts import actions
from notifications.models import Notification
from registrations.models import Reminder
from registrations.services.booking import Slot, book
from registrations.services.changing import RegistrationChange, change_registration
from registrations.services.reminding import forget_reminders, remind_people
from tests.factories import join, make_classroom, make_registration, make_user

pytestmark = [pytest.mark.usefixtures("document_clock"), pytest.mark.django_db]
DAY = datetime(2026, 2, 1).date()
REMINDER = "Reminder: Room A, 2026-02-01 10:00–12:00, booked by 522."
MINE_WAITS = "Your room registration still waits for a decision: Room A, 2026-02-01 10:00–12:00."
WAITS = "522 still waits for a decision: Room A, 2026-02-01 10:00–12:00."
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def at(wall):
    """An instant on the campus wall, "2026-01-31 10:00"."""
    return datetime.fromisoformat(f"{wall}:00+08:00")


def notices(kind="registration.reminder"):
    rows = Notification.objects.filter(kind=kind).order_by("id")
    return list(rows.values_list("user__username", "target", "description"))


@pytest.fixture
def open_room(room):
    """Grants what is asked for."""
    room.auto_approve = True
    room.save()
    return room


@pytest.fixture
def approved(open_room, member, team):
    """Sunday 2026-02-01, 10:00 to 12:00, made on 2026-01-20 at ten."""
    return make_registration(by=member, group=team, classroom=open_room, day=DAY)


@pytest.fixture
def pending(room, member, team, cspace):
    registration = make_registration(by=member, group=team, classroom=room, day=DAY)
    Notification.objects.all().delete()
    return registration


# --- registration.reminder ----------------------------------------------------------------------------------------


def test_its_creator_is_reminded_a_day_before(approved):
    assert remind_people(now=at("2026-01-31 09:59")) == 0
    assert remind_people(now=at("2026-01-31 10:00")) == 1
    assert remind_people(now=at("2026-01-31 10:01")) == 0

    assert notices() == [("member", f"registration:{approved.pk}", REMINDER)]
    (row,) = Notification.objects.all()
    assert (row.params, row.status, row.created_at) == (
        {"classroom": "Room A", "group": "522", "date": "2026-02-01", "start_time": "10:00", "end_time": "12:00"},
        "unread",
        at("2026-01-31 10:00"),
    )


@pytest.mark.parametrize(("now", "number"), [("2026-02-01 09:59", 1), ("2026-02-01 10:00", 0), ("2026-02-01 10:01", 0)])
def test_a_worker_that_was_away_reminds_of_what_is_still_ahead(approved, now, number):
    assert remind_people(now=at(now)) == number == len(notices())
    assert remind_people(now=at(now)) == 0


@pytest.mark.parametrize(
    ("hours", "early", "due"),
    [
        (1, "2026-02-01 08:59", "2026-02-01 09:00"),
        (25, "2026-01-31 08:59", "2026-01-31 09:00"),
        (168, "2026-01-25 09:59", "2026-01-25 10:00"),
    ],
)
def test_it_comes_as_many_hours_before_as_he_has_chosen(approved, member, hours, early, due):
    Preferences.objects.create(user=member, reminder_hours=hours)
    assert [remind_people(now=at(early)), remind_people(now=at(due)), remind_people(now=at(due))] == [0, 1, 0]


def test_whoever_wants_none_gets_none(approved, member):
    Preferences.objects.create(user=member, reminder_hours=None)
    assert remind_people(now=at("2026-02-01 09:59")) == 0


def test_whoever_has_chosen_something_else_only_is_reminded_a_day_before(approved, member):
    Preferences.objects.create(user=member, language="zh-hant")
    assert remind_people(now=at("2026-01-31 09:59")) == 0
    assert remind_people(now=at("2026-01-31 10:00")) == 1


@pytest.mark.parametrize(
    ("made", "number"), [("2026-01-31 10:00", 1), ("2026-01-31 10:01", 0), ("2026-02-01 09:00", 0)]
)
def test_a_booking_made_within_the_hours_gets_none(open_room, member, team, made, number):
    book(by=member, now=at(made), classroom=open_room, group_id=team.pk, slot=Slot(DAY, 600, 720))
    assert remind_people(now=at("2026-02-01 09:30")) == number


def test_the_hours_are_counted_as_they_pass(settings, open_room, member, team):
    """In Zurich the clocks go forward in the night before 2026-03-29: 24 hours before ten it is nine on the wall."""
    settings.CSPACE_TIME_ZONE = "Europe/Zurich"
    make_registration(by=member, group=team, classroom=open_room, day=datetime(2026, 3, 29).date())
    start = datetime.fromisoformat("2026-03-29T10:00:00+02:00")
    assert remind_people(now=start - 24 * HOUR - MINUTE) == 0
    assert remind_people(now=datetime.fromisoformat("2026-03-28T09:00:00+01:00")) == 1


def test_what_is_pending_cancelled_or_rejected_is_not_reminded_of(api, room, open_room, member, team, cspace):
    other = make_classroom("Room B")
    make_registration(by=member, group=team, classroom=other, day=DAY)
    cancelled = make_registration(by=member, group=team, classroom=open_room, day=DAY)
    rejected = make_registration(by=member, group=team, classroom=open_room, day=DAY, start=780, end=840)
    assert api(member).delete(f"registrations/{cancelled.pk}/").status_code == 204
    assert api(cspace).post(f"registrations/{rejected.pk}/reject/").status_code == 200
    remind_people(now=at("2026-01-31 10:00"))
    remind_people(now=at("2026-02-01 12:30"))
    assert notices() == []


def test_what_is_approved_meanwhile_is_reminded_of(api, pending, cspace):
    assert remind_people(now=at("2026-01-30 09:59")) == 0
    api(cspace).post(f"registrations/{pending.pk}/approve/")
    assert remind_people(now=at("2026-01-31 21:00")) == 1
    assert notices() == [("member", f"registration:{pending.pk}", REMINDER)]


def move(registration, person, day=None, start=None, end=None):
    change = RegistrationChange(day=day, start_minute=start, end_minute=end)
    change_registration(registration_id=registration.pk, by=person, now=clock.now(), change=change)


def test_a_move_makes_a_new_one(approved, cspace):
    remind_people(now=at("2026-01-31 10:00"))
    move(approved, cspace, start=840, end=900)
    assert remind_people(now=at("2026-01-31 13:59")) == 0
    assert remind_people(now=at("2026-01-31 14:00")) == 1
    move(approved, cspace, start=600, end=720)
    assert remind_people(now=at("2026-01-31 14:01")) == 0, "of that time he has been told"
    assert [text for *_, text in notices()] == [
        REMINDER,
        "Reminder: Room A, 2026-02-01 14:00–15:00, booked by 522.",
    ]


def test_what_is_moved_away_before_is_not_reminded_of_at_its_old_time(approved, cspace):
    move(approved, cspace, day=DAY + timedelta(days=1))
    assert [remind_people(now=at(f"2026-{day} 10:00")) for day in ("01-31", "02-01", "02-02")] == [0, 1, 0]


def test_a_change_of_room_end_or_words_makes_none(approved, cspace):
    remind_people(now=at("2026-01-31 10:00"))
    change = RegistrationChange(classroom=make_classroom("Room B"), description="Choir", end_minute=780)
    change_registration(registration_id=approved.pk, by=cspace, now=clock.now(), change=change)
    assert remind_people(now=at("2026-01-31 10:01")) == 0


def test_inactive_people_get_none(approved, pending_elsewhere, member, cspace):
    member.is_active = cspace.is_active = False
    member.save()
    cspace.save()
    remind_people(now=at("2026-01-31 10:00"))
    assert Notification.objects.exclude(kind="registration.created").count() == 0


@pytest.fixture
def pending_elsewhere(member, team, cspace):
    return make_registration(by=member, group=team, classroom=make_classroom("Room B"), day=DAY)


# --- registration.waiting -----------------------------------------------------------------------------------------


def test_creator_and_cspace_hear_two_days_before_what_waits(pending, cspace_admin):
    assert remind_people(now=at("2026-01-30 09:59")) == 0
    assert remind_people(now=at("2026-01-30 10:00")) == 1
    assert remind_people(now=at("2026-01-31 10:00")) == 0

    target = f"registration:{pending.pk}"
    assert sorted(notices("registration.waiting")) == [
        ("cspace_admin", target, WAITS),
        ("cspace_member", target, WAITS),
        ("member", target, MINE_WAITS),
    ]


@pytest.mark.parametrize(("now", "number"), [("2026-02-01 09:59", 1), ("2026-02-01 10:00", 0)])
def test_what_has_started_waits_no_more(pending, now, number):
    assert remind_people(now=at(now)) == number


def test_a_creator_in_cspace_gets_one_sentence(room, cspace, cspace_admin, team):
    make_registration(by=cspace, group=team, classroom=room, day=DAY)
    remind_people(now=at("2026-01-30 10:00"))
    assert sorted((name, text) for name, _, text in notices("registration.waiting")) == [
        ("cspace_admin", WAITS),
        ("cspace_member", MINE_WAITS),
    ]


def test_preferences_do_not_silence_what_waits(pending, member):
    Preferences.objects.create(user=member, reminder_hours=None)
    assert remind_people(now=at("2026-01-30 10:00")) == 1
    assert len(notices("registration.waiting")) == 2


def test_cspace_hears_of_what_somebody_asked_for_who_is_gone(pending, member):
    member.is_active = False
    member.save()
    remind_people(now=at("2026-01-30 10:00"))
    assert [(name, text) for name, _, text in notices("registration.waiting")] == [("cspace_member", WAITS)]


@pytest.mark.parametrize(("made", "number"), [("2026-01-30 10:00", 1), ("2026-01-30 10:01", 0)])
def test_cspace_is_not_told_twice_of_what_is_asked_for_within_two_days(room, member, team, cspace, made, number):
    book(by=member, now=at(made), classroom=room, group_id=team.pk, slot=Slot(DAY, 600, 720))
    assert remind_people(now=at("2026-01-30 10:01")) == number


@pytest.mark.parametrize("command", ["approve", "reject"])
def test_what_is_decided_meanwhile_does_not_wait(api, pending, cspace, command):
    api(cspace).post(f"registrations/{pending.pk}/{command}/")
    remind_people(now=at("2026-01-30 10:00"))
    assert notices("registration.waiting") == []


def test_what_waited_and_is_approved_is_reminded_of(api, pending, cspace):
    remind_people(now=at("2026-01-30 10:00"))
    api(cspace).post(f"registrations/{pending.pk}/approve/")
    assert [remind_people(now=at(f"2026-01-31 {time}")) for time in ("09:59", "10:00", "10:01")] == [0, 1, 0]


def test_a_moved_request_waits_anew(pending, member):
    remind_people(now=at("2026-01-30 10:00"))
    move(pending, member, start=610)
    assert [remind_people(now=at(f"2026-01-30 {time}")) for time in ("10:09", "10:10", "10:11")] == [0, 1, 0]


# --- all of them --------------------------------------------------------------------------------------------------


def test_reminders_are_in_no_log_and_no_filter_of_it(api, approved, pending_elsewhere, cspace):
    before = LogEntry.objects.count()
    assert remind_people(now=at("2026-01-31 10:00")) == 2
    assert LogEntry.objects.count() == before
    assert actions().isdisjoint({"registration.reminder", "registration.waiting", "series.ending"})
    refusal = api(cspace).get("logs/?action=registration.reminder")
    assert (refusal.status_code, refusal.json()["details"]) == (400, {"action": ["Unknown action"]})


def test_a_reader_sees_them_in_his_language(api, approved, pending_elsewhere, member):
    remind_people(now=at("2026-01-31 10:00"))
    rows = api(member).get("notifications/").json()["results"]
    assert [(row["kind"], row["target"], row["description"]) for row in rows] == [
        (
            "registration.waiting",
            f"registration:{pending_elsewhere.pk}",
            "Your room registration still waits for a decision: Room B, 2026-02-01 10:00–12:00.",
        ),
        ("registration.reminder", f"registration:{approved.pk}", REMINDER),
    ]
    api(member).patch("users/me/preferences/", {"language": "zh-hant"})
    rows = api(member).get("notifications/").json()["results"]
    assert [row["description"] for row in rows] == [
        "您的教室借用申請仍在等待審核：Room B，2026年2月1日（星期日）10:00–12:00。",
        "提醒您：Room A，2026年2月1日（星期日）10:00–12:00，由 522 借用。",
    ]


def test_what_is_over_is_forgotten(approved):
    remind_people(now=at("2026-01-31 10:00"))
    assert (forget_reminders(now=at("2026-02-01 09:59")), Reminder.objects.count()) == (0, 1)
    assert (forget_reminders(now=at("2026-02-01 10:00")), Reminder.objects.count()) == (1, 0)


def test_tick_reminds_too(approved, capsys):
    with time_machine.travel(at("2026-01-31 10:00"), tick=False):
        call_command("tick")
        call_command("tick")
    assert len(notices()) == 1
    assert "registrations.remind_people: 1" in capsys.readouterr().out


def test_each_of_many_is_reminded_of(monkeypatch, open_room, team):
    """More than a transaction tells of: none is left to the next minute."""
    monkeypatch.setattr("registrations.services.reminding.BATCH", 3)
    people = [make_user() for _ in range(7)]
    for place, person in enumerate(people):
        join(person, team)
        room = make_classroom(auto_approve=True)
        make_registration(by=person, group=team, classroom=room, day=DAY, start=600 + place)
    assert remind_people(now=at("2026-01-31 10:06")) == 7
    assert sorted(name for name, *_ in notices()) == sorted(person.username for person in people)


@pytest.mark.parametrize("kind", ["near", "waiting"])
def test_the_number_of_statements_does_not_depend_on_how_many_there_are(
    kind, team, member, cspace, django_assert_max_num_queries
):
    numbers = []
    for day, size in ((DAY, 1), (DAY + timedelta(days=7), 9)):
        for _ in range(size):
            room = make_classroom(auto_approve=kind == "near")
            make_registration(by=member, group=team, classroom=room, day=day)
        with django_assert_max_num_queries(100) as queries:
            assert remind_people(now=at(f"{day - timedelta(days=1)} 10:00")) == size
        numbers.append(len(queries))
    assert numbers[0] == numbers[1], numbers


def test_a_group_of_cspace_hears_each_request_once(member, team, room, cspace):
    for place in range(3):
        make_registration(by=member, group=team, classroom=room, day=DAY, start=600 + 60 * place, end=660 + 60 * place)
    assert remind_people(now=at("2026-01-30 12:00")) == 3
    texts = [text for name, _, text in notices("registration.waiting") if name == "cspace_member"]
    assert texts == [
        "522 still waits for a decision: Room A, 2026-02-01 10:00–11:00.",
        "522 still waits for a decision: Room A, 2026-02-01 11:00–12:00.",
        "522 still waits for a decision: Room A, 2026-02-01 12:00–13:00.",
    ]
