"""Entering and reading series over HTTP: contract §7."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from auditlog.models import LogEntry
from classrooms.models import Occupancy
from kernel import clock
from notifications.models import Notification
from registrations.enums import Source
from registrations.models import Registration, Series, SeriesWeek
from registrations.services.series_dates import SeriesDraft
from registrations.services.series_writing import place_series
from tests.factories import make_classroom, make_group, make_registration, make_user
from tests.factories.allocations import make_event

pytestmark = pytest.mark.usefixtures("document_clock")
URL = "batch-allocations/"
DATES = ["2026-02-04", "2026-02-11", "2026-02-18", "2026-02-25"]


@pytest.fixture
def weekly(room, team):
    """A valid body: Room A, Wednesdays 09:10–10:20, four dates."""
    return {
        "group_id": team.pk,
        "classroom": "Room A",
        "day_of_week": 4,
        "start_time": "9:10",
        "end_time": "10:20",
        "start_date": "2026-02-01",
        "end_date": "2026-02-28",
        "description": "Choir",
    }


def log():
    return list(LogEntry.objects.order_by("id").values_list("action", "actor__username", "target"))


def told():
    return list(Notification.objects.order_by("id").values_list("user__username", "description"))


def nothing_is_left():
    return Series.objects.count() == Occupancy.objects.count() == LogEntry.objects.count() == 0 == len(told())


def dates_of(body):
    return [row["date"] for row in body["registrations"]]


def test_one_series_answers_as_documented(api, cspace, team, weekly):
    response = api(cspace).post(URL, weekly | {"on_conflict": "fail"})

    assert response.status_code == 201, response.content
    body = response.json()
    ids = list(Registration.objects.order_by("pk").values_list("pk", flat=True))
    assert body == {
        "id": body["id"],
        "group_id": team.pk,
        "reserved_group": "522",
        "classroom": "Room A",
        "day_of_week": 4,
        "start_time": "09:10",
        "end_time": "10:20",
        "start_date": "2026-02-01",
        "end_date": "2026-02-28",
        "description": "Choir",
        "attendees": None,
        "source": "admin",
        "event_id": None,
        "created_by": "cspace_member",
        "created_at": "2026-01-20T02:00:00Z",
        "cancelled_from": None,
        "registrations": [{"id": pk, "date": day} for pk, day in zip(ids, DATES, strict=True)],
        "skipped": [],
    }
    assert response["Location"] == f"/api/v1/batch-allocations/{body['id']}/"
    assert api(cspace).get(response["Location"]).json() == body
    assert log() == [("series.created", "cspace_member", f"series:{body['id']}")]
    assert LogEntry.objects.get().details == {
        "series_count": 1,
        "registration_count": 4,
        "skipped_count": 0,
        "series": [
            {
                "id": body["id"],
                "group": "522",
                "classroom": "Room A",
                "day_of_week": 4,
                "start_time": "09:10",
                "end_time": "10:20",
                "start_date": "2026-02-01",
                "end_date": "2026-02-28",
                "registration_ids": ids,
                "skipped": [],
            }
        ],
    }
    assert told() == []


def test_occurrences_are_ordinary_registrations_with_their_series(api, cspace, weekly):
    body = api(cspace).post(URL, weekly).json()
    first = body["registrations"][0]["id"]

    assert api(cspace).get(f"registrations/{first}/").json() == {
        "id": first,
        "classroom": "Room A",
        "group_id": weekly["group_id"],
        "reserved_group": "522",
        "date": "2026-02-04",
        "start_time": "09:10",
        "end_time": "10:20",
        "description": "Choir",
        "attendees": None,
        "status": "approved",
        "created_by": "cspace_member",
        "created_at": "2026-01-20T02:00:00Z",
        "series_id": body["id"],
    }
    listed = api(cspace).get("registrations/?date_from=2026-02-01").json()["registrations"]
    assert [row["series_id"] for row in listed] == [body["id"]] * 4
    own = api(cspace).get("users/me/registrations/").json()["results"]
    assert [row["series_id"] for row in own] == [body["id"]] * 4
    taken = weekly | {"date": "2026-02-11"}
    assert api(cspace).post("registrations/", taken).json()["details"]["existing_registration_id"] == first + 1


def test_who_may(api, stranger, member, group_admin, cspace, cspace_admin, weekly):
    made = api(cspace).post(URL, weekly).json()["id"]
    calls = [
        ("GET", URL),
        ("POST", URL),
        ("GET", f"{URL}{made}/"),
        ("PUT", f"{URL}{made}/"),
        ("PATCH", f"{URL}{made}/"),
        ("DELETE", f"{URL}{made}/"),
        ("POST", f"{URL}{made}/retry-skipped/"),
    ]
    for method, path in calls:
        assert api()(method, path, {}).status_code == 401, (method, path)
        for person in (stranger, member, group_admin):
            refused = api(person)(method, path, {})
            assert (refused.status_code, refused.json()["code"]) == (403, "PERMISSION_DENIED"), (method, path)
    assert api(cspace_admin).get(f"{URL}{made}/").status_code == 200
    assert len(log()) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_unknown_series_is_not_found(api, cspace, method):
    response = api(cspace)(method, f"{URL}999999/", {})
    assert (response.status_code, response.json()) == (404, {"error": "Series not found", "code": "NOT_FOUND"})
    assert api(cspace).post(f"{URL}999999/retry-skipped/").json()["error"] == "Series not found"


# --- conflicts -----------------------------------------------------------------------------------


@pytest.fixture
def taken(member, team, room):
    """Somebody's hour on the second Wednesday."""
    return make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 2, 11), start=600, end=660)


