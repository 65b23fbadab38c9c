from django.db.models import TextChoices


class CalendarSource(TextChoices):
    """Where the events of a calendar are entered: here, in a file that is subscribed to, or on a CalDAV server."""

    LOCAL = "local"
    ICS = "ics"
    CALDAV = "caldav"


class OnOverlap(TextChoices):
    """What becomes of a new event where the room is taken: it waits, or is refused."""

    KEEP = "keep"
    REJECT = "reject"


class CalendarEventStatus(TextChoices):
    """RFC 5545 §3.8.1.11."""

    CONFIRMED = "confirmed"
    TENTATIVE = "tentative"
    CANCELLED = "cancelled"


class OccurrenceState(TextChoices):
    """What a date of an event is to its room."""

    LIVE = "live"
    CONFLICTING = "conflicting"
    """It would like to have the room, and waits for it."""
    FREE = "free"
    """It takes no room: it is transparent, or tentative where that does not block."""
    CANCELLED = "cancelled"
    REMOVED = "removed"
    """By clearing; it stays away until its source says something else of it."""


CLAIMING = (OccurrenceState.LIVE, OccurrenceState.CONFLICTING)
"""What takes part in overlaps."""


class OutboxOperation(TextChoices):
    """What a CalDAV server is still to be told."""

    PUT = "put"
    DELETE = "delete"


class FeedKind(TextChoices):
    """What a calendar program can subscribe to: the room time of a room, of a calendar, of a person, of a group."""

    CLASSROOM = "classroom"
    CALENDAR = "calendar"
    USER = "user"
    GROUP = "group"
