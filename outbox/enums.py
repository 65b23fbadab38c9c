"""What becomes of a letter."""

from django.db.models import TextChoices


class LetterState(TextChoices):
    WAITING = "waiting", "waiting"
    SENT = "sent", "sent"
    FAILED = "failed", "failed"
    DROPPED = "dropped", "nothing to say any more"
