"""Who may open a stream, and by what: every refusal before it begins is the ordinary envelope."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client

from accounts.models import StreamTicket
from accounts.services.people import change_user, set_password
from accounts.services.tickets import TICKET_SECONDS
from accounts.services.tokens import issue_access
from classrooms.streams import RoomWish
from kernel import clock
from kernel.live.opening import OPENING, PLACES
from kernel.live.streams import StreamPlaces
from kernel.logs import JsonLines
from tests.conftest import Api
from tests.factories import PASSWORD, make_classroom, make_user

pytestmark = pytest.mark.django_db
OWN, ROOMS, TICKET = "notifications/stream/", "classrooms/stream/", "notifications/stream/ticket/"


@pytest.fixture
def person():
    return make_user("reader")


def opened(api, path, places=None, **headers):
    """(the answer, what has been offered to the web server)."""
    extra = {PLACES: places if places is not None else StreamPlaces(10)}
    if api.user is not None:
        extra["HTTP_AUTHORIZATION"] = f"Bearer {issue_access(api.user, family=uuid4())}"
    extra |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    response = api.client.get(f"/api/v1/{path}", **extra)
    return response, response.wsgi_request.META.get(OPENING)


def ticket_of(person):
    response = Api(person)("POST", TICKET)
    assert response.status_code == 201
    return response.json()


def test_an_opened_stream_has_the_headers_of_the_contract(person):
    response, opening = opened(Api(person), OWN)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream; charset=utf-8"
    assert (response["Cache-Control"], response["X-Accel-Buffering"]) == ("no-store", "no")
    assert (opening.feed, opening.user_id, opening.wish) == ("notifications", person.pk, None)
    assert opening.expires_at > clock.now()


@pytest.mark.parametrize("accept", ["*/*", "text/event-stream", "application/json, text/event-stream;q=0.9"])
def test_it_is_opened_whatever_of_its_kinds_is_asked_for(person, accept):
    assert opened(Api(person), OWN, Accept=accept)[0].status_code == 200


def test_a_stranger_reads_no_notifications_and_rooms_only_where_these_are_public(settings):
    make_classroom()
    assert [opened(Api(), path)[0].status_code for path in (OWN, ROOMS)] == [401, 401]
    settings.CSPACE_PUBLIC_READS = True
    response, opening = opened(Api(), ROOMS)
    assert (response.status_code, opening.user_id, opening.session) == (200, None, None)
    assert opened(Api(), OWN)[0].status_code == 401


@pytest.mark.parametrize(("text", "wish"), [("0", 0), ("12", 12), ("0" * 18 + "7", 7), (str(2**63 - 1), 2**63 - 1)])
def test_the_last_id_is_read_from_the_header_or_the_query(person, text, wish):
    assert opened(Api(person), f"{OWN}?last_event_id={text}")[1].wish == wish
    assert opened(Api(person), f"{OWN}?last_event_id=5", **{"Last-Event-ID": text})[1].wish == wish


@pytest.mark.parametrize(
    "text",
    ["x", "-1", "1.5", str(2**63), "9" * 19, "9" * 400, "0" * 20 + "9" * 30, "0" + str(2**63), "0" * 20, "٣", "1 2"],
)
def test_a_last_id_that_is_none_is_refused(person, text):
    for answer in (
        opened(Api(person), f"{OWN}?last_event_id={text}"),
        opened(Api(person), OWN, **{"Last-Event-ID": text}) if text.isascii() else (None, None),
    ):
        if answer[0] is not None:
            assert (answer[0].status_code, answer[1]) == (400, None)
            assert list(answer[0].json()["details"]) == ["last_event_id"]


def test_rooms_are_chosen_by_floor_and_building(person):
    make_classroom(floor=3, building="Main")
    assert opened(Api(person), f"{ROOMS}?floor=3&building=Main")[1].wish == RoomWish(3, "Main")
    for query in ("floor=3&building=Annex", "floor=4", "building=Annex"):
        response, opening = opened(Api(person), f"{ROOMS}?{query}")
        assert (response.status_code, response.json()["error"], opening) == (404, "Floor not found", None)
    for query in ("floor=x", "floor=99999999999999999999"):
        assert opened(Api(person), f"{ROOMS}?{query}")[0].status_code == 400


@pytest.mark.parametrize("path", [OWN, ROOMS])
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_a_stream_is_only_read(person, path, method):
    assert Api(person)(method, path).status_code == 405


def test_a_process_without_streams_says_so(person):
    headers = {"Authorization": f"Bearer {issue_access(person, family=uuid4())}"}
    response = Client().get(f"/api/v1/{OWN}", headers=headers)
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert "elsewhere" in response.json()["error"]


def test_a_full_process_says_when_to_come_back(person):
    response, opening = opened(Api(person), OWN, StreamPlaces(0))
    assert (response.status_code, response.json()["code"], opening) == (503, "SERVICE_UNAVAILABLE", None)
    assert int(response["Retry-After"]) > 0


def test_a_ticket_opens_one_stream_of_either_kind(person):
    make_classroom()
    for path in (OWN, ROOMS):
        answer = ticket_of(person)
        assert answer["expires_in"] == TICKET_SECONDS
        assert len(answer["ticket"]) >= 43  # 256 bits, base64
        response, opening = opened(Api(), f"{path}?ticket={answer['ticket']}")
        assert (response.status_code, opening.user_id) == (200, person.pk)
        again, _ = opened(Api(), f"{path}?ticket={answer['ticket']}")
        assert (again.status_code, again.json()["details"]["reason"]) == (401, "token_invalid")


def test_only_the_hash_of_a_ticket_is_kept(person):
    text = ticket_of(person)["ticket"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_streamticket::text FROM accounts_streamticket")
        ((row,),) = cursor.fetchall()
    assert text not in row


def test_what_is_refused_whoever_asks_uses_no_ticket_up(person):
    ticket = ticket_of(person)["ticket"]
    path = f"{OWN}?ticket={ticket}"
    assert opened(Api(), path, StreamPlaces(0))[0].status_code == 503
    assert [Api()(method, path).status_code for method in ("HEAD", "POST", "DELETE")] == [405] * 3
    assert opened(Api(), path)[0].status_code == 200


def test_no_ticket_reaches_the_log(person, caplog):
    ticket = ticket_of(person)["ticket"]
    Client().get(f"/api/v1/{OWN}?ticket={ticket}", headers={"Host": "evil.example"})
    opened(Api(), f"{OWN}?ticket={ticket}")
    lines = [JsonLines().format(record) for record in caplog.records]
    assert lines
    assert not [line for line in lines if ticket in line]


@pytest.mark.parametrize("ticket", ["", "x", "%00", "a" * 3000])
def test_what_is_no_ticket_opens_nothing(ticket):
    assert opened(Api(), f"{OWN}?ticket={ticket}")[0].status_code in (400, 401)


def test_a_ticket_is_good_for_thirty_seconds(person):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        tickets = [ticket_of(person)["ticket"] for _ in range(2)]
        traveller.shift(timedelta(seconds=TICKET_SECONDS - 1))
        assert opened(Api(), f"{OWN}?ticket={tickets[0]}")[0].status_code == 200
        traveller.shift(timedelta(seconds=1))
        response, _ = opened(Api(), f"{OWN}?ticket={tickets[1]}")
        assert (response.status_code, response.json()["details"]["reason"]) == (401, "token_expired")
        ticket_of(person)
    assert StreamTicket.objects.count() == 1


def logged_in(person):
    """The headers of somebody who has just logged in."""
    answer = Api()("POST", "auth/token/", {"username": person.username, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['access']}"}


def log_out(person, headers):
    assert Api()("POST", "auth/logout/", **headers).status_code == 205


def change_password(person, headers):
    set_password(user_id=person.pk, by=make_user(is_superuser=True), now=clock.now(), password="another " + PASSWORD)


def deactivate(person, headers):
    change_user(user_id=person.pk, by=make_user(is_superuser=True), now=clock.now(), is_active=False)


@pytest.mark.parametrize("end", [log_out, change_password, deactivate])
def test_a_ticket_ends_with_the_session_that_asked_for_it(person, end):
    headers = logged_in(person)
    ticket = Api()("POST", TICKET, **headers).json()["ticket"]
    end(person, headers)
    response, opening = opened(Api(), f"{OWN}?ticket={ticket}")
    assert (response.status_code, response.json()["details"]["reason"], opening) == (401, "session_revoked", None)


def test_a_ticket_opens_nothing_but_streams(person):
    ticket = ticket_of(person)["ticket"]
    assert Api()("GET", f"users/me/?ticket={ticket}").status_code == 401


def test_whoever_is_not_logged_in_gets_no_ticket():
    assert Api()("POST", TICKET).status_code == 401


def test_tickets_are_counted_like_writes(person, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = settings.CSPACE_THROTTLE_RATES | {"write": "2/min"}
    assert [Api(person)("POST", TICKET).status_code for _ in range(3)] == [201, 201, 429]
