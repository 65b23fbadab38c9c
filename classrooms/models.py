"""Rooms, and room time: the one table that PostgreSQL keeps free of overlaps."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce

from classrooms.enums import OccupancyKind
from classrooms.querysets import BookingHoldQuerySet, ClassroomQuerySet, ClosureQuerySet, OccupancyQuerySet
from classrooms.rules import (
    CAPACITIES,
    FLOORS,
    MAX_BUFFER_MINUTES,
    MAX_BUILDING,
    MAX_LINK,
    MAX_NAME,
    MAX_NAME_KEY,
    MAX_REASON,
    MAX_TYPE,
    Buffers,
    shown_type,
)
from kernel.db.expressions import TsTzRange
from kernel.db.overlaps import IsLong


class Classroom(models.Model):
    """A room. Its name is its address in the API; an inactive room stays readable."""

    searched_fields: ClassVar[tuple[str, ...]] = ("name",)
    """Kept folded for searches (`kernel.db.searching`)."""

    name = models.CharField(max_length=MAX_NAME)
    name_key = models.CharField(max_length=MAX_NAME_KEY)
    """`rules.name_key(name)`: names that differ only in case are the same name."""
    name_order = models.CharField(max_length=2200)
    """`rules.natural_order(name)`: sorts "9" before "10"."""
    code = models.CharField(max_length=MAX_NAME, db_default="", blank=True)
    """What other programs call it by, whatever its name is by now. PostgreSQL takes the name of a room that is made
    without one."""
    code_key = models.CharField(max_length=MAX_NAME_KEY, db_default="", editable=False)
    """`rules.name_key(code)`."""
    capacity = models.IntegerField()
    floor = models.IntegerField()
    equipment = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    auto_approve = models.BooleanField(default=False)
    type = models.CharField(max_length=MAX_TYPE, default="", blank=True)
    building = models.CharField(max_length=MAX_BUILDING, default="", blank=True)
    link = models.CharField(max_length=MAX_LINK, default="", blank=True)
    """A page about the room, elsewhere."""
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    """Degrees, WGS 84."""
    parts: list[str]
    """The names of the rooms of which it consists; loaded by `with_parts`."""
    is_divided: bool = False
    """Whether it has a part in common with another room, if whoever loaded it has asked. A booking goes by it, and
    tries the other way if it is wrong."""

    objects = ClassroomQuerySet.as_manager()

    class Meta:
        ordering = ["floor", "name_order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["name_key"], name="classroom_name_is_unique"),
            models.UniqueConstraint(fields=["name"], name="classroom_exact_name_is_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="classroom_has_a_name"),
            models.UniqueConstraint(fields=["code_key"], name="classroom_code_is_unique"),
            models.UniqueConstraint(fields=["code"], name="classroom_exact_code_is_unique"),
            models.CheckConstraint(condition=~Q(code="") & ~Q(code_key=""), name="classroom_has_a_code"),
            models.CheckConstraint(
                condition=Q(capacity__range=(CAPACITIES[0], CAPACITIES[-1])), name="classroom_capacity_in_range"
            ),
            models.CheckConstraint(condition=Q(floor__range=(FLOORS[0], FLOORS[-1])), name="classroom_floor_in_range"),
            models.CheckConstraint(
                condition=Q(link="") | Q(link__regex=r"^https?://"), name="classroom_link_is_a_web_address"
            ),
            models.CheckConstraint(condition=Q(latitude__range=(-90, 90)), name="classroom_latitude_in_range"),
            models.CheckConstraint(condition=Q(longitude__range=(-180, 180)), name="classroom_longitude_in_range"),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False),
                name="classroom_has_both_coordinates_or_none",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_type(self) -> str:
        """Never empty."""
        return shown_type(self.type, self.equipment)


class RoomPart(models.Model):
    """A room that consists of others has a row for each of them. A room may be a part of several.

    Who deletes a room is told by the service; the foreign keys are PostgreSQL's alone.
    """

    whole = models.ForeignKey(Classroom, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    part = models.ForeignKey(Classroom, on_delete=models.DO_NOTHING, related_name="+")

    class Meta:
        ordering = ["whole", "part"]
        constraints = [
            models.UniqueConstraint(fields=["whole", "part"], name="roompart_once_per_whole"),
            models.CheckConstraint(condition=~Q(whole=F("part")), name="roompart_is_another_room"),
        ]

    def __str__(self) -> str:
        return f"room {self.part_id} is a part of room {self.whole_id}"


class RoomOverlap(models.Model):
    """What whoever uses a room uses of another one: all of it (`is_inside`), or some.

    It follows from all `RoomPart`s and is written with them. A room without rows is plain: nobody takes it but by
    itself.
    """

    classroom = models.ForeignKey(Classroom, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    other = models.ForeignKey(Classroom, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    is_inside = models.BooleanField()

    class Meta:
        ordering = ["classroom", "other"]
        constraints = [
            models.UniqueConstraint(fields=["classroom", "other"], name="roomoverlap_once_per_pair"),
            models.CheckConstraint(condition=~Q(classroom=F("other")), name="roomoverlap_is_another_room"),
        ]

    def __str__(self) -> str:
        return f"room {self.classroom_id} has {'all' if self.is_inside else 'a part'} of room {self.other_id}"


class Occupancy(models.Model):
    """A stretch of room time, half-open. Whatever uses the room is 1–1 with a row here and shares its id.

    `share` decides who may overlap whom: lectures lectures (joint lectures), closures closures, parts and buffers each
    other, nothing else anything. It is generated by the database, because a value the application writes can go stale.
    A row is never deleted by a cancellation: `is_live` is flipped. A row with a `main` is a satellite of it
    (`services.satellites`): it follows from the main row, and is written anew when that moves.
    """

    classroom = models.ForeignKey(Classroom, on_delete=models.PROTECT, related_name="occupancies", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_live = models.BooleanField(default=True)
    kind = models.CharField(max_length=12, choices=OccupancyKind)
    main = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    """Of a satellite the row that it belongs to. Where all of a room is used, it has the main row's kind."""
    share = models.GeneratedField(
        expression=Case(
            When(kind=OccupancyKind.LECTURE, then=Value(0)),
            When(kind=OccupancyKind.CLOSURE, then=Value(-1)),
            When(kind__in=[OccupancyKind.PART, OccupancyKind.BUFFER], then=Value(-2)),
            default=Coalesce(F("main_id"), F("id")),
            output_field=models.BigIntegerField(),
        ),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    before_minutes = models.SmallIntegerField(default=0, db_default=0)
    """How long before it nobody else is to have the room. See `satellites` for the rows that keep it."""
    after_minutes = models.SmallIntegerField(default=0, db_default=0)
    revision = models.IntegerField(default=0, db_default=0)
    """How often a registration has got another room or time; counted by PostgreSQL, whoever moves it. With that of the
    registration it is the SEQUENCE that calendars know it by (RFC 5545 §3.8.7.4)."""

    objects = OccupancyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "occupancies"
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="occupancy_starts_before_ends"),
            models.CheckConstraint(condition=Q(kind__in=OccupancyKind.values), name="occupancy_known_kind"),
            models.CheckConstraint(
                condition=Q(main__isnull=False) | ~Q(kind__in=[OccupancyKind.PART, OccupancyKind.BUFFER]),
                name="occupancy_part_and_buffer_have_a_main",
            ),
            models.CheckConstraint(
                condition=Q(
                    before_minutes__range=(0, MAX_BUFFER_MINUTES), after_minutes__range=(0, MAX_BUFFER_MINUTES)
                ),
                name="occupancy_buffers_in_range",
            ),
            # In place from the first migration: EXCLUDE cannot be added NOT VALID later.
            ExclusionConstraint(
                name="occupancy_no_overlap",
                expressions=[
                    ("classroom", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("share", RangeOperators.NOT_EQUAL),
                ],
                condition=Q(is_live=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["classroom", "starts_at"],
                include=["ends_at", "kind"],
                condition=Q(is_live=True),
                name="occupancy_room_agenda",
            ),
            models.Index(
                fields=["starts_at"],
                include=["classroom", "ends_at"],
                condition=Q(is_live=True),
                name="occupancy_free_search",
            ),
            # Of all kinds few last so long: closures mostly. Beside the statistics `occupancy_length` (migration 0004),
            # without which the planner takes a third of all rows for long.
            GistIndex(
                TsTzRange("starts_at", "ends_at", RangeBoundary()),
                "classroom",
                condition=Q(IsLong("ends_at", "starts_at"), is_live=True),
                name="occupancy_longer_than_a_day",
            ),
            models.Index(fields=["main"], condition=Q(main__isnull=False), name="occupancy_satellites"),
            models.Index(
                fields=["classroom", "starts_at"],
                condition=Q(is_live=True, main__isnull=False),
                name="occupancy_satellites_in_room",
            ),
            # What waits for its room (`services.waiting`); whatever gives a room up looks here (the app `calendars`).
            models.Index(
                fields=["classroom", "starts_at"],
                include=["ends_at"],
                condition=Q(is_live=False, kind=OccupancyKind.CALENDAR),
                name="occupancy_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in room {self.classroom_id}, {self.starts_at:%Y-%m-%d %H:%M}–{self.ends_at:%H:%M}Z"

    @property
    def buffers(self) -> Buffers:
        return Buffers(self.before_minutes, self.after_minutes)


class Closure(models.Model):
    """Why nobody gets the room. Deleting one flips its occupancy's `is_live`."""

    occupancy = models.OneToOneField(Occupancy, on_delete=models.PROTECT, primary_key=True, related_name="closure")
    reason = models.CharField(max_length=MAX_REASON, default="", blank=True)
    is_campus_wide = models.BooleanField(default=False)
    """Made for all rooms at once."""

    objects = ClosureQuerySet.as_manager()

    class Meta:
        ordering = ["occupancy"]

    def __str__(self) -> str:
        return self.reason or f"closure {self.pk}"


class BookingHold(models.Model):
    """A time in which only cspace makes single registrations, in every room; e.g. while a draw is to hand it out."""

    source = models.TextField(unique=True)
    """Whose hold it is: `allocation_event:7`."""
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=MAX_REASON)
    """The sentence a refused caller reads."""

    objects = BookingHoldQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="bookinghold_starts_before_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.starts_at:%Y-%m-%d %H:%M}–{self.ends_at:%Y-%m-%d %H:%M}Z"
