"""When the creator of a series hears that it comes to its end: two weeks before its last date, at its time of day."""

from datetime import date, datetime, timedelta

import pytest

from accounts.models import Preferences
from kernel import clock
from notifications.models import Notification
from registrations.models import EndingNotice, Registration, Series
from registrations.services.changing import RegistrationChange, change_registration
from registrations.services.reminding import forget_reminders, remind_people
from tests.factories import make_classroom, make_series

pytestmark = [pytest.mark.usefixtures("document_clock"), pytest.mark.django_db]
FIRST, LAST = date(2026, 2, 4), date(2026, 2, 25)
ENDS = "The series of 522 comes to its end: Room A, Wednesdays 10:00–12:00, for the last time on 2026-02-25."
ENDS_EARLIER = ENDS.replace("2026-02-25", "2026-02-18")


def notices(wall):
    """What people are told of series when they are reminded at a moment of the campus wall, "2026-02-11 10:00"."""
    return notices_at(datetime.fromisoformat(f"{wall}:00+08:00"))


def notices_at(now):
    before = Notification.objects.count()
    remind_people(now=now)
    rows = Notification.objects.order_by("id")[before:]
    return [(row.user.username, row.target, row.description) for row in rows if row.kind == "series.ending"]


@pytest.fixture
def series(room, team, cspace):
    """Room A, Wednesdays 10:00–12:00, 2026-02-04 to 2026-02-25."""
    return make_series(by=cspace, group=team, classroom=room, starts_on=FIRST)


def occurrence(series, day):
    return Registration.objects.get(series=series, occupancy__starts_at=f"{day}T02:00:00Z", occupancy__is_live=True)


def one(series, text=ENDS):
    return [("cspace_member", f"series:{series.pk}", text)]


def test_its_creator_hears_two_weeks_before_its_last_date(series):
    assert notices("2026-02-11 09:59") == []
    assert notices("2026-02-11 10:00") == one(series)
    assert notices("2026-02-11 10:01") == notices("2026-02-18 10:00") == []
    row = Notification.objects.get(kind="series.ending")
    assert row.params == {
        "group": "522",
        "classroom": "Room A",
        "day_of_week": 4,
        "start_time": "10:00",
        "end_time": "12:00",
        "start_date": "2026-02-04",
        "end_date": "2026-02-25",
        "last_date": "2026-02-25",
    }


def test_a_worker_that_was_away_tells_of_it_until_its_last_date_begins(series):
    assert notices("2026-02-25 10:00") == []
    assert notices("2026-02-25 09:59") == one(series)


@pytest.mark.parametrize(
    ("first", "early", "due"),
    [
        (date(2026, 3, 18), "2026-03-25T09:59:00+01:00", "2026-03-25T10:00:00+01:00"),
        (date(2026, 10, 7), "2026-10-14T09:59:00+02:00", "2026-10-14T10:00:00+02:00"),
    ],
)
def test_the_days_are_those_of_the_campus(settings, room, team, cspace, first, early, due):
    """In Zurich the clocks go forward on 2026-03-29 and back on 2026-10-25: two weeks before ten it is ten."""
    settings.CSPACE_TIME_ZONE = "Europe/Zurich"
    make_series(by=cspace, group=team, classroom=room, starts_on=first)
    assert notices_at(datetime.fromisoformat(early)) == []
    assert len(notices_at(datetime.fromisoformat(due))) == 1


def test_whoever_wants_none_gets_none(series, cspace):
    Preferences.objects.create(user=cspace, is_told_of_last_dates=False)
    assert notices("2026-02-11 10:00") == []


def test_whoever_wants_no_reminders_hears_of_its_end(series, cspace):
    Preferences.objects.create(user=cspace, reminder_hours=None)
    assert notices("2026-02-11 10:00") == one(series)


def test_inactive_people_get_none(series, cspace):
    cspace.is_active = False
    cspace.save()
    assert notices("2026-02-11 10:00") == []


@pytest.mark.parametrize(("weeks", "number"), [(1, 0), (2, 0), (3, 1)])
def test_of_one_that_is_shorter_than_two_weeks_nobody_hears(room, team, cspace, weeks, number):
    make_series(by=cspace, group=team, classroom=room, starts_on=FIRST, weeks=weeks)
    assert len(notices("2026-02-04 10:00")) == number


