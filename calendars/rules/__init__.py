"""Pure decisions about calendars, and their bounds."""

MAX_NAME = 255
MAX_ORGANIZER = 254
MAX_URL = 1000
MAX_SUBJECT = 500
MAX_TEMPLATE = 20_000
MAX_FILE_BYTES = 10 * 2**20
"""Of a calendar file that is sent here."""
MAX_DESCRIPTION = 20_000
MAX_PRIORITY = 1_000_000
SLUG = r"^[a-z0-9][a-z0-9_-]{0,62}$"
WORD = r"^\S{8,100}$"
RESERVED_SLUGS = frozenset(
    {
        *("v1", "docs", "schema", "openapi.json", "clear-bookings", "rooms", "courses", "studyplans", "admin"),
    }
)
"""Whose paths these are, below `/api/`, is decided before."""
