"""Registrations: a group's use of a room, asked for by a person; and the series some of them belong to."""

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from classrooms.models import Classroom, Occupancy
from groups.models import Group
from kernel.campus_time import MINUTES_PER_DAY, Interval
from registrations.enums import RegistrationStatus, SkipReason, Source
from registrations.facts.registrations import RegistrationSummary
from registrations.facts.series import SeriesSummary
from registrations.querysets import RegistrationQuerySet, SeriesQuerySet
from registrations.rules import MAX_DESCRIPTION


class Series(models.Model):
    """A weekly use of a room. Its occurrences are ordinary registrations; this row says how they belong together.

    Room, day and times are those of the latest change; occurrences before it keep what they had.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="series")
    classroom = models.ForeignKey(Classroom, on_delete=models.PROTECT, related_name="series")
    day_of_week = models.SmallIntegerField()
    """1 = Sunday … 7 = Saturday."""
    start_minute = models.SmallIntegerField()
    """Minutes since midnight on the campus wall."""
    end_minute = models.SmallIntegerField()
    """`MINUTES_PER_DAY` = midnight."""
    starts_on = models.DateField()
    ends_on = models.DateField()
    """The last day on which an occurrence may lie."""
    description = models.TextField(default="", blank=True)
    source = models.CharField(max_length=10, choices=Source)
    event_id = models.BigIntegerField(null=True)
    """The allocation event of a drawn series; allocations stand above this app, hence no foreign key."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="series")
    created_at = models.DateTimeField()
    has_moved = models.BooleanField(db_default=False, default=False)
    """Room, day or time were changed after it was entered: occurrences may lie elsewhere than this row says."""
    cancelled_from = models.DateField(null=True)
    """From this day on it has been cancelled."""

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "series"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(day_of_week__range=(1, 7)), name="series_known_day_of_week"),
            models.CheckConstraint(
                condition=Q(start_minute__gte=0, end_minute__lte=MINUTES_PER_DAY, start_minute__lt=F("end_minute")),
                name="series_start_minute_before_end_minute",
            ),
            models.CheckConstraint(condition=Q(starts_on__lte=F("ends_on")), name="series_starts_on_before_ends_on"),
            models.CheckConstraint(
                condition=Q(source=Source.DRAW, event_id__isnull=False) | Q(source=Source.ADMIN, event_id=None),
                name="series_event_means_draw",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("description"), MAX_DESCRIPTION), name="series_description_in_range"
            ),
        ]
        indexes = [
            models.Index(fields=["event_id"], condition=Q(event_id__isnull=False), name="series_of_event"),
        ]

    def __str__(self) -> str:
        return f"series {self.pk}"

    @property
    def last_on(self) -> date:
        """The last day it runs, a cancellation considered."""
        return self.ends_on if self.cancelled_from is None else self.cancelled_from - timedelta(days=1)

    @property
    def summary(self) -> SeriesSummary:
        """What facts tell of it. Loaded before: its group and its room."""
        return SeriesSummary(
            id=self.pk,
            created_by_id=self.created_by_id,
            group=self.group.name,
            classroom=self.classroom.name,
            day_of_week=self.day_of_week,
            start_minute=self.start_minute,
            end_minute=self.end_minute,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
        )


class Registration(models.Model):
    """One booking. Its room time is its occupancy, whose id it shares; live exactly while pending or approved."""

    occupancy = models.OneToOneField(Occupancy, on_delete=models.PROTECT, primary_key=True, related_name="registration")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="registrations")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="registrations")
    description = models.TextField(default="", blank=True)
    status = models.CharField(max_length=10, choices=RegistrationStatus)
    created_at = models.DateTimeField()
    series = models.ForeignKey(
        Series, on_delete=models.PROTECT, null=True, blank=True, related_name="occurrences", db_index=False
    )
    is_detached = models.BooleanField(default=False)
    """An occurrence that somebody has changed by hand: commands to its series leave it alone."""

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        ordering = ["occupancy"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=RegistrationStatus.values), name="registration_known_status"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("description"), MAX_DESCRIPTION),
                name="registration_description_in_range",
            ),
            models.CheckConstraint(
                condition=Q(is_detached=False) | Q(series__isnull=False), name="registration_detached_from_a_series"
            ),
        ]
        indexes = [
            models.Index(fields=["series"], condition=Q(series__isnull=False), name="registration_of_series"),
            models.Index(
                fields=["status"], condition=Q(status=RegistrationStatus.PENDING), name="registration_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"registration {self.pk} ({self.status})"

    @property
    def interval(self) -> Interval:
        """Its room time, half-open instants."""
        return Interval(self.occupancy.starts_at, self.occupancy.ends_at)

    @property
    def summary(self) -> RegistrationSummary:
        """What facts tell of it. Loaded before: its API relations."""
        return RegistrationSummary(
            id=self.pk,
            created_by_id=self.created_by_id,
            classroom=self.occupancy.classroom.name,
            group=self.group.name,
            interval=self.interval,
        )


class SkippedDate(models.Model):
    """A date on which a series has no occurrence because something was in the way; it may be tried again."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="skipped_dates", db_index=False)
    date = models.DateField()
    why = models.CharField(max_length=10, choices=SkipReason)
    blocked_by = models.ForeignKey(
        Registration, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    """The registration in the way; None where it was a lecture, closure, calendar or fest event, or DST."""

    class Meta:
        ordering = ["series", "date"]
        constraints = [
            models.UniqueConstraint(fields=["series", "date"], name="skippeddate_once_per_series"),
            models.CheckConstraint(condition=Q(why__in=SkipReason.values), name="skippeddate_known_reason"),
            models.CheckConstraint(
                condition=Q(blocked_by=None) | Q(why=SkipReason.BOOKED), name="skippeddate_blocked_means_booked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} of series {self.series_id} ({self.why})"
