"""What the server hands over, before Django sees it."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.test import RequestFactory

from cspace.wsgi import application

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
