"""Webhooks and what they are sent. A trigger on the log writes the deliveries (the first migration of this app)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from webhooks.enums import DeliveryState
from webhooks.rules import MAX_DESCRIPTION, MAX_EVENT, MAX_URL


class Webhook(models.Model):
    """An address elsewhere that is told what stands in the log.

    Secrets sign, so they are kept as they are: whoever reads this table can sign as we do.
    """

    url = models.CharField(max_length=MAX_URL)
    events = ArrayField(models.CharField(max_length=MAX_EVENT))
    is_active = models.BooleanField(default=True)
    description = models.CharField(max_length=MAX_DESCRIPTION, default="", blank=True)
    secret = models.CharField(max_length=100)
    former_secret = models.CharField(max_length=100, default="", blank=True)
    former_secret_until = models.DateTimeField(null=True)
    """Until then the one before signs, too."""
    failing_since = models.DateTimeField(null=True)
    """When the first of the tries failed that have not succeeded yet."""
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    """Until then whoever has the lease may send, and nobody else: no lock is held while somebody else's server is
    waited for."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(url="") & ~Q(secret=""), name="webhook_has_url_and_secret"),
            models.CheckConstraint(condition=Q(events__len__gt=0), name="webhook_has_events"),
            models.CheckConstraint(
                condition=Q(lease=None, leased_until=None) | Q(lease__isnull=False, leased_until__isnull=False),
                name="webhook_lease_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(former_secret="", former_secret_until=None)
                | (~Q(former_secret="") & Q(former_secret_until__isnull=False)),
                name="webhook_former_secret_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class Delivery(models.Model):
    """One row of the log on its way to one webhook. They go in the order of their ids."""

    # No constraint: every booking would lock the row of the webhook, and wait for whoever removes it.
    webhook = models.ForeignKey(
        Webhook, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="deliveries"
    )
    message_id = models.CharField(max_length=40, unique=True)
    """The header `webhook-id`: the same at each try."""
    type = models.CharField(max_length=60)
    body = models.TextField()
    """The very text that is signed and sent, in UTF-8."""
    state = models.CharField(max_length=10, choices=DeliveryState)
    attempts = models.IntegerField()
    next_try_at = models.DateTimeField(null=True)
    """Not before; of one that has not been tried, null."""
    last_status = models.IntegerField(null=True)
    duration_ms = models.IntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="delivery_newest_first"),
            models.Index(fields=["webhook", "id"], condition=Q(state="waiting"), name="delivery_waiting"),
            models.Index(fields=["finished_at"], condition=~Q(state="waiting"), name="delivery_finished"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_known_state"),
            models.CheckConstraint(
                condition=Q(state="waiting", finished_at=None) | (~Q(state="waiting") & Q(finished_at__isnull=False)),
                name="delivery_ends_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.message_id}"
