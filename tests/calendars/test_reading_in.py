"""Calendars are synchronised, and files read in, over HTTP (contract Room Booking §8)."""

from uuid import NAMESPACE_URL, uuid4, uuid5

import pytest
from django.test.client import encode_multipart

from accounts.services.access_keys import issue_api_key
from auditlog.models import LogEntry
from calendars.enums import CalendarSource
from calendars.models import CalendarEvent
from calendars.rules import MAX_FILE_BYTES
from kernel import clock
from tests.calendars.files import calendar_text, event_text, serving_file
from tests.calendars.test_feeds import SERIES
from tests.calendars.test_subscriptions import meeting
from tests.factories import make_classroom, make_user
from tests.factories.calendars import make_calendar

pytestmark = pytest.mark.django_db
BOUNDARY = "boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
NOTHING = {"created": 0, "updated": 0, "unchanged": 0, "conflicting": 0, "errors": []}


@pytest.fixture
def person():
    return make_user("head", email="head@example.org")


@pytest.fixture
def calendar(person, room):
    return make_calendar("physics", users=(person,), classroom=room)


@pytest.fixture
def subscription(person, settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
    with serving_file() as file:
        place = {"classroom": make_classroom(), "source": CalendarSource.ICS, "source_url": file.url}
        make_calendar("subscribed", users=(person,), **place)
        file.write()
        yield file


class File:
    """As a browser sends one."""

    def __init__(self, content, name="calendar.ics"):
        self.content, self.name, self.content_type = content, name, "text/calendar"

    def read(self):
        return self.content


def importing(client, content, query="", *, slug="physics", **more):
    body = encode_multipart(BOUNDARY, {"file": File(content), **more})
    return client.post(f"calendars/{slug}/import/{query}", body, **{"Content-Type": FORM})


def details(response, status=400):
    assert response.status_code == status, response.content
    return response.json().get("details")


# --- files --------------------------------------------------------------------------------------------------


def test_a_file_is_read_in_and_read_in_again(api, person, calendar):
    first = importing(api(person), SERIES)
    assert (first.status_code, first.json()) == (200, NOTHING | {"created": 2})
    assert importing(api(person), SERIES).json() == NOTHING | {"unchanged": 2}
    other = SERIES.replace(b"SUMMARY:Fair", b"SUMMARY:Great fair")
    assert importing(api(person), other).json() == NOTHING | {"updated": 1, "unchanged": 1}
    assert set(CalendarEvent.objects.values_list("name", flat=True)) == {"Lecture", "Great fair"}
    entries = LogEntry.objects.filter(action="calendar.synced").order_by("id")
    assert [(entry.details["created"], entry.details["updated"]) for entry in entries] == [(2, 0), (0, 1)]


def test_what_cannot_be_read_is_named_and_the_rest_goes_in(api, person, calendar):
    answer = importing(api(person), SERIES.replace(b"DTSTART;VALUE=DATE:20260601", b"DTSTART:nonsense")).json()
    assert {name: answer[name] for name in ("created", "unchanged")} == {"created": 1, "unchanged": 0}
    (sentence,) = answer["errors"]
    assert "nonsense" in sentence


def test_a_file_that_is_only_tried_out_leaves_nothing(api, person, calendar):
    trial = importing(api(person), SERIES, "?dry_run=true")
    assert (trial.status_code, trial.json(), trial["X-Dry-Run"]) == (200, NOTHING | {"created": 2}, "true")
    assert (CalendarEvent.objects.count(), LogEntry.objects.count()) == (0, 0)


@pytest.mark.parametrize("content", [b"", b"<html>", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", b"\xff\x00" * 50])
def test_what_is_no_calendar_is_refused(content, api, person, calendar):
    assert list(details(importing(api(person), content))) == ["file"]
    assert CalendarEvent.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (encode_multipart(BOUNDARY, {}), {"file": ["This field is required."]}),
        (encode_multipart(BOUNDARY, {"file": "text"}), {"file": ["A file is required"]}),
        (encode_multipart(BOUNDARY, {"File": File(SERIES)}), {"file": ["This field is required."]}),
        (encode_multipart(BOUNDARY, {"file": [File(SERIES), File(SERIES)]}), {"file": ["May stand only once"]}),
        (
            encode_multipart(BOUNDARY, {"file": File(SERIES), "dry_run": "true"}),
            {"dry_run": ["Belongs into the query string: ?dry_run=true"]},
        ),
        (b"", {"file": ["This field is required."]}),
    ],
)
def test_a_form_without_its_file(body, faults, api, person, calendar):
    response = api(person).post("calendars/physics/import/", body, **{"Content-Type": FORM})
    assert details(response) == faults
    assert CalendarEvent.objects.count() == 0


@pytest.mark.parametrize("content_type", ["application/json", "text/calendar", "application/x-www-form-urlencoded"])
def test_what_is_no_form_is_not_read(content_type, api, person, calendar):
    response = api(person).post("calendars/physics/import/", SERIES, **{"Content-Type": content_type})
    assert (response.status_code, response.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_form_without_a_boundary_is_malformed(api, person, calendar):
    response = api(person).post("calendars/physics/import/", SERIES, **{"Content-Type": "multipart/form-data"})
    assert details(response) == {"non_field_errors": ["The form is malformed"]}


def test_a_file_has_10_mib_at_most(api, person, calendar):
    line = b"X-COMMENT:" + 60 * b"x" + b"\r\n"
    space = (MAX_FILE_BYTES - len(SERIES)) // len(line)
    padded = SERIES.replace(b"VERSION:2.0\r\n", b"VERSION:2.0\r\n" + space * line)
    assert MAX_FILE_BYTES - len(line) < len(padded) <= MAX_FILE_BYTES
    assert importing(api(person), padded).json() == NOTHING | {"created": 2}
    refusal = importing(api(person), padded + (MAX_FILE_BYTES + 1 - len(padded)) * b"\n")
    assert (refusal.status_code, refusal.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_only_local_calendars_take_files(api, person, subscription):
    refusal = importing(api(person), SERIES, slug="subscribed")
    assert (refusal.status_code, refusal.json()) == (
        409,
        {"error": "Files are imported into local calendars only", "code": "INVALID_STATE"},
    )


def test_who_may_read_in(api, person, stranger, cspace, calendar, subscription):
    key = issue_api_key(by=person, now=clock.now(), user_id=person.pk, name="Script", permissions=["events"])
    body = encode_multipart(BOUNDARY, {"file": File(SERIES)})
    headers = {"Content-Type": FORM, "Authorization": f"Bearer {key.token}"}
    for somebody, status in ((None, 401), (stranger, 404), (person, 200), (cspace, 200)):
        assert importing(api(somebody), SERIES).status_code == status
        assert api(somebody).post("calendars/subscribed/sync/").status_code == status
        assert importing(api(somebody), SERIES, slug="nowhere").status_code == (404 if somebody else 401)
    assert api().post("calendars/physics/import/", body, **headers).json() == NOTHING | {"unchanged": 2}
    assert api()("POST", "calendars/subscribed/sync/", **headers).status_code == 200


# --- synchronising ------------------------------------------------------------------------------------------


def test_a_subscription_is_read(api, person, subscription):
    subscription.write(meeting("a", 10, 12), meeting("b", 11, 13))
    answer = api(person).post("calendars/subscribed/sync/")
    assert (answer.status_code, answer.json()) == (200, NOTHING | {"created": 2, "conflicting": 1})
    assert api(person).post("calendars/subscribed/sync/", {}).json() == NOTHING | {"unchanged": 2, "conflicting": 1}
    assert LogEntry.objects.get(action="calendar.synced").actor_id == person.pk


def test_a_source_that_does_not_answer_is_said_so(api, person, subscription):
    subscription.status = 500
    answer = api(person).post("calendars/subscribed/sync/")
    assert answer.status_code == 502
    body = answer.json()
    assert body == NOTHING | {"error": body["error"], "code": "SERVICE_UNAVAILABLE"}
    assert body["error"]
    (row,) = api(person).get("calendars/").json()["results"]
    assert (row["last_error"], row["slug"]) == (body["error"], "subscribed")
    assert subscription.url not in body["error"]


def test_a_synchronisation_is_not_tried_out(api, person, subscription):
    subscription.write(meeting("a", 10, 12))
    response = api(person).post("calendars/subscribed/sync/?dry_run=true")
    assert details(response) == {"dry_run": ["A synchronisation cannot be tried out"]}
    assert api(person).post("calendars/subscribed/sync/?preview=1").status_code == 400
    assert (subscription.conditions, CalendarEvent.objects.count()) == ([], 0)


def test_a_local_calendar_has_nothing_to_be_synchronised_with(api, person, calendar):
    refusal = api(person).post("calendars/physics/sync/")
    assert (refusal.status_code, refusal.json()) == (
        409,
        {"error": "The calendar has no source elsewhere", "code": "INVALID_STATE"},
    )


@pytest.mark.parametrize("step", [1, -1])
def test_a_uid_that_is_the_number_of_another_is_taken_in_beside_it(step, api, person, calendar):
    following, own = uuid5(NAMESPACE_URL, "one"), uuid4()
    uids = ["one", str(following), str(own)]
    for uid in uids[::step]:
        text = calendar_text(event_text(uid, "20260301T100000", "20260301T120000"))
        answer = importing(api(person), text.encode())
        assert (answer.status_code, answer.json()["created"]) == (200, 1)
    numbers = dict(CalendarEvent.objects.values_list("uid", "public_id"))
    assert (set(numbers), numbers["one"], numbers[str(own)]) == (set(uids), following, own)
    assert numbers[str(following)] not in (following, own)


def test_a_file_is_read_as_its_sender_says_it_is_written(api, person, calendar):
    file = File(calendar_text(meeting("a", 10, 12, name="Übung")).encode("iso-8859-1"))
    sentence = "The file is not UTF-8 in line 7: say in which encoding it is written"
    for charset in (
        "",
        "; charset=",
        "; charset=\u00fc\x00",
        "; charset=base64",
        f"; charset={'x' * 500}",
        "; charset=../x",
    ):
        file.content_type = f"text/calendar{charset}"
        body = encode_multipart(BOUNDARY, {"file": file})
        refused = api(person).post("calendars/physics/import/", body, **{"Content-Type": FORM})
        assert (refused.status_code, refused.json()["details"]) == (400, {"file": [sentence]}), charset
    file.content_type = "text/calendar; charset=iso-8859-1"
    body = encode_multipart(BOUNDARY, {"file": file})
    taken = api(person).post("calendars/physics/import/", body, **{"Content-Type": FORM})
    assert taken.json() == NOTHING | {"created": 1}
    assert CalendarEvent.objects.get().name == "Übung"
