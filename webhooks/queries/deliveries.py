"""What was sent to a webhook, and what became of it."""

from django.db.models import QuerySet

from webhooks.models import Delivery

MOST_SHOWN = 100


def last_deliveries(webhook_id: int) -> QuerySet[Delivery]:
    """The newest, newest first."""
    return Delivery.objects.filter(webhook_id=webhook_id).order_by("-id")[:MOST_SHOWN]
