"""Notices become letters: for whom, when, and what they say."""

import datetime as dt
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
import time_machine
from django.db import connection, transaction

from accounts.facts import PasswordSet
from accounts.models import User
from kernel import clock
from kernel.facts import publish, publish_many
from mail.models import GatheredNotice
from mail.rules.deciding import last_moment
from mail.services.calendar_letters import post_calendar_letters
from mail.services.daily_letters import forget_what_is_over, post_daily_letters
from outbox.models import Letter
from registrations.facts.registrations import RegistrationCancelled
from registrations.models import Registration as RegistrationRow
from tests.mail.post import events_of

pytestmark = pytest.mark.usefixtures("document_clock")
PREFERENCES = "users/me/preferences/"


@pytest.fixture
def approved(api, member, cspace, wish):
    """A registration of the member's that cspace has approved."""

    def make(**body):
        made = api(member).post("registrations/", wish | body).json()["id"]
        assert api(cspace).post(f"registrations/{made}/approve/", {}).status_code == 200
        return made

    return make


def jobs():
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs WHERE task_name = 'outbox.send' ORDER BY id")
        return cursor.fetchall()


def test_a_notice_is_posted_at_once_and_told_with_an_invitation(post, approved, member):
    post.address(member)
    made = approved()

    (letter,) = Letter.objects.all()
    assert letter.kind == "mail.notice"
    assert letter.key == f"notice:{letter.arguments['notification_id']}"
    assert [args for _, args in jobs()] == [f'{{"letter_id": {letter.pk}}}']

    (message,) = post.deliver()
    assert message.address == "member@example.edu"
    sentence = "Your room registration has been approved: Room A, 2026-02-01 10:00–12:00."
    assert message.subject == sentence
    assert sentence in message.text
    assert "Asia/Taipei" in message.text
    assert "https://rooms.example.edu/" in message.text
    leave = message.headers["List-Unsubscribe"]
    assert leave.startswith("<https://rooms.example.edu/api/v1/unsubscribe/?token=")
    assert message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert leave[1:-1] in message.text

    assert message.calendar.method == "REQUEST"
    (event,) = events_of(message)
    assert event["UID"] == f"registration-{made}@rooms.example.edu"
    assert event["SEQUENCE"] == 1
    assert event["SUMMARY"] == "Team meeting"
    assert event["STATUS"] == "CONFIRMED"
    assert event["LOCATION"] == "Room A"
    assert event["ORGANIZER"] == "mailto:rooms@example.edu"
    assert event["ATTENDEE"] == "mailto:member@example.edu"
    assert event["DTSTART"].params["TZID"] == "Asia/Taipei"
    assert event["DTSTART"].dt.isoformat() == "2026-02-01T10:00:00+08:00"
    assert event["DTEND"].dt.isoformat() == "2026-02-01T12:00:00+08:00"
    assert event["DTSTAMP"].dt.isoformat() == "2026-01-20T02:00:00+00:00"


def test_a_calendar_follows_what_he_does_himself(post, approved, member, api):
    post.address(member)
    made = approved()
    post.deliver()
    assert post.follow() == []

    assert api(member).delete(f"registrations/{made}/").status_code in (200, 204)
    assert post.deliver() == []
    (message,) = post.follow()
    assert message.calendar.method == "CANCEL"
    (event,) = events_of(message)
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (
        f"registration-{made}@rooms.example.edu",
        2,
        "CANCELLED",
    )
    assert post.follow() == []


def test_those_of_a_day_come_together(post, approved, member):
    post.address(member, mail="daily")
    first = approved()
    second = approved(date="2026-02-02")
    assert post.deliver() == []
    assert post.day() == []
    with time_machine.travel("2026-01-20T23:59:59Z", tick=False):
        assert post.day() == []
    with time_machine.travel("2026-01-21T00:00:00Z", tick=False):
        (message,) = post.day()
        assert post.day() == []
    assert message.subject == "2 notifications up to 2026-01-21"
    assert [event["UID"] for event in events_of(message)] == [
        f"registration-{number}@rooms.example.edu" for number in (first, second)
    ]
    assert list(Letter.objects.values_list("key", flat=True)) == [f"daily:{member.pk}:2026-01-21"]
    with time_machine.travel("2026-01-22T00:00:00Z", tick=False):
        assert post.day() == []


