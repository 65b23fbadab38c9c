"""Query strings, over every operation the routes name: said twice, misspelt, out of range, the wrong way round."""

import json
import re
from urllib.parse import quote

import pytest

from kernel.api.operations import WRITES, operation_of
from kernel.api.query_strings import parameter_names
from registrations.models import Registration
from tests.calendars.files import as_form
from tests.contract.test_permission_matrix import ACTORS, MATRIX, body_for, booking, campus, loaded
from tests.routes import API, operation, routes

__all__ = ["campus", "loaded"]

pytestmark = pytest.mark.usefixtures("document_clock", "reachable_calendars")

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
NEVER_TRIED = ("auth/", "notifications/stream/ticket/")
"""Writes of a login, and those of nobody who is logged in: neither tried out nor repeated."""
REPEATABLE = [cell for cell in OPERATIONS if cell[0] in WRITES and not cell[1].startswith(NEVER_TRIED)]


def declared():
    """{(method, path): its `Operation`} of every route."""
    return {
        (method.upper(), re.sub(r"<\w+:\w+>", "{}", route.removeprefix(API))): operation_of(view.cls, action)
        for route, view in routes()
        if route.startswith(API)
        for method, action in getattr(view, "actions", {}).items()
    }


DECLARED = declared()
LISTS = {
    (method.upper(), re.sub(r"<\w+:\w+>", "{}", route.removeprefix(API)))
    for route, view in routes()
    if route.startswith(API)
    for method, action in getattr(view, "actions", {}).items()
    if action == "list"
}


def asked(method, path, actor, campus, api, query, body=None):
    """What the operation answers with so much more in its query string."""
    joined = f"{path}{'&' if '?' in path else '?'}{query}"
    if path.endswith(("free/", "availability/")):
        joined = f"{path}?date=2026-02-01&start_time=18:00&end_time=19:00&{query}"
    elif path == "classrooms/utilisation/":
        joined = f"{path}?{query}"
    elif path.endswith(("unavailable-dates/", "room-agenda/")):
        joined = f"{path}?classroom=Room A&{query}"
    client, sent = api(campus.actors[actor]), body_for(method, path, campus) if body is None else body
    content, headers = as_form(sent) if path.endswith("import/") else (sent, {})
    return client(method, joined.format(**campus.names), content, **headers)


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
    body = body_for(method, path, campus)
    content, headers = as_form(body) if path.endswith("import/") else (body, {})
    response = client(method, url, content, **headers, **{"X-Dry-Run": "true"})
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


BOUNDED_WRITES = [
    (*cell, name)
    for cell in REPEATABLE
    if cell[0] in WRITES
    for name in parameter_names(DECLARED[operation(*cell[:2])])
    if f"{name}=" not in cell[1]
]


def test_a_write_with_a_bound_in_its_query_is_among_those_tried():
    assert [(method, name) for method, _, _, name in BOUNDED_WRITES] == [
        ("DELETE", "override"),
        ("DELETE", "from_date"),
        ("DELETE", "override"),
    ]


@pytest.mark.parametrize(("method", "path", "actor", "name"), BOUNDED_WRITES)
def test_a_write_whose_parameter_has_no_value_is_refused(method, path, actor, name, campus, api):
    """An empty bound must not mean none: what was to be cancelled from a day on would be cancelled as a whole."""
    for query in (f"{name}=", name, f"dry_run=true&{name}=", f"{name}=&dry_run=false"):
        assert details(asked(method, path, actor, campus, api, query)) == {name: ["Must not be empty"]}
    for blank in ("%20", "%09", "+"):
        assert list(details(asked(method, path, actor, campus, api, f"{name}={blank}"))) == [name]
    assert asked(method, path, actor, campus, api, "").status_code < 300


def test_an_empty_first_day_cancels_nothing_of_a_series(campus, api):
    cspace, path = api(campus.actors["cspace"]), "batch-allocations/{series}/".format(**campus.names)
    before = cspace.get(path).json()
    assert before["registrations"]
    details(cspace.delete(f"{path}?from_date="))
    assert cspace.get(path).json() == before


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


PAGED = [
    cell
    for cell in OPERATIONS
    if cell[0] == "GET" and (DECLARED[operation(*cell[:2])].is_paged or operation(*cell[:2]) in LISTS)
]
ALWAYS_PAGED = ("notifications/", "logs/")


def rows_of(answer):
    """The list that an answer is about."""
    return next(value for value in answer.values() if isinstance(value, list))


@pytest.mark.parametrize(("method", "path", "actor"), PAGED)
def test_every_list_is_asked_for_by_page(method, path, actor, campus, api):
    """With the same keys around it, and the rest of the question in the links."""
    if "utilisation" in path:
        path += "&group_by=weekday"
    whole = asked(method, path, actor, campus, api, "").json()
    all_rows = rows_of(whole)
    pages, seen = [asked(method, path, actor, campus, api, "per_page=1").json()], []
    while True:
        page = pages[-1]
        seen += rows_of(page)
        assert (page["count"], len(rows_of(page))) == (pages[0]["count"], min(1, page["count"]))
        assert page.keys() - {"count", "next", "previous"} >= whole.keys() - {"count", "next", "previous"}
        if page["next"] is None:
            break
        pages.append(api(campus.actors[actor]).get(page["next"]).json())
    assert seen[: len(all_rows)] == all_rows
    assert len(seen) == page["count"]
    beyond = asked(method, path, actor, campus, api, f"page={page['count'] + 2}&per_page=1")
    assert (beyond.status_code, beyond.json()["error"]) == (404, "Page not found")
    for query, faults in (
        ("page=0", {"page": ["Must be 1 or more"]}),
        ("page=-1", {"page": ["Must be 1 or more"]}),
        ("page=%EF%BC%91", {"page": ["Only the digits 0 to 9 are read"]}),
        ("page=%D9%A1", {"page": ["Only the digits 0 to 9 are read"]}),
        ("per_page=%EF%BC%95", {"per_page": ["Only the digits 0 to 9 are read"]}),
        (f"page={'9' * 41}", {"page": [f"Must be 1 to {10**36}"]}),
        ("per_page=101", {"per_page": ["Must be a whole number from 1 to 100"]}),
        ("page_size=5", {"page_size": ["There is no such parameter: did you mean per_page?"]}),
        ("perPage=5", {"perPage": ["There is no such parameter: did you mean per_page?"]}),
        ("Page=5", {"Page": ["There is no such parameter: did you mean page?"]}),
    ):
        assert details(asked(method, path, actor, campus, api, query)) == faults


