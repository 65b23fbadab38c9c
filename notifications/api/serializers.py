from rest_framework import serializers

from kernel.api.examples import this_moment
from kernel.api.fields import ChoiceField, TimestampField
from kernel.api.serializers import Input, Page, Shape
from notifications.enums import NotificationStatus


class StatusInput(Input):
    example = {"status": "read"}

    status = ChoiceField(choices=NotificationStatus.choices)


class NotificationOutput(Shape):
    example = {
        "id": 1,
        "description": 'You have been added to the group "522" as member.',
        "status": "unread",
        "created_at": this_moment,
        "kind": "user_group.added",
        "target": "user_group:12",
        "params": {"group_id": 2, "group": "522", "permissions": "member"},
    }

    id = serializers.IntegerField()
    description = serializers.CharField()
    status = serializers.ChoiceField(choices=NotificationStatus.choices)
    created_at = TimestampField()
    kind = serializers.CharField()
    target = serializers.CharField()
    params = serializers.DictField()


class NotificationPage(Page):
    example = {**Page.example, "unread_count": 1}

    results = NotificationOutput(many=True)
    unread_count = serializers.IntegerField()


class StatusOutput(Shape):
    example = {"id": 1, "status": "read"}

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=NotificationStatus.choices)


class UpdatedOutput(Shape):
    example = {"updated": 3}

    updated = serializers.IntegerField()
