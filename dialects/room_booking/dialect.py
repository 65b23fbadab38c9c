"""What the layers around the calls have to know of this dialect."""

import re

from calendars.rules import RESERVED_SLUGS
from dialects.dialect import ANY_ORIGIN, Cors, Dialect, SlashRule
from dialects.room_booking.envelope import envelope

DOCUMENT_PATH = "/api/openapi.json"
RESERVED = "|".join(map(re.escape, sorted(RESERVED_SLUGS)))
PART = r"(?:(?!/|\Z)(?s:.))+"
"""Of a path, between two slashes. Without a class of characters: the proxy writes slashes and ends otherwise."""


def cors() -> Cors:
    """Any page may call it: whose script it is says a header, never a cookie."""
    return Cors(
        origins=[ANY_ORIGIN],
        methods=["GET", "POST", "DELETE", "OPTIONS"],
        headers=["Authorization", "Content-Type"],
        exposed=["Location", "Retry-After", "X-Event-State"],
    )


DIALECT = Dialect(
    name="room_booking",
    # All that lies below a calendar: of the slugs that no calendar has, two are calls of this wire themselves.
    paths=rf"api/(?:(?:clear-bookings|openapi\.json)(?:/|\Z)|(?!(?:{RESERVED})(?:/|\Z)){PART}/(?!/|\Z))",
    urls="dialects.room_booking.urls",
    envelope=envelope,
    cors=cors,
    slashes=SlashRule(is_encoded_in_names=True),
    document=DOCUMENT_PATH,
)
