"""The wire format of people and logins."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from accounts.enums import MailChoice
from accounts.models import Preferences, User
from accounts.rules import MAX_REMINDER_HOURS, MAX_USERNAME
from accounts.services.sessions import MAX_PASSWORD_LENGTH
from kernel.api.fields import BooleanField, ChoiceField, IntegerField, MailAddressField, TextField, TimeField
from kernel.api.serializers import Input, Output, Query, Shape
from kernel.campus_time import format_minute
from kernel.languages import LANGUAGES


class LoginInput(Input):
    example = {"username": "john_doe", "password": "cspace-demo"}

    username = TextField(max_length=MAX_USERNAME, allow_blank=False)
    password = TextField(max_length=MAX_PASSWORD_LENGTH, allow_blank=False)


class AccessOutput(Shape):
    example = {"access": "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjo1fQ.2Yw"}

    access = serializers.CharField()


class TicketOutput(Shape):
    example = {"ticket": "kq3vZ8yQ2c0JmJ1Q7o8S2g5p9m3xkq3vZ8yQ2c0JmJ0", "expires_in": 30}

    ticket = serializers.CharField()
    expires_in = serializers.IntegerField()


class UserOutput(Output):
    example = {"id": 4, "username": "john_doe", "display_name": "John Doe"}

    id = serializers.IntegerField()
    username = serializers.CharField()
    display_name = serializers.CharField()

    def represent(self, instance: User) -> dict[str, Any]:
        return {"id": instance.pk, "username": instance.username, "display_name": instance.display_name}


class UserList(Shape):
    results = UserOutput(many=True)


class PreferencesInput(Input):
    example = {"language": "zh-hant", "mail": "daily", "daily_at": "07:30", "reminder_hours": None}
    refuses_unknown = True

    language = ChoiceField(choices=LANGUAGES)
    mail = ChoiceField(choices=MailChoice.choices)
    daily_at = TimeField(source="daily_minute")
    reminder_hours = IntegerField(min_value=1, max_value=MAX_REMINDER_HOURS, allow_null=True)
    series_ending = BooleanField(source="is_told_of_last_dates")
    email = MailAddressField(allow_blank=True)


class PreferencesOutput(Output):
    example = {
        "language": "zh-hant",
        "mail": "daily",
        "daily_at": "07:30",
        "reminder_hours": None,
        "series_ending": True,
        "email": "",
    }

    language = serializers.ChoiceField(choices=LANGUAGES)
    mail = serializers.ChoiceField(choices=MailChoice.choices)
    daily_at = TimeField()
    reminder_hours = serializers.IntegerField(allow_null=True)
    series_ending = serializers.BooleanField()
    email = serializers.CharField()
    pending_email = serializers.CharField(required=False)

    def represent(self, instance: Preferences) -> dict[str, Any]:
        waiting = {"pending_email": instance.pending_email} if instance.pending_email else {}
        return {
            "language": instance.language or settings.CSPACE_LANGUAGE,
            "mail": instance.mail or settings.CSPACE_MAIL_DEFAULT,
            "daily_at": format_minute(instance.daily_minute),
            "reminder_hours": instance.reminder_hours,
            "series_ending": instance.is_told_of_last_dates,
            "email": instance.user.email,
            **waiting,
        }


class ConfirmationInput(Input):
    example = {"token": "WzQsImpvaG5AZXhhbXBsZS5lZHUiLDE3Njg4NzQ0MDBd:Xo0cEoVkTgPsiFvl6vPq8JcB0m1iFZQh9XQ5T1nZJ4c"}

    token = TextField(allow_blank=False)


class ConfirmationOutput(Shape):
    example = {"email": "john@example.edu"}

    email = serializers.CharField()


class MailedTokenQuery(Query):
    """What a link has that was mailed."""

    example = {"token": "4.Xo0cEoVkTgPsiFvl6vPq8JcB0m1iFZQh9XQ5T1nZJ4c"}

    token = serializers.CharField(trim_whitespace=False)
