from typing import Any

from rest_framework import serializers

from auditlog.models import LogEntry
from kernel.api.examples import day_ahead, this_moment
from kernel.api.fields import TimestampField
from kernel.api.serializers import Output, Page
from kernel.campus_time import format_instant


class LogEntryOutput(Output):
    example = {
        "id": 500,
        "action": "registration.approved",
        "user": "ta217",
        "target": "registration:100",
        "details": {
            "classroom": "Room A",
            "group": "522",
            "date": day_ahead,
            "start_time": "10:00",
            "end_time": "12:00",
        },
        "created_at": this_moment,
    }

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


class LogPage(Page):
    results = LogEntryOutput(many=True)
