"""Making, changing and deleting the words that give priority. What has its room keeps it: they count when calendars are
cleared, and when what waits gets a room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.rules import check_cspace
from calendars.facts import PriorityTokenChanged, PriorityTokenCreated, PriorityTokenDeleted
from calendars.models import Calendar, PriorityToken
from calendars.rules.tokens import token_faults
from kernel.changes import changes_between
from kernel.db.constraints import naming
from kernel.db.transactions import transactional
from kernel.errors import AlreadyExists, Invalid, NotFound
from kernel.facts import publish


class PriorityTokenNotFound(NotFound):
    resource = "Priority token"


class PriorityTokenIsTaken(AlreadyExists):
    message = "This word gives priority already"
    field = "token"


@transactional
def create_priority_token(
    *, by: User, now: datetime, token: str, priority: int, calendars: Sequence[Calendar] = (), is_active: bool = True
) -> PriorityToken:
    """A word that gives priority in some calendars, in all where none is named. Publishes `PriorityTokenCreated`.

    Raises: PermissionDenied, Invalid, PriorityTokenIsTaken.
    """
    check_cspace(by.access)
    row = PriorityToken(token=token, priority=priority, is_active=is_active)
    _check(row)
    with naming({"prioritytoken_token_is_unique": PriorityTokenIsTaken()}):
        row.save(force_insert=True)
    row.calendars.set(calendars)
    publish(PriorityTokenCreated(actor_id=by.pk, occurred_at=now, **_about(row)))
    return row


@transactional
def change_priority_token(
    *,
    token_id: int,
    by: User,
    now: datetime,
    token: str | None = None,
    priority: int | None = None,
    calendars: Sequence[Calendar] | None = None,
    is_active: bool | None = None,
) -> PriorityToken:
    """Change what is not None. Publishes `PriorityTokenChanged`, nothing for a no-op.

    Raises: PermissionDenied, PriorityTokenNotFound, Invalid, PriorityTokenIsTaken.
    """
    check_cspace(by.access)
    row = _hold(token_id)
    before, former = _readable(row), row.token
    wishes = {"token": token, "priority": priority, "is_active": is_active}
    for name, value in wishes.items():
        if value is not None:
            setattr(row, name, value)
    _check(row)
    if calendars is not None:
        row.calendars.set(calendars)
    changes = changes_between(before, _readable(row)) | ({"token": ["", "changed"]} if row.token != former else {})
    if not changes:
        return row
    with naming({"prioritytoken_token_is_unique": PriorityTokenIsTaken()}):
        row.save()
    publish(PriorityTokenChanged(actor_id=by.pk, occurred_at=now, changes=changes, **_about(row)))
    return row


@transactional
def delete_priority_token(*, token_id: int, by: User, now: datetime) -> None:
    """Publishes `PriorityTokenDeleted`. Raises: PermissionDenied, PriorityTokenNotFound."""
    check_cspace(by.access)
    row = _hold(token_id)
    fact = PriorityTokenDeleted(actor_id=by.pk, occurred_at=now, **_about(row))
    row.delete()
    publish(fact)


def _hold(token_id: int) -> PriorityToken:
    row = PriorityToken.objects.select_for_update().filter(pk=token_id).first()
    if row is None:
        raise PriorityTokenNotFound
    return row


def _check(row: PriorityToken) -> None:
    if faults := token_faults(token=row.token, priority=row.priority):
        raise Invalid(faults)


def _readable(row: PriorityToken) -> dict[str, Any]:
    """For the log."""
    return {"priority": row.priority, "calendars": _slugs(row), "is_active": row.is_active}


def _about(row: PriorityToken) -> dict[str, Any]:
    return {"token_id": row.pk, "priority": row.priority, "calendars": _slugs(row)}


def _slugs(row: PriorityToken) -> list[str]:
    return sorted(row.calendars.values_list("slug", flat=True))
