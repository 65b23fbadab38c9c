"""The numbers of events: UUIDs, in addresses written with 57 characters that nobody takes for one another."""

from uuid import NAMESPACE_URL, UUID, uuid5

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH = 22
FOLLOWING = 5
"""The version of UUIDs that follow from something (RFC 9562 §5.5)."""


def short(number: UUID) -> str:
    """22 characters."""
    rest, digits = number.int, []
    for _ in range(LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def number_of(uid: str) -> UUID:
    """The number of an event with this UID: the UID itself where that is a UUID as these are usually written, else one
    that follows from it. No two UIDs have the same: so a UUID that may have followed from another UID is no number."""
    try:
        number = UUID(uid)
    except ValueError:
        return uuid5(NAMESPACE_URL, uid)
    return number if str(number) == uid and number.version != FOLLOWING else uuid5(NAMESPACE_URL, uid)


def numbers_meant(name: str) -> list[UUID]:
    """Which events somebody may mean: the short form of a number, or its usual one."""
    if len(name) == LENGTH and all(each in ALPHABET for each in name):
        rest = 0
        for each in name:
            rest = rest * len(ALPHABET) + ALPHABET.index(each)
        return [UUID(int=rest)] if rest < 1 << 128 else []
    try:
        number = UUID(name)
    except ValueError:
        return []
    return [number] if str(number) == name.lower() else []
