"""What leaves the server by mail."""

from django.db import models
from django.db.models import Q

from kernel.letters import MAX_KEY
from outbox.enums import LetterState


class Letter(models.Model):
    """A mail that is sent once. What it says is written by its kind (`kernel.letters`) when it is sent."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=MAX_KEY, unique=True)
    """Nothing is told twice under one key."""
    arguments = models.JSONField()
    state = models.CharField(max_length=10, choices=LetterState)
    error = models.TextField(blank=True)
    """What the last try met."""
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=LetterState.values), name="letter_known_state"),
            models.CheckConstraint(
                condition=Q(state=LetterState.SENT, sent_at__isnull=False)
                | ~Q(state=LetterState.SENT) & Q(sent_at=None),
                name="letter_sent_at_means_sent",
            ),
        ]

    def __str__(self) -> str:
        return self.key
