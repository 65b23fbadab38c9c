"""Registrations: a group's use of a room, asked for by a person."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from classrooms.models import Occupancy
from cspace.db.ranges import Interval
from groups.models import Group
from registrations.enums import Status
from registrations.querysets import RegistrationQuerySet


class Registration(models.Model):
    """One booking. Its room time is its occupancy, whose id it shares; live exactly while pending or approved."""

    occupancy = models.OneToOneField(Occupancy, on_delete=models.PROTECT, primary_key=True, related_name="registration")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="registrations")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="registrations")
    description = models.TextField(default="", blank=True)
    status = models.CharField(max_length=10, choices=Status)
    created_at = models.DateTimeField()

    objects: ClassVar[RegistrationQuerySet] = RegistrationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["occupancy"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="registration_known_status"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("description"), 2000), name="registration_description_in_range"
            ),
        ]
        indexes = [
            models.Index(fields=["status"], condition=Q(status=Status.PENDING), name="registration_waiting"),
        ]

    def __str__(self) -> str:
        return f"registration {self.pk} ({self.status})"

    @property
    def interval(self) -> Interval:
        """Its room time, half-open instants."""
        return Interval(self.occupancy.starts_at, self.occupancy.ends_at)
