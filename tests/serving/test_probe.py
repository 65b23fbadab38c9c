"""`/healthz` as granian sends it: what Django's route says, whatever the database does."""

import httpx
import pytest
from django.test import Client

from tests.serving.productions import production


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with production(tmp_path_factory.mktemp("serving") / "output") as server:  # nothing listens where its database is
        yield server


def test_it_says_what_the_route_of_django_says(server, settings):
    ours = server.get("/healthz")
    route = Client().get("/healthz")
    assert (ours.status_code, ours.json()) == (200, {"status": "ok"})
    assert (route.status_code, route.content) == (200, ours.content)
    assert ours.headers["Content-Type"] == route["Content-Type"] == "application/json"


def test_no_cache_is_told_to_keep_it(server):
    """granian adds no header; without a date of change none may keep it by its own judgement (RFC 9111, 4.2.2)."""
    assert not {"cache-control", "expires", "last-modified", "etag"} & set(server.get("/healthz").headers)


def test_head_is_answered_without_a_body(server):
    response = httpx.head(f"{server.url}/healthz")
    assert (response.status_code, response.content) == (200, b"")


def test_it_needs_neither_https_nor_a_known_host(server):
    for host in ("127.0.0.1", "app:8000", "nobody.example"):
        response = httpx.get(f"{server.url}/healthz?at=1", headers={"Host": host})
        assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    "path", ["/healthz/../manage.py", "/healthz/%2e%2e/%2e%2e/README.md", "/healthz/..%2f..%2fREADME.md"]
)
def test_nothing_else_is_sent_from_there(server, path):
    response = httpx.get(httpx.URL(server.url, raw_path=path.encode()))
    assert "ok" in response.text if response.status_code == 200 else response.status_code in {301, 404}
    assert "CSpace" not in response.text


def test_the_database_is_not_there_and_the_other_probe_says_so(server):
    assert server.get("/readyz").json() == {"status": "unavailable", "checks": {"database": False}}
