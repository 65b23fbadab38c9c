"""What leaves the server by mail."""

from django.db import models
from django.db.models import Q

from kernel.letters import MAX_KEY
from outbox.enums import LetterState

MAX_ADDRESS = 254
"""RFC 5321."""


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
        indexes = [models.Index(fields=["state", "created_at"], name="letter_by_state_and_age")]
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


class LetterCopy(models.Model):
    """A letter that has gone, once more for an address of `SMTP_BCC`: a try of its own, which the recipient's knows
    nothing of."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="copies")
    address = models.CharField(max_length=MAX_ADDRESS)
    source = models.TextField(blank=True)
    """The mail as it was sent, in ASCII, until this one has gone too."""
    state = models.CharField(max_length=10, choices=LetterState)
    error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["letter", "address"], name="lettercopy_once_per_address"),
            models.CheckConstraint(
                condition=Q(state__in=[LetterState.WAITING, LetterState.SENT, LetterState.FAILED]),
                name="lettercopy_known_state",
            ),
            models.CheckConstraint(
                condition=Q(state=LetterState.SENT, sent_at__isnull=False, source="")
                | ~Q(state=LetterState.SENT) & Q(sent_at=None) & ~Q(source=""),
                name="lettercopy_source_is_kept_until_sent",
            ),
        ]

    def __str__(self) -> str:
        return self.address