@pytest.mark.parametrize(("made", "number"), [("2026-02-11T02:00:00Z", 1), ("2026-02-11T02:01:00Z", 0)])
def test_of_one_that_was_made_within_two_weeks_nobody_hears(series, made, number):
    Series.objects.update(created_at=made)
    assert len(notices("2026-02-11 10:01")) == number


@pytest.mark.parametrize("path", ["registrations/{}/", "registrations/{}/reject/"])
def test_a_date_that_is_cancelled_or_rejected_is_not_its_last(api, series, cspace, path):
    api(cspace)("POST" if "reject" in path else "DELETE", path.format(occurrence(series, LAST).pk))
    assert notices("2026-02-04 09:59") == []
    assert notices("2026-02-04 10:00") == one(series, ENDS_EARLIER)
    assert notices("2026-02-11 10:00") == []


def test_a_date_that_waits_for_a_decision_is_not_its_last_until_it_is_approved(api, series, cspace):
    last = occurrence(series, LAST)
    Registration.objects.filter(pk=last.pk).update(status="pending")
    assert notices("2026-02-04 10:00") == one(series, ENDS_EARLIER)
    api(cspace).post(f"registrations/{last.pk}/approve/")
    assert notices("2026-02-11 09:59") == []
    assert notices("2026-02-11 10:00") == one(series)


def move(registration, person, **change):
    change_registration(
        registration_id=registration.pk, by=person, now=clock.now(), change=RegistrationChange(**change)
    )


def test_a_last_date_that_is_moved_to_another_day_is_told_anew(series, cspace):
    assert notices("2026-02-11 10:00") == one(series)
    last = occurrence(series, LAST)
    move(last, cspace, day=LAST + timedelta(days=1))
    assert notices("2026-02-12 09:59") == []
    assert notices("2026-02-12 10:00") == one(series, ENDS.replace("02-25", "02-26"))


def test_the_last_date_is_found_wherever_dates_were_moved(series, cspace):
    move(occurrence(series, date(2026, 2, 18)), cspace, day=date(2026, 3, 3))
    assert notices("2026-02-11 10:00") == []
    assert notices("2026-02-17 10:00") == one(series, ENDS.replace("02-25", "03-03"))


def test_a_last_week_that_was_moved_ahead_is_not_the_last_date(series, cspace):
    move(occurrence(series, LAST), cspace, day=date(2026, 2, 5))
    assert notices("2026-02-04 10:00") == one(series, ENDS_EARLIER)


def test_another_time_or_room_on_the_last_day_is_no_news(series, cspace):
    assert notices("2026-02-11 10:00") == one(series)
    move(occurrence(series, LAST), cspace, start_minute=660, classroom=make_classroom("Room B"))
    assert notices("2026-02-11 11:00") == []


def test_a_longer_series_is_told_of_at_its_new_end(api, series, cspace):
    assert notices("2026-02-11 10:00") == one(series)
    response = api(cspace).put(f"batch-allocations/{series.pk}/", {"end_date": "2026-03-04"})
    assert response.status_code == 200, response.content
    assert notices("2026-02-18 09:59") == []
    assert notices("2026-02-18 10:00") == one(series, ENDS.replace("02-25", "03-04"))


def test_a_cancelled_series_has_no_end_to_tell_of(api, series, cspace):
    assert api(cspace).delete(f"batch-allocations/{series.pk}/").status_code == 204
    assert notices("2026-02-11 10:00") == []


def test_what_is_over_is_forgotten(series):
    notices("2026-02-11 10:00")
    assert EndingNotice.objects.count() == 1
    forget_reminders(now=datetime.fromisoformat("2026-02-25T23:59:00+08:00"))
    assert EndingNotice.objects.count() == 1
    forget_reminders(now=datetime.fromisoformat("2026-02-26T00:00:00+08:00"))
    assert EndingNotice.objects.count() == 0


def test_the_number_of_statements_does_not_depend_on_how_many_there_are(team, cspace, django_assert_max_num_queries):
    numbers = []
    for number, first in ((1, FIRST), (5, FIRST + timedelta(days=70))):
        for _ in range(number):
            make_series(by=cspace, group=team, classroom=make_classroom(), starts_on=first)
        with django_assert_max_num_queries(100) as queries:
            assert len(notices(f"{first + timedelta(days=7)} 10:00")) == number
        numbers.append(len([each for each in queries if "SELECT" in each["sql"] and "INSERT" in each["sql"]]))
    assert numbers[0] == numbers[1], numbers
