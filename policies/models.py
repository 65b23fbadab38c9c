"""Booking rules, what quotas have been used, and marks."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from classrooms.models import Classroom, Occupancy
from groups.models import Group
from kernel.campus_time import MINUTES_PER_DAY
from policies.enums import Effect, LimitType, MarkKind, OwnerKind, Period, WhereKind, WhoKind
from policies.facts import MarkSummary
from policies.rules.marks import MAX_NOTE, MAX_POINTS
from policies.rules.reading import MAX_LABEL, MAX_NAME


class BookingRule(models.Model):
    """A rule of the house, as the contract writes it (policy §1); `queries.rulebook` makes the values of it."""

    name = models.CharField(max_length=MAX_NAME)
    is_active = models.BooleanField(default=True)
    effect = models.CharField(max_length=10, choices=Effect, default=Effect.REFUSE)
    who_kind = models.CharField(max_length=12, choices=WhoKind, default=WhoKind.EVERYBODY)
    who_label = models.CharField(max_length=MAX_LABEL, default="", blank=True)
    """The tag, or the kind of groups."""
    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    where_kind = models.CharField(max_length=10, choices=WhereKind, default=WhereKind.EVERYWHERE)
    building = models.CharField(max_length=100, null=True, blank=True)
    floor = models.IntegerField(null=True, blank=True)
    classroom = models.ForeignKey(Classroom, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    during_from = models.DateField(null=True, blank=True)
    during_until = models.DateField(null=True, blank=True)
    during_period = models.CharField(max_length=5, choices=Period, default="", blank=True)
    at_weekdays = ArrayField(models.SmallIntegerField(), null=True, blank=True)
    """1 = Sunday … 7 = Saturday; null: it holds at any time."""
    at_from_minute = models.SmallIntegerField(default=0)
    at_until_minute = models.SmallIntegerField(default=MINUTES_PER_DAY)
    limit_type = models.CharField(max_length=13, choices=LimitType)
    limit = models.JSONField()
    """As `rules.shown.limit_json` writes it."""
    likeness = models.CharField(max_length=64)
    """A digest of all but the name: no two rules are alike."""
    charged_from = models.DateTimeField(null=True, blank=True)
    """Of a quota: what counts from then on has been charged."""

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["likeness"], name="bookingrule_no_two_alike"),
            models.CheckConstraint(condition=~Q(name=""), name="bookingrule_has_a_name"),
            models.CheckConstraint(condition=Q(effect__in=Effect.values), name="bookingrule_known_effect"),
            models.CheckConstraint(condition=Q(limit_type__in=LimitType.values), name="bookingrule_known_limit_type"),
            models.CheckConstraint(
                condition=Q(who_kind__in=[WhoKind.EVERYBODY, WhoKind.INDIVIDUAL], who_label="", group=None, user=None)
                | (Q(who_kind__in=[WhoKind.TAG, WhoKind.GROUP_KIND], group=None, user=None) & ~Q(who_label=""))
                | Q(who_kind=WhoKind.GROUP, who_label="", group__isnull=False, user=None)
                | Q(who_kind=WhoKind.USER, who_label="", group=None, user__isnull=False),
                name="bookingrule_says_who",
            ),
            models.CheckConstraint(
                condition=Q(where_kind=WhereKind.EVERYWHERE, building=None, floor=None, classroom=None)
                | Q(where_kind=WhereKind.BUILDING, building__isnull=False, floor=None, classroom=None)
                | Q(where_kind=WhereKind.FLOOR, floor__isnull=False, classroom=None)
                | Q(where_kind=WhereKind.CLASSROOM, building=None, floor=None, classroom__isnull=False),
                name="bookingrule_says_where",
            ),
            models.CheckConstraint(
                condition=Q(during_until__isnull=True)
                | Q(during_from__isnull=True)
                | Q(during_from__lte=F("during_until")),
                name="bookingrule_during_from_before_until",
            ),
            models.CheckConstraint(
                condition=Q(during_period__in=["", *Period.values]), name="bookingrule_known_period"
            ),
            models.CheckConstraint(
                condition=Q(
                    at_from_minute__gte=0,
                    at_until_minute__lte=MINUTES_PER_DAY,
                    at_from_minute__lt=F("at_until_minute"),
                ),
                name="bookingrule_at_from_before_until",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class QuotaCharge(models.Model):
    """So much of a quota, used by one live booking. A trigger removes it when the booking gives its room back, unless
    that says that it stays charged."""

    rule = models.ForeignKey(BookingRule, on_delete=models.CASCADE, related_name="charges", db_index=False)
    owner_kind = models.CharField(max_length=6, choices=OwnerKind)
    owner_id = models.BigIntegerField()
    """Of a group or a person."""
    registration = models.ForeignKey(Occupancy, on_delete=models.PROTECT, related_name="+")
    """By its room time, whose id it shares."""
    counts_at = models.DateTimeField()
    """In the period it is charged to: the moment of booking, the start, or, outstanding, the end."""
    amount = models.IntegerField()
    """Minutes, or 1 for a booking."""

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(owner_kind__in=OwnerKind.values), name="quotacharge_known_owner_kind"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="quotacharge_amount_above_zero"),
        ]
        indexes = [
            models.Index(
                fields=["rule", "owner_kind", "owner_id", "counts_at"], include=["amount"], name="quotacharge_of_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of rule {self.rule_id} for registration {self.registration_id}"


class Mark(models.Model):
    """Something that is held against a group or a person. Withdrawn rather than deleted."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=11, choices=MarkKind)
    points = models.SmallIntegerField()
    registration = models.ForeignKey(Occupancy, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    """What it is about, by its room time, whose id it shares."""
    note = models.TextField(default="", blank=True)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """None: the system itself."""
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-given_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(group=None, user__isnull=False) | Q(group__isnull=False, user=None),
                name="mark_is_of_a_group_or_a_person",
            ),
            models.CheckConstraint(condition=Q(kind__in=MarkKind.values), name="mark_known_kind"),
            models.CheckConstraint(condition=Q(points__range=(1, MAX_POINTS)), name="mark_points_in_range"),
            models.CheckConstraint(condition=LessThanOrEqual(Length("note"), MAX_NOTE), name="mark_note_in_range"),
        ]
        indexes = [
            models.Index(fields=["group", "given_at"], condition=Q(withdrawn_at=None), name="mark_standing_of_group"),
            models.Index(fields=["user", "given_at"], condition=Q(withdrawn_at=None), name="mark_standing_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.points})"

    @property
    def summary(self) -> MarkSummary:
        """What facts tell of it. Loaded before: its group or its user."""
        return MarkSummary(
            id=self.pk,
            group=self.group.name if self.group else None,
            username=self.user.username if self.user else None,
            kind=self.kind,
            points=self.points,
            registration_id=self.registration_id,
        )
