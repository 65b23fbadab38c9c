"""Registrations: a group's use of a room, asked for by a person; and the series some of them belong to."""

from datetime import date, timedelta
from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from classrooms.models import Classroom, Occupancy
from groups.models import Group
from kernel.campus_time import MINUTES_PER_DAY, Interval, campus_date
from registrations.enums import Origin, RegistrationStatus, ReminderKind, SkipReason, Source, WeekState
from registrations.facts.registrations import RegistrationSummary
from registrations.facts.series import SeriesSummary
from registrations.querysets import RegistrationQuerySet, SeriesQuerySet, SeriesWeekQuerySet
from registrations.rules import MAX_DESCRIPTION, Skip, WeeklySlot


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
    attendees = models.IntegerField(null=True)
    """How many are to come; None = not known."""
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
            models.CheckConstraint(condition=Q(attendees__gte=1), name="series_attendees_at_least_one"),
        ]
        indexes = [
            models.Index(fields=["event_id"], condition=Q(event_id__isnull=False), name="series_of_event"),
        ]

    def __str__(self) -> str:
        return f"series {self.pk}"

    @property
    def last_on(self) -> date:
        """The last day it runs, a cancellation considered."""
        if self.cancelled_from is None:
            return self.ends_on
        return min(self.ends_on, self.cancelled_from - timedelta(days=1))

    @property
    def slot(self) -> WeeklySlot:
        return WeeklySlot(
            self.classroom_id, self.day_of_week, self.start_minute, self.end_minute, self.starts_on, self.last_on
        )

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
    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, blank=True, related_name="registrations")
    """None: it is its creator's own."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="registrations")
    description = models.TextField(default="", blank=True)
    status = models.CharField(max_length=10, choices=RegistrationStatus)
    created_at = models.DateTimeField()
    series = models.ForeignKey(
        Series, on_delete=models.PROTECT, null=True, blank=True, related_name="occurrences", db_index=False
    )
    is_closed_over = models.BooleanField(default=False)
    """It was cancelled because its room was closed: who lost it is told when the time is free again, and a series
    tries it again."""
    is_still_charged = models.BooleanField(default=False, db_default=False)
    """It was cancelled too late for its quotas to be given back: what it was charged counts as if it were live."""
    broken_rules = models.JSONField(null=True, blank=True)
    """The booking rules for which somebody has to decide on it, as refusals name them; None where there are none."""
    revision = models.IntegerField(default=0, db_default=0)
    """How often description or status were changed; counted by PostgreSQL. See `Occupancy.revision`."""
    attendees = models.IntegerField(null=True)
    """How many are to come; None = not known."""
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.CSPACE, db_default=Origin.CSPACE)
    uid = models.UUIDField(unique=True, default=uuid4, db_default=RandomUUID(), editable=False)
    """What other programs call it by: it tells nothing of how many there are."""

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
                condition=Q(is_closed_over=False) | Q(status=RegistrationStatus.CANCELLED),
                name="registration_closed_over_is_cancelled",
            ),
            models.CheckConstraint(
                condition=Q(is_still_charged=False) | Q(status=RegistrationStatus.CANCELLED),
                name="registration_still_charged_is_cancelled",
            ),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="registration_known_origin"),
            models.CheckConstraint(condition=Q(attendees__gte=1), name="registration_attendees_at_least_one"),
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
    def follows_series(self) -> bool:
        """Whether commands to its series may move it. Loaded before: its week."""
        week: SeriesWeek | None = getattr(self, "week", None)
        return week is not None and week.state == WeekState.HELD

    @property
    def summary(self) -> RegistrationSummary:
        """What facts tell of it. Loaded before: its API relations."""
        return RegistrationSummary(
            id=self.pk,
            created_by_id=self.created_by_id,
            classroom=self.occupancy.classroom.name,
            group=None if self.group is None else self.group.name,
            interval=self.interval,
            series_id=self.series_id,
            person=self.created_by.username if self.group is None else None,
        )


class SeriesWeek(models.Model):
    """What became of one week of a series: the one place that says which occurrence stands for which week.

    An occurrence that somebody moves keeps its week, wherever it goes. Commands to the series go by these rows.
    """

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="weeks", db_index=False)
    begins_on = models.DateField()
    """The Sunday that begins the week."""
    state = models.CharField(max_length=8, choices=WeekState)
    registration = models.OneToOneField(Registration, on_delete=models.PROTECT, null=True, related_name="week")
    """The occurrence that stands for the week; None where it is skipped or given up."""
    own_description = models.TextField(null=True)
    """What somebody wrote for this week alone; None where it says what the series says."""
    own_attendees = models.IntegerField(null=True)
    """How many somebody said come in this week alone, 0 where he said that it is not known; None as above."""
    date = models.DateField(null=True)
    """Of a skipped week: the date that could not be had."""
    why = models.CharField(max_length=10, choices=SkipReason, default="", blank=True)
    blocked_by = models.ForeignKey(Registration, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    """The registration in the way; None where it was a lecture, closure, calendar or fest event, or nothing at all."""
    given_up_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    """Whose command gave the week up."""

    objects = SeriesWeekQuerySet.as_manager()

    class Meta:
        ordering = ["series", "begins_on"]
        constraints = [
            models.UniqueConstraint(fields=["series", "begins_on"], name="seriesweek_once_per_series"),
            models.CheckConstraint(condition=Q(begins_on__week_day=1), name="seriesweek_begins_on_a_sunday"),
            models.CheckConstraint(condition=Q(state__in=WeekState.values), name="seriesweek_known_state"),
            models.CheckConstraint(
                condition=Q(state__in=[WeekState.HELD, WeekState.SETTLED], registration__isnull=False)
                | (~Q(state__in=[WeekState.HELD, WeekState.SETTLED]) & Q(registration=None)),
                name="seriesweek_has_a_registration_or_is_without",
            ),
            models.CheckConstraint(
                condition=Q(state=WeekState.SKIPPED, date__isnull=False, why__in=SkipReason.values)
                | (~Q(state=WeekState.SKIPPED) & Q(date=None, why="")),
                name="seriesweek_skipped_has_a_date_and_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(date=None) | Q(date__gte=F("begins_on"), date__lte=F("begins_on") + timedelta(days=6)),
                name="seriesweek_date_lies_in_the_week",
            ),
            models.CheckConstraint(
                condition=Q(blocked_by=None) | Q(why=SkipReason.BOOKED), name="seriesweek_blocked_means_booked"
            ),
            models.CheckConstraint(
                condition=Q(given_up_by=None) | Q(state=WeekState.GIVEN_UP), name="seriesweek_given_up_by_somebody"
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("own_description"), MAX_DESCRIPTION),
                name="seriesweek_own_description_in_range",
            ),
            models.CheckConstraint(condition=Q(own_attendees__gte=0), name="seriesweek_own_attendees_in_range"),
        ]

    def __str__(self) -> str:
        return f"week {self.begins_on} of series {self.series_id} ({self.state})"

    @property
    def is_lost(self) -> bool:
        """Its occurrence was moved or passed on by hand, and cancelled by a closure. Loaded before: that occurrence."""
        return self.state == WeekState.SETTLED and self.registration is not None and self.registration.is_closed_over

    @property
    def skip(self) -> Skip | None:
        """The date that it does not have, and why. Loaded before: its occurrence with the room time."""
        if self.date is not None:
            return Skip(self.date, SkipReason(self.why))
        if self.registration is None or not self.is_lost:
            return None
        return Skip(campus_date(self.registration.occupancy.starts_at), SkipReason.CLOSED)


class Reminder(models.Model):
    """That people have been reminded of a registration at its time; kept until it starts."""

    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=ReminderKind)
    starts_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "kind", "starts_at"], name="reminder_once_per_registration_and_start"
            ),
            models.CheckConstraint(condition=Q(kind__in=ReminderKind.values), name="reminder_known_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} is {self.kind}"


class EndingNotice(models.Model):
    """That people have been told of the last date of a series; kept until that is over."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+", db_index=False)
    last_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "last_on"], name="endingnotice_once_per_series_and_last_date"),
        ]

    def __str__(self) -> str:
        return f"series {self.series_id} ends on {self.last_on}"
