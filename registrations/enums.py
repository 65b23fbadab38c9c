from django.db.models import TextChoices


class Status(TextChoices):
    """Pending and approved hold the room; rejected and cancelled do not."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


LIVE = frozenset({Status.PENDING, Status.APPROVED})
