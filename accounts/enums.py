from enum import StrEnum

from django.db.models import TextChoices


class MailChoice(TextChoices):
    """How somebody gets his notices by mail: not at all, one by one, or those of a day together."""

    OFF = "off"
    EACH = "each"
    DAILY = "daily"


class KeyScope(TextChoices):
    """What an access key is good for: to act as a person, to book for a society, to come into a group; or, from a
    script, what its permissions say."""

    USER = "user"
    SOCIETY = "society"
    JOIN = "join"
    API = "api", "API"


class ApiPermission(TextChoices):
    """What a script may do in the calendars of whoever has its API key: make and delete events; clear bookings."""

    EVENTS = "events"
    CLEAR = "clear"


class LoginStatus(TextChoices):
    """How far a login by sid has come: a program waits while somebody logs in in a browser."""

    PENDING = "pending"
    LOGGED_IN = "logged_in"
    FAILED = "failed"


class DeadKey(StrEnum):
    """Why an access key opens nothing. One that was replaced or revoked is like one that never was."""

    INVALID = "invalid"
    EXPIRED = "expired"
