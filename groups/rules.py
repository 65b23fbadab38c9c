"""Pure rules about group names and who may change a membership."""

import unicodedata

from accounts.rules import Access
from kernel.names import BLANK, NOT_VISIBLE, is_visible

MAX_NAME = 100
MAX_NAME_KEY = 400
UNKNOWN_GROUP = "Unknown group"


def name_key(name: str) -> str:
    """What makes two group names the same: NFKC, case ignored, trimmed (contract §3).

    Keeps look-alikes of "cspace" ("CSPACE", full-width letters) from existing beside it.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def name_faults(name: str) -> list[str]:
    """What keeps a text from being a group's name (contract §3)."""
    key = name_key(name)
    if not key:
        return [BLANK]
    if not is_visible(name):
        return [NOT_VISIBLE]
    # Some ligatures stand for eighteen letters; what is compared has a bound of its own.
    return ["This name is too long"] if len(name) > MAX_NAME or len(key) > MAX_NAME_KEY else []


def may_see(access: Access, group_id: int) -> bool:
    return access.is_cspace or access.is_member_of(group_id)


def may_change_members(access: Access, group_id: int, *, is_system: bool) -> bool:
    """cspace or an admin of the group; of the system group only its own admins (or superusers)."""
    if is_system:
        return access.is_cspace_admin
    return access.is_cspace or access.is_admin_of(group_id)


def may_remove(access: Access, group_id: int, *, is_system: bool, user_id: int) -> bool:
    """Who may change members; and everybody may leave."""
    return user_id == access.user_id or may_change_members(access, group_id, is_system=is_system)
