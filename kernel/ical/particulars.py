"""What an event says beside when and where it takes place. Nothing of it is a fault: what is wrong is left out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

from kernel.ical.components import Component
from kernel.ical.lines import Line
from kernel.ical.values import MIDNIGHT, ZoneOf, beginning_of, moment_in
from kernel.mail_addresses import read_mail_address
from kernel.text import FORBIDDEN_TEXT

T = TypeVar("T")
FIRST_YEAR_OF_PROGRAMS = 1970
"""Programs write 0001, 1601 or 1900 where they do not know when something was made."""


@dataclass(frozen=True, kw_only=True)
class Particulars:
    description: str = ""
    """At most `values.MAX_TEXT` characters: its beginning, without control characters but tabs and newlines."""
    organizer: str = ""
    """A plain e-mail address, or empty."""
    created: datetime | None = None
    last_modified: datetime | None = None
    stamp: datetime | None = None
    """DTSTAMP; all three in UTC."""
    is_tentative: bool = False
    is_transparent: bool = False
    """It leaves whoever has it free."""


def particulars_of(component: Component, zone_of: ZoneOf, home: tzinfo) -> Particulars:
    """`home`: of times that do not say their zone."""

    def first(name: str, form: Callable[[Line], T], otherwise: T) -> T:
        try:
            return next((form(line) for line in component.all(name)), otherwise)
        except ValueError:
            return otherwise

    def instant(line: Line) -> datetime | None:
        return _instant(line, zone_of, home)

    return Particulars(
        description=first("DESCRIPTION", _description, ""),
        organizer=first("ORGANIZER", _address, ""),
        created=first("CREATED", instant, None),
        last_modified=first("LAST-MODIFIED", instant, None),
        stamp=first("DTSTAMP", instant, None),
        is_tentative=first("STATUS", _word, "") == "TENTATIVE",
        is_transparent=first("TRANSP", _word, "") == "TRANSPARENT",
    )


def _description(line: Line) -> str:
    return FORBIDDEN_TEXT.sub("", beginning_of(line))


def _address(line: Line) -> str:
    """Some programs have an address of their own in the value, and that of the mail beside it (RFC 7986, 6.2)."""
    scheme, _, address = line.value.strip().partition(":")
    if scheme.upper() != "MAILTO":
        address = line.parameters.get("EMAIL") or line.value
    return read_mail_address(address.strip())


def _instant(line: Line, zone_of: ZoneOf, home: tzinfo) -> datetime | None:
    moment = moment_in(line, line.value, zone_of)
    if moment.year < FIRST_YEAR_OF_PROGRAMS:
        return None
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, MIDNIGHT)
    return (moment if moment.tzinfo else moment.replace(tzinfo=home)).astimezone(UTC)


def _word(line: Line) -> str:
    return line.value.strip().upper()
