"""The sixty hand-picked bad inputs of the safety bar: each with its status, its code and the field it names.

Numbers are the rows of that list. What needs a raw socket or a whole server stands in tests/races and
tests/crash.
"""

import json
from typing import Any

import pytest

from auditlog.models import LogEntry
from notifications.models import Notification
from registrations.models import Registration
from tests.factories import PASSWORD, cspace_group, join, make_classroom, make_group, make_registration, make_user

pytestmark = pytest.mark.usefixtures("document_clock")
VE, NF, PD, NA = "VALIDATION_ERROR", "NOT_FOUND", "PERMISSION_DENIED", "NOT_AUTHENTICATED"


def answer(response: Any) -> tuple[int, str | None]:
    """(status, code); checks the envelope on the way."""
    if response.status_code < 400:
        return response.status_code, None
    body = response.json()
    assert set(body) <= {"error", "code", "details"}
    assert isinstance(body["error"], str)
    assert response["Content-Type"] == "application/json"
    return response.status_code, body["code"]


def fields(response: Any) -> set[str]:
    return set(response.json()["details"])


LONE_SURROGATE = b'"\\ud800"'


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"description": "a\u0000b"}, "description"),  # 1
        ({"classroom": "a\u0000"}, "classroom"),  # 3
        ({"classroom": ["Room A"]}, "classroom"),  # 4
        ({"classroom": {"a": 1}}, "classroom"),
        ({"classroom": 1}, "classroom"),
        ({"classroom": True}, "classroom"),
        ({"classroom": None}, "classroom"),
        ({"classroom": "Nope"}, "classroom"),  # 5
        ({"start_time": "12:00"}, "start_time"),  # 6
        ({"end_time": "9:00"}, "start_time"),  # 7
        ({"start_time": "9:5"}, "start_time"),  # 9
        ({"start_time": "10"}, "start_time"),  # 10
        ({"start_time": "1000"}, "start_time"),
        ({"start_time": "T10:00"}, "start_time"),
        ({"start_time": "10:00+09:00"}, "start_time"),  # 11
        ({"start_time": "10:00Z"}, "start_time"),
        ({"start_time": "１０:００"}, "start_time"),  # 12
        ({"start_time": "24:00"}, "start_time"),  # 13
        ({"end_time": "25:00"}, "end_time"),
        ({"end_time": "23:59:60"}, "end_time"),
        ({"end_time": "24:01"}, "end_time"),
        ({"start_time": "10:00:30"}, "start_time"),  # 14
        ({"start_time": "10:00:00.000001"}, "start_time"),
        ({"start_time": 600}, "start_time"),  # 15
        ({"start_time": None}, "start_time"),
        ({"start_time": ""}, "start_time"),
        ({"date": "20270201"}, "date"),  # 16
        ({"date": "2027-W05-1"}, "date"),
        ({"date": "2027-2-1"}, "date"),
        ({"date": "2027-02-30"}, "date"),  # 17
        ({"date": "0000-01-01"}, "date"),
        ({"date": "2027-02-01T00:00:00Z"}, "date"),
        ({"date": "0001-01-01"}, "date"),  # 18
        ({"date": "2026-01-19"}, "date"),
        ({"date": "9999-12-31"}, "date"),  # 19
        ({"date": "2026-01-20", "start_time": "9:00"}, "start_time"),  # 20
        ({"group_id": 999_999}, "group_id"),  # 21
        ({"group_id": -1}, "group_id"),
        ({"group_id": 0}, "group_id"),
        ({"group_id": "1"}, "group_id"),
        ({"group_id": True}, "group_id"),
        ({"group_id": 1.5}, "group_id"),
        ({"group_id": 2**63}, "group_id"),
    ],
)
def test_registration_body(api, member, wish, change, field):
    response = api(member).post("registrations/", wish | change)

    assert answer(response) == (400, VE)
    assert fields(response) == {field}
    assert Registration.objects.count() == LogEntry.objects.count() == Notification.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"[]", "A JSON object is required"),  # 27
        (b"null", "No data provided"),
        (b'"x"', "A JSON object is required"),
        (b"5", "A JSON object is required"),
        (b'{"classroom": "Room', "Malformed JSON"),  # 28
        (b'{"classroom": "\xff"}', "The body is not valid UTF-8"),
        (b"\xef\xbb\xbf{}", "Malformed JSON"),
        (b'{"date": "2026-02-01", "date": "2026-02-02"}', "stands twice"),  # 29
        (b"[" * 100_000, "nested deeper"),  # 30
        (b"[" * 5000 + b"]" * 5000, "nested deeper"),
        (b'{"description": "\\ud800"}', "broken Unicode"),  # 2
        (b'{"group_id": 1' + b"0" * 5000 + b"}", "digits"),
        (b'{"group_id": NaN}', "not JSON"),
        (b'{"group_id": 1e400}', "too large"),
        (json.dumps(list(range(30_000))).encode(), "values"),
    ],
)
def test_documents_that_are_refused_whole(api, member, wish, body, sentence):
    response = api(member).post("registrations/", body)
    assert answer(response) == (400, VE)
    ((told, *_),) = response.json()["details"].values()
    assert sentence in told


