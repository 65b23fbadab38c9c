"""What `make run` prints: the booking in it can be booked, however often it is printed."""

import datetime as dt
import json
import subprocess

import pytest

from classrooms.models import Classroom
from classrooms.services.holds import place_hold
from demo.invitation import DEMO_PASSWORD, invitation
from kernel import clock
from kernel.campus_time import campus_date, campus_interval
from kernel.db.transactions import transactional
from tests.factories import cspace_group, join, make_classroom, make_group, make_occupancy, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
URL = "http://127.0.0.1:8000"
A_MONTH_AHEAD = "2026-02-19"


@pytest.fixture(autouse=True)
def development(settings):
    settings.DEBUG = True


@pytest.fixture
def john():
    john = make_user("johndoe")
    john.set_password(DEMO_PASSWORD)
    john.save()
    join(john, make_group("522"))
    return john


def printed():
    return "\n".join(invitation(URL, now=clock.now()))


def wish():
    """The body of the printed booking, as a shell hands it to curl."""
    curl = 'curl() { for last; do :; done; printf %s "$last"; }'
    command = printed().partition("Book a room:\n")[2]
    run = subprocess.run(["sh", "-c", f"{curl}\n{command}"], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def book(api, user):
    """The printed booking, booked."""
    body = wish()
    answer = api(user).post("registrations/", body)
    assert answer.status_code == 201, answer.json()
    return body["classroom"], body["date"]


def test_it_names_another_slot_when_one_is_taken(api, john):
    for name in ("101", "102"):
        make_classroom(name)
    assert [book(api, john) for _ in range(3)] == [
        ("101", A_MONTH_AHEAD),
        ("102", A_MONTH_AHEAD),
        ("101", "2026-02-20"),
    ]


def test_what_cannot_be_booked_is_not_named(api, john):
    """A room that is closed for booking, and one with a lecture or a closure that evening."""
    evening = campus_interval(dt.date(2026, 2, 19), 19 * 60, 21 * 60)
    make_classroom("101", is_active=False)
    for name, kind in (("102", "lecture"), ("103", "closure")):
        make_occupancy(make_classroom(name), evening, kind)
    make_classroom("104")
    assert book(api, john) == ("104", A_MONTH_AHEAD)


def test_a_time_that_is_held_for_a_draw_is_named_to_cspace_only(api, john):
    make_classroom("101")
    day = campus_interval(dt.date(2026, 2, 19), 0, 1440)
    transactional(place_hold)(source="allocation_event:1", interval=day, reason="It is drawn")
    assert book(api, john) == ("101", "2026-02-20")
    join(john, cspace_group())
    assert book(api, john) == ("101", A_MONTH_AHEAD)


@pytest.mark.parametrize("horizon_days", [29, 7, 0])
def test_it_stays_within_the_horizon(api, john, settings, horizon_days):
    settings.CSPACE_BOOKING_HORIZON_DAYS = horizon_days
    make_classroom("101")
    days = campus_date(clock.now()) + dt.timedelta(days=horizon_days)
    assert book(api, john) == ("101", days.isoformat())


def test_a_name_with_an_apostrophe_reaches_the_shell_whole(api, john):
    make_classroom("Rosa's 自習室 (2)")
    assert book(api, john) == ("Rosa's 自習室 (2)", A_MONTH_AHEAD)


ODD = ["$(id)", "`id`", 'a "room"', "it's; id", "a\\b", "$HOME", "!!", "* ~ & | < >", "#1", "%s", "室'\"$"]


@pytest.mark.parametrize("odd", ODD)
def test_a_shell_hands_curl_what_is_meant_whatever_a_name_holds(john, tmp_path, monkeypatch, odd):
    """The address, the password and the room, as curl gets them."""
    monkeypatch.setattr("demo.invitation.DEMO_PASSWORD", odd)
    john.set_password(odd)
    john.save()
    make_classroom(odd)
    url = f"http://{odd}:8000"
    command = "\n".join(invitation(url, now=clock.now())).partition("Book a room:\n")[2]
    curl = """curl() { printf '%s\\0' "$@" >> words; printf '{"access":"x.y.z"}'; }"""
    run = subprocess.run(["sh", "-c", f"{curl}\n{command}"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ('{"access":"x.y.z"}', "")
    words = (tmp_path / "words").read_bytes().decode().split("\0")
    assert words[:4] == ["-s", f"{url}/api/v1/auth/token/", "-H", "Content-Type: application/json"]
    assert json.loads(words[5]) == {"username": "johndoe", "password": odd}
    assert words[6:8] == ["-i", f"{url}/api/v1/registrations/"]
    assert "Authorization: Bearer x.y.z" in words
    assert json.loads(words[-2])["classroom"] == odd


def test_where_nothing_can_be_booked_there_is_no_command(john):
    assert "Demo accounts: admin" in printed()
    assert "curl" not in printed()
    assert not Classroom.objects.exists()


@pytest.mark.parametrize("change", ["password", "is_active", "place", "production"])
def test_an_account_that_is_not_the_demos_is_not_offered(john, settings, change):
    make_classroom("101")
    assert "curl" in printed()
    if change == "password":
        john.set_password("another one")
    elif change == "is_active":
        john.is_active = False
    elif change == "place":
        john.user_groups.all().delete()
    else:
        settings.DEBUG = False
    john.save()
    assert "curl" not in printed()
    assert DEMO_PASSWORD not in printed()


def test_it_says_where_everything_is():
    for path in ("/admin/", "/static/occupancy/index.html", "/api/docs/"):
        assert f"{URL}{path}\n" in f"{printed()}\n"
