"""Filters that name something: what there is not is refused (contract §0), in every list that can be asked by it."""

import datetime as dt

import pytest

from accounts.models import User
from auditlog.models import LogEntry
from kernel.api.filters import FilterSet
from tests.contract.test_permission_matrix import campus, loaded
from tests.contract.test_query_strings import DECLARED, OPERATIONS, asked, details, operation
from tests.factories import make_group, make_user
from tests.factories.allocations import make_event

__all__ = ["campus", "loaded"]

pytestmark = pytest.mark.usefixtures("document_clock")

UNKNOWN = {
    "classroom": dict.fromkeys(("Nowhere", "room a", "Room", "999"), "Unknown classroom"),
    "group_id": dict.fromkeys(("999999", "9" * 18), "Unknown group"),
    "event_id": dict.fromkeys(("999999", "9" * 18), "Unknown allocation event"),
    "user": dict.fromkeys(("nobody", "MEMBER", "mem", "1", "é" * 300), "Unknown user"),
    "action": dict.fromkeys(
        ("nothing.at_all", "registration", "registration.app", "REGISTRATION.", "%25.", "_egistration.", "."),
        "Unknown action",
    ),
    "status": dict.fromkeys(("nothing", "APPROVED", "1")),
}
"""{filter: {what there is not: what is said of it}}; None where the sentence lists what there is."""
NO_NAMES = {"search", "floor", "min_capacity", "equipment", "date_from", "date_to", "active_on"}
"""Bounds, needs and parts of names: that nothing meets them is an answer."""


def filters():
    """(path, actor, filter) of every filter of every list."""
    return [
        (path, "cspace" if name == "user" else actor, name)
        for method, path, actor in OPERATIONS
        if method == "GET"
        for kind in DECLARED[operation(method, path)].parameters
        if issubclass(kind, FilterSet)
        for name in kind.base_filters
    ]


NAMING = [cell for cell in filters() if cell[2] not in NO_NAMES]


def test_every_filter_either_names_something_or_is_a_bound():
    assert {name for *_, name in filters()} == UNKNOWN.keys() | NO_NAMES
    assert len(NAMING) == 12


@pytest.mark.parametrize(("path", "actor", "name"), NAMING)
def test_what_there_is_not_is_refused_by_its_name(path, actor, name, campus, api):
    path = path.partition("?")[0]
    for value, sentence in UNKNOWN[name].items():
        for more in ("", "&page=1"):
            faults = details(asked("GET", path, actor, campus, api, f"{name}={value}{more}"))
            assert list(faults) == [name]
            assert sentence is None or faults[name] == [sentence]


def test_all_of_a_question_that_there_is_not_is_said_at_once(campus, api):
    query = "classroom=Nowhere&group_id=999999&user=nobody&status=x&date_from=x&page=0"
    faults = details(asked("GET", "registrations/", "cspace", campus, api, query))
    assert list(faults) == ["status", "classroom", "group_id", "date_from", "user", "page"]


def test_what_there_is_has_perhaps_nothing(campus, api, cspace):
    """Archived, deactivated, or not used yet: it is known all the same."""
    group, event = make_group("Old"), make_event(by=cspace)
    type(group).objects.filter(pk=group.pk).update(archived_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    person = make_user("gone", is_active=False)
    assert not LogEntry.objects.filter(action="allocation_event.promoted").exists()
    for path, query in (
        ("registrations/", f"group_id={group.pk}"),
        ("registrations/", f"user={person.username}"),
        ("registrations/", "classroom=Never used"),
        ("batch-allocations/", f"group_id={group.pk}"),
        ("batch-allocations/", f"event_id={event.pk}"),
        ("batch-allocations/", "classroom=Never used"),
        ("allocation-events/{event}/registrations/", f"user={person.username}"),
        ("logs/", f"user={person.username}"),
        ("logs/", "action=allocation_event.promoted"),
    ):
        response = asked("GET", path, "cspace", campus, api, query)
        assert response.status_code == 200, (path, query, response.content)
        assert next(value for value in response.json().values() if isinstance(value, list)) == []
    assert asked("GET", "logs/", "cspace", campus, api, "action=allocation_event.").status_code == 200


def test_an_empty_filter_is_none(campus, api):
    for path, _, name in NAMING:
        if name != "status":
            answers = [
                asked("GET", path.partition("?")[0], "cspace", campus, api, query).json() for query in ("", f"{name}=")
            ]
            assert {**answers[0], "next": None} == {**answers[1], "next": None}


def test_a_word_of_an_earlier_version_is_still_found(campus, api, cspace):
    """The log is older than the program that reads it."""
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    LogEntry.objects.create(action="seance.held", actor=cspace, target="x:1", details={}, created_at=at)
    for word in ("seance.held", "seance."):
        assert asked("GET", "logs/", "cspace", campus, api, f"action={word}").json()["count"] == 1
    assert details(asked("GET", "logs/", "cspace", campus, api, "action=sean"))["action"] == ["Unknown action"]


def test_who_may_not_ask_for_a_person_does_not_learn_who_there_is(campus, api):
    assert User.objects.filter(username="member").exists()
    for name in ("member", "nobody"):
        response = asked("GET", "allocation-events/{event}/registrations/", "member", campus, api, f"user={name}")
        assert response.status_code == 403