@pytest.mark.parametrize(
    ("mail", "email", "is_active", "default", "number"),
    [
        ("off", "m@example.edu", True, "each", 0),
        ("each", "", True, "each", 0),
        ("each", "m@example.edu", False, "each", 0),
        (None, "m@example.edu", True, "each", 1),
        (None, "m@example.edu", True, "off", 0),
        (None, "m@example.edu", True, "daily", 0),
        ("each", "m@example.edu", True, "off", 1),
    ],
)
def test_who_gets_a_letter(post, approved, member, settings, mail, email, is_active, default, number):
    post.address(member, mail=mail)
    settings.CSPACE_MAIL_DEFAULT = default
    made = approved()
    before = Letter.objects.count()
    User.objects.filter(pk=member.pk).update(email=email, is_active=is_active)
    RegistrationRow.objects.filter(pk=made).update(description="x")
    publish_again(made, member)
    assert Letter.objects.count() - before == number
    assert GatheredNotice.objects.filter(notification__kind="registration.cancelled").count() == (
        1 if (mail, default, email, is_active) == (None, "daily", "m@example.edu", True) else 0
    )


def publish_again(registration_id, member):
    """Another notice for the member, whatever he is."""
    summary = RegistrationRow.objects.with_api_relations().get(pk=registration_id).summary
    with transaction.atomic():
        publish(RegistrationCancelled(registration=summary, actor_id=None, occurred_at=clock.now()))


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": ""}])
def test_who_has_gone_meanwhile_gets_nothing(post, approved, member, change):
    post.address(member)
    approved()
    User.objects.filter(pk=member.pk).update(**change)
    assert post.deliver() == []
    assert Letter.objects.get().state == "dropped"


def test_who_wants_no_mail_any_more_gets_none_of_what_waits(post, approved, member, api):
    post.address(member)
    approved()
    api(member).patch(PREFERENCES, {"mail": "off"})
    assert post.deliver() == []


def test_a_letter_is_in_the_language_that_he_reads_now(post, approved, member, api):
    post.address(member, language="en")
    approved()
    api(member).patch(PREFERENCES, {"language": "zh-hant"})
    (message,) = post.deliver()
    assert message.subject == "您的教室借用申請已審核通過：Room A，2026年2月1日（星期日）10:00–12:00。"
    assert "時間均為校園時間（Asia/Taipei）。" in message.text
    assert '<html lang="zh-hant">' in message.html


def test_what_people_write_is_no_markup_and_no_header(post, member, cspace, api, wish):
    post.address(member)
    made = api(member).post("registrations/", wish).json()["id"]
    reason = "<script>alert(1)</script>\r\nBcc: all@example.edu\n\n& " + "long " * 30
    assert api(cspace).post(f"registrations/{made}/reject/", {"reason": reason}).status_code == 200
    (message,) = post.deliver()
    assert "\n" not in message.subject
    assert "\r" not in message.subject
    assert len(message.subject) <= 120
    assert "<script>" not in message.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Bcc: all@example.edu &amp; long" in message.html
    assert "<script>alert(1)</script> Bcc: all@example.edu & long" in message.text
    written = EmailMessage()
    written["Subject"], written["To"] = message.subject, message.address
    for name, value in message.headers.items():
        written[name] = value
    read = message_from_bytes(written.as_bytes(policy=SMTP), policy=SMTP)
    assert read["Bcc"] is None
    assert read["List-Unsubscribe"] == message.headers["List-Unsubscribe"]


def test_without_mail_nothing_is_written(approved, member):
    member.email = "member@example.edu"
    member.save()
    approved()
    post_daily_letters(now=clock.now())
    post_calendar_letters(now=clock.now())
    assert (Letter.objects.count(), GatheredNotice.objects.count(), jobs()) == (0, 0, [])


def test_without_a_site_there_are_no_links(post, approved, member, settings):
    settings.CSPACE_PUBLIC_URL = ""
    post.address(member)
    made = approved()
    (message,) = post.deliver()
    assert "http" not in message.text
    assert message.headers == {}
    assert events_of(message)[0]["UID"] == f"registration-{made}@localhost"


# --- the letter of a day --------------------------------------------------------------------------


