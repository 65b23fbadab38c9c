"""Pure rules about the names, codes, kinds and tags of groups, and who may change a membership."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

from accounts.rules import Access
from kernel.names import BLANK, NOT_VISIBLE, is_visible

MAX_NAME = 100
MAX_NAME_KEY = 400
UNKNOWN_GROUP = "Unknown group"
MAX_TAGS = 20
MAX_TAG = 50
MAX_TAG_KEY = 200
MAX_KIND = 50
MAX_CODE = 40
MAX_CODE_KEY = 160
SOCIETY = "society"
"""The kind of the groups that book by the code and the token that they have."""


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


def code_faults(code: str | None) -> list[str]:
    """What keeps a text from being a group's code, which is compared as names are; None: it has none."""
    if code is None:
        return []
    if not name_key(code):
        return [BLANK]
    if not is_visible(code):
        return [NOT_VISIBLE]
    return ["This code is too long"] if len(code) > MAX_CODE or len(name_key(code)) > MAX_CODE_KEY else []


def kind_faults(kind: str) -> list[str]:
    """What keeps a text from being a group's kind; "" is that of an ordinary one."""
    if not is_visible(kind):
        return [NOT_VISIBLE]
    return ["This kind is too long"] if len(tag_key(kind)) > MAX_KIND else []


def tag_key(tag: str) -> str:
    """What makes two tags the same: as of names, and however much white space stands between the words."""
    return " ".join(name_key(tag).split())


def tags_faults(tags: Sequence[str]) -> list[str]:
    """What keeps some texts from being the tags of a group."""
    faults = [f"{tag[:MAX_TAG]}: {fault}" for tag in tags for fault in _tag_faults(tag)]
    if len(tags) > MAX_TAGS:
        faults.append(f"A group has at most {MAX_TAGS} tags")
    first = {tag_key(tag): tag for tag in reversed(tags)}
    counts = Counter(map(tag_key, tags))
    return faults + [f"The tag {first[key][:MAX_TAG]} stands twice" for key in first if key and counts[key] > 1]


def _tag_faults(tag: str) -> list[str]:
    key = tag_key(tag)
    if not key:
        return [BLANK]
    if not is_visible(tag):
        return [NOT_VISIBLE]
    return ["This tag is too long"] if len(tag) > MAX_TAG or len(key) > MAX_TAG_KEY else []


def may_see(access: Access, group_id: int) -> bool:
    return access.is_cspace or access.is_member_of(group_id)


def may_change_members(access: Access, group_id: int, *, is_system: bool) -> bool:
    """cspace or an admin of the group; of the system group only its own admins (or superusers)."""
    if is_system:
        return access.is_cspace_admin
    return access.is_cspace or access.is_admin_of(group_id)


def may_let_in(access: Access, group_id: int, *, is_system: bool) -> bool:
    """Who may give out a key by which whoever has it comes into the group: who may change its members. Nobody comes
    into the system group so."""
    return not is_system and may_change_members(access, group_id, is_system=is_system)


def may_remove(access: Access, group_id: int, *, is_system: bool, user_id: int) -> bool:
    """Who may change members; and everybody may leave."""
    return user_id == access.user_id or may_change_members(access, group_id, is_system=is_system)
