"""What people are told."""

from django.conf import settings
from django.db import models
from django.db.models import Q, Value

from notifications.enums import NotificationStatus


class Notification(models.Model):
    """One sentence for one person: as data, and in English. Of what was told before it was kept as data there is only
    the English sentence, and its `kind` is empty."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    kind = models.CharField(max_length=60, db_default="")
    """What has happened, as the log says it: `registration.approved`."""
    target = models.CharField(max_length=150, db_default="")
    """To what: `registration:100`."""
    params = models.JSONField(db_default=Value({}, models.JSONField()))
    """What the sentence is made of (`kernel.phrases`)."""
    description = models.CharField(max_length=1000)
    """The sentence in English."""
    status = models.CharField(max_length=10, choices=NotificationStatus, default=NotificationStatus.UNREAD)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=NotificationStatus.values), name="notification_known_status"),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notification_newest_first"),
            models.Index(fields=["user", "status", "-created_at", "-id"], name="notification_newest_of_status"),
        ]

    def __str__(self) -> str:
        return self.description


class InboxPart(models.Model):
    """A part of how many notices of a status a person has, and of their version: an inbox is the sum of its parts.

    Written by triggers of PostgreSQL alone, whatever writes notices. Writers at the same moment add to different
    parts, so that a single one of them may be negative.
    """

    pk = models.CompositePrimaryKey("user_id", "status", "part")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    """No key of PostgreSQL's: it would be checked at the COMMIT of whoever tells a person that is being deleted, each
    waiting for the other. Who is deleted leaves parts that come to nothing."""
    status = models.CharField(max_length=10)
    part = models.IntegerField()
    number = models.BigIntegerField()
    version = models.BigIntegerField()
    """Grows with every change, by chance: after a restore none comes back that somebody has seen."""

    def __str__(self) -> str:
        return f"{self.user_id} {self.status} {self.part}: {self.number}"
