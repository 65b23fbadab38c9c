"""Allocation events, the wishes filed for them, and the draw that decided."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact, LessThanOrEqual

from allocations.enums import Balance, EntryStatus, EventStatus, Grant, OnConflict, Reason, Tie
from allocations.facts.entries import EntrySummary
from allocations.facts.events import EventSummary
from allocations.querysets import EntryQuerySet, EventQuerySet
from allocations.rules import MAX_PUBLIC_SOURCE, MAX_WEIGHT
from classrooms.models import Classroom
from groups.models import Group
from kernel.campus_time import MINUTES_PER_DAY
from registrations.models import Series
from registrations.rules import MAX_DESCRIPTION


class AllocationEvent(models.Model):
    """Groups file weekly wishes between two instants; the draw hands out the target range, both dates included."""

    registration_start = models.DateTimeField()
    registration_end = models.DateTimeField()
    """The last instant of the window: filing ends one second later (contract §6)."""
    target_starts_on = models.DateField()
    target_ends_on = models.DateField()
    status = models.CharField(max_length=12, choices=EventStatus, default=EventStatus.UPCOMING)

    # How the draw decides (contract of the draw, §2), and what may be filed (§4).
    balance = models.CharField(max_length=8, choices=Balance, default=Balance.MINUTES)
    conflict = models.CharField(max_length=8, choices=OnConflict, default=OnConflict.SKIP)
    tie = models.CharField(max_length=8, choices=Tie, default=Tie.TICKET)
    min_percent = models.SmallIntegerField(default=50)
    max_wins_per_group = models.IntegerField(null=True)
    max_entries_per_group = models.IntegerField(null=True)
    max_minutes_per_entry = models.IntegerField(null=True)
    hold_singles = models.BooleanField(default=False)
    """While not distributed, single registrations inside the target range are cspace's alone."""

    # The randomness protocol (§5).
    commitment = models.CharField(max_length=64)
    """Hex SHA-256 of the seed, published at creation."""
    public_source = models.CharField(max_length=MAX_PUBLIC_SOURCE, default="", blank=True)
    """The named public source of the salt ("dice at the desk, 31 Jan 12:00"), or empty."""
    frozen_manifest = models.BinaryField(null=True)
    """zlib: the manifest as it was when the window closed. The draw's own is `Draw.manifest`."""
    frozen_manifest_sha256 = models.CharField(max_length=64, default="", blank=True)
    closed_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(registration_start__lt=F("registration_end")), name="allocationevent_starts_before_ends"
            ),
            models.CheckConstraint(
                condition=Q(target_starts_on__lte=F("target_ends_on")), name="allocationevent_target_in_order"
            ),
            models.CheckConstraint(condition=Q(status__in=EventStatus.values), name="allocationevent_known_status"),
            models.CheckConstraint(condition=Q(balance__in=Balance.values), name="allocationevent_known_balance"),
            models.CheckConstraint(condition=Q(conflict__in=OnConflict.values), name="allocationevent_known_conflict"),
            models.CheckConstraint(condition=Q(tie__in=Tie.values), name="allocationevent_known_tie"),
            models.CheckConstraint(
                condition=Q(min_percent__range=(1, 100)), name="allocationevent_min_percent_in_range"
            ),
            models.CheckConstraint(
                condition=(Q(max_wins_per_group=None) | Q(max_wins_per_group__gte=1))
                & (Q(max_entries_per_group=None) | Q(max_entries_per_group__gte=1))
                & (Q(max_minutes_per_entry=None) | Q(max_minutes_per_entry__range=(1, MINUTES_PER_DAY))),
                name="allocationevent_limits_in_range",
            ),
        ]
        indexes = [
            models.Index(
                fields=["registration_start", "registration_end"],
                condition=Q(status__in=[EventStatus.UPCOMING, EventStatus.OPEN]),
                name="allocationevent_to_move_on",
            ),
        ]

    def __str__(self) -> str:
        return f"allocation event {self.pk} ({self.status})"

    @property
    def summary(self) -> EventSummary:
        """What facts tell of it."""
        return EventSummary(
            id=self.pk,
            status=self.status,
            registration_start=self.registration_start,
            registration_end=self.registration_end,
            target_starts_on=self.target_starts_on,
            target_ends_on=self.target_ends_on,
        )


class DrawSecret(models.Model):
    """The seed before it is revealed. Registered in no admin, serializer or log."""

    event = models.OneToOneField(AllocationEvent, on_delete=models.CASCADE, primary_key=True, related_name="secret")
    seed = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Exact(Length("seed"), 32), name="drawsecret_is_32_bytes"),
        ]

    def __str__(self) -> str:
        return f"secret of event {self.event_id}"


