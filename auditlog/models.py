"""The change log: one row per accepted command, append-only in the database itself."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class LogEntry(models.Model):
    """What was done, by whom, to what. A trigger refuses UPDATE, DELETE and TRUNCATE."""

    is_append_only: ClassVar[bool] = True
    """The application's role is not even granted them (`kernel.db.grants`)."""

    action = models.CharField(max_length=60)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_column="user_id"
    )
    target = models.CharField(max_length=150)
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "log entries"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="logentry_newest_first"),
            models.Index(fields=["action", "-created_at"], name="logentry_by_action"),
            models.Index(fields=["target"], name="logentry_by_target"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"
