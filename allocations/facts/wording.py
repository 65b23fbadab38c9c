"""What the draw decided, in words. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from allocations.enums import Balance, Grant, Reason
from allocations.facts.sentences import DATES_AND_SKIPS, WHY_LOST
from kernel.languages import ENGLISH


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else endings.get(number % 10, 'th')}"


def dates_made_of(dates: int, skip_reasons: Iterable[str]) -> dict[str, Any]:
    """What `DATES_AND_SKIPS` is made of; `skip_reasons`: one for each skipped date."""
    skips = [{"why": why, "number": number} for why, number in sorted(Counter(skip_reasons).items())]
    return {"date_count": dates, "skips": skips}


def dates_in_words(dates: int, skip_reasons: Iterable[str]) -> str:
    """ "16 dates, 1 skipped (closed)"."""
    return DATES_AND_SKIPS.say(dates_made_of(dates, skip_reasons), ENGLISH)


def loss_made_of(reason: str, lost_to_id: int | None) -> dict[str, Any]:
    """What `WHY_LOST` is made of."""
    return {"why": "lost_to", "lost_to_id": lost_to_id} if lost_to_id else {"why": reason}


def unavailable_made_of(skip_reasons: Sequence[str]) -> dict[str, Any]:
    """The same of an entry that could not take part; `skip_reasons`: one for each date in range that it could not
    have."""
    if not skip_reasons:
        return {"why": "no_date"}
    return {"why": "closed" if set(skip_reasons) == {"closed"} else Reason.UNAVAILABLE.value}


def loss_in_words(reason: str, lost_to_id: int | None) -> str:
    """ "lost to entry 12"."""
    return WHY_LOST.say(loss_made_of(reason, lost_to_id), ENGLISH)


def unavailable_in_words(skip_reasons: Sequence[str]) -> str:
    """Why an entry could not take part."""
    return WHY_LOST.say(unavailable_made_of(skip_reasons), ENGLISH)


def lost_sentence(*, entry_id: int, position: int, group: str, served: int, own: int, balance: str) -> str:
    """ "Lost to entry 12, drawn 3rd, when group 522 had 0 minutes; you had 0." """
    if position == 0:
        return f"Lost to entry {entry_id} of group {group}, approved by hand before the draw."
    unit = "minutes" if balance == Balance.MINUTES else "entries"
    return (
        f"Lost to entry {entry_id}, drawn {ordinal(position)}, when group {group} had {served} {unit}; you had {own}."
    )


def granted_in_words(grant: str, position: int | None, served: int, balance: str) -> str:
    """ "Drawn 3rd, when your group had 0 minutes"."""
    if grant == Grant.OVERRIDE:
        return "Granted by hand after the draw"
    if position == 0:
        return "Approved by hand before the draw"
    unit = "minutes" if balance == Balance.MINUTES else "entries"
    verb = "Drawn" if grant == Grant.DRAW else "Drawn afterwards,"
    return f"{verb} {ordinal(position or 0)}, when your group had {served} {unit}"
