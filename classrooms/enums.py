from django.db.models import TextChoices


class OccupancyKind(TextChoices):
    """What a stretch of room time is used for."""

    REGISTRATION = "registration"
    LECTURE = "lecture"
    CLOSURE = "closure"
    CALENDAR = "calendar"
    FEST = "fest"
    PART = "part"
    """A satellite: something else uses a part of this room, or a room that has one in common with it."""
    BUFFER = "buffer"
    """A satellite: the time before or after a use in which nobody else may have the room."""


SATELLITES = frozenset({OccupancyKind.PART, OccupancyKind.BUFFER})
"""What no row of its own is."""


class Why(TextChoices):
    """Why a room cannot be had; of several reasons the first."""

    CLOSED = "closed"
    BOOKED = "booked"
    HELD = "held"
    POLICY = "policy"
    TOO_SMALL = "too_small"
