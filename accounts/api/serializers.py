"""The wire format of people and logins."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from accounts.services.sessions import MAX_PASSWORD_LENGTH
from cspace.api.fields import TextField
from cspace.api.serializers import Input, Output


class LoginInput(Input):
    username = TextField(max_length=150, allow_blank=False)
    password = TextField(max_length=MAX_PASSWORD_LENGTH, allow_blank=False)


class AccessOutput(serializers.Serializer):  # type: ignore[type-arg]
    access = serializers.CharField()


class UserOutput(Output):
    id = serializers.IntegerField()
    username = serializers.CharField()
    display_name = serializers.CharField()

    def represent(self, instance: User) -> dict[str, Any]:
        return {"id": instance.pk, "username": instance.username, "display_name": instance.display_name}


class UserList(serializers.Serializer):  # type: ignore[type-arg]
    results = UserOutput(many=True)
