"""The wire format of people and logins."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from accounts.rules import MAX_USERNAME
from accounts.services.sessions import MAX_PASSWORD_LENGTH
from kernel.api.fields import TextField
from kernel.api.serializers import Input, Output, Shape


class LoginInput(Input):
    example = {"username": "john_doe", "password": "cspace-demo"}

    username = TextField(max_length=MAX_USERNAME, allow_blank=False)
    password = TextField(max_length=MAX_PASSWORD_LENGTH, allow_blank=False)


class AccessOutput(Shape):
    example = {"access": "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjo1fQ.2Yw"}

    access = serializers.CharField()


class UserOutput(Output):
    example = {"id": 4, "username": "john_doe", "display_name": "John Doe"}

    id = serializers.IntegerField()
    username = serializers.CharField()
    display_name = serializers.CharField()

    def represent(self, instance: User) -> dict[str, Any]:
        return {"id": instance.pk, "username": instance.username, "display_name": instance.display_name}


class UserList(Shape):
    results = UserOutput(many=True)
