"""Pure decisions about registrations: who may, which transitions exist. No database, no clock."""

from datetime import datetime

from accounts.access import Access
from registrations.enums import LIVE, Status

MAX_DESCRIPTION = 2000


def may_book_for(access: Access, group_id: int) -> bool:
    """Contract §5: a member for his group; cspace for any."""
    return access.is_cspace or access.is_member_of(group_id)


def may_see(access: Access, created_by_id: int) -> bool:
    """cspace or the creator."""
    return access.is_cspace or access.user_id == created_by_id


def may_change_after_start(access: Access) -> bool:
    """A creator may change or delete until the start; cspace always."""
    return access.is_cspace


def has_started(starts_at: datetime, now: datetime) -> bool:
    return starts_at <= now


def holds_room(status: str) -> bool:
    return status in LIVE


def initial_status(*, auto_approve: bool) -> Status:
    return Status.APPROVED if auto_approve else Status.PENDING


def status_after_change(
    status: str, *, slot_or_group_changed: bool, by_cspace: bool, target_auto_approve: bool
) -> Status:
    """Contract §5, PUT: a non-cspace change of an approved one needs approval again, unless the room grants it."""
    if target_auto_approve and slot_or_group_changed:
        return Status.APPROVED
    if slot_or_group_changed and not by_cspace:
        return Status.PENDING
    return Status(status)