def test_an_empty_body_lacks_every_field(api, member, wish):
    response = api(member).post("registrations/", b"")
    assert answer(response) == (400, VE)
    assert fields(response) == {"classroom", "group_id", "date", "start_time", "end_time"}


@pytest.mark.parametrize(
    ("change", "details"),
    [
        ({"end_time": "10:00"}, {"start_time": ["Start time must be before end time"]}),  # 6
        ({"date": "0001-01-01"}, {"date": ["Date cannot be in the past"]}),  # 18
        ({"date": "9999-12-31"}, {"date": ["Date cannot be more than 730 days ahead"]}),  # 19
        ({"date": "2026-01-20", "start_time": "9:00"}, {"start_time": ["Start time cannot be in the past"]}),  # 20
    ],
)
def test_sentences(api, member, wish, change, details):
    response = api(member).post("registrations/", wish | change)
    assert answer(response) == (400, VE)
    assert response.json()["details"] == details


def test_a_padded_time_and_midnight_are_fine(api, member, wish):
    first = api(member).post("registrations/", wish | {"start_time": "9:10", "end_time": "10:20:00"})  # 8
    assert (first.status_code, first.json()["start_time"], first.json()["end_time"]) == (201, "09:10", "10:20")
    late = api(member).post("registrations/", wish | {"start_time": "23:00", "end_time": "24:00"})  # 13
    assert (late.status_code, late.json()["end_time"]) == (201, "24:00")


def test_foreign_group_and_no_group(api, member, stranger, wish):
    assert answer(api(member).post("registrations/", wish | {"group_id": make_group().pk})) == (403, PD)  # 22
    assert answer(api(stranger).post("registrations/", wish)) == (403, PD)  # 23


def test_twice_then_touching_then_extra_fields(api, member, wish):
    first = api(member).post("registrations/", wish)
    again = api(member).post("registrations/", wish)  # 24
    assert answer(again) == (409, "CONFLICT")
    assert again.json()["details"]["existing_registration_id"] == first.json()["id"]
    touching = wish | {"start_time": "12:00", "end_time": "13:00"}  # 25
    extra = {"status": "approved", "id": 1, "created_by": "root"}  # 26
    response = api(member).post("registrations/", touching | extra)
    body = response.json()
    assert (response.status_code, body["status"], body["created_by"]) == (201, "pending", "member")
    assert body["id"] > first.json()["id"]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain", 415),  # 32
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/json; charset=utf-16", 415),  # 33
        ("application/json; charset=idna", 415),
        ("application/json; charset=nope", 415),
        ("application/json; charset=UTF-8", 201),
    ],
)
def test_media_types(api, member, wish, content_type, status):
    response = api(member).post("registrations/", wish, **{"Content-Type": content_type})
    assert answer(response) == (status, "UNSUPPORTED_MEDIA_TYPE" if status == 415 else None)


def test_a_large_body_is_refused(api, member, wish):  # 31
    response = api(member).post("registrations/", wish | {"description": "x" * 1_150_000})
    assert answer(response) == (413, "PAYLOAD_TOO_LARGE")


def test_paths_methods_and_accept(api, member, wish):
    assert api(member).post("registrations", wish).status_code == 201  # 34
    for method in ("DELETE", "TRACE", "BREW", "OPTIONS"):  # 35
        assert answer(api(member)(method, "registrations/")) == (405, "METHOD_NOT_ALLOWED")
    assert answer(api(member).get("users/me/registrations/", Accept="application/xml")) == (406, "NOT_ACCEPTABLE")  # 36
    assert api(member).get("users/me/registrations/?format=xml").status_code == 200
    for number in ("99999999999999999999", "abc", "-1", "%D9%A1"):  # 37
        assert answer(api(member).get(f"registrations/{number}/")) == (404, NF)


