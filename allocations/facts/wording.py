"""What the draw decided, in words. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence

from allocations.enums import Balance, Grant, Reason
from kernel.wording import date_count_in_words

MAX_NOTICE = 1000
"""What a notification holds, in characters."""
NOT_GIVEN = {
    Reason.REJECTED_BY_ADMIN: "refused by hand before the draw",
    Reason.UNAVAILABLE: "too many of its dates are taken",
    Reason.OTHER_CHOICE_WON: "another of your alternatives won",
    Reason.MAX_WINS: "your group has won as often as a group may",
}


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else endings.get(number % 10, 'th')}"


def dates_in_words(dates: int, skip_reasons: Iterable[str]) -> str:
    """ "16 dates, 1 skipped (closed)"; `skip_reasons`: one for each skipped date."""
    counts = sorted(Counter(skip_reasons).items())
    return ", ".join([date_count_in_words(dates), *(f"{number} skipped ({why})" for why, number in counts)])


def loss_in_words(reason: str, lost_to_id: int | None) -> str:
    """ "lost to entry 12"."""
    return f"lost to entry {lost_to_id}" if lost_to_id else NOT_GIVEN[Reason(reason)]


def unavailable_in_words(skip_reasons: Sequence[str]) -> str:
    """Why an entry could not take part; `skip_reasons`: one for each date in range that it could not have."""
    if not skip_reasons:
        return "none of the event's dates falls on its day of the week"
    if set(skip_reasons) == {"closed"}:
        return "the room is closed on all of its dates"
    return NOT_GIVEN[Reason.UNAVAILABLE]


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


def notice(event_id: int, outcomes: Sequence[str]) -> str:
    """One notification about all entries of a person, at most `MAX_NOTICE` characters; whole outcomes only."""
    text = f"Draw of allocation event {event_id}: "
    for place, outcome in enumerate(outcomes):
        rest = f"and {len(outcomes) - place} more."
        if len(text) + len(outcome) + len(rest) + 2 > MAX_NOTICE:
            return text + rest
        text += f"{outcome}. " if place < len(outcomes) - 1 else f"{outcome}."
    return text
