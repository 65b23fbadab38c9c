"""The wire format of webhooks and deliveries."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from kernel.api.examples import this_moment
from kernel.api.fields import BooleanField, NameField, TextField, TimestampField
from kernel.api.serializers import Input, Output, Shape
from kernel.campus_time import format_instant
from kernel.errors import Faults
from webhooks.enums import DeliveryState
from webhooks.models import Delivery, Webhook
from webhooks.rules import MAX_DESCRIPTION, MAX_EVENT, MAX_EVENTS, MAX_URL
from webhooks.services.webhooks import WebhookWish

EXAMPLE = {
    "url": "https://hooks.example.org/cspace",
    "events": ["registration.*", "closure.created"],
    "is_active": True,
    "description": "Door signs",
}
SECRET_EXAMPLE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="  # noqa: S105 - nobody's


class WebhookInput(Input):
    example = EXAMPLE

    url = TextField(max_length=MAX_URL, allow_blank=False)
    events = serializers.ListField(
        child=TextField(max_length=MAX_EVENT, allow_blank=False), allow_empty=False, max_length=MAX_EVENTS
    )
    is_active = BooleanField(required=False)
    description = NameField(max_length=MAX_DESCRIPTION, allow_blank=True, required=False)

    def further_faults(self, values: Mapping[str, Any]) -> Faults:
        return WebhookWish(**{name: values[name] for name in ("url", "events") if name in values}).faults


class WebhookOutput(Output):
    example = {"id": 7, **EXAMPLE}

    id = serializers.IntegerField()
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    is_active = serializers.BooleanField()
    description = serializers.CharField(allow_blank=True)

    def represent(self, instance: Webhook) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "url": instance.url,
            "events": list(instance.events),
            "is_active": instance.is_active,
            "description": instance.description,
        }


class NewWebhookOutput(WebhookOutput):
    """With the secret, this once."""

    example = {**WebhookOutput.example, "secret": SECRET_EXAMPLE}
    generated = frozenset({"id", "secret"})

    id = serializers.IntegerField(allow_null=True)
    secret = serializers.CharField(allow_null=True)

    def represent(self, instance: Webhook) -> dict[str, Any]:
        return {**super().represent(instance), "secret": instance.secret}


class WebhookList(Shape):
    results = WebhookOutput(many=True)


class SecretOutput(Shape):
    example = {"secret": SECRET_EXAMPLE}

    secret = serializers.CharField(allow_null=True)


class DeliveryOutput(Output):
    """`id` is the header `webhook-id`; `status` and `duration_ms` are those of the last try."""

    example = {
        "id": "msg_5f1c2f3e9f0b4c1ba1a2d5f7e8c90a1b",
        "type": "webhook.tested",
        "state": "waiting",
        "attempts": 0,
        "status": None,
        "duration_ms": None,
        "error": "",
        "created_at": this_moment,
        "next_try_at": None,
        "finished_at": None,
    }

    id = serializers.CharField()
    type = serializers.CharField()
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    attempts = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    created_at = TimestampField()
    next_try_at = TimestampField(allow_null=True)
    finished_at = TimestampField(allow_null=True)

    def represent(self, instance: Delivery) -> dict[str, Any]:
        return {
            "id": instance.message_id,
            "type": instance.type,
            "state": instance.state,
            "attempts": instance.attempts,
            "status": instance.last_status,
            "duration_ms": instance.duration_ms,
            "error": instance.error,
            "created_at": format_instant(instance.created_at),
            "next_try_at": format_instant(instance.next_try_at) if instance.next_try_at else None,
            "finished_at": format_instant(instance.finished_at) if instance.finished_at else None,
        }


class DeliveryList(Shape):
    results = DeliveryOutput(many=True)