@pytest.fixture
def closed(api, cspace, room):
    """The room is closed from the third Wednesday to the day after."""
    closure = {"starts_at": "2026-02-18T00:00:00Z", "ends_at": "2026-02-19T08:00:00Z"}
    return api(cspace).post("classrooms/Room A/closures/", closure).json()["id"]


def test_fail_names_every_conflict_and_leaves_nothing(api, cspace, weekly, taken, closed):
    before = len(log())

    response = api(cspace).post(URL, weekly | {"on_conflict": "fail"})

    assert response.status_code == 409
    assert response.json() == {
        "error": "Room is already booked for the requested time",
        "code": "CONFLICT",
        "details": {
            "existing_registration_id": taken.pk,
            "conflicts": [
                {
                    "id": taken.pk,
                    "kind": "registration",
                    "date": "2026-02-11",
                    "start_time": "10:00",
                    "end_time": "11:00",
                },
                {"id": closed, "kind": "closure", "date": "2026-02-18", "start_time": "08:00", "end_time": "24:00"},
            ],
        },
    }
    assert (Series.objects.count(), len(log())) == (0, before)
    assert api(cspace).post(URL, weekly).json() == response.json()  # fail is the default


def test_skip_records_the_dates_that_are_taken(api, cspace, member, weekly, taken, closed):
    response = api(cspace).post(URL, weekly | {"on_conflict": "skip", "on_behalf_of": "member"})

    assert response.status_code == 201
    body = response.json()
    assert dates_of(body) == ["2026-02-04", "2026-02-25"]
    assert body["skipped"] == [
        {"date": "2026-02-11", "existing_registration_id": taken.pk, "why": "booked"},
        {"date": "2026-02-18", "existing_registration_id": None, "why": "closed"},
    ]
    assert body["created_by"] == "member"
    assert told()[-1] == (
        "member",
        "522 got Room A, Wednesdays 09:10–10:20: 2 dates, 2 skipped (booked, closed).",
    )


def test_a_series_that_would_get_no_date_is_a_conflict_also_where_it_may_skip(api, cspace, weekly, taken):
    only = weekly | {"start_date": "2026-02-11", "end_date": "2026-02-11", "on_conflict": "skip"}

    response = api(cspace).post(URL, only)

    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    assert response.json()["details"]["existing_registration_id"] == taken.pk
    assert Series.objects.count() == 0


# --- many at once --------------------------------------------------------------------------------


def test_items_are_placed_in_order_with_one_log_row_and_one_sentence(api, cspace, member, weekly):
    overlapping = weekly | {"start_time": "10:00", "end_time": "11:00", "end_date": "2026-03-07"}

    response = api(cspace).post(URL, {"items": [weekly, overlapping], "on_conflict": "skip", "on_behalf_of": "member"})

    assert response.status_code == 201, response.content
    assert "Location" not in response
    first, second = response.json()["results"]
    assert (dates_of(first), dates_of(second)) == (DATES, ["2026-03-04"])
    assert second["skipped"] == [
        {"date": row["date"], "existing_registration_id": row["id"], "why": "booked"} for row in first["registrations"]
    ]
    assert log() == [("series.created", "cspace_member", f"series:{first['id']}")]
    details = LogEntry.objects.get().details
    counts = (details["series_count"], details["registration_count"], details["skipped_count"])
    assert counts == (2, 5, 4)
    assert [row["id"] for row in details["series"]] == [first["id"], second["id"]]
    assert told() == [("member", "2 series have got their rooms: 5 dates, 4 skipped (booked).")]


