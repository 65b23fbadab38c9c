"""What a calendar may be."""

import re
from collections.abc import Callable, Collection

from calendars.rules import MAX_NAME, MAX_PRIORITY, MAX_URL, RESERVED_SLUGS, SLUG
from kernel.errors import Faults


def is_slug(text: str) -> bool:
    """Whether a calendar can have it for its address."""
    return re.fullmatch(SLUG, text, re.ASCII) is not None and "\n" not in text


def calendar_faults(
    *,
    slug: str,
    name: str,
    timezone: str,
    is_local: bool,
    source_url: str,
    default_priority: int,
    zones: Collection[str],
    url_fault: Callable[[str], str],
) -> Faults:
    """By field. `url_fault`: what is wrong with a URL, empty if nothing is."""
    faults: dict[str, list[str]] = {}
    if not is_slug(slug):
        faults["slug"] = ["Must be small letters, digits, - and _, at most 63, and begin with a letter or digit"]
    elif slug in RESERVED_SLUGS:
        faults["slug"] = ["This address is reserved"]
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        faults["name"] = [f"Must have 1 to {MAX_NAME} visible characters"]
    if timezone not in zones:
        faults["timezone"] = ["Must be the name of a time zone such as Europe/Berlin"]
    if is_local and source_url:
        faults["source_url"] = ["A local calendar has no source elsewhere"]
    elif not is_local and (fault := url_fault(source_url)):
        faults["source_url"] = [fault]
    elif len(source_url) > MAX_URL:
        faults["source_url"] = [f"Must have at most {MAX_URL} characters"]
    if not 0 <= default_priority <= MAX_PRIORITY:
        faults["default_priority"] = [f"Must be 0 to {MAX_PRIORITY}"]
    return faults
