"""The production proxy answers by itself while the app is away: on a dialect's paths in that dialect's words."""

import json
import re
from pathlib import Path

import pytest

from dialects.dialect import ANY_ORIGIN
from dialects.registry import DIALECTS, dialect_at
from kernel.api.errors import Refusal, envelope
from tests.routes import routes

PROXY = (Path(__file__).resolve().parent.parent.parent / "deploy" / "nginx.conf").read_text(encoding="utf-8")
MAPS = {
    variable: dict(re.findall(r"""^\s+"?(default|[^"\s]+?)"? (?:'|")(.*)(?:'|");$""", body, re.MULTILINE))
    for variable, body in re.findall(r"map \$\w+ \$(\w+) \{\n(.*?)\n\}", PROXY, re.DOTALL)
}
REFUSALS = {
    "not_found": (404, "Endpoint not found", "NOT_FOUND"),
    "too_large": (413, "The request body is too large", "PAYLOAD_TOO_LARGE"),
    "unavailable": (503, "The service is busy, please try again", "SERVICE_UNAVAILABLE"),
}
ROUTES = sorted({"/" + re.sub(r"<\w+:\w+>", "x", route) for route, _ in routes() if not route.startswith("^")})
BESIDE = ["/api/roomsx", "/api/room", "/api/v1/rooms", "/x/api/rooms", "/api/Rooms", "/api/rooms.json", "/"]


def word_for(uri):
    """By which word the other maps know whose path it is; "" for CSpace's own."""
    patterns = {key: word for key, word in MAPS["readable_by"].items() if key != "default"}
    return next((word for key, word in patterns.items() if re.search(key.removeprefix("~"), uri)), "")


@pytest.mark.parametrize("path", [*ROUTES, *BESIDE])
def test_the_proxy_knows_whose_a_path_is(path):
    owner = dialect_at(path)
    for uri in {path, path.rstrip("/") or "/", f"{path}?page=1"}:
        assert bool(word_for(uri)) is (owner is not None), uri


def test_every_dialect_is_known_to_the_proxy():
    known = {dialect_at(path) for path in ROUTES if word_for(path)}
    assert known == set(DIALECTS)


@pytest.mark.parametrize("path", [path for path in ROUTES if dialect_at(path)])
@pytest.mark.parametrize("variable", REFUSALS)
def test_the_proxy_refuses_in_the_words_of_whose_path_it_is(path, variable):
    status, error, code = REFUSALS[variable]
    dialect = dialect_at(path)
    expected_status, body = dialect.envelope(Refusal(status, envelope(error, code)))
    assert expected_status == status, "the proxy cannot change the status of a dialect's refusal yet"
    assert json.loads(MAPS[variable][word_for(path)]) == body
    assert (word_for(path) == ANY_ORIGIN) is (dialect.cors is not None and ANY_ORIGIN in dialect.cors().origins)


@pytest.mark.parametrize("variable", REFUSALS)
def test_elsewhere_it_refuses_in_our_envelope(variable):
    _, error, code = REFUSALS[variable]
    assert json.loads(MAPS[variable]["default"]) == envelope(error, code)
