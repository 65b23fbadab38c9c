"""Query strings, over every operation the routes name: said twice, misspelt, out of range, the wrong way round."""

import json
import re
from urllib.parse import quote

import pytest

from kernel.api.operations import WRITES, operation_of
from kernel.api.query_strings import parameter_names
from registrations.models import Registration
from tests.contract.test_permission_matrix import ACTORS, MATRIX, body_for, booking, campus, loaded
from tests.routes import API, operation, routes

__all__ = ["campus", "loaded"]

pytestmark = pytest.mark.usefixtures("document_clock")

TWICE = ["May stand only once"]


def acceptable():
    """(method, path, actor) of every operation: somebody whom it answers with a success."""
    cells = {}
    for (method, path), row in MATRIX.items():
        actor = next((actor for actor, status in zip(ACTORS[::-1], row[::-1], strict=True) if status < 300), None)
        if actor is not None:
            cells.setdefault(operation(method, path), (method, path, actor))
    return list(cells.values())


OPERATIONS = acceptable()
REPEATABLE = [cell for cell in OPERATIONS if cell[0] in WRITES and not cell[1].startswith("auth/")]


def declared():
    """{(method, path): its `Operation`} of every route."""
    return {
        (method.upper(), re.sub(r"<\w+:\w+>", "{}", route.removeprefix(API))): operation_of(view.cls, action)
        for route, view in routes()
        if route.startswith(API)
        for method, action in getattr(view, "actions", {}).items()
    }


DECLARED = declared()


def asked(method, path, actor, campus, api, query, body=None):
    """What the operation answers with so much more in its query string."""
    joined = f"{path}{'&' if '?' in path else '?'}{query}"
    if path.endswith(("free/", "availability/")):
        joined = f"{path}?date=2026-02-01&start_time=18:00&end_time=19:00&{query}"
    elif path.endswith(("unavailable-dates/", "room-agenda/")):
        joined = f"{path}?classroom=Room A&{query}"
    client = api(campus.actors[actor])
    return client(method, joined.format(**campus.names), body_for(method, path, campus) if body is None else body)


def details(response):
    assert response.status_code == 400, (response.status_code, response.content)
    return json.loads(response.content)["details"]


def test_every_operation_is_tried():
    assert {operation(method, path) for method, path, _ in OPERATIONS} == {operation(*key) for key in MATRIX}
    assert len(DECLARED) == len(OPERATIONS)


@pytest.mark.parametrize(("method", "path", "actor"), OPERATIONS)
def test_a_parameter_said_twice_is_refused_by_name(method, path, actor, campus, api):
    names = {*parameter_names(DECLARED[operation(method, path)]), "page", "dry_run", "anything"}
    for name in sorted(names):
        assert details(asked(method, path, actor, campus, api, f"{name}=1&{name}=2"))[name] == TWICE
        # The same value twice says nothing else, but which was meant is not ours to guess; nor is an empty one.
        assert details(asked(method, path, actor, campus, api, f"{name}=1&{name}=1"))[name] == TWICE
        assert details(asked(method, path, actor, campus, api, f"{name}&{name}=1"))[name] == TWICE


SPELLINGS = ["dryRun", "DRY_RUN", "dry-run", "dryrun", "dry_run[]", "dry.run", "dry_run ", " Dry_Run", "ｄｒｙ_ｒｕｎ"]
TYPOS = ["dry_rum", "dryrn", "dry", "dry_runs", "is_dry_run"]
STRANGE = ["preview", "test", "validate_only", "noop", "x", "d\u0433y_run", "page"]
NO_FLAGS = ["True", "TRUE", "1", "yes", "on", "t", "", "%20true", "true,false", "%EF%BD%94rue", "false%20", "null"]


@pytest.mark.parametrize(("method", "path", "actor"), REPEATABLE)
def test_a_write_that_was_perhaps_meant_as_a_trial_is_refused(method, path, actor, campus, api):
    for value in ("True", "1", ""):
        response = asked(method, path, actor, campus, api, f"dry_run={value}")
        assert details(response)["dry_run"] == ["Must be true or false"]
        assert "X-Dry-Run" not in response.headers
    for name in ("dryRun", "dry-run", "dry_rum"):
        sentences = details(asked(method, path, actor, campus, api, f"{name}=true"))[name]
        assert sentences == ["There is no such parameter: did you mean dry_run?"]
    assert details(asked(method, path, actor, campus, api, "preview=true"))["preview"] == ["There is no such parameter"]
    for name in ("dry_run", "DRY-RUN"):
        body = {**(body_for(method, path, campus) or {}), name: True}
        assert name in details(asked(method, path, actor, campus, api, "", body))
    client, url = api(campus.actors[actor]), path.format(**campus.names)
    response = client(method, url, body_for(method, path, campus), **{"X-Dry-Run": "true"})
    assert details(response)["dry_run"] == ["Belongs into the query string: ?dry_run=true"]


def test_what_is_refused_for_its_query_string_books_nothing(campus, api):
    client, wish, before = api(campus.actors["member"]), booking(campus.team), Registration.objects.count()
    for query in (
        "dry_run=true&dry_run=false",
        "dry_run=false&dry_run=true",
        "dry_run=false&dry_run=false",
        *(f"{quote(name)}=true" for name in (*SPELLINGS, *TYPOS, *STRANGE)),
        *(f"dry_run={value}" for value in NO_FLAGS),
    ):
        details(client.post(f"registrations/?{query}", wish))
    for flag in ("dry_run", "dryRun", "DRY_RUN", "dry-run"):
        details(client.post("registrations/", wish | {flag: True}))
        details(client.post("registrations/", wish | {flag: False}))
    assert client.post("registrations/?dry_run=true", wish).status_code == 201
    assert Registration.objects.count() == before
    assert client.post("registrations/?dry_run=false", wish).status_code == 201
    assert Registration.objects.count() == before + 1


def test_what_is_missing_or_forbidden_is_said_first(campus, api):
    """Contract §0: 401 → 403 → 404 → 403 (object) → 400; a 404 for what the query names is at the query's mercy."""
    member, admin = (api(campus.actors[name]) for name in ("member", "group_admin"))
    booked = campus.names["members"]
    for query in ("x=1&x=1", "dryRun=true"):
        assert api().delete(f"registrations/{booked}/?{query}").status_code == 401
        assert admin.delete(f"registrations/{booked}/?{query}").status_code == 403
        assert member.delete(f"registrations/999999/?{query}").status_code == 404
    assert member.get("classrooms/Nowhere/agenda/?start_date=x&start_date=x").status_code == 404
    both = details(member.get("classrooms/Room A/agenda/?start_date=x&end_date=2026-02-02&end_date=2026-02-02"))
    assert list(both) == ["start_date", "end_date"]
    assert details(member.get("classrooms/floor-plan.svg/?floor=150&floor=2")) == {"floor": TWICE}