def test_what_entering_answers_is_what_is_read_afterwards(api, cspace, member, weekly, taken, closed):
    """Entering reads nothing again: skips by others, by a closure and by an earlier item are told as they stand."""
    overlapping = weekly | {"start_time": "10:00", "end_time": "11:30", "end_date": "2026-03-07", "description": ""}
    items = [weekly, overlapping | {"on_behalf_of": "member"}]

    answers = api(cspace).post(URL, {"items": items, "on_conflict": "skip"}).json()["results"]

    assert [len(answer["skipped"]) for answer in answers] == [2, 4]
    assert answers == [api(cspace).get(f"{URL}{answer['id']}/").json() for answer in answers]


def test_an_item_that_may_not_skip_refuses_all_and_is_named(api, cspace, weekly, taken):
    other = weekly | {"start_time": "10:10", "end_time": "11:30", "end_date": "2026-02-05"}

    response = api(cspace).post(
        URL, {"items": [weekly | {"on_conflict": "skip"}, other | {"on_conflict": "fail"}], "on_conflict": "skip"}
    )

    assert (response.status_code, response.json()["details"]) == (
        409,
        {
            "existing_registration_id": None,
            "conflicts": [
                {
                    "item": 1,
                    "id": None,
                    "kind": "registration",
                    "date": "2026-02-04",
                    "start_time": "09:10",
                    "end_time": "10:20",
                }
            ],
        },
    )
    assert (Series.objects.count(), SeriesWeek.objects.count(), Registration.objects.count()) == (0, 0, 1)


def test_items_can_be_for_different_people(api, cspace, member, group_admin, weekly):
    make_classroom("Room B")
    items = [weekly | {"on_behalf_of": "group_admin"}, weekly | {"classroom": "Room B"}]

    results = api(cspace).post(URL, {"items": items, "on_behalf_of": "member"}).json()["results"]

    assert [row["created_by"] for row in results] == ["group_admin", "member"]
    assert told() == [
        ("group_admin", "522 got Room A, Wednesdays 09:10–10:20: 4 dates."),
        ("member", "522 got Room B, Wednesdays 09:10–10:20: 4 dates."),
    ]


def test_faults_of_items_are_named_by_place(api, cspace, weekly):
    bad = weekly | {"classroom": "Nope", "day_of_week": "4", "start_time": "11:00"}

    response = api(cspace).post(
        URL, {"items": [weekly, bad, 5, weekly | {"group_id": 999_999}], "on_conflict": "perhaps"}
    )

    assert (response.status_code, response.json()) == (
        400,
        {
            "error": "Validation failed",
            "code": "VALIDATION_ERROR",
            "details": {
                "items.1.classroom": ["Unknown classroom"],
                "items.1.day_of_week": ["A whole number is required"],
                "items.1.start_time": ["Start time must be before end time"],
                "items.2": ["A JSON object is required"],
                "items.3.group_id": ["Unknown group"],
                "on_conflict": ['"perhaps" is not a valid choice.'],
            },
        },
    )
    assert nothing_is_left()


@pytest.mark.parametrize("items", [[], "x", {}, None, 5, [[]], [None]])
def test_items_must_be_a_list_of_objects(api, cspace, weekly, items):
    response = api(cspace).post(URL, {"items": items})

    assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")
    assert set(response.json()["details"]) <= {"items", "items.0"}


