"""What mail remembers: notices that wait for the letter of the day, and what people's calendars have been told."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from mail.enums import Method
from notifications.models import Notification
from registrations.models import Registration


class GatheredNotice(models.Model):
    """A notice for somebody who gets those of a day in one letter: until that has gone."""

    notification = models.OneToOneField(
        Notification, on_delete=models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False
    )
    """No key of PostgreSQL's: notices that are thrown away leave rows that tell nothing, and are forgotten."""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    gathered_at = models.DateTimeField()
    day = models.DateField(null=True)
    """The campus day whose letter tells it; None: none yet."""

    class Meta:
        indexes = [
            models.Index(fields=["user", "day"], name="gatherednotice_of_a_letter"),
            models.Index(fields=["user", "gathered_at"], condition=Q(day=None), name="gatherednotice_waiting"),
        ]

    def __str__(self) -> str:
        return f"notice {self.notification_id} for {self.user_id}"


class Invitation(models.Model):
    """What a person's calendar has last been told of a registration."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="+", db_index=False)
    sequence = models.IntegerField()
    method = models.CharField(max_length=10, choices=Method)
    ends_at = models.DateTimeField()
    """Its end, as the calendar knows it."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "registration"], name="invitation_one_per_registration"),
            models.CheckConstraint(condition=Q(method__in=Method.values), name="invitation_known_method"),
        ]
        indexes = [models.Index(fields=["ends_at"], name="invitation_end")]

    def __str__(self) -> str:
        return f"registration {self.registration_id} for {self.user_id}: {self.method} {self.sequence}"
