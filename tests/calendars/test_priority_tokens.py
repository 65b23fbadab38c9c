"""Words that give priority are made and changed by cspace; the log never has one."""

import json

import pytest

from auditlog.models import LogEntry
from calendars.models import PriorityToken
from calendars.services.priority_tokens import (
    PriorityTokenIsTaken,
    PriorityTokenNotFound,
    change_priority_token,
    create_priority_token,
    delete_priority_token,
)
from kernel import clock
from kernel.errors import Invalid, PermissionDenied
from tests.factories import make_user
from tests.factories.calendars import make_calendar

pytestmark = pytest.mark.django_db
WORD = "dean-2026-first"


def create(by, **more):
    return create_priority_token(by=by, now=clock.now(), **{"token": WORD, "priority": 5} | more)


def change(row, by, **changes):
    return change_priority_token(token_id=row.pk, by=by, now=clock.now(), **changes)


def entries():
    return list(LogEntry.objects.order_by("pk").values_list("action", "target", "details"))


def test_a_token_is_made_changed_and_deleted_with_a_row_of_the_log_each(cspace):
    calendar, other = make_calendar("aula"), make_calendar("lab")
    token = create(cspace, calendars=[other, calendar])
    change(token, cspace, priority=7, calendars=[calendar])
    change(token, cspace, token="another-word")
    change(token, cspace, is_active=False)
    change(token, cspace, priority=7, token="another-word", calendars=[calendar], is_active=False)
    token.refresh_from_db()
    assert (token.token, token.priority, token.is_active) == ("another-word", 7, False)
    delete_priority_token(token_id=token.pk, by=cspace, now=clock.now())
    assert PriorityToken.objects.count() == 0
    about, target = {"priority": 7, "calendars": ["aula"]}, f"priority_token:{token.pk}"
    assert entries() == [
        ("priority_token.created", target, {"priority": 5, "calendars": ["aula", "lab"]}),
        (
            "priority_token.changed",
            target,
            about | {"changes": {"priority": [5, 7], "calendars": [["aula", "lab"], ["aula"]]}},
        ),
        ("priority_token.changed", target, about | {"changes": {"token": ["", "changed"]}}),
        ("priority_token.changed", target, about | {"changes": {"is_active": [True, False]}}),
        ("priority_token.deleted", target, about),
    ]
    assert WORD not in json.dumps(entries())
    assert "another-word" not in json.dumps(entries())


@pytest.mark.parametrize(
    "word", ["", "1234567", "two words", "x" * 101, "tab\tinside", "nul\x00inside", "zero\u200bwidth"]
)
def test_what_is_no_long_word_is_refused(cspace, word):
    with pytest.raises(Invalid) as refusal:
        create(cspace, token=word)
    assert refusal.value.details == {"token": ["Must have 8 to 100 visible characters and no space"]}
    assert entries() == []


@pytest.mark.parametrize("priority", [0, -1, 1_000_001])
def test_a_priority_is_more_than_none(cspace, priority):
    with pytest.raises(Invalid) as refusal:
        create(cspace, priority=priority)
    assert refusal.value.details == {"priority": ["Must be 1 to 1000000"]}


def test_a_word_gives_one_priority(cspace):
    create(cspace)
    second = create(cspace, token="another-word")
    with pytest.raises(PriorityTokenIsTaken):
        create(cspace, priority=9)
    with pytest.raises(PriorityTokenIsTaken) as refusal:
        change(second, cspace, token=WORD)
    assert WORD not in str(refusal.value.details)
    assert len(entries()) == 2


def test_only_cspace_writes_and_what_is_gone_is_not_found(cspace):
    token, stranger = create(cspace), make_user()
    for write in (
        lambda: create(stranger, token="another-word"),
        lambda: change(token, stranger, priority=9),
        lambda: delete_priority_token(token_id=token.pk, by=stranger, now=clock.now()),
    ):
        with pytest.raises(PermissionDenied):
            write()
    delete_priority_token(token_id=token.pk, by=cspace, now=clock.now())
    with pytest.raises(PriorityTokenNotFound):
        change(token, cspace, priority=9)
    with pytest.raises(PriorityTokenNotFound):
        delete_priority_token(token_id=token.pk, by=cspace, now=clock.now())