def test_somebody_elses_registration(api, member, group_admin, cspace, team, room):
    import datetime

    held = make_registration(by=member, group=team, classroom=room, day=datetime.date(2026, 2, 1))
    assert answer(api(group_admin).get(f"registrations/{held.pk}/")) == (403, PD)  # 38
    make_classroom("Room B")
    api(cspace).post(f"registrations/{held.pk}/approve/")
    moved = api(member).put(f"registrations/{held.pk}/", {"classroom": "Room B"})  # 39
    assert (moved.status_code, moved.json()["status"]) == (200, "pending")
    assert answer(api(member).post(f"registrations/{held.pk}/approve/")) == (403, PD)  # 40
    for _ in range(2):
        assert api(cspace).post(f"registrations/{held.pk}/approve/").status_code == 200
    assert LogEntry.objects.filter(action="registration.approved").count() == 2
    assert answer(api(cspace).post("registrations/999999/approve/")) == (404, NF)  # 41


@pytest.mark.parametrize("path", ["%00", "%ff", "%2e%2e", "..%2f..%2fetc", "Room%20A%2Fagenda", "a%5Cb", "nope"])
def test_room_names_in_paths(api, member, room, path):  # 42, 43, 44
    url = f"/api/v1/classrooms/{path}/"
    response = api(member).get(url, **{"X-Test": "1"}) if "%2" not in path.lower() else raw_get(api(member), url)
    assert answer(response) == (404, NF)


def raw_get(api: Any, url: str) -> Any:
    """A GET as a server delivers it that also shows the undecoded path."""
    api.client.defaults["REQUEST_URI"] = url
    return api.get(url)


@pytest.mark.parametrize(
    "name", ["A/B", "..", ".", " ", "a%b", "A\nB", "A\u202eB", "x" * 101, "Free", "a?b", "A\\B", 5, "\ufdfa" * 30]
)
def test_room_names_in_bodies(api, cspace, name):  # 45
    response = api(cspace).post("classrooms/", {"name": name, "capacity": 5, "floor": 1})
    assert answer(response) == (400, VE)
    assert fields(response) == {"name"}


def test_a_room_name_taken_ignoring_case(api, cspace, room):  # 46
    response = api(cspace).post("classrooms/", {"name": "room a", "capacity": 5, "floor": 1})
    assert answer(response) == (409, "ALREADY_EXISTS")
    assert fields(response) == {"name"}


@pytest.mark.parametrize("capacity", [-1, 0, 2**31, True, "5", 5.0, None, 100_001])
def test_capacities(api, cspace, capacity):  # 47
    response = api(cspace).post("classrooms/", {"name": "New", "capacity": capacity, "floor": 1})
    assert answer(response) == (400, VE)
    assert fields(response) == {"capacity"}


def test_a_capacity_that_is_no_number_of_ours(api, cspace):
    response = api(cspace).post("classrooms/", b'{"name": "New", "capacity": 1e400, "floor": 1}')
    assert answer(response) == (400, VE)
    assert response.json()["details"] == {"non_field_errors": ["A number is too large"]}


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else 1


@pytest.mark.parametrize(
    "equipment",
    [
        [1],
        "x",
        {"Projector": 1},
        {"projector": -1},
        {"projector": True},
        {"projector": "1"},
        {"projector": 10_001},
        {"__proto__": 1},
        {"constructor": 1},
        {"svg": {"x": "1", "y": 1, "width": 1, "height": 1, "text": "", "type": "a"}},
        {"svg": {"x": 1e6, "y": 1, "width": 1, "height": 1, "text": "", "type": "a"}},
        {"svg": {"x": 1, "y": 1, "width": 1, "height": 1, "text": "t" * 201, "type": "a"}},
        {"svg": {"x": 1, "y": 1, "width": 1, "height": 1, "text": "", "type": "A B"}},
        nested(10),
        nested(15),
        {f"key_{number}": number for number in range(900)},
    ],
)
def test_equipment(api, cspace, equipment):  # 48, 49
    response = api(cspace).post("classrooms/", {"name": "New", "capacity": 5, "floor": 1, "equipment": equipment})
    assert answer(response) == (400, VE)
    assert {name.split(".")[0] for name in fields(response)} == {"equipment"}


@pytest.mark.parametrize(
    "literal",
    [
        b'{"t": "\\u0000"}',
        LONE_SURROGATE,
        b'{"t": NaN}',
        b'{"t": 1e400}',
        b"[" * 900,
        b'{"a":' * 900 + b"1" + b"}" * 900,
    ],
)
def test_equipment_that_is_not_even_json(api, cspace, literal):
    response = api(cspace).post(
        "classrooms/", b'{"name": "New", "capacity": 5, "floor": 1, "equipment": ' + literal + b"}"
    )
    assert answer(response) == (400, VE)


