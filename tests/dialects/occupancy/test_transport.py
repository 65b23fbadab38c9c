"""What holds for every call of the Occupancy wire: origins, ETags, methods, slashes, and how things go wrong."""

import logging
import re
import uuid
from urllib.parse import unquote

import pytest
from django.db import connection

from accounts.tokens import issue_access
from tests.dialects.occupancy.scenes import FREE, SOONEST, at
from tests.factories import make_classroom
from tests.factories.timetables import make_course, make_plan

pytestmark = pytest.mark.django_db
ORIGIN = "https://rooms.example.edu"
READS = (
    "/api/courses",
    "/api/courses/CS-101",
    "/api/studyplans",
    "/api/studyplans/{plan}",
    "/api/rooms",
    "/api/rooms/A",
)
SEARCHES = {FREE: {"selection": []}, SOONEST: {"after_date": at(8)}}
UNKNOWN = (
    *("/api/courses/CS-101/lectures", "/api/studyplans/1/2", "/api/rooms/A/B", "/api/rooms/A/find_free_rooms"),
    *("/api/rooms//", "/api/rooms//A", "/api/rooms/A//", "/api/courses//CS-101"),
)


@pytest.fixture
def reads():
    make_classroom("A")
    plan = make_plan(make_course())
    return [path.format(plan=plan.pk) for path in READS]


def cors(response):
    return {name: value for name, value in response.headers.items() if name.startswith("Access-Control-")}


def refused(response, status, sentence):
    assert (response.status_code, response.json()) == (status, {"message": sentence})
    assert response["Content-Type"] == "application/json"
    assert cors(response) == {"Access-Control-Allow-Origin": "*"}


# --- Addresses -------------------------------------------------------------------------------------------


def test_every_call_answers_with_and_without_its_slash(api, reads):
    for path in reads:
        assert api().get(path).status_code == 200
        assert api().get(path).content == api().get(f"{path}/").content
    for path, body in SEARCHES.items():
        assert api().post(path, body).status_code == 200
        assert api().post(path, body).content == api().post(f"{path}/", body).content


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_any_other_path_is_not_found(api, reads, path, method):
    response = api()(method, path)
    if method == "HEAD":
        assert (response.status_code, cors(response)) == (404, {"Access-Control-Allow-Origin": "*"})
    else:
        refused(response, 404, "Endpoint not found")


@pytest.mark.parametrize("path", ["/api/rooms/A%2Fx", "/api/rooms%2FA", "/api/courses/CS%2f101", "/api/rooms/%00"])
def test_a_slash_or_nul_that_is_encoded_is_in_no_name(api, reads, path):
    response = api().client.get(unquote(path), REQUEST_URI=path)
    refused(response, 404, "Endpoint not found")


@pytest.mark.parametrize("path", ["/api/roomsx", "/api/room", "/api/courses-x/", "/api/Rooms", "/api/v1/rooms"])
def test_what_only_begins_alike_is_not_of_this_wire(api, path):
    response = api().get(path, Origin=ORIGIN)
    assert (response.status_code, response.json()) == (404, {"error": "Endpoint not found", "code": "NOT_FOUND"})
    assert cors(response) == {}


@pytest.mark.parametrize(
    "header", ["Bearer nonsense", "Bearer ", "Basic eDp5", "x", "Bearer é".encode().decode("latin-1")]
)
def test_whatever_authorization_says_is_ignored(api, reads, header):
    for path in reads:
        assert api().get(path, Authorization=header).content == api().get(path).content
    for path, body in SEARCHES.items():
        assert api().post(path, body, Authorization=header).status_code == 200


