"""Feeds: where they are, who is told, and what calendar programs read there (contracts live §6, Room Booking §8)."""

import datetime as dt
import re
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import icalendar
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from auditlog.models import LogEntry
from calendars.models import Calendar, CalendarFeed, PriorityToken
from calendars.services.calendars import delete_calendar
from calendars.services.creating import delete_event
from calendars.services.syncing import import_file
from classrooms.enums import OccupancyKind
from classrooms.services.closures import close_rooms
from classrooms.services.rooms import delete_classroom
from groups.models import UserGroup
from kernel import clock
from kernel.campus_time import Interval, campus_interval
from kernel.ical.series import Reading, read_series
from kernel.logs import redact
from registrations.services.cancelling import cancel_registration
from registrations.services.deciding import approve_registration, reject_registration
from tests.calendars.files import calendar_text, event_text
from tests.classrooms.divided import divide
from tests.factories import join, make_classroom, make_occupancy, make_registration, make_user
from tests.factories.calendars import enter, make_calendar

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
DAY = dt.date(2026, 2, 1)
BERLIN, TAIPEI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Taipei")
EVER = Interval(dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2030, 1, 1, tzinfo=dt.UTC))
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def hours(first, last, day=DAY):
    return campus_interval(day, 60 * first, 60 * last)


def address_of(client, path):
    response = client.get(path)
    assert response.status_code == 200, response.content
    return response.json()["url"]


def read(api, url):
    """The file at an address, as two independent readers understand it: {uid: event of icalendar}."""
    response = api().get(url)
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    check_wire(response.content)
    calendar = icalendar.Calendar.from_ical(response.content)
    events = {str(event["UID"]): event for event in calendar.walk("VEVENT")}
    assert len(events) == response.content.count(b"BEGIN:VEVENT")
    ours = {}
    for series in read_series(response.content, Reading(within=EVER, home=TAIPEI)):
        assert not series.faults
        ((event,), (occurrence,)) = (series.members, series.occurrences)
        ours[event.uid] = (occurrence.interval, event.summary, event.is_tentative, event.is_transparent, event.sequence)
    assert ours == {
        uid: (
            span_of(event),
            str(event["SUMMARY"]),
            event["STATUS"] == "TENTATIVE",
            event.get("TRANSP") == "TRANSPARENT",
            event["SEQUENCE"],
        )
        for uid, event in events.items()
    }
    return events


def check_wire(content):
    """RFC 5545 §3.1: lines end in CRLF, have at most 75 octets, and no character is cut."""
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
    for line in content.removesuffix(b"\r\n").split(b"\r\n"):
        assert 0 < len(line) <= 75
        line.decode()


def span_of(event):
    """In UTC; of whole days as the campus has them."""
    first, last = event["DTSTART"].dt, event["DTEND"].dt
    if not isinstance(first, dt.datetime):
        first, last = (dt.datetime.combine(day, dt.time(), TAIPEI) for day in (first, last))
    return Interval(first.astimezone(dt.UTC), last.astimezone(dt.UTC))


def facts():
    return list(LogEntry.objects.filter(action__startswith="feed.").order_by("id").values_list("action", "target"))


@pytest.fixture(autouse=True)
def public_url(settings):
    settings.CSPACE_PUBLIC_URL = "https://rooms.example.edu"


@pytest.fixture
def person():
    return make_user("head", email="head@example.org")


@pytest.fixture
def calendar(person, room):
    return make_calendar("physics", name="Physics", users=(person,), classroom=room)


def book(by, group, room, hour=10, **more):
    return make_registration(by=by, group=group, classroom=room, day=DAY, start=60 * hour, end=60 * hour + 60, **more)


# --- where they are -----------------------------------------------------------------------------------------