def test_at_most_five_hundred_items(api, cspace, weekly):
    rooms = [make_classroom(f"R{number}").name for number in range(25)]
    items = [
        weekly
        | {
            "classroom": rooms[number % 25],
            "day_of_week": number // 25 % 5 + 2,
            "start_time": f"{8 + number // 125 * 2}:00",
            "end_time": f"{9 + number // 125 * 2}:00",
        }
        for number in range(501)
    ]
    refused = api(cspace).post(URL, {"items": items})
    assert (refused.status_code, set(refused.json()["details"])) == (400, {"items"})

    response = api(cspace).post(URL, {"items": items[:500]})

    assert (response.status_code, len(response.json()["results"])) == (201, 500)
    assert Registration.objects.count() == 2000


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"group_id": 999_999}, "group_id", "Unknown group"),
        ({"group_id": "1"}, "group_id", "A whole number is required"),
        ({"classroom": "Nope"}, "classroom", "Unknown classroom"),
        ({"classroom": ["Room A"]}, "classroom", "The name of a classroom is required"),
        ({"classroom": "Closed Room"}, "classroom", "Closed Room is not open for booking"),
        ({"day_of_week": 0}, "day_of_week", "Ensure this value is greater than or equal to 1."),
        ({"day_of_week": 8}, "day_of_week", "Ensure this value is less than or equal to 7."),
        ({"day_of_week": True}, "day_of_week", "A whole number is required"),
        ({"start_time": "10:20"}, "start_time", "Start time must be before end time"),
        ({"start_time": "24:00"}, "start_time", "24:00 can only be an end"),
        ({"start_date": "2026-1-1"}, "start_date", "A date of the form YYYY-MM-DD is required"),
        ({"start_date": "2026-01-19"}, "start_date", "Date cannot be in the past"),
        ({"start_date": "2026-03-01"}, "start_date", "Start date must not be after end date"),
        ({"end_date": "2027-02-03"}, "end_date", "At most 366 days after the start date"),
        ({"start_date": "2028-01-01", "end_date": "2028-01-21"}, "end_date", "Date cannot be more than 730 days ahead"),
        ({"end_date": "9999-12-31", "start_date": "9999-12-01"}, "end_date", "Date cannot be more than 730 days ahead"),
        (
            {"start_date": "2026-02-05", "end_date": "2026-02-10"},
            "day_of_week",
            "This day does not occur between the start and the end date",
        ),
        ({"start_date": "2026-01-20", "day_of_week": 3}, "start_time", "Start time cannot be in the past"),
        ({"description": "x" * 2001}, "description", "Ensure this field has no more than 2000 characters."),
        ({"on_conflict": "cancel"}, "on_conflict", '"cancel" is not a valid choice.'),
        ({"on_behalf_of": "nobody"}, "on_behalf_of", "Unknown user"),
        ({"on_behalf_of": "retired"}, "on_behalf_of", "Unknown user"),
        ({"on_behalf_of": 5}, "on_behalf_of", "A username is required"),
    ],
)
def test_a_rule_that_is_broken_is_named(api, cspace, weekly, change, field, sentence):
    make_classroom("Closed Room", is_active=False)
    make_user("retired", is_active=False)

    response = api(cspace).post(URL, weekly | change)

    assert (response.status_code, response.json()["details"]) == (400, {field: [sentence]})
    assert nothing_is_left()


def test_all_faults_come_at_once(api, cspace, weekly):
    response = api(cspace).post(URL, {"start_time": "9:00", "end_time": "8:00", "start_date": "2026-01-01"})

    assert response.json()["details"] == {
        "group_id": ["This field is required."],
        "classroom": ["This field is required."],
        "day_of_week": ["This field is required."],
        "end_date": ["This field is required."],
        "start_date": ["Date cannot be in the past"],
        "start_time": ["Start time must be before end time"],
    }


def test_an_archived_group_gets_no_series(api, cspace, team, weekly):
    assert api(cspace).delete(f"groups/{team.pk}/").status_code == 204

    response = api(cspace).post(URL, weekly)

    assert (response.status_code, response.json()["details"]) == (400, {"group_id": ["Unknown group"]})


def test_times_that_exist_on_no_date_are_refused(api, cspace, weekly, settings):
    settings.CSPACE_TIME_ZONE = "Europe/Berlin"
    night = weekly | {"day_of_week": 1, "start_time": "2:00", "end_time": "3:00"}
    only = night | {"start_date": "2026-03-29", "end_date": "2026-03-29"}

    assert api(cspace).post(URL, only).json()["details"] == {
        "start_time": ["These times exist on none of the dates: the clocks are put forward over them"]
    }
    body = api(cspace).post(URL, night | {"start_date": "2026-03-22", "end_date": "2026-04-05"}).json()
    assert dates_of(body) == ["2026-03-22", "2026-04-05"]
    assert body["skipped"] == [{"date": "2026-03-29", "existing_registration_id": None, "why": "dst"}]


# --- repeatable, dry, cheap ----------------------------------------------------------------------


def test_a_dry_run_answers_and_leaves_nothing(api, cspace, member, weekly):
    response = api(cspace).post(f"{URL}?dry_run=true", weekly | {"on_behalf_of": "member"})

    assert (response.status_code, response["X-Dry-Run"]) == (201, "true")
    assert "Location" not in response
    body = response.json()
    assert (body["id"], body["created_at"]) == (None, None)
    assert body["registrations"] == [{"id": None, "date": day} for day in DATES]
    assert nothing_is_left()


def test_a_repeated_request_is_executed_once(api, cspace, weekly):
    key = {"Idempotency-Key": "term-1"}
    first = api(cspace).post(URL, {"items": [weekly]}, **key)
    again = api(cspace).post(URL, {"items": [weekly]}, **key)

    assert (again.status_code, again.content) == (201, first.content)
    assert (Series.objects.count(), len(log())) == (1, 1)


