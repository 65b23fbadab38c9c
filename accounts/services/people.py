"""Making people, changing them, setting passwords."""

from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.facts import PasswordSet, PersonSwitching, UserChanged, UserCreated
from accounts.models import User
from accounts.queries.campus_admins import has_campus_admin
from accounts.rules import may_manage, without_addresses
from accounts.services.letters import tell_former_address
from accounts.services.preferences import begin_preferences, end_waiting
from accounts.services.sessions import end_all_sessions
from kernel.changes import changes_between
from kernel.db.batch import Statement, send
from kernel.db.constraints import naming
from kernel.db.locks import Namespace, locking_namespace
from kernel.db.pipeline import ResultRows
from kernel.db.transactions import transactional
from kernel.errors import AlreadyExists, InvalidState, PermissionDenied
from kernel.facts import cascade, publish

CHANGEABLE = ("display_name", "email", "is_active", "is_staff", "is_superuser", "unlimited_booking")
POWER = ("is_active", "is_superuser")
"""What makes somebody an admin of cspace, or lets him be one."""
POWER_OF = f"SELECT {', '.join(POWER)} FROM accounts_user WHERE id = %s"  # noqa: S608


class UsernameIsTaken(AlreadyExists):
    message = "This username is taken"
    field = "username"


class CampusNeedsAnAdmin(InvalidState):
    message = "The last active admin of cspace cannot be taken away: make somebody else an admin first"


@transactional
def create_user(
    *,
    by: User | None,
    now: datetime,
    username: str,
    password: str | None,
    display_name: str = "",
    email: str = "",
    department: str = "",
    is_superuser: bool = False,
    language: str | None = None,
) -> User:
    """Make a person; `by=None` is the command line. `language`: the one he asks in, if he is here himself and it is
    one of ours (`kernel.languages.language_wished_for`). `email`: confirmed, as whoever says it knows. Publishes
    `UserCreated`.

    Raises: UsernameIsTaken, PermissionDenied (`rules.may_manage`).
    """
    if by is not None:
        _check_may_manage(by, is_superuser=is_superuser)
    with naming({"accounts_user_username_key": UsernameIsTaken()}):
        user = User.objects.create_user(
            username,
            password,
            display_name=display_name or username,
            email=email,
            department=department,
            is_superuser=is_superuser,
            is_staff=is_superuser,
        )
    if language is not None:
        begin_preferences(user_id=user.pk, language=language)
    actor_id = by.pk if by else None
    publish(UserCreated(actor_id=actor_id, occurred_at=now, user_id=user.pk, username=username))
    return user


@transactional
def change_user(*, user_id: int, by: User, now: datetime, **values: Any) -> User:
    """Change what is `CHANGEABLE`: names, address, powers. Publishes `UserChanged`, nothing for a
    no-op.

    Deactivation ends every session at once. An address is confirmed by being set here, which ends the waiting of any
    other; the former one is told. Of somebody who is deactivated, or active again, asks `PersonSwitching`.
    Raises: PermissionDenied (`rules.may_manage`: before and after), CampusNeedsAnAdmin.
    """
    takes_power = not all(values.get(name, True) for name in POWER)
    if takes_power:
        hold_campus_admins(by)
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    _check_may_manage(by, is_superuser=user.is_superuser or bool(values.get("is_superuser")))
    changes = changes_between({name: getattr(user, name) for name in CHANGEABLE}, values)
    if not changes:
        return user
    for name, (_, new) in changes.items():
        setattr(user, name, new)
    user.save(update_fields=list(changes))
    if takes_power and not has_campus_admin():
        raise CampusNeedsAnAdmin
    if "is_active" in changes:
        cascade(PersonSwitching(actor_id=by.pk, occurred_at=now, user_id=user.pk))
        end_all_sessions(user=user, now=now)
    if "email" in changes:
        end_waiting(user_id=user.pk)
        tell_former_address(user, changes["email"][0], now=now)
    for_log = without_addresses(changes)
    publish(UserChanged(actor_id=by.pk, occurred_at=now, user_id=user.pk, username=user.username, changes=for_log))
    return user


@transactional
def set_password(*, user_id: int, by: User, now: datetime, password: str) -> User:
    """Set one's own password or somebody else's; every session of that person ends. Publishes `PasswordSet`.

    Raises: PermissionDenied (`rules.may_manage`).
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if by.pk != user_id:
        _check_may_manage(by, is_superuser=user.is_superuser)
    user.set_password(password)
    user.save(update_fields=["password"])
    end_all_sessions(user=user, now=now)
    publish(PasswordSet(actor_id=by.pk, occurred_at=now, user_id=user.pk, username=user.username))
    return user


def hold_campus_admins(by: User) -> None:
    """One change at a time to who can run the campus; the actor's authority is asked again under the lock.

    Raises: PermissionDenied, where he has been deactivated meanwhile.
    """
    renew_power(by, send(*holding_campus_admins(by, where=Statement("SELECT")))[-1])


def holding_campus_admins(by: User, *, where: Statement) -> list[Statement]:
    """The same for a batch, if a query has a row when it is carried out; the last is the question for `renew_power`,
    which is to be called where it had one."""
    lock = locking_namespace(Namespace.CAMPUS_ADMINS, where=where)
    locks = [] if "skip-campus-admins-lock" in settings.CSPACE_TEST_FAULTS else lock
    return [*locks, Statement(POWER_OF, (by.pk,))]


def renew_power(by: User, rows: ResultRows) -> None:
    """What makes the actor powerful is as it stands under the lock. Raises: PermissionDenied."""
    ((by.is_active, by.is_superuser),) = rows
    by.forget_access()
    if not by.is_active:
        raise PermissionDenied


def _check_may_manage(by: User, *, is_superuser: bool) -> None:
    if not may_manage(by.access, is_superuser=is_superuser):
        raise PermissionDenied