def test_the_search_is_not_throttled(api, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = settings.CSPACE_THROTTLE_RATES | {"write": "1/day"}
    assert [api().post(FREE, {"selection": []}).status_code for _ in range(3)] == [200] * 3


# --- Methods ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_what_is_read_is_not_written(api, reads, method):
    for path in reads:
        response = api()(method, path)
        refused(response, 405, "Method Not Allowed")
        assert response["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_searches_are_posted(api, method):
    for path in SEARCHES:
        response = api()(method, path, {"selection": []})
        refused(response, 405, "Method Not Allowed")
        assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_head_tells_what_get_would(api, reads):
    for path in reads:
        told, read = api()("HEAD", path), api().get(path)
        assert (told.status_code, told.content) == (200, b"")
        assert {name: told[name] for name in ("ETag", "Cache-Control", "Content-Type")} == {
            name: read[name] for name in ("ETag", "Cache-Control", "Content-Type")
        }


# --- Other origins ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/rooms", FREE, "/api/studyplans/1", "/api/courses/x/y/z", "/api/rooms/A%2FB"])
@pytest.mark.parametrize("origin", [ORIGIN, "null", None])
def test_preflight(api, path, origin):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    response = api()("OPTIONS", path, **asked, **({"Origin": origin} if origin else {}))
    assert (response.status_code, response.content) == (204, b"")
    assert cors(response) == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "86400",
    }


def test_every_answer_may_be_read_by_any_origin(api, reads, settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    for path in reads:
        response = api().get(path, Origin=ORIGIN)
        assert cors(response) == {"Access-Control-Allow-Origin": "*"}
        assert "Vary" not in response.headers
        again = api().get(path, **{"If-None-Match": response["ETag"]})
        assert (again.status_code, cors(again)) == (304, {"Access-Control-Allow-Origin": "*"})
    for path, body in SEARCHES.items():
        assert cors(api().post(path, body, Origin=ORIGIN)) == {"Access-Control-Allow-Origin": "*"}


@pytest.mark.parametrize("origin", [ORIGIN, "https://other.example.edu"])
def test_listed_origins_are_echoed(api, reads, settings, origin):
    settings.OCCUPANCY_CORS_ORIGINS = [ORIGIN, "https://other.example.edu"]
    for response in (
        *(api().get(path, Origin=origin) for path in [*reads, "/api/rooms/Nowhere"]),
        api().post(FREE, {}, Origin=origin),
    ):
        assert cors(response) == {"Access-Control-Allow-Origin": origin}
        assert response["Vary"] == "Origin"
    assert cors(api()("OPTIONS", FREE, Origin=origin))["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("origin", [f"{ORIGIN}.evil", f"{ORIGIN}/", "http://rooms.example.edu", "null", "*", "", None])
def test_origins_that_are_not_listed_read_nothing(api, reads, settings, origin):
    settings.OCCUPANCY_CORS_ORIGINS = [ORIGIN]
    response = api().get("/api/rooms", **({} if origin is None else {"Origin": origin}))
    assert (response.status_code, cors(response), response["Vary"]) == (200, {}, "Origin")


def test_the_api_beside_it_keeps_its_own_origins(api, settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    for path in ("/api/v1/courses/", "/api/v1/nope/", "/api/schema/"):
        response = api().get(path, Origin=ORIGIN, Accept="*/*")
        assert response["Access-Control-Allow-Origin"] == ORIGIN
        assert response["Access-Control-Allow-Credentials"] == "true"


# --- What is read again ----------------------------------------------------------------------------------


def test_reads_carry_an_etag(api, reads):
    for path in reads:
        response = api().get(path)
        assert re.fullmatch(r'"[0-9a-f]{32}"', response["ETag"])
        assert response["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("given", ["{}", "W/{}", '"other", {}', 'W/"other" , W/{}', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_known_is_not_sent_again(api, reads, given, method):
    for path in reads:
        known = api().get(path)["ETag"]
        response = api()(method, path, **{"If-None-Match": given.format(known)})
        assert (response.status_code, response.content) == (304, b"")
        assert (response["ETag"], response["Cache-Control"]) == (known, "no-cache")


@pytest.mark.parametrize("given", ['"other"', "", "nonsense", '"', 'W/"x", "y'])
def test_what_is_not_known_is_sent(api, reads, given):
    for path in reads:
        response = api().get(path, **{"If-None-Match": given})
        assert (response.status_code, response.content) == (200, api().get(path).content)


def test_an_etag_changes_with_what_is_shown(api, reads):
    known = {path: api().get(path)["ETag"] for path in ("/api/rooms", "/api/courses")}
    make_classroom("B")
    response = api().get("/api/rooms", **{"If-None-Match": known["/api/rooms"]})
    assert (response.status_code, len(response.json())) == (200, 2)
    assert api().get("/api/courses", **{"If-None-Match": known["/api/courses"]}).status_code == 304


def test_searches_carry_none(api):
    for path, body in SEARCHES.items():
        response = api().post(path, body, **{"If-None-Match": "*"})
        assert (response.status_code, "ETag" in response.headers) == (200, False)


def test_text_goes_out_as_utf_8(api):
    make_classroom("自習室")
    response = api().get("/api/rooms")
    assert response.content.decode() == '[{"name":"自習室","type":"room"}]'
    assert response["Content-Type"] == "application/json"


# --- What goes wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", ["text/plain", "", "multipart/form-data", "application/json+x"])
def test_another_content_type_is_an_empty_body(api, content_type):
    sentences = {FREE: "selection is required", SOONEST: "after_date is required"}
    for path, sentence in sentences.items():
        response = api().post(path, SEARCHES[path], **{"Content-Type": content_type})
        refused(response, 400, sentence)


def test_a_bad_body_is_refused(api):
    refused(
        api().post(FREE, b"{"), 400, "Malformed JSON: Expecting property name enclosed in double quotes at character 1"
    )
    refused(api().post(FREE, {"selection": [{"start": at(8)}]}), 400, "selection[0].end is required")
    refused(api().post(SOONEST, {"after_date": 5}), 400, "after_date must be a date and time such as 2026-11-23T08:15")
    refused(api().post(FREE, b" " * 262_145), 413, "The body is larger than 262144 bytes")


@pytest.mark.parametrize("path", ["/api/rooms", "/api/courses/CS-101/", FREE, "/api/rooms/a/b/c"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_host_that_is_not_ours_is_refused(api, path, method):
    refused(api()(method, path, Host="evil.example"), 400, "Bad Request")


@pytest.mark.parametrize(
    "path", ["/api/rooms/{long}", "/api/courses/{long}", "/api/rooms/%ED%A0%80", "/api/courses/%C0%AF"]
)
def test_a_strange_name_is_only_unknown(api, path):
    response = api().get(path.format(long="x" * 20_000))
    assert (response.status_code, list(response.json())) == (404, ["message"])


@pytest.mark.parametrize(
    ("table", "calls"),
    [
        ("timetables_course", [("GET", "/api/courses"), ("GET", "/api/courses/CS-101")]),
        ("timetables_studyplan", [("GET", "/api/studyplans"), ("GET", "/api/studyplans/1")]),
        ("classrooms_classroom", [("GET", "/api/rooms"), ("GET", "/api/rooms/A"), ("POST", FREE), ("POST", SOONEST)]),
    ],
)
def test_a_crash_shows_nothing(api, caplog, table, calls):
    # A fault of ours, provoked from outside: the table behind the view is gone.
    for method, path in calls:
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT whole")
            cursor.execute(f"ALTER TABLE {table} RENAME TO gone")
        with caplog.at_level(logging.CRITICAL, logger="cspace.errors"):
            response = api()(method, path, SEARCHES.get(path))
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK TO SAVEPOINT whole")
        refused(response, 500, "Internal server error")


def test_a_database_that_is_busy_says_so(api):
    # What PostgreSQL says when it has ended a statement that ran for too long, said by the table itself.
    make_classroom("A")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.slow() RETURNS boolean LANGUAGE plpgsql VOLATILE AS "
            "$$ BEGIN RAISE EXCEPTION USING ERRCODE = '57014'; END $$"
        )
        cursor.execute("ALTER TABLE classrooms_classroom RENAME TO kept")
        cursor.execute("CREATE VIEW classrooms_classroom AS SELECT * FROM kept WHERE pg_temp.slow()")
    response = api().get("/api/rooms")
    refused(response, 503, "The service is busy, please try again")
    assert response["Retry-After"] == "1"


# --- With login ------------------------------------------------------------------------------------------


def test_login_where_it_is_required(api, reads, member, settings):
    settings.OCCUPANCY_REQUIRE_LOGIN = True
    calls = [*(("GET", path, None) for path in reads), *(("POST", path, body) for path, body in SEARCHES.items())]
    for method, path, body in calls:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
            response = api()(method, path, body, **headers)
            refused(response, 401, "Authentication credentials were not provided")
            assert response["WWW-Authenticate"] == "Bearer"
        response = api(member)(method, path, body)
        assert response.status_code == 200
        assert response["Cache-Control"] == ("private, no-cache" if method == "GET" else "private, no-store")
    assert api()("OPTIONS", FREE)["Access-Control-Allow-Headers"] == "Content-Type, Authorization"


def test_login_that_counts_no_more(api, member, settings):
    settings.OCCUPANCY_REQUIRE_LOGIN = True
    token = issue_access(member, family=uuid.uuid4())
    assert api().get("/api/rooms", Authorization=f"bearer {token}").status_code == 200
    member.is_active = False
    member.save()
    refused(
        api().get("/api/rooms", Authorization=f"Bearer {token}"), 401, "Authentication credentials were not provided"
    )
