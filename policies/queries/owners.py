"""Whose a registration is: the group it is for, and the person. The app that has registrations says so, at start-up."""

from collections.abc import Callable

from kernel.db.batch import Statement
from kernel.db.pipeline import ResultRows
from policies.enums import OwnerKind
from policies.rules.scopes import Owner

_sources: list[Callable[[int], Statement]] = []


def connect(source: Callable[[int], Statement]) -> None:
    """Have `source` ask for (group id or None, id of the person) of a registration. Called from `AppConfig.ready`."""
    _sources[:] = [source]


def asking_for_owners(registration_id: int) -> Statement:
    """The question for `owners_in`."""
    return _sources[0](registration_id)


def owners_in(rows: ResultRows) -> list[Owner]:
    """Whom a registration may be held against; nobody, where there is none."""
    return [
        Owner(kind, owner_id)
        for group_id, person_id in rows
        for kind, owner_id in ((OwnerKind.GROUP, group_id), (OwnerKind.PERSON, person_id))
        if owner_id is not None
    ]