def test_markup_is_stored_as_text(api, cspace):  # 50
    svg = {"x": 1, "y": 2, "width": 3, "height": 4, "text": "<script>alert(1)</script>", "type": "discuss"}
    body = {"name": "New", "capacity": 5, "floor": 1, "equipment": {"svg": svg}}
    response = api(cspace).post("classrooms/", body)
    assert (response.status_code, response.json()["equipment"]) == (201, {"svg": svg})
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("classrooms/Room A/availability/?start_time=10:00&end_time=11:00", (400, VE)),  # 51
        ("classrooms/Room A/availability/?date=2026-02-01&start_time=11:00&end_time=11:00", (400, VE)),
        ("classrooms/Nope/availability/?date=2026-02-01&start_time=10:00&end_time=11:00", (404, NF)),
        ("classrooms/Room A/agenda/?start_date=2026-02-02&end_date=2026-02-01", (400, VE)),  # 52
        ("classrooms/Room A/agenda/?start_date=2026-01-01&end_date=2053-01-01", (400, VE)),
        ("classrooms/Room A/agenda/?start_date=9999-12-31", (400, VE)),
        ("notifications/?page=0", (400, VE)),  # 53
        ("notifications/?page=-1", (400, VE)),
        ("notifications/?page=abc", (400, VE)),
        (f"notifications/?page={10**30}", (404, NF)),
        ("logs/?per_page=1000000000", (400, VE)),  # 54
        ("logs/?per_page=0", (400, VE)),
        ("logs/?per_page=-5", (400, VE)),
        ("logs/?user=%00", (400, VE)),  # 55
        ("logs/?action=%00", (400, VE)),
        ("notifications/?status=deleted", (400, VE)),
    ],
)
def test_queries(api, cspace, room, path, expected):
    assert answer(api(cspace).get(path)) == expected


def test_notifications(api, member, group_admin):  # 56
    import datetime

    own = Notification.objects.create(
        user=member, description="x", created_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    )
    assert answer(api(member).patch(f"notifications/{own.pk}/", {"status": "deleted"})) == (400, VE)
    assert answer(api(group_admin).patch(f"notifications/{own.pk}/", {"status": "read"})) == (404, NF)


def test_memberships(api, member, group_admin, cspace_admin, team):  # 57, 58
    system = cspace_group()
    own = team.user_groups.get(user=member)
    assert answer(api(group_admin).post(f"groups/{system.pk}/user-groups/", {"username": "member"})) == (403, PD)
    assert answer(api(member).put(f"user-groups/{own.pk}/", {"permissions": "admin"})) == (403, PD)
    add = f"groups/{team.pk}/user-groups/"
    assert answer(api(group_admin).post(add, {"username": "member"})) == (409, "ALREADY_EXISTS")
    assert answer(api(group_admin).post(add, {"username": "nobody"})) == (400, VE)
    make_user("new")
    assert answer(api(group_admin).post(add, {"username": "new", "permissions": "owner"})) == (400, VE)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"username": ["u"], "password": "x"}, (400, VE)),  # 60
        ({"username": "u\u0000", "password": "x"}, (400, VE)),
        ({"username": "member", "password": "x" * 1_000_000}, (400, VE)),
        ({"username": "member"}, (400, VE)),
        ({"username": "member", "password": "wrong"}, (401, NA)),
        ({"username": "nobody", "password": PASSWORD}, (401, NA)),
    ],
)
def test_logins(api, member, body, expected):
    assert answer(api().post("auth/token/", body)) == expected


def test_refresh_without_a_good_cookie(api, member):
    assert answer(api().post("auth/token/refresh/")) == (401, NA)
    access = api().post("auth/token/", {"username": "member", "password": PASSWORD}).json()["access"]
    for token in ("tampered", access):
        client = api()
        client.client.cookies["refresh_token"] = token
        response = client.post("auth/token/refresh/")
        assert answer(response) == (401, NA)
        cookie = response.cookies["refresh_token"]
        assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", 0, "/api/v1/auth/")
    assert answer(api().get("users/me/", Authorization="Bearer eyJhbGciOiJub25lIn0.e30.")) == (401, NA)


def test_look_alikes_of_the_system_group(api, cspace):
    cspace_group()
    for name in ("cspace", "CSPACE", "ｃｓｐａｃｅ", " cspace "):
        assert answer(api(cspace).post("groups/", {"name": name})) == (409, "ALREADY_EXISTS")
    for name in ("", " ", "a\u200bb", "x" * 101, "a\u202eb", 5, None):
        assert answer(api(cspace).post("groups/", {"name": name})) == (400, VE)


def test_a_member_cannot_lift_himself(api, cspace):
    join_row = cspace_group().user_groups.get(user=cspace)
    assert answer(api(cspace).put(f"user-groups/{join_row.pk}/", {"permissions": "admin"})) == (403, PD)
    other = make_user()
    assert answer(api(cspace).post(f"groups/{cspace_group().pk}/user-groups/", {"username": other.username})) == (
        403,
        PD,
    )
    join(other, make_group(), "admin")