def test_the_number_of_statements_depends_on_nothing(api, cspace, weekly):
    rooms = [make_classroom().name for _ in range(20)]
    groups = [make_group().pk for _ in range(20)]

    def statements(body):
        with CaptureQueriesContext(connection) as captured:
            assert api(cspace).post(URL, body).status_code == 201
        return len(captured)

    one_week = statements(weekly | {"end_date": "2026-02-05"})
    fifty_weeks = statements(weekly | {"start_time": "11:00", "end_time": "12:00", "end_date": "2027-01-14"})
    one_item = statements({"items": [weekly | {"start_time": "13:00", "end_time": "14:00"}]})
    twenty = [weekly | {"classroom": name, "group_id": pk} for name, pk in zip(rooms, groups, strict=True)]
    twenty_items = statements({"items": twenty})

    assert one_week == fifty_weeks == one_item == twenty_items == 16
    assert Registration.objects.count() == 1 + 50 + 4 + 20 * 4


# --- reading -------------------------------------------------------------------------------------


def test_the_list_and_its_filters(api, cspace, team, member, room, weekly):
    make_classroom("Room B")
    other, event = make_group("316"), make_event(by=cspace)
    first = api(cspace).post(URL, weekly).json()
    second = (
        api(cspace)
        .post(
            URL,
            weekly
            | {"classroom": "Room B", "group_id": other.pk, "start_date": "2026-03-01", "end_date": "2026-04-01"},
        )
        .json()
    )
    draft = SeriesDraft(
        group_id=team.pk,
        classroom_id=room.pk,
        day_of_week=6,
        start_minute=600,
        end_minute=660,
        starts_on=dt.date(2026, 5, 1),
        ends_on=dt.date(2026, 5, 31),
        created_by_id=member.pk,
        source=Source.DRAW,
        event_id=event.pk,
    )
    drawn = place_series([draft], now=clock.now())[0].id

    def ids(query=""):
        response = api(cspace).get(f"{URL}{query}")
        assert response.status_code == 200, response.content
        return [row["id"] for row in response.json()["results"]]

    assert api(cspace).get(URL).json()["results"][:2] == [first, second]
    assert ids() == [first["id"], second["id"], drawn]
    assert ids("?classroom=Room B") == [second["id"]]
    assert ids(f"?group_id={team.pk}") == [first["id"], drawn]
    assert ids(f"?event_id={event.pk}") == [drawn]
    assert ids("?active_on=2026-02-28") == [first["id"]]
    assert ids("?active_on=2026-04-02") == []
    page = api(cspace).get(f"{URL}?page=2&per_page=1").json()
    assert (page["count"], page["results"], page["previous"]) == (
        3,
        [second],
        "/api/v1/batch-allocations/?page=1&per_page=1",
    )
    for query, field in (("classroom=Nope", "classroom"), ("group_id=x", "group_id"), ("active_on=1", "active_on")):
        refused = api(cspace).get(f"{URL}?{query}")
        assert (refused.status_code, set(refused.json()["details"])) == (400, {field})


def test_the_list_costs_the_same_however_many(api, cspace, weekly, django_assert_num_queries):
    for number in range(3):
        make_classroom(f"R{number}")
        assert api(cspace).post(URL, weekly | {"classroom": f"R{number}"}).status_code == 201
        with django_assert_num_queries(4):  # authentication, series, occurrences, skipped dates
            assert len(api(cspace).get(URL).json()["results"]) == number + 1


@pytest.mark.parametrize("spelling", ["dry_run", "dryRun", "DRY-RUN"])
@pytest.mark.parametrize("flag", [True, False, "true", None])
def test_an_item_that_says_it_is_a_dry_run_is_refused_and_nothing_entered(api, cspace, weekly, spelling, flag):
    body = {"items": [weekly, weekly | {"start_time": "15:00", "end_time": "16:00", spelling: flag}]}
    response = api(cspace).post(URL, body)
    assert response.status_code == 400
    assert response.json()["details"] == {spelling: ["Belongs into the query string: ?dry_run=true"]}
    assert not Series.objects.exists()


def test_a_dry_run_does_not_know_what_one_item_takes_from_another(api, cspace, member, weekly):
    body = {"on_conflict": "skip", "items": [weekly | {"end_date": "2026-02-14"}, weekly]}
    first, second = api(cspace).post(f"{URL}?dry_run=true", body).json()["results"]
    assert [row["id"] for row in first["registrations"] + second["registrations"]] == [None] * 4
    assert second["skipped"] == [
        {"date": day, "existing_registration_id": None, "why": "booked"} for day in ("2026-02-04", "2026-02-11")
    ]
