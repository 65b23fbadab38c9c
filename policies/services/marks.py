"""Marks: what is held against a group or a person is given, and withdrawn."""

from datetime import datetime

from accounts.models import User
from accounts.rules import check_cspace
from groups.models import Group
from groups.queries.recipients import members_of
from groups.rules import UNKNOWN_GROUP
from groups.services.holding import holding_group
from kernel.db.batch import send
from kernel.db.transactions import transactional
from kernel.errors import UNKNOWN_USER, Faults, Invalid, NotFound
from kernel.facts import Recipients, publish
from policies.enums import MarkKind, OwnerKind
from policies.facts import MarkGiven, MarkWithdrawn
from policies.models import Mark
from policies.queries.marks import asking_for_marked, marked_in
from policies.queries.owners import asking_for_owners, owners_in
from policies.rules.marks import registration_faults
from policies.rules.scopes import Owner


class MarkNotFound(NotFound):
    resource = "Mark"


@transactional
def give_mark(
    *,
    by: User | None,
    now: datetime,
    owner: Owner,
    kind: MarkKind,
    points: int,
    registration_id: int | None = None,
    note: str = "",
) -> Mark:
    """Hold something against a group or a person. Publishes `MarkGiven`.

    `by`: None is the system itself, inside the transaction of what the mark is about. It knows whose that is, and has
    locks that come after those of groups: none is taken, and an archived group gets its mark too.

    Raises: PermissionDenied, Invalid (`group_id`, `username`, `registration_id`).
    """
    if by is None:
        marked, _ = marked_in(owner, *send(asking_for_marked(owner)))
    else:
        check_cspace(by.access)
        marked, faults = _marked(owner, registration_id, is_held=True)
        if faults:
            raise Invalid(faults)
    mark = Mark.objects.create(
        group=marked if isinstance(marked, Group) else None,
        user=marked if isinstance(marked, User) else None,
        kind=kind,
        points=points,
        registration_id=registration_id,
        note=note,
        given_by=by,
        given_at=now,
    )
    actor_id, people = by.pk if by else None, _people_of(mark)
    publish(MarkGiven(actor_id=actor_id, occurred_at=now, mark=mark.summary, recipients=people, note=note))
    return mark


def mark_faults(owner: Owner | None, registration_id: int | None) -> Faults:
    """What `give_mark` would say of them, for a body that is refused anyway; None: nobody is named, or nobody known."""
    if owner is not None:
        return _marked(owner, registration_id)[1]
    if registration_id is None:
        return {}
    return registration_faults(None, owners_in(*send(asking_for_owners(registration_id))))


@transactional
def withdraw_mark(*, mark_id: int, by: User, now: datetime, reason: str) -> None:
    """A mark counts no longer, as if it had not been given; the row is kept. Publishes `MarkWithdrawn`.

    Raises: PermissionDenied, MarkNotFound (or it has been withdrawn).
    """
    check_cspace(by.access)
    if not Mark.objects.filter(pk=mark_id, withdrawn_at=None).update(withdrawn_at=now):
        raise MarkNotFound
    mark = Mark.objects.select_related("group", "user").get(pk=mark_id)
    people = _people_of(mark)
    publish(MarkWithdrawn(actor_id=by.pk, occurred_at=now, mark=mark.summary, recipients=people, reason=reason))


def _marked(owner: Owner, registration_id: int | None, *, is_held: bool = False) -> tuple[Group | User | None, Faults]:
    """Who is to have a mark, and what keeps him from it. `is_held`: a group cannot be archived meanwhile."""
    is_group = owner.kind == OwnerKind.GROUP
    holding = [holding_group(owner.id)] if is_held and is_group else []
    about = [] if registration_id is None else [asking_for_owners(registration_id)]
    rows, *owners = send(*holding, asking_for_marked(owner), *about)[len(holding) :]
    marked, is_present = marked_in(owner, rows)
    unknown = {"group_id": [UNKNOWN_GROUP]} if is_group else {"username": [UNKNOWN_USER]}
    faults: Faults = {} if is_present else unknown
    for row in owners:
        faults = {**faults, **registration_faults(owner if is_present else None, owners_in(row))}
    return marked, faults


def _people_of(mark: Mark) -> Recipients:
    """Who is told of it."""
    if mark.group_id is not None:
        return members_of(mark.group_id)
    return [mark.user_id] if mark.user_id is not None else []
