"""What the HTTP conventions remember: executed idempotent requests, throttle counters, versions of what is read."""

from django.conf import settings
from django.db import models


class IdempotencyRecord(models.Model):
    """The stored answer of a POST that carried an `Idempotency-Key` (24 h)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)
    status = models.SmallIntegerField(null=True)
    body = models.TextField(default="")
    """The JSON as it was sent: jsonb would put the keys into another order."""
    location = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotencyrecord_key_is_unique_per_user"),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotencyrecord_age")]

    def __str__(self) -> str:
        return f"{self.user_id}:{self.key}"


class ThrottleCounter(models.Model):
    """How often something was tried in a window. The table is UNLOGGED: a crash forgives everybody."""

    key = models.CharField(max_length=200, primary_key=True)
    window = models.BigIntegerField()
    tries = models.IntegerField()
    pending = models.IntegerField(default=0, db_default=0)
    """Of the tries, those whose outcome is not known yet; they may be given back."""

    def __str__(self) -> str:
        return f"{self.key}: {self.tries}"


class Version(models.Model):
    """Which version of something is the present one; written and read by `kernel.db.versions`."""

    key = models.CharField(max_length=40, primary_key=True)
    stamp = models.UUIDField()

    def __str__(self) -> str:
        return f"{self.key}: {self.stamp}"
