"""What people are told."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from notifications.enums import NotificationStatus
from notifications.querysets import NotificationQuerySet


class Notification(models.Model):
    """One sentence for one person."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    description = models.CharField(max_length=1000)
    status = models.CharField(max_length=10, choices=NotificationStatus, default=NotificationStatus.UNREAD)
    created_at = models.DateTimeField()

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=NotificationStatus.values), name="notification_known_status"),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notification_newest_first"),
            models.Index(fields=["user"], condition=Q(status=NotificationStatus.UNREAD), name="notification_unread"),
        ]

    def __str__(self) -> str:
        return self.description
