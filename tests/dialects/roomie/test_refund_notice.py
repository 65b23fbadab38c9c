"""What is deleted shortly before it begins stays charged (`ROOMIE_REFUND_NOTICE_HOURS`), whatever rules do meanwhile.

The clock stands on a Tuesday at ten; quotas begin on Mondays at three.
"""

import datetime as dt
import io
import random

import pytest
import time_machine
from django.core.management import call_command

from auditlog.models import LogEntry
from dialects.roomie.house_rules import house_rules
from kernel import clock
from kernel.campus_time import campus_date, wall_instant
from policies.models import BookingRule, QuotaCharge
from policies.services.booking_rules import amend_rule, delete_rule
from policies.services.house_rules import write_house_rules
from registrations.models import Registration
from registrations.queries.charged import ledger_differences
from tests.conftest import Api
from tests.dialects.roomie.scenes import ahead, logged_in, refused, ymd
from tests.factories import make_classroom

pytestmark = pytest.mark.django_db
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def notice(settings):
    settings.ROOMIE_REFUND_NOTICE_HOURS = 6


@pytest.fixture
def student(house):
    return logged_in(house.student)


def book(client, start="16:00", end="18:00", day=0):
    answer = client.post("rooms.book", room_id="RO-POO", date=ahead(day), start_time=start, end_time=end)
    return answer.json()["booking_id"]


def delete(client, booking_id):
    answer = client.get("rooms.deleteBooking", booking_id=booking_id)
    assert answer.json() == {"success": True, "token": booking_id}


def left(client):
    return client.get("user.info").json()["quota_left"]


def at(hours, minutes=0):
    """Today on the campus clock."""
    return time_machine.travel(wall_instant(campus_date(clock.now()), hours * 60 + minutes), tick=False)


def ledger():
    out = io.StringIO()
    call_command("check_quotas", stdout=out)
    return out.getvalue()


def change_quota(house, **more):
    """The rule says something else from now on; so many minutes, or whether it holds at all."""
    rule = BookingRule.objects.get(limit_type="quota")
    limit = {"minutes": more.pop("minutes")} if "minutes" in more else {}
    body = {"limit": {**rule.limit, "type": "quota", **limit}, **more}
    amend_rule(rule_id=rule.pk, by=house.keeper, now=clock.now(), body=body)


def test_exactly_the_notice_before_its_start_it_is_given_back(student):
    booking = book(student)
    with at(10):
        delete(student, booking)
        assert left(student) == 180


@pytest.mark.parametrize(("hours", "minutes"), [(10, 1), (15, 59)])
def test_a_minute_later_it_stays_charged_and_the_room_is_free(student, house, hours, minutes):
    booking = book(student)
    with at(hours, minutes):
        delete(student, booking)
        assert left(student) == 60
        assert student.get("rooms.bookings", room_id="RO-POO", date=ahead(0)).json() == []
        refused(student.get("rooms.deleteBooking", booking_id=booking), "UNKNOWN_BOOKING")
        answer = student.post("rooms.book", room_id="RO-POO", date=ahead(1), start_time="16:00", end_time="17:30")
        refused(answer, "QUOTA_EXCEEDED")
        assert book(logged_in(house.wil))
    entry = LogEntry.objects.get(action="registration.cancelled")
    assert entry.details["is_still_charged"] is True
    assert ledger() == "The ledger says what the live registrations say.\n"


def test_in_the_next_week_it_is_over(student):
    booking = book(student, day=7)
    with time_machine.travel(clock.now() + (7 * 24 + 2) * HOUR, tick=False):
        delete(student, booking)
        assert left(student) == 180


def test_without_a_notice_everything_is_given_back(student, settings):
    settings.ROOMIE_REFUND_NOTICE_HOURS = 0
    booking = book(student)
    with at(15, 59):
        delete(student, booking)
        assert left(student) == 180
    assert "is_still_charged" not in LogEntry.objects.get(action="registration.cancelled").details


def test_rules_that_change_charge_it_anew(student, house):
    booking = book(student)
    with at(12):
        delete(student, booking)
        change_quota(house, minutes=300)
        assert (left(student), ledger_differences(clock.now())) == (180, [])
        change_quota(house, is_active=False)
        assert not QuotaCharge.objects.exists()
        assert ledger_differences(clock.now()) == []
        change_quota(house, is_active=True)
        assert (left(student), ledger_differences(clock.now())) == (180, [])
        delete_rule(rule_id=BookingRule.objects.get(limit_type="quota").pk, by=house.keeper, now=clock.now())
        assert not QuotaCharge.objects.exists()
        assert write_house_rules(house_rules(), by=house.keeper, now=clock.now())
        assert (left(student), ledger_differences(clock.now())) == (60, [])


def test_the_check_finds_what_is_missing_of_it(student):
    booking = book(student)
    with at(12):
        delete(student, booking)
        QuotaCharge.objects.all().delete()
        (line,) = ledger_differences(clock.now())
        assert "is charged nothing, and is to be charged 120" in line


def test_what_is_cancelled_over_the_other_api_is_given_back(student, house):
    booking = book(student)
    with at(12):
        pk = Registration.objects.get(uid=booking).pk
        assert Api(house.student).delete(f"registrations/{pk}/").status_code == 204
        assert left(student) == 180


def test_nothing_is_lost_or_made_whatever_is_booked_deleted_and_ruled(student, house, settings):
    """A hundred random steps; what is left is reckoned beside it."""
    dice, minutes, moment = random.Random(20261130), 600, clock.now()
    change_quota(house, minutes=minutes)
    live, kept = {}, []
    for number in range(10):
        make_classroom(f"R-{number}")
    for _ in range(100):
        moment += dice.choice((0, 1, 30, 60, 180)) * MINUTE
        with time_machine.travel(moment, tick=False):
            match dice.choice(("book", "book", "delete", "delete", "rule", "notice")):
                case "book":
                    start = dice.choice((9, 11, 13, 15, 17)) * 60
                    length, day = dice.choice((30, 60, 90)), campus_date(moment) + dt.timedelta(days=dice.randrange(3))
                    wish = {"start_time": wall(start), "end_time": wall(start + length), "date": ymd(day)}
                    answer = student.post("rooms.book", room_id=f"R-{dice.randrange(10)}", **wish).json()
                    if "booking_id" in answer:
                        live[answer["booking_id"]] = (wall_instant(day, start), length, moment)
                case "delete" if ahead_of := [pk for pk, (start, *_) in live.items() if start > moment]:
                    booking_id = dice.choice(ahead_of)
                    start, length, booked_at = live.pop(booking_id)
                    delete(student, booking_id)
                    if start - moment < settings.ROOMIE_REFUND_NOTICE_HOURS * HOUR:
                        kept.append((length, booked_at))
                case "rule":
                    minutes = dice.choice((600, 900, 1200))
                    change_quota(house, is_active=False)
                    change_quota(house, is_active=True, minutes=minutes)
                case "notice":
                    settings.ROOMIE_REFUND_NOTICE_HOURS = dice.choice((0, 2, 6, 24, 48))
            charged = [each[-2:] for each in live.values()] + kept
            used = sum(length for length, booked_at in charged if week(booked_at) == week(moment))
            assert left(student) == max(minutes - used, 0)
            assert ledger_differences(moment) == []
    assert kept
    assert live


def wall(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def week(moment):
    """Which one it is, by the Monday at three that began it."""
    local = moment.astimezone(dt.timezone(8 * HOUR)) - 3 * HOUR
    return local.isocalendar()[:2]