def test_an_address_is_made_once_and_stays(api, member):
    first = api(member).get("users/me/feed/")
    assert list(first.json()) == ["url", "created_at"]
    assert first.json()["created_at"] == "2026-01-20T02:00:00Z"
    token = re.fullmatch(r"/api/v1/feeds/(.*)\.ics", first.json()["url"])[1]
    assert SECRET.fullmatch(token)
    with time_machine.travel("2026-01-21T02:00:00Z", tick=False):
        assert api(member).get("users/me/feed/").json() == first.json()
    assert facts() == [("feed.created", f"user:{member.pk}")]
    assert token not in str(list(LogEntry.objects.values()))
    assert CalendarFeed.objects.get().token == token


def test_another_address_ends_the_one_before_at_once(api, member):
    former = address_of(api(member), "users/me/feed/")
    renewed = api(member).post("users/me/feed/renew/")
    assert renewed.status_code == 200
    present = renewed.json()["url"]
    assert present != former
    assert api().get(former).status_code == 404
    assert read(api, present) == {}
    assert address_of(api(member), "users/me/feed/") == present
    assert facts() == [("feed.created", f"user:{member.pk}"), ("feed.renewed", f"user:{member.pk}")]
    assert [entry.details for entry in LogEntry.objects.filter(action="feed.renewed")] == [{"name": "member"}]


def test_a_renewal_that_is_only_tried_out_changes_nothing(api, member):
    url = address_of(api(member), "users/me/feed/")
    trial = api(member).post("users/me/feed/renew/?dry_run=true")
    assert (trial.status_code, trial.json()) == (200, {"url": None, "created_at": None})
    assert address_of(api(member), "users/me/feed/") == url
    assert len(facts()) == 1


def test_each_has_an_address_of_its_own(api, cspace, calendar, team, room):
    api_of = api(cspace)
    paths = ["users/me/feed/", f"groups/{team.pk}/feed/", "classrooms/Room A/feed/", "calendars/physics/feed/"]
    urls = [address_of(api_of, path) for path in paths]
    own, groups, rooms, calendars = urls
    assert own.startswith("/api/v1/feeds/")
    assert groups.startswith("/api/v1/feeds/")
    assert re.fullmatch(r"/api/v1/classrooms/Room%20A/feed\.ics\?token=" + SECRET.pattern, rooms)
    assert re.fullmatch(r"/api/v1/calendars/physics/feed\.ics\?token=" + SECRET.pattern, calendars)
    assert {feed.subject for feed in CalendarFeed.objects.all()} == {
        f"user:{cspace.pk}",
        f"group:{team.pk}",
        f"classroom:{room.pk}",
        f"calendar:{calendar.pk}",
    }
    assert [entry.details["name"] for entry in LogEntry.objects.filter(action="feed.created").order_by("id")] == [
        "cspace_member",
        "522",
        "Room A",
        "physics",
    ]


def test_a_token_opens_nothing_else(api, cspace, calendar, team, room):
    make_calendar("chemistry")
    make_classroom("Room B")
    client = api(cspace)
    tokens = {
        path: re.search(SECRET, unquote(address_of(client, path)))[0]
        for path in ("users/me/feed/", "classrooms/Room A/feed/", "calendars/physics/feed/")
    }
    places = {
        "users/me/feed/": "feeds/{}.ics",
        "classrooms/Room A/feed/": "classrooms/Room A/feed.ics?token={}",
        "calendars/physics/feed/": "calendars/physics/feed.ics?token={}",
    }
    for path, token in tokens.items():
        for other, place in places.items():
            assert api().get(place.format(token)).status_code == (200 if path == other else 404)
        for elsewhere in ("classrooms/Room B/feed.ics?token={}", "calendars/chemistry/feed.ics?token={}"):
            assert api().get(elsewhere.format(token)).status_code == 404
    for nonsense in ("x", "a" * 5000, "%27", "kq3Zb1n0cX7uYw5tR2aVdEo9LhMfGs4JpQiTzUxBvCy"):
        for place in places.values():
            refusal = api().get(place.format(nonsense))
            assert (refusal.status_code, refusal.json()) == (
                404,
                {"error": "Feed not found", "code": "NOT_FOUND"},
            )
    assert api().get("calendars/physics/feed.ics").json()["details"] == {"token": ["This field is required."]}


