from django.db.models import TextChoices


class RegistrationStatus(TextChoices):
    """Pending and approved hold the room; rejected and cancelled do not."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Source(TextChoices):
    """Where a series comes from: the draw of an allocation event, or cspace itself."""

    DRAW = "draw"
    ADMIN = "admin"


class SkipReason(TextChoices):
    """Why a date of a series was not taken."""

    BOOKED = "booked"
    CLOSED = "closed"
    DST = "dst"


LIVE = frozenset({RegistrationStatus.PENDING, RegistrationStatus.APPROVED})
