from typing import Any

from rest_framework import serializers

from auditlog.models import LogEntry
from cspace.api.fields import TimestampField
from cspace.api.serializers import Output
from cspace.db.ranges import format_instant


class LogEntryOutput(Output):
    id = serializers.IntegerField()
    action = serializers.CharField()
    user = serializers.CharField(allow_null=True)
    target = serializers.CharField()
    details = serializers.DictField()
    created_at = TimestampField()

    def represent(self, instance: LogEntry) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "action": instance.action,
            "user": instance.actor.get_username() if instance.actor else None,
            "target": instance.target,
            "details": instance.details,
            "created_at": format_instant(instance.created_at),
        }


class LogPage(serializers.Serializer):  # type: ignore[type-arg]
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = LogEntryOutput(many=True)