@pytest.mark.parametrize(
    ("path", "get", "renew"),
    [
        ("users/me/feed/", (401, 200, 200, 200, 200), (401, 200, 200, 200, 200)),
        ("groups/{team}/feed/", (401, 403, 200, 200, 200), (401, 403, 403, 200, 200)),
        ("groups/{nowhere}/feed/", (401, 404, 404, 404, 404), (401, 404, 404, 404, 404)),
        ("classrooms/Room A/feed/", (401, 403, 403, 403, 200), (401, 403, 403, 403, 200)),
        ("classrooms/Nowhere/feed/", (401, 403, 403, 403, 404), (401, 403, 403, 403, 404)),
        ("calendars/of-team/feed/", (401, 404, 200, 200, 200), (401, 404, 200, 200, 200)),
        ("calendars/nowhere/feed/", (401, 404, 404, 404, 404), (401, 404, 404, 404, 404)),
    ],
)
def test_who_is_told(path, get, renew, api, stranger, member, group_admin, cspace, team, room):
    make_calendar("of-team", group=team)
    where = path.format(team=team.pk, nowhere=10**9)
    for actor, reading, renewing in zip((None, stranger, member, group_admin, cspace), get, renew, strict=True):
        assert api(actor).get(where).status_code == reading
        before = set(CalendarFeed.objects.values_list("token", flat=True))
        assert api(actor).post(f"{where}renew/").status_code == renewing
        assert (set(CalendarFeed.objects.values_list("token", flat=True)) != before) == (renewing == 200)


def test_no_log_has_a_token(api, cspace, calendar, room):
    for path in ("users/me/feed/", "classrooms/Room A/feed/", "calendars/physics/feed/"):
        url = address_of(api(cspace), path)
        line = redact(f"GET {url} and https://rooms.example.edu{url}?x=1")
        assert "[redacted]" in line
        assert re.search(SECRET, url)[0] not in line


# --- how they are read --------------------------------------------------------------------------------------