NO_SUCH_DAY, KNOWN, DIGITS = "There is no such day", "Must lie between 1900 and 2500", "Only the digits 0 to 9 are read"
DAYS = {
    "2026-02-30": NO_SUCH_DAY,
    "2026-13-01": NO_SUCH_DAY,
    "2026-00-10": NO_SUCH_DAY,
    "0000-01-01": KNOWN,
    "0001-01-01": KNOWN,
    "1899-12-31": KNOWN,
    "2501-01-01": KNOWN,
    "9999-12-31": KNOWN,
    "%EF%BC%92026-01-01": DIGITS,
    "2026-1-1": "A date of the form YYYY-MM-DD is required",
    "tomorrow": "A date of the form YYYY-MM-DD is required",
}
BOUNDS = [
    ("registrations/", "date_from", "date_to"),
    ("classrooms/{room}/agenda/", "start_date", "end_date"),
    ("allocation-events/{event}/unavailable-dates/", "start_date", "end_date"),
    ("classrooms/utilisation/", "start_date", "end_date"),
    ("calendars/{calendar}/events/", "start", "end"),
]


@pytest.mark.parametrize(("path", "first", "last"), BOUNDS)
def test_a_range_of_days(path, first, last, campus, api):
    for day, sentence in DAYS.items():
        for name, other in ((first, last), (last, first)):
            faults = details(asked("GET", path, "cspace", campus, api, f"{name}={day}&{other}=2026-02-01"))
            assert faults == {name: [sentence]}
    (sentence,) = details(asked("GET", path, "cspace", campus, api, f"{first}=2026-02-02&{last}=2026-02-01"))[first]
    assert "after" in sentence
    assert asked("GET", path, "cspace", campus, api, f"{first}=2026-02-02&{last}=2026-02-02").status_code == 200


@pytest.mark.parametrize(
    ("path", "name", "values"),
    [
        *(
            (path, name, {"-1": "Must be 1 or more", "0": "Must be 1 or more"})
            for path, name in (
                ("registrations/", "group_id"),
                ("batch-allocations/", "group_id"),
                ("batch-allocations/", "event_id"),
            )
        ),
        ("classrooms/", "floor", {}),
        ("classrooms/", "min_capacity", {}),
    ],
)
def test_a_number(path, name, values, campus, api):
    long = "Must have at most 18 digits"
    of_all = {"9" * 19: long, f"-{'9' * 19}": long, "%EF%BC%91": DIGITS, "%D9%A1": DIGITS}
    for value, sentence in (of_all | values | {"1.0": "A whole number is required"}).items():
        assert details(asked("GET", path, "cspace", campus, api, f"{name}={value}")) == {name: [sentence]}


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("25:00", "There is no such time of day", "There is no such time of day"),
        ("24:01", "There is no such time of day", "There is no such time of day"),
        ("23:60", "There is no such time of day", "There is no such time of day"),
        ("24:00", "24:00 can only be an end", None),
        ("9:5", "A time of the form HH:MM is required", "A time of the form HH:MM is required"),
        ("10:00:30", "Only whole minutes, of the form HH:MM", "Only whole minutes, of the form HH:MM"),
        ("１０:00", DIGITS, DIGITS),
    ],
)
def test_a_time_of_day(value, start, end, campus, api):
    """In a query string, and in a body."""
    client = api(campus.actors["member"])
    for name, sentence in (("start_time", start), ("end_time", end)):
        slot = {"date": "2026-02-01", "start_time": "22:00", "end_time": "23:00", name: value}
        query = "&".join(f"{key}={quote(said)}" for key, said in slot.items())
        faults = {} if sentence is None else {name: [sentence]}
        for response in (
            client.get(f"classrooms/free/?{query}"),
            client.get(f"classrooms/Never used/availability/?{query}"),
            client.post("registrations/?dry_run=true", booking(campus.team) | slot),
        ):
            assert response.json().get("details", {}) == faults


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("2026-02-30T00:00:00Z", NO_SUCH_DAY),
        ("2026-02-01T25:00:00Z", "There is no such time of day"),
        ("0000-01-01T00:00:00Z", KNOWN),
        ("0001-01-01T00:00:00%2B09:00", KNOWN),
        ("9999-12-31T23:59:59-09:00", KNOWN),
        ("2501-01-01T00:00:00Z", KNOWN),
        ("2026-02-01", "A timestamp such as 2026-01-15T00:00:00Z is required"),
    ],
)
def test_an_instant(at, sentence, campus, api):
    response = api(campus.actors["member"]).get(f"classrooms/floor-plan.svg/?floor=2&at={at}")
    assert details(response) == {"at": [sentence]}
