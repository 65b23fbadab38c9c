from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from kernel.admin.pages import ReadOnlyAdmin
from kernel.admin.site import site
from webhooks.models import Delivery, Webhook
from webhooks.queries.destinations import destination_of


@admin.register(Webhook, site=site)
class WebhookAdmin(ReadOnlyAdmin):
    """Everything but the secrets."""

    list_display = ("url", "is_active", "description", "failing_since")
    list_filter = ("is_active",)
    search_fields = ("url__icontains", "description__icontains")
    ordering = ("id",)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """A secret could be guessed letter by letter (`?secret__startswith=`)."""
        is_allowed: bool = super().lookup_allowed(lookup, value, request)
        return is_allowed and "secret" not in lookup

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> tuple[str, ...]:
        return ("url", "events", "is_active", "description", "failing_since", "created_at", "updated_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Webhook | None = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)


@admin.register(Delivery, site=site)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "leads_to", "type", "state", "attempts", "last_status", "duration_ms", "error")
    list_filter = ("state",)
    search_fields = ("type__icontains", "message_id__icontains")
    ordering = ("-id",)
    list_select_related = ("webhook",)

    @admin.display(description="Webhook")
    def leads_to(self, delivery: Delivery) -> str:
        """Its number and its host: what else stands in an address may be a secret."""
        return f"{delivery.webhook_id}: {destination_of(delivery.webhook.url).authority}"