def test_who_has_it_already_gets_a_304(api, member, team, room):
    book(member, team, room)
    url = address_of(api(member), "users/me/feed/")
    first = api().get(url)
    assert first["Cache-Control"] == "private, no-cache"
    assert first["Content-Disposition"] == 'inline; filename="member.ics"'
    for tag in (first["ETag"], f"W/{first['ETag']}", f'"x", {first["ETag"]}', "*"):
        again = api().get(url, **{"If-None-Match": tag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    with time_machine.travel("2026-01-20T05:00:00Z", tick=False):  # nothing in it says when it was read
        assert api().get(url)["ETag"] == first["ETag"]
    book(member, team, room, 14)
    changed = api().get(url, **{"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_a_head_has_no_body(api, member):
    url = address_of(api(member), "users/me/feed/")
    head, whole = api()("HEAD", url), api().get(url)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", whole["ETag"])


@pytest.mark.parametrize("accept", ["*/*", "text/calendar", "text/html, */*;q=0.8", "text/calendar,text/plain;q=0.8"])
def test_programs_ask_for_it_as_they_like(accept, api, member):
    url = address_of(api(member), "users/me/feed/")
    assert api().get(url, Accept=accept)["Content-Type"] == "text/calendar; charset=utf-8"


def test_a_foreign_authorization_does_not_matter(api, member):
    url = address_of(api(member), "users/me/feed/")
    assert api().get(url, Authorization="Bearer nonsense").status_code == 200


def test_reads_are_counted_by_address(api, member, settings):
    url = address_of(api(member), "users/me/feed/")
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = settings.CSPACE_THROTTLE_RATES | {"read": "3/h"}
    statuses = [api().get(url, **{"X-Forwarded-For": "203.0.113.77"}).status_code for _ in range(4)]
    assert statuses[-1] == 429
    assert api().get(url.replace(".ics", "x.ics")).status_code == 429


def test_it_costs_as_much_however_much_it_is(api, cspace, calendar, person, team, room):
    join(cspace, team)
    paths = ["users/me/feed/", f"groups/{team.pk}/feed/", "classrooms/Room A/feed/", "calendars/physics/feed/"]
    urls = [address_of(api(cspace), path) for path in paths]

    def costs():
        for url in urls:
            with CaptureQueriesContext(connection) as captured:
                assert api().get(url).status_code == 200
            yield len(captured.captured_queries)

    book(cspace, team, room, 8)
    enter(calendar, hours(9, 10), by=person)
    before = list(costs())
    for hour in range(10, 20, 2):
        book(cspace, team, room, hour)
        enter(calendar, hours(hour + 1, hour + 2), by=person)
    assert list(costs()) == before == [2, 2, 4, 3]


# --- people and groups --------------------------------------------------------------------------------------


def test_what_somebody_has_booked_is_as_his_mails_say(api, member, group_admin, cspace, team, room):
    room.building = "Main"
    room.save()
    waiting = book(member, team, room, 10)
    approved = book(member, team, room, 12, description="Choir;\nrehearsal, with 音樂 " + 12 * "ö ä ü ")
    gone, refused, others = (
        book(member, team, room, 14),
        book(member, team, room, 16),
        book(group_admin, team, room, 18),
    )
    now = clock.now()
    approve_registration(registration_id=approved.pk, by=cspace, now=now)
    cancel_registration(registration_id=gone.pk, by=member, now=now)
    reject_registration(registration_id=refused.pk, by=cspace, now=now)
    own = read(api, address_of(api(member), "users/me/feed/"))
    uid = "registration-{}@rooms.example.edu".format
    assert list(own) == [uid(waiting.pk), uid(approved.pk)]
    first, second = own.values()
    assert (first["STATUS"], str(first["SUMMARY"]), str(first["LOCATION"])) == ("TENTATIVE", "Room A", "Room A, Main")
    assert (second["STATUS"], second["SEQUENCE"]) == ("CONFIRMED", 1)
    assert str(second["SUMMARY"]) == ("Choir; rehearsal, with 音樂 " + 12 * "ö ä ü ").strip()
    assert span_of(first) == hours(10, 11)
    assert first["DTSTAMP"].dt == now
    assert first["DTSTART"].params["TZID"] == "Asia/Taipei"
    assert list(read(api, address_of(api(member), f"groups/{team.pk}/feed/"))) == [*own, uid(others.pk)]
    assert "Mem Ber" not in str(api().get(address_of(api(member), f"groups/{team.pk}/feed/")).content)


def test_a_move_is_told_under_the_same_uid_with_the_next_sequence(api, member, team, room):
    booked = book(member, team, room)
    url = address_of(api(member), "users/me/feed/")
    ((uid, before),) = read(api, url).items()
    moved = api(member).patch(f"registrations/{booked.pk}/", {"start_time": "11:00", "end_time": "13:00"})
    assert moved.status_code == 200
    assert [(each, event["SEQUENCE"]) for each, event in read(api, url).items()] == [(uid, before["SEQUENCE"] + 1)]


def test_it_goes_from_31_days_ago_to_400_days_ahead(api, member, team, room):
    today = dt.date(2026, 1, 20)
    days = {}
    for offset in (0, 50, 399, 400, 401):
        registration = make_registration(
            by=member, group=team, classroom=room, day=today + dt.timedelta(days=offset), start=1200, end=1260
        )
        days[offset] = registration.pk
    url = address_of(api(member), "users/me/feed/")
    uids = [int(re.search(r"\d+", uid)[0]) for uid in read(api, url)]
    assert uids == [days[offset] for offset in (0, 50, 399, 400)]
    for passed, is_there in ((31, True), (32, False)):
        with time_machine.travel(clock.now() + dt.timedelta(days=passed), tick=False):
            assert (f"registration-{days[0]}@rooms.example.edu" in read(api, url)) is is_there


def test_nothing_is_read_of_who_or_what_is_no_more(api, member, cspace, team):
    own, groups = address_of(api(member), "users/me/feed/"), address_of(api(member), f"groups/{team.pk}/feed/")
    assert api(cspace).delete(f"groups/{team.pk}/").status_code == 204
    assert (api().get(own).status_code, api().get(groups).status_code) == (200, 404)
    member.is_active = False
    member.save()
    assert api().get(own).status_code == 404


def test_who_has_left_a_group_is_told_nothing_and_reads_nothing_once_it_is_renewed(api, member, group_admin, team):
    former = address_of(api(member), f"groups/{team.pk}/feed/")
    UserGroup.objects.filter(user=member).delete()
    assert api(member).get(f"groups/{team.pk}/feed/").status_code == 403
    present = api(group_admin).post(f"groups/{team.pk}/feed/renew/").json()["url"]
    assert (api().get(former).status_code, api().get(present).status_code) == (404, 200)


# --- calendars ----------------------------------------------------------------------------------------------


SERIES = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Physics//EN
BEGIN:VEVENT
UID:weekly@physics
SEQUENCE:2
DTSTAMP:20260101T000000Z
LAST-MODIFIED:20260105T101112Z
DTSTART;TZID=Europe/Berlin:20260317T090000
DTEND;TZID=Europe/Berlin:20260317T103000
RRULE:FREQ=WEEKLY;COUNT=4
SUMMARY:Lecture
END:VEVENT
BEGIN:VEVENT
UID:weekly@physics
SEQUENCE:3
DTSTAMP:20260102T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20260331T090000
DTSTART;TZID=Europe/Berlin:20260331T140000
DTEND;TZID=Europe/Berlin:20260331T153000
SUMMARY:Lecture (moved)
END:VEVENT
BEGIN:VEVENT
UID:weekly@physics
SEQUENCE:3
DTSTAMP:20260102T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20260407T090000
DTSTART;TZID=Europe/Berlin:20260407T090000
DTEND;TZID=Europe/Berlin:20260407T103000
STATUS:CANCELLED
SUMMARY:Lecture
END:VEVENT
BEGIN:VEVENT
UID:fair@physics
DTSTAMP:20260103T000000Z
DTSTART;VALUE=DATE:20260601
DTEND;VALUE=DATE:20260603
TRANSP:TRANSPARENT
SUMMARY:Fair
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n").encode()


def test_what_a_calendar_says_of_its_events(api, person, calendar):
    now = clock.now()
    PriorityToken.objects.create(token="urgent-4711", priority=5)
    first = enter(
        calendar, hours(10, 12), by=person, name="First urgent-4711", description="Really urgent-4711,\nyes", now=now
    )
    enter(calendar, hours(11, 13), by=person, name="Second", now=now + dt.timedelta(seconds=1))
    url = address_of(api(person), "calendars/physics/feed/")
    events = read(api, url)
    live, waiting = events.values()
    assert next(iter(events)) == first.event.uid
    assert (live["STATUS"], live.get("X-CSPACE-STATE"), live.get("TRANSP")) == ("CONFIRMED", None, None)
    assert (str(live["SUMMARY"]), str(live["DESCRIPTION"])) == ("First •••", "Really •••,\nyes")
    assert (waiting["STATUS"], waiting["X-CSPACE-STATE"], str(waiting["SUMMARY"])) == (
        "TENTATIVE",
        "CONFLICTING",
        "Second",
    )
    assert (live["DTSTAMP"].dt, live["LOCATION"], live["DTSTART"].params["TZID"]) == (now, "Room A", "Europe/Berlin")
    text = api().get(url).content.decode()
    assert "urgent" not in text
    assert "X-WR-CALNAME:Physics\r\n" in text
    assert api().get(url)["Content-Disposition"] == 'inline; filename="Physics.ics"'


def test_each_date_of_a_series_stands_for_itself_on_the_wall_of_its_zone(api, person, calendar):
    import_file(slug="physics", by=person, now=clock.now(), data=SERIES)
    url = address_of(api(person), "calendars/physics/feed/")
    events = read(api, url)
    assert list(events) == [
        "weekly@physics/20260317T080000Z",
        "weekly@physics/20260324T080000Z",
        "weekly@physics/20260331T070000Z",  # summer time has begun; moved, and still known by when it was to begin
        "fair@physics",
    ]
    assert [event["DTSTART"].dt.replace(tzinfo=None) for event in list(events.values())[:3]] == [
        dt.datetime(2026, 3, 17, 9),
        dt.datetime(2026, 3, 24, 9),
        dt.datetime(2026, 3, 31, 14),
    ]
    assert [(str(event["SUMMARY"]), event["SEQUENCE"]) for event in events.values()] == [
        ("Lecture", 2),
        ("Lecture", 2),
        ("Lecture (moved)", 3),
        ("Fair", 0),
    ]
    fair = events["fair@physics"]
    assert (fair["STATUS"], fair["TRANSP"]) == ("CONFIRMED", "TRANSPARENT")
    assert (fair["DTSTART"].dt, fair["DTEND"].dt) == (dt.date(2026, 6, 1), dt.date(2026, 6, 3))
    assert events["weekly@physics/20260317T080000Z"]["DTSTAMP"].dt == dt.datetime(2026, 1, 5, 10, 11, 12, tzinfo=dt.UTC)
    text = api().get(url).content.decode()
    assert (text.count("BEGIN:VTIMEZONE"), text.count("RRULE"), text.count("RECURRENCE-ID")) == (1, 0, 0)
    zone = icalendar.Calendar.from_ical(text).walk("VTIMEZONE")[0]
    changes = {(part.name, part["DTSTART"].dt) for part in zone.subcomponents}
    assert ("DAYLIGHT", dt.datetime(2026, 3, 29, 2)) in changes


def test_the_same_hour_twice_is_told_apart(api, person, calendar):
    first = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)  # 2:30 in summer time, and 2:30 again an hour later
    spans = [
        Interval(first + dt.timedelta(hours=each), first + dt.timedelta(hours=each, minutes=20)) for each in (0, 1)
    ]
    for span in spans:
        enter(calendar, span, by=person)
    events = read(api, address_of(api(person), "calendars/physics/feed/"))
    assert [span_of(event) for event in events.values()] == spans


def test_a_calendar_without_events_is_a_calendar(api, person, calendar):
    assert read(api, address_of(api(person), "calendars/physics/feed/")) == {}


# --- rooms --------------------------------------------------------------------------------------------------


def test_a_room_shows_its_calendars_and_that_it_is_busy(api, person, member, cspace, team, room, calendar):
    other = make_calendar("maths", users=(person,), classroom=room, timezone="Asia/Tokyo")
    elsewhere = make_calendar("chemistry", users=(person,), classroom=make_classroom("Room B"))
    enter(calendar, hours(8, 9), by=person, name="Colloquium", description="Tea at eight")
    enter(other, hours(9, 10), by=person, name="Seminar")
    enter(other, hours(8, 9), by=person, name="Too late")
    enter(elsewhere, hours(8, 9), by=person, name="Elsewhere")
    booked = book(member, team, room, 10, description="Private party")
    close_rooms(by=cspace, now=clock.now(), classrooms=[room], interval=hours(14, 15), reason="Burst pipe")
    lecture = make_occupancy(room, hours(16, 17), OccupancyKind.LECTURE)
    make_occupancy(room, hours(18, 19), OccupancyKind.FEST, is_live=False)
    url = address_of(api(cspace), "classrooms/Room A/feed/")
    events = read(api, url)
    assert sorted((span_of(event).starts_at, str(event["SUMMARY"]), event["STATUS"]) for event in events.values()) == [
        (hours(8, 9).starts_at, "Colloquium", "CONFIRMED"),
        (hours(8, 9).starts_at, "Too late", "TENTATIVE"),
        (hours(9, 10).starts_at, "Seminar", "CONFIRMED"),
        (hours(10, 11).starts_at, "Busy", "CONFIRMED"),
        (hours(14, 15).starts_at, "Busy", "CONFIRMED"),
        (hours(16, 17).starts_at, "Busy", "CONFIRMED"),
    ]
    assert f"occupancy-{booked.pk}@rooms.example.edu" in events
    busy = events[f"occupancy-{lecture.pk}@rooms.example.edu"]
    assert set(busy) == {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS"}
    text = api().get(url).content.decode()
    for private in (
        "Private",
        "party",
        "Mem Ber",
        "member",
        "522",
        "Burst",
        "head@example.org",
        "Elsewhere",
        "closure",
    ):
        assert private not in text
    assert ("Tea at eight" in text, text.count("BEGIN:VTIMEZONE")) == (True, 1)


def test_the_use_of_a_part_keeps_the_whole_busy(api, cspace, member, team, room):
    whole, part = make_classroom("Hall"), make_classroom("Hall 1")
    assert divide(whole, part, make_classroom("Hall 2"))
    make_registration(by=member, group=team, classroom=part, day=DAY)
    events = read(api, address_of(api(cspace), f"classrooms/{whole.name}/feed/"))
    assert [str(event["SUMMARY"]) for event in events.values()] == ["Busy"]


def test_an_event_of_two_calendars_stands_in_the_room_twice(api, person, cspace, room, calendar):
    make_calendar("copy", users=(person,), classroom=room)
    for slug in ("copy", "physics"):
        import_file(slug=slug, by=person, now=clock.now(), data=SERIES)
    events = read(api, address_of(api(cspace), "classrooms/Room A/feed/"))
    own = {uid for uid in events if "/calendar-" not in uid}
    assert len(events) == 2 * len(own) == 8
    assert own == set(read(api, address_of(api(cspace), "calendars/physics/feed/")))


def test_a_feed_of_a_calendar_goes_with_it(api, cspace, person, calendar):
    url = address_of(api(person), "calendars/physics/feed/")
    delete_calendar(calendar_id=calendar.pk, by=cspace, now=clock.now())
    make_calendar("physics")
    assert api().get(url).status_code == 404


def test_which_of_two_calendars_calls_an_event_by_its_uid_does_not_change_with_the_days(api, person, cspace, room):
    """The lesser calendar has its date on 1 January: from 2 February it is not in the window any more."""
    for slug, start in (("lesser", "20260101T100000"), ("greater", "20260127T100000")):
        make_calendar(slug, users=(person,), classroom=room)
        data = calendar_text(event_text("shared", start, start.replace("T10", "T11"))).encode()
        import_file(slug=slug, by=person, now=clock.now(), data=data)
    greater = Calendar.objects.get(slug="greater")
    url = address_of(api(cspace), "classrooms/Room A/feed/")
    assert set(read(api, url)) == {"shared", f"shared/calendar-{greater.pk}"}
    with time_machine.travel("2026-02-05T02:00:00Z", tick=False):
        assert set(read(api, url)) == {f"shared/calendar-{greater.pk}"}
    delete_event(slug="lesser", name="shared", by=person, now=clock.now())
    assert set(read(api, url)) == {"shared"}


def test_a_feed_of_a_room_goes_with_it(api, cspace):
    room = make_classroom("Room X")
    address_of(api(cspace), "classrooms/Room X/feed/")
    assert CalendarFeed.objects.filter(subject=f"classroom:{room.pk}").exists()
    delete_classroom(classroom_id=room.pk, by=cspace, now=clock.now())
    assert not CalendarFeed.objects.exists()
