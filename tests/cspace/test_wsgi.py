"""What the server hands over, before Django sees it."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import RequestFactory
from django.urls import Resolver404, resolve

from cspace.wsgi import LONGEST_REMEMBERED, RememberingHandler, application

pytestmark = pytest.mark.django_db


def chunked(body: bytes) -> tuple[str, Any]:
    """(status line, JSON) of a login whose body the server has put together from chunks."""
    environ = RequestFactory().post("/api/v1/auth/token/", content_type="application/json").environ
    del environ["CONTENT_LENGTH"]
    environ |= {"HTTP_TRANSFER_ENCODING": "Chunked", "wsgi.input_terminated": True, "wsgi.input": BytesIO(body)}
    statuses: list[str] = []
    answer = application(environ, lambda status, _headers: statuses.append(status))
    return statuses[0], json.loads(b"".join(answer))


def test_a_chunked_body_is_read():
    status, body = chunked(b'{"username": "member"}')
    assert (status, list(body["details"])) == ("400 Bad Request", ["password"])


@pytest.mark.parametrize("size", [1_048_577, 3_000_000])
def test_a_chunked_body_that_is_too_large_is_refused(size):
    assert chunked(b" " * size) == (
        "413 Request Entity Too Large",
        {"error": "The request body is larger than 1048576 bytes", "code": "PAYLOAD_TOO_LARGE"},
    )


@pytest.mark.parametrize("charset", ["base64", "hex", "rot13", "idna", "undefined", "punycode", "zlib", "utf-16", "x"])
@pytest.mark.parametrize("path", ["/api/v1/users/me/", "/api/v1/rooms.list/", "/admin/login/", "/readyz"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whatever_a_caller_calls_his_characters_they_are_utf_8(charset, path, method):
    environ = RequestFactory().generic(
        method, path, b"username=x", f"application/x-www-form-urlencoded; charset={charset}"
    )
    heads: list[Any] = []
    b"".join(application(environ.environ | {"QUERY_STRING": "x=%C3%BC"}, lambda *head: heads.append(head)))
    ((status, headers),) = heads
    assert int(status[:3]) < 500
    assert "X-Request-ID" in dict(headers)


@pytest.mark.parametrize("path", ["/api/v1/users/me/", "/api/v1/registrations/17/", "/api/v1/classrooms/%s/"])
def test_a_route_is_the_same_the_first_time_the_second_time_and_for_a_long_name(path):
    handler = RememberingHandler()
    for name in ("Room A", "Room B", "Room A", "R" * LONGEST_REMEMBERED, "R" * LONGEST_REMEMBERED):
        full = path.replace("%s", name)
        request = RequestFactory().get("/")
        request.path_info = full
        match, meant = handler.resolve_request(request), resolve(full)
        assert request.resolver_match is match
        assert (match.func, match.route, match.kwargs) == (meant.func, meant.route, meant.kwargs)


def test_a_path_without_a_route_has_none_however_often_it_is_asked():
    request = RequestFactory().get("/nothing/at/all/")
    for _ in range(2):
        with pytest.raises(Resolver404):
            RememberingHandler().resolve_request(request)


@pytest.mark.django_db(transaction=True)
def test_a_connection_left_in_a_broken_transaction_does_not_outlast_its_request(client):
    """The server looks after it at the end of a request only."""

    def ask() -> str:
        environ = RequestFactory().get("/readyz").environ
        statuses: list[str] = []
        answer = application(environ, lambda status, _headers: statuses.append(status))
        b"".join(answer)
        answer.close()
        return statuses[0]

    connection.ensure_connection()
    connection.set_autocommit(False)
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    ask()
    assert connection.connection is None
    assert ask() == "200 OK"