class EventWeight(models.Model):
    """A group's weight in one event's draw; 1 where there is no row."""

    event = models.ForeignKey(AllocationEvent, on_delete=models.CASCADE, related_name="weights")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    weight = models.SmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(MAX_WEIGHT)])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "group"], name="eventweight_one_per_group"),
            models.CheckConstraint(condition=Q(weight__range=(1, MAX_WEIGHT)), name="eventweight_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} × {self.weight}"


class AllocationRegistration(models.Model):
    """An entry: a group's wish for a weekly slot in a room. Minutes are of the campus wall."""

    event = models.ForeignKey(AllocationEvent, on_delete=models.PROTECT, related_name="entries", db_index=False)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    classroom = models.ForeignKey(Classroom, on_delete=models.PROTECT, related_name="+")
    day_of_week = models.SmallIntegerField()
    """1 = Sunday … 7 = Saturday."""
    start_minute = models.SmallIntegerField()
    end_minute = models.SmallIntegerField()
    """`MINUTES_PER_DAY` = midnight."""
    rank = models.SmallIntegerField(default=1)
    choice = models.IntegerField(default=0)
    """Ranked alternatives of one group carry the same number; at most one of them wins. 0 = none."""
    description = models.TextField(default="", blank=True)
    attendees = models.IntegerField(null=True)
    """How many are to come; None = not known."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    status = models.CharField(max_length=10, choices=EntryStatus, default=EntryStatus.PENDING)
    reason = models.CharField(max_length=20, choices=Reason, default="", blank=True)
    lost_to = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    position = models.IntegerField(null=True)
    """The draw's order of winners; 0 = approved by hand before it."""
    served_before = models.IntegerField(null=True)
    """What the group had been served when this entry won, unscaled: minutes, or entries."""
    grant = models.CharField(max_length=10, choices=Grant, default="", blank=True)
    """Stays when the slot is given back: it has been given once."""
    series = models.OneToOneField(Series, on_delete=models.PROTECT, null=True, related_name="entry")
    """What it got: ordinary registrations, one per kept date."""

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "group", "classroom", "day_of_week", "start_minute", "end_minute"],
                name="allocationregistration_wish_is_unique",
            ),
            models.CheckConstraint(condition=Q(day_of_week__range=(1, 7)), name="allocationregistration_day_in_range"),
            models.CheckConstraint(
                condition=Q(start_minute__gte=0)
                & Q(start_minute__lt=F("end_minute"))
                & Q(end_minute__lte=MINUTES_PER_DAY),
                name="allocationregistration_starts_before_ends",
            ),
            models.CheckConstraint(
                condition=Q(rank__gte=1) & Q(choice__gte=0), name="allocationregistration_rank_and_choice_in_range"
            ),
            models.CheckConstraint(
                condition=Q(status__in=EntryStatus.values), name="allocationregistration_known_status"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=["", *Reason.values]) & Q(grant__in=["", *Grant.values]),
                name="allocationregistration_known_reason_and_grant",
            ),
            models.CheckConstraint(
                condition=Q(series=None) | (~Q(grant="") & ~Q(status=EntryStatus.PENDING)),
                name="allocationregistration_series_means_it_won",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("description"), MAX_DESCRIPTION),
                name="allocationregistration_description_in_range",
            ),
            models.CheckConstraint(condition=Q(attendees__gte=1), name="allocationregistration_attendees_at_least_one"),
        ]
        indexes = [
            models.Index(fields=["event", "group"], name="allocationregistration_own"),
            models.Index(
                fields=["event", "classroom", "day_of_week", "start_minute"], name="allocationregistration_agenda"
            ),
        ]

    def __str__(self) -> str:
        return f"entry {self.pk} ({self.status})"

    @property
    def is_pending(self) -> bool:
        return self.status == EntryStatus.PENDING

    @property
    def weekly_minutes(self) -> int:
        return self.end_minute - self.start_minute

    @property
    def summary(self) -> EntrySummary:
        """What facts tell of it. Loaded before: its API relations."""
        return EntrySummary(
            id=self.pk,
            event_id=self.event_id,
            created_by_id=self.created_by_id,
            classroom=self.classroom.name,
            group=self.group.name,
            day_of_week=self.day_of_week,
            start_minute=self.start_minute,
            end_minute=self.end_minute,
        )


class Draw(models.Model):
    """What was drawn, once per event, and everything a stranger needs to recompute it. Never changed."""

    event = models.OneToOneField(AllocationEvent, on_delete=models.PROTECT, related_name="draw")
    algorithm = models.CharField(max_length=40)
    seed = models.BinaryField(max_length=32)
    salt = models.CharField(max_length=200, default="", blank=True)
    key = models.CharField(max_length=64)
    manifest = models.BinaryField()
    """zlib."""
    manifest_sha256 = models.CharField(max_length=64)
    result = models.BinaryField()
    """zlib."""
    result_sha256 = models.CharField(max_length=64)
    total = models.IntegerField()
    successful = models.IntegerField()
    failed = models.IntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(total=F("successful") + F("failed")), name="draw_counts_add_up"),
        ]

    def __str__(self) -> str:
        return f"draw of event {self.event_id}"


def weekly_slot(row: AllocationRegistration | Series) -> tuple[int, int, int, int]:
    """Room, day of the week, start and end minute."""
    return row.classroom_id, row.day_of_week, row.start_minute, row.end_minute
