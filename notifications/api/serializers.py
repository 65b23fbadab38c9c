from typing import Any

from rest_framework import serializers

from cspace.api.fields import ChoiceField, TimestampField
from cspace.api.serializers import Input, Output
from cspace.db.ranges import format_instant
from notifications.enums import Status
from notifications.models import Notification


class StatusInput(Input):
    status = ChoiceField(choices=Status.choices)


class NotificationOutput(Output):
    id = serializers.IntegerField()
    description = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    created_at = TimestampField()

    def represent(self, instance: Notification) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "description": instance.description,
            "status": instance.status,
            "created_at": format_instant(instance.created_at),
        }


class NotificationPage(serializers.Serializer):  # type: ignore[type-arg]
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = NotificationOutput(many=True)
    unread_count = serializers.IntegerField()


class StatusOutput(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Status.choices)


class UpdatedOutput(serializers.Serializer):  # type: ignore[type-arg]
    updated = serializers.IntegerField()