def test_from_daily_to_each_what_is_gathered_comes_at_its_moment(post, approved, member, api):
    post.address(member, mail="daily")
    approved()
    api(member).patch(PREFERENCES, {"mail": "each"})
    approved(date="2026-02-02")
    assert len(post.deliver()) == 1
    with time_machine.travel("2026-01-21T00:00:30Z", tick=False):
        (message,) = post.day()
    assert message.subject == "1 notification up to 2026-01-21"


def test_from_daily_to_off_nothing_comes(post, approved, member, api):
    post.address(member, mail="daily")
    approved()
    api(member).patch(PREFERENCES, {"mail": "off"})
    with time_machine.travel("2026-01-21T00:00:30Z", tick=False):
        assert post.day() == []
        assert post.day() == []


def test_one_letter_a_day_even_if_he_moves_its_moment(post, approved, member, api):
    post.address(member, mail="daily", daily_minute=8 * 60)
    approved()
    with time_machine.travel("2026-01-21T01:00:00Z", tick=False):
        assert len(post.day()) == 1
        approved(date="2026-02-02")
        api(member).patch(PREFERENCES, {"daily_at": "20:00"})
    with time_machine.travel("2026-01-21T12:30:00Z", tick=False):
        assert post.day() == []
    with time_machine.travel("2026-01-22T11:59:00Z", tick=False):
        assert post.day() == []
    with time_machine.travel("2026-01-22T12:00:00Z", tick=False):
        (message,) = post.day()
    assert message.subject == "1 notification up to 2026-01-22"


def test_a_worker_that_was_away_for_days_makes_one_letter(post, approved, member):
    post.address(member, mail="daily")
    approved()
    with time_machine.travel("2026-01-25T09:00:00Z", tick=False):
        (message,) = post.day()
        assert post.day() == []
    assert message.subject == "1 notification up to 2026-01-25"


def test_a_letter_that_is_tried_again_says_the_same(post, approved, member):
    post.address(member, mail="daily")
    approved()
    with time_machine.travel("2026-01-21T00:00:30Z", tick=False):
        post_daily_letters(now=clock.now())
        first, second = post.write(), post.write()
        assert [each.text for each in first] == [each.text for each in second] != []
        assert len(post.deliver()) == 1
    assert GatheredNotice.objects.count() == 0


@pytest.mark.parametrize(
    ("zone", "minute", "now", "day", "moment"),
    [
        ("Europe/Berlin", 150, "2026-03-29T00:59:00Z", "2026-03-28", "2026-03-28T01:30:00Z"),
        ("Europe/Berlin", 150, "2026-03-29T01:00:00Z", "2026-03-29", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", 150, "2026-10-25T00:30:00Z", "2026-10-25", "2026-10-25T00:30:00Z"),
        ("Europe/Berlin", 150, "2026-10-25T01:30:00Z", "2026-10-25", "2026-10-25T00:30:00Z"),
        ("Asia/Taipei", 0, "2026-01-20T15:59:59Z", "2026-01-20", "2026-01-19T16:00:00Z"),
        ("Asia/Taipei", 1439, "2026-01-20T15:59:00Z", "2026-01-20", "2026-01-20T15:59:00Z"),
    ],
)
def test_the_moment_of_a_day(settings, zone, minute, now, day, moment):
    settings.CSPACE_TIME_ZONE = zone
    expected = (dt.date.fromisoformat(day), dt.datetime.fromisoformat(moment))
    assert last_moment(dt.datetime.fromisoformat(now), minute) == expected


def test_what_is_long_over_is_forgotten(post, approved, member):
    post.address(member, mail="daily")
    approved()
    with time_machine.travel("2026-02-19T02:00:00Z", tick=False):
        forget_what_is_over(now=clock.now())
        assert GatheredNotice.objects.count() == 1
    with time_machine.travel("2026-02-21T02:00:00Z", tick=False):
        forget_what_is_over(now=clock.now())
        assert GatheredNotice.objects.count() == 0


def test_a_long_day_is_told_in_part_and_counted_in_full(post, member):
    post.address(member, mail="daily")
    with transaction.atomic():
        publish_many([PasswordSet(actor_id=None, occurred_at=clock.now(), user_id=member.pk, username="m")] * 105)
    with time_machine.travel("2026-01-21T00:00:30Z", tick=False):
        (message,) = post.day()
    assert message.subject == "105 notifications up to 2026-01-21"
    assert message.text.count("Your password has been changed") == 100
    assert "And 5 more." in message.text
