"""Rooms, their availability, closures and agenda: contract §4."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from hypothesis import assume, given
from hypothesis import strategies as st

from auditlog.models import LogEntry
from classrooms.api.filters import MAX_NEEDS
from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from classrooms.services.closures import close_rooms
from kernel import clock
from kernel.campus_time import (
    DayCutter,
    Interval,
    WallTimeDoesNotExist,
    campus_date,
    campus_interval,
    cut_per_day,
    days_interval,
    format_minute,
    wall_instant,
)
from kernel.db.plans import plans_of
from notifications.models import Notification
from registrations.models import Registration
from tests.classrooms.room_time import SATELLITES, SHARED
from tests.factories import make_classroom, make_occupancy, make_registration, make_user

pytestmark = pytest.mark.usefixtures("document_clock")
DAY = dt.date(2026, 2, 1)
SLOT = "date=2026-02-01&start_time=10:00&end_time=12:00"


def actions():
    return list(LogEntry.objects.order_by("id").values_list("action", flat=True))


def names(response):
    return [room["name"] for room in response.json()["results"]]


def test_a_dry_run_keeps_what_a_room_is_equipped_with(api, cspace):
    equipment = {"id": 3, "created_at": 1}
    room = api(cspace).post(
        "classrooms/?dry_run=true", {"name": "Room C", "capacity": 3, "floor": 1, "equipment": equipment}
    )
    assert (room.json()["id"], room.json()["equipment"]) == (None, equipment)


@pytest.mark.parametrize("key", ["projector", "2", "a__b", "a_", "_a", "gte", "9" * 40])
def test_equipment_is_found_by_any_key(api, member, key):
    make_classroom("One", equipment={key: 1})
    make_classroom("Two", equipment={key: 2})
    make_classroom("None")
    assert names(api(member).get(f"classrooms/?equipment={key}")) == ["One", "Two"]
    assert names(api(member).get(f"classrooms/?equipment={key}:2,{key}")) == ["Two"]
    assert names(api(member).get(f"classrooms/free/?{SLOT}&equipment={key}:3")) == []


def test_rooms_come_by_floor_then_in_natural_order(api, member):
    for name, floor in (("10", 1), ("9", 1), ("Room A", 1), ("1", 2)):
        make_classroom(name, floor=floor, capacity=int(floor) * 10, equipment={"projector": floor})
    assert names(api(member).get("classrooms/")) == ["9", "10", "Room A", "1"]
    assert names(api(member).get("classrooms/?floor=2")) == ["1"]
    assert names(api(member).get("classrooms/?min_capacity=20")) == ["1"]
    assert names(api(member).get("classrooms/?equipment=projector:2")) == ["1"]
    assert names(api(member).get("classrooms/?equipment=whiteboard")) == []
    assert names(api(member).get("classrooms/?search=room")) == ["Room A"]
    for query, field in (("floor=x", "floor"), ("equipment=A B", "equipment")):
        assert list(api(member).get(f"classrooms/?{query}").json()["details"]) == [field]


def test_a_search_names_so_many_pieces_of_equipment_and_no_more(api, member):
    for number, status in ((MAX_NEEDS, 200), (MAX_NEEDS + 1, 400), (9_000, 400)):
        path = "classrooms/?equipment=" + ",".join(f"e{n}" for n in range(number))
        response = api(member).get(path)
        assert response.status_code == status
        assert response.json().get("details", {}) == ({} if status == 200 else {"equipment": ["Must name at most 50"]})


@pytest.mark.parametrize(
    "path", ["classrooms/?floor=2&", "classrooms/?", "notifications/?", "notifications/?status=read&"]
)
def test_pages_of_every_size_are_asked_for_in_the_same_words(api, member, room, path):
    """Or each of them would be prepared by itself, in the place of another statement."""
    api(member).get(path + "per_page=20")
    before = len(plans_of(connection.connection).names)
    for size in range(1, 101):
        assert api(member).get(f"{path}per_page={size}").status_code == 200
    assert len(plans_of(connection.connection).names) - before <= 3


WHOLE_NUMBER = ["A whole number is required"]
EQUIPMENT_FORM = ["Must look like projector,whiteboard:2"]


@pytest.mark.parametrize(
    ("path", "faults"),
    [
        (
            "classrooms/?floor=x&min_capacity=1.5&equipment=foo:bar&page=0&per_page=101",
            {
                "floor": WHOLE_NUMBER,
                "min_capacity": WHOLE_NUMBER,
                "equipment": EQUIPMENT_FORM,
                "page": ["Must be 1 or more"],
                "per_page": ["Must be a whole number from 1 to 100"],
            },
        ),
        (
            f"classrooms/free/?{SLOT}&floor=x&equipment=foo:bar&page=x",
            {"floor": WHOLE_NUMBER, "equipment": EQUIPMENT_FORM, "page": ["Must be 1 or more"]},
        ),
        (
            "classrooms/free/?date=x&start_time=10:00&min_capacity=y&equipment=svg",
            {
                "date": ["A date of the form YYYY-MM-DD is required"],
                "end_time": ["This field is required."],
                "min_capacity": WHOLE_NUMBER,
                "equipment": EQUIPMENT_FORM,
            },
        ),
    ],
)
def test_all_faults_of_a_question_arrive_at_once(api, member, path, faults):
    response = api(member).get(path)
    assert (response.status_code, response.json()["details"]) == (400, faults)


@pytest.mark.parametrize(
    "name", ["Room #9", "a b&c+d", "(x)_'y'-z.1", "Größe", "自習室", "...", "+", "\U00020000" * 100]
)
def test_every_room_is_found_where_its_location_and_its_links_say(api, cspace, name):
    body = {"name": name, "capacity": 5, "floor": 1}
    for _ in range(2):  # executed, then repeated from what was stored
        response = api(cspace).post("classrooms/", body, **{"Idempotency-Key": "one"})
        assert response.status_code == 201
        assert response["Location"].isascii()
        assert api(cspace).get(response["Location"]).json() == response.json()
    closures = response["Location"] + "closures/"
    for day in (1, 2):
        times = {"starts_at": f"2026-03-0{day}T00:00:00Z", "ends_at": f"2026-03-0{day}T01:00:00Z"}
        assert api(cspace).post(closures, times)["Location"].startswith(closures)
    first = api(cspace).get(closures + "?per_page=1").json()
    second = api(cspace).get(first["next"]).json()
    assert (second["count"], second["next"]) == (2, None)
    assert api(cspace).get(second["previous"]).json() == first


def test_a_room_is_changed_once_and_never_renamed(api, cspace, member, room):
    assert api(member).put("classrooms/Room A/", {"capacity": 3}).status_code == 403
    for _ in range(2):
        body = api(cspace).put("classrooms/Room A/", {"capacity": 55, "name": "Room A"}).json()
        assert body["capacity"] == 55
    assert actions() == ["classroom.changed"]
    renamed = api(cspace).put("classrooms/Room A/", {"name": "Room B"})
    assert (renamed.status_code, renamed.json()["details"]) == (400, {"name": ["A classroom cannot be renamed"]})
    assert api(cspace).put("classrooms/Nope/", {}).json()["error"] == "Classroom not found"


def test_only_an_unused_room_is_deleted(api, cspace, member, team, room):
    make_classroom("Unused")
    make_registration(by=member, group=team, classroom=room, day=DAY)
    assert api(cspace).delete("classrooms/Unused/").status_code == 204
    refused = api(cspace).delete("classrooms/Room A/")
    assert (refused.status_code, refused.json()["code"]) == (409, "INVALID_STATE")
    assert "is_active" in refused.json()["error"]


def test_an_inactive_room_is_readable_and_never_available(api, cspace, member, room):
    api(cspace).put("classrooms/Room A/", {"is_active": False})
    body = api(member).get(f"classrooms/Room A/availability/?{SLOT}").json()
    assert (body["is_available"], body["conflicts"], body["reason"]) == (False, [], "Room A is not open for booking")
    assert names(api(member).get(f"classrooms/free/?{SLOT}")) == []
    assert api(member).get("classrooms/Room A/").json()["is_active"] is False


def test_what_is_shown_free_can_be_booked(api, member, team, room):
    other = make_classroom("Room B")
    make_registration(by=member, group=team, classroom=other, day=DAY)
    wish = {"group_id": team.pk, "date": "2026-02-01", "start_time": "10:00", "end_time": "12:00"}
    assert names(api(member).get(f"classrooms/free/?{SLOT}")) == ["Room A"]
    for name, is_free in (("Room A", True), ("Room B", False)):
        body = api(member).get(f"classrooms/{name}/availability/?{SLOT}").json()
        assert body["is_available"] is is_free
        status = api(member).post("registrations/", wish | {"classroom": name}).status_code
        assert status == (201 if is_free else 409)


def test_every_week_and_suggestions(api, member, team, room):
    make_registration(by=member, group=team, classroom=room, day=DAY + dt.timedelta(days=14))
    assert names(api(member).get(f"classrooms/free/?{SLOT}&weekly_until=2026-02-14")) == ["Room A"]
    body = api(member).get(f"classrooms/free/?{SLOT}&weekly_until=2026-02-15&suggest=true").json()
    assert body["results"] == []
    assert {"classroom": "Room A", "date": "2026-02-01", "start_time": "10:00", "end_time": "12:00", "clashes": 1} in (
        body["suggestions"]
    )
    assert api(member).get(f"classrooms/free/?{SLOT}&weekly_until=2027-02-15").status_code == 400


CLOSURE = {"starts_at": "2026-01-31T16:00:00Z", "ends_at": "2026-02-02T16:00:00Z", "reason": "Painting"}


def test_a_shifted_time_is_suggested_only_if_every_week_of_it_is_free(api, member, team, room):
    for start, end in ((600, 720), (720, 750)):  # the wanted time, and what half an hour later would meet
        make_registration(by=member, group=team, classroom=room, day=DAY + dt.timedelta(days=7), start=start, end=end)
    found = api(member).get(f"classrooms/free/?{SLOT}&weekly_until=2026-02-08&suggest=true").json()
    assert found["results"] == []
    assert [(one["start_time"], one["clashes"]) for one in found["suggestions"]] == [("10:00", 1)]


def test_no_time_that_has_gone_is_suggested(api, member, team, room):
    # It is 10:00 on 2026-01-20.
    make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 1, 20), start=630, end=660)
    query = "date=2026-01-20&start_time=10:15&end_time=10:45&suggest=true"
    found = api(member).get(f"classrooms/free/?{query}").json()["suggestions"]
    assert [(one["start_time"], one["clashes"]) for one in found] == [("11:15", 0), ("10:15", 1)]


def test_a_closure_refuses_or_cancels_what_is_booked(api, cspace, member, team, room):
    held = make_registration(by=member, group=team, classroom=room, day=DAY)
    refused = api(cspace).post("classrooms/Room A/closures/", CLOSURE)
    assert (refused.status_code, refused.json()["details"]["existing_registration_id"]) == (409, held.pk)

    made = api(cspace).post("classrooms/Room A/closures/", CLOSURE | {"on_conflict": "cancel"})
    assert made.status_code == 201
    assert Registration.objects.get().status == "cancelled"
    assert actions() == ["registration.created", "registration.cancelled", "closure.created"]
    assert Notification.objects.filter(user=member).count() == 1
    wish = {
        "classroom": "Room A",
        "group_id": team.pk,
        "date": "2026-02-01",
        "start_time": "10:00",
        "end_time": "12:00",
    }
    taken = api(member).post("registrations/", wish)
    assert (taken.status_code, taken.json()["details"]["existing_registration_id"]) == (409, None)
    assert [piece["date"] for piece in taken.json()["details"]["conflicts"]] == ["2026-02-01", "2026-02-02"]

    listed = api(member).get("classrooms/Room A/closures/").json()["results"]
    assert listed == [{"id": made.json()["id"], **CLOSURE}]
    assert api(cspace).delete(f"classrooms/Room A/closures/{listed[0]['id']}/").status_code == 204
    assert api(cspace).delete(f"classrooms/Room A/closures/{listed[0]['id']}/").status_code == 404
    assert api(member).post("registrations/", wish).status_code == 201


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "faults"),
    [
        ("2026-02-02T00:00:00Z", "2026-02-02T00:00:00Z", {"starts_at": ["Start must be before end"]}),
        ("0001-01-01T00:00:00Z", "2026-01-01T00:00:00Z", {"starts_at": ["Must lie between 1900 and 2500"]}),
        ("2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z", {"ends_at": ["Must lie between 1900 and 2500"]}),
        ("2026-01-01T00:00:00Z", "2100-01-01T00:00:00Z", {"ends_at": ["At most 3660 days after the start"]}),
    ],
)
def test_a_closure_lies_within_bounds(api, cspace, room, starts_at, ends_at, faults):
    response = api(cspace).post("classrooms/Room A/closures/", {"starts_at": starts_at, "ends_at": ends_at})
    assert (response.status_code, response.json()["details"]) == (400, faults)
    assert Occupancy.objects.count() == LogEntry.objects.count() == 0


def test_without_rooms_there_is_nothing_to_close(api, cspace):
    response = api(cspace).post("closures/", CLOSURE | {"classrooms": "all"})
    assert (response.status_code, response.json()["details"]) == (
        400,
        {"classrooms": ["There is no classroom to close"]},
    )


def test_all_rooms_are_closed_by_one_command(api, cspace, member, room):
    make_classroom("Room B")
    response = api(cspace).post("closures/", CLOSURE | {"classrooms": "all"})
    assert (response.status_code, len(response.json()["results"])) == (201, 2)
    assert api(cspace).post("closures/", CLOSURE | {"classrooms": ["Room A", "Room B"]}).status_code == 201
    assert actions() == ["closure.created", "closure.created"]
    assert api(member).post("closures/", CLOSURE | {"classrooms": "all"}).status_code == 403
    for wrong in ("some", [], ["Nope"], [1]):
        response = api(cspace).post("closures/", CLOSURE | {"classrooms": wrong})
        assert list(response.json()["details"]) == ["classrooms"]


def test_the_agenda_is_cut_per_day_and_shows_other_kinds(api, member, team, room, cspace):
    make_registration(by=member, group=team, classroom=room, day=DAY + dt.timedelta(days=2))
    api(cspace).post("classrooms/Room A/closures/", CLOSURE)
    entries = api(member).get("classrooms/Room A/agenda/?start_date=2026-02-01&end_date=2026-02-28").json()
    assert [
        (row["date"], row["start_time"], row["end_time"], row["kind"], row["reserved_by"], row["description"])
        for row in entries["registrations"]
    ] == [
        ("2026-02-01", "00:00", "24:00", "closure", None, "Painting"),
        ("2026-02-02", "00:00", "24:00", "closure", None, "Painting"),
        ("2026-02-03", "10:00", "12:00", "registration", "Mem Ber", ""),
    ]
    one_day = api(member).get("classrooms/Room A/agenda/?start_date=2026-02-02&end_date=2026-02-02").json()
    assert [(row["date"], row["start_time"], row["end_time"]) for row in one_day["registrations"]] == [
        ("2026-02-02", "00:00", "24:00")
    ]


def test_public_reads_hide_people(api, member, team, room, settings):
    make_registration(by=member, group=team, classroom=room, day=DAY, description="secret")
    assert api().get("classrooms/").status_code == 401
    settings.CSPACE_PUBLIC_READS = True
    assert names(api().get("classrooms/")) == ["Room A"]
    (entry,) = api().get("classrooms/Room A/agenda/").json()["registrations"]
    assert (entry["reserved_by"], entry["reserved_group"], entry["description"]) == (None, None, None)
    assert entry["status"] == "pending"
    closed = Interval(*(clock.now() + dt.timedelta(days=days) for days in (1, 2)))
    close_rooms(by=make_user(is_superuser=True), now=clock.now(), classrooms=[room], interval=closed, reason="secret")
    (closure,) = api().get("classrooms/Room A/closures/").json()["results"]
    assert (closure["reason"], closure["starts_at"]) == (None, "2026-01-21T02:00:00Z")
    assert api(member).get("classrooms/Room A/closures/").json()["results"] == [closure | {"reason": "secret"}]


@pytest.mark.parametrize(
    "path", ["", "Room A/", "Room A/agenda/", f"Room A/availability/?{SLOT}", f"free/?{SLOT}", "Room A/closures/"]
)
def test_public_reads_open_every_read_of_rooms(api, room, settings, path):
    assert api().get(f"classrooms/{path}").status_code == 401
    settings.CSPACE_PUBLIC_READS = True
    response = api().get(f"classrooms/{path}")
    assert (response.status_code, "error" in response.json()) == (200, False)


minutes = st.integers(0, 1440)


@given(minutes, minutes, minutes, minutes)
def test_half_open_intervals_agree_with_a_plain_oracle(a, b, c, d):
    if a < b and c < d:
        first, second = campus_interval(DAY, a, b), campus_interval(DAY, c, d)
        overlap = first.starts_at < second.ends_at and second.starts_at < first.ends_at
        assert overlap == bool(set(range(a, b)) & set(range(c, d)))


@pytest.mark.parametrize("zone", ["Asia/Taipei", "Europe/Berlin", "Australia/Lord_Howe"])
def test_wall_times_survive_the_clock_changes(settings, zone):
    settings.CSPACE_TIME_ZONE = zone
    day = dt.date(2026, 1, 1)
    while day.year == 2026:
        (piece,) = cut_per_day(campus_interval(day, 0, 1440))
        assert (piece.date, piece.start_minute, piece.end_minute) == (day, 0, 1440)
        (piece,) = cut_per_day(campus_interval(day, 600, 615))
        assert (piece.date, piece.start_minute, piece.end_minute) == (day, 600, 615)
        day += dt.timedelta(days=1)


ZONES = ["Asia/Taipei", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "America/St_Johns"]
CHANGES = [dt.datetime(*day, tzinfo=dt.UTC) for day in ((2026, 3, 28), (2026, 10, 3), (2026, 10, 24), (2010, 11, 6))]


@pytest.mark.parametrize("zone", ZONES)
@given(
    st.sampled_from(CHANGES),
    st.lists(st.tuples(st.integers(0, 4 * 86400), st.integers(1, 2 * 86400)), min_size=1, max_size=6),
    st.integers(-1, 2),
)
def test_the_agenda_cuts_as_everything_does(zone, around, spans, day):
    """Its way is quicker where a span lies within a day, and that of the one before; around the changes of the clocks
    as elsewhere."""
    with override_settings(CSPACE_TIME_ZONE=zone):
        second = dt.timedelta(seconds=1)
        intervals = [Interval(around + start * second, around + (start + seconds) * second) for start, seconds in spans]
        first = campus_date(intervals[0].starts_at) + dt.timedelta(days=day)
        window = days_interval(first, first + dt.timedelta(days=1))
        shown = [one for one in intervals if one.starts_at < window.ends_at and window.starts_at < one.ends_at]
        assume(shown)
        cutter = DayCutter(window)
        for span in shown:
            assert list(cutter.pieces(span.starts_at, span.ends_at)) == [
                (piece.date.isoformat(), format_minute(piece.start_minute), format_minute(piece.end_minute))
                for piece in cut_per_day(span.within(window))
            ]


def test_who_has_read_the_agenda_is_told_that_it_is_the_same(api, member, team, room, cspace, settings):
    """Until anything in it changes; without a login it is another answer."""
    settings.CSPACE_PUBLIC_READS = True
    path, tags = "classrooms/Room A/agenda/?start_date=2026-02-01&end_date=2026-02-28", []

    def seen(user):
        response = api(user).get(path)
        again = api(user).get(path, **{"If-None-Match": response["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", response["ETag"])
        assert again["Cache-Control"] == response["Cache-Control"] == "private, no-cache"
        return response["ETag"]

    tags = [seen(member)]
    booked = make_registration(by=member, group=team, classroom=room, day=DAY, description="Reading circle")
    tags += [seen(member), seen(None)]
    api(member).patch(f"registrations/{booked.pk}/", {"description": "Writing circle"})
    tags.append(seen(member))
    api(cspace).post(f"registrations/{booked.pk}/approve/")
    tags.append(seen(member))
    type(member).objects.filter(pk=member.pk).update(display_name="Another Name")
    tags.append(seen(member))
    assert len(set(tags)) == len(tags)
    api(member).delete(f"registrations/{booked.pk}/")
    assert seen(member) == tags[0]
    for tag in tags[1:]:
        assert api(member).get(path, **{"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("zone", "day", "minute"), [("Europe/Berlin", (2026, 3, 29), 150), ("Australia/Lord_Howe", (2026, 10, 4), 135)]
)
def test_a_time_in_a_gap_is_refused(settings, zone, day, minute):
    settings.CSPACE_TIME_ZONE = zone
    with pytest.raises(WallTimeDoesNotExist):
        wall_instant(dt.date(*day), minute)


def test_a_day_that_begins_at_one_is_shown_as_it_was_booked(api, member, team, room, settings):
    settings.CSPACE_TIME_ZONE = "America/Santiago"  # 00:00–01:00 does not exist on 2026-09-06
    wish = {
        "classroom": "Room A",
        "group_id": team.pk,
        "date": "2026-09-06",
        "start_time": "01:00",
        "end_time": "04:00",
    }
    made = api(member).post("registrations/", wish).json()
    assert (made["start_time"], made["end_time"]) == ("01:00", "04:00")
    moved = api(member).put(f"registrations/{made['id']}/", {"end_time": "05:00"})
    assert (moved.status_code, moved.json()) == (200, made | {"end_time": "05:00"})
    (row,) = api(member).get("classrooms/Room A/agenda/?start_date=2026-09-06").json()["registrations"]
    assert (row["start_time"], row["end_time"]) == ("01:00", "05:00")


def test_of_an_ambiguous_pair_the_earlier_is_meant(settings):
    settings.CSPACE_TIME_ZONE = "Europe/Berlin"
    assert wall_instant(dt.date(2026, 10, 25), 150) == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)


def occupy_raw(room, kind, start, end):
    interval: Interval = campus_interval(DAY, start, end)
    main = make_occupancy(room, interval, is_live=False) if kind in SATELLITES else None
    return Occupancy.objects.create(
        classroom=room, starts_at=interval.starts_at, ends_at=interval.ends_at, kind=kind, main=main
    )


@pytest.mark.parametrize("kind", list(OccupancyKind))
@pytest.mark.parametrize("other", list(OccupancyKind))
def test_who_may_overlap_whom(room, kind, other):
    occupy_raw(room, kind, 600, 660)
    occupy_raw(room, other, 660, 720)
    may_share = (kind == other and kind in SHARED) or {kind, other} <= set(SATELLITES)
    if may_share:
        occupy_raw(room, other, 630, 650)
    else:
        with pytest.raises(IntegrityError, match="occupancy_no_overlap"), transaction.atomic():
            occupy_raw(room, other, 630, 650)


PLACE = {
    "type": "auditorium",
    "building": "=BC",
    "link": "https://rooms.example.edu/a?b=c",
    "latitude": 0,
    "longitude": -121.5,
}
NOWHERE = {"type": "", "building": "", "link": "", "latitude": None, "longitude": None}


def test_a_room_says_where_and_what_it_is(api, cspace, member):
    made = api(cspace).post("classrooms/", {"name": "A", "capacity": 5, "floor": 1}).json()
    assert {key: made[key] for key in PLACE} == NOWHERE
    changed = api(cspace).patch("classrooms/A/", PLACE)
    assert (changed.status_code, {key: changed.json()[key] for key in PLACE}) == (200, PLACE)
    assert api(member).get("classrooms/A/").json() == made | PLACE
    assert api(cspace).put("classrooms/A/", NOWHERE).json() == made
    assert actions() == ["classroom.created", "classroom.changed", "classroom.changed"]


@pytest.mark.parametrize(
    ("wanted", "faults"),
    [
        ({"type": "x" * 41}, {"type": ["Ensure this field has no more than 40 characters."]}),
        ({"building": "a\u202eb"}, {"building": ["Control, bidirectional and invisible characters are not allowed"]}),
        ({"link": "javascript:alert(1)"}, {"link": ["Must be a web address such as https://rooms.example.edu/101"]}),
        (
            {"link": "HTTP://rooms.example.edu/"},
            {"link": ["Must be a web address such as https://rooms.example.edu/101"]},
        ),
        ({"link": "//rooms"}, {"link": ["Must be a web address such as https://rooms.example.edu/101"]}),
        ({"latitude": "25"}, {"latitude": ["A number is required"]}),
        ({"latitude": True}, {"latitude": ["A number is required"]}),
        ({"latitude": [25.0]}, {"latitude": ["A number is required"]}),
        (
            {"latitude": 90.1, "longitude": -181},
            {
                "latitude": ["Ensure this value is less than or equal to 90."],
                "longitude": ["Ensure this value is greater than or equal to -180."],
            },
        ),
        ({"latitude": 1}, {"longitude": ["Latitude and longitude belong together"]}),
        ({"longitude": 1}, {"latitude": ["Latitude and longitude belong together"]}),
    ],
)
def test_what_a_place_cannot_be(api, cspace, wanted, faults):
    make_classroom("A")
    made = api(cspace).post("classrooms/", {"name": "B", "capacity": 5, "floor": 1} | wanted)
    changed = api(cspace).patch("classrooms/A/", wanted)
    assert [(answer.status_code, answer.json()["details"]) for answer in (made, changed)] == [(400, faults)] * 2
    assert actions() == []


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"type": "office", "equipment": {"svg": {"type": "lab"}}}, "office"),
        ({"equipment": {"svg": {"type": "lab"}}}, "lab"),
        ({"equipment": {"svg": {"type": ""}}}, "room"),
        ({"equipment": {"svg": 1}}, "room"),
        ({}, "room"),
    ],
)
def test_every_room_is_of_a_type(fields, shown, db):
    assert make_classroom("A", **fields).shown_type == shown
