"""Calendars, and what stands in them. Times are instants; `tzid` says on whose wall an event is repeated.

A date of an event that claims its room has room time of the kind `calendar`: live, or not live while it waits for
somebody else's to go (docs/decisions/0037).
"""

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from calendars import rules
from calendars.enums import CLAIMING, CalendarEventStatus, CalendarSource, OccurrenceState, OnOverlap, OutboxOperation
from calendars.querysets import CalendarEventQuerySet, CalendarOccurrenceQuerySet, CalendarQuerySet
from classrooms.models import Classroom, Occupancy
from groups.models import Group


class MailTemplate(models.Model):
    """What an organizer is written whose event has gone, in Jinja2 (`rules.templates`)."""

    name = models.CharField(max_length=rules.MAX_NAME)
    subject = models.CharField(max_length=rules.MAX_SUBJECT)
    text = models.TextField(max_length=rules.MAX_TEMPLATE)
    html = models.TextField(max_length=rules.MAX_TEMPLATE, default="", blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["name"], name="mailtemplate_name_is_unique"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(subject="") & ~Q(text=""), name="mailtemplate_has_words"),
        ]

    def __str__(self) -> str:
        return self.name


class Calendar(models.Model):
    """Events of a department, which take a room or none. Of several calendars of one room none comes first."""

    slug = models.CharField(max_length=63)
    """Its address."""
    name = models.CharField(max_length=rules.MAX_NAME)
    classroom = models.ForeignKey(Classroom, on_delete=models.PROTECT, null=True, blank=True, related_name="calendars")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, blank=True, related_name="calendars")
    """Its members use it, beside `users`."""
    users = models.ManyToManyField(User, blank=True, related_name="calendars")
    timezone = models.CharField(max_length=64)
    source = models.CharField(max_length=6, choices=CalendarSource, default=CalendarSource.LOCAL)
    source_url = models.CharField(max_length=rules.MAX_URL, default="", blank=True)
    source_username = models.CharField(max_length=rules.MAX_NAME, default="", blank=True)
    source_secret = models.TextField(default="", blank=True)
    """Encrypted (`services.secrets`); shown to nobody."""
    sync_token = models.TextField(default="", blank=True)
    etag = models.TextField(default="", blank=True)
    source_modified = models.CharField(max_length=200, default="", blank=True)
    """The header Last-Modified of a file, as its server wrote it."""
    last_synced_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="", blank=True)
    """What became of the last synchronisation; empty where it succeeded."""
    failures = models.IntegerField(default=0)
    """How many synchronisations in a row have failed."""
    next_sync_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    """Until then whoever has the lease speaks with its server, and nobody else; no lock is held while he waits."""
    on_overlap = models.CharField(max_length=6, choices=OnOverlap, default=OnOverlap.KEEP)
    tentative_blocks = models.BooleanField(default=True)
    auto_clear = models.BooleanField(default=False)
    default_priority = models.IntegerField(default=0)
    is_public = models.BooleanField(default=False)
    """Whether strangers read what its events are called."""
    mail_template = models.ForeignKey(
        MailTemplate, on_delete=models.PROTECT, null=True, blank=True, related_name="calendars"
    )
    created_at = models.DateTimeField()

    objects = CalendarQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(fields=["slug"], name="calendar_slug_is_unique"),
            models.CheckConstraint(condition=Q(slug__regex=rules.SLUG), name="calendar_slug_is_an_address"),
            models.CheckConstraint(
                condition=~Q(slug__in=sorted(rules.RESERVED_SLUGS)), name="calendar_slug_is_not_reserved"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="calendar_has_a_name"),
            models.CheckConstraint(condition=Q(source__in=CalendarSource.values), name="calendar_known_source"),
            models.CheckConstraint(
                condition=Q(source=CalendarSource.LOCAL, source_url="")
                | (~Q(source=CalendarSource.LOCAL) & ~Q(source_url="")),
                name="calendar_has_a_url_unless_local",
            ),
            models.CheckConstraint(condition=Q(on_overlap__in=OnOverlap.values), name="calendar_known_on_overlap"),
            models.CheckConstraint(condition=Q(default_priority__gte=0), name="calendar_priority_is_not_negative"),
            models.CheckConstraint(
                condition=Q(lease=None, leased_until=None) | Q(lease__isnull=False, leased_until__isnull=False),
                name="calendar_lease_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def shown_group(self) -> str:
        """For whom its events have the room. Loaded before: its group."""
        return self.group.name if self.group else self.name


class PriorityToken(models.Model):
    """A word that gives the events priority in whose description it stands."""

    token = models.CharField(max_length=100)
    priority = models.IntegerField()
    calendars = models.ManyToManyField(Calendar, blank=True, related_name="priority_tokens")
    """None = all."""
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["-priority", "id"]
        constraints = [
            models.UniqueConstraint(fields=["token"], name="prioritytoken_token_is_unique"),
            models.CheckConstraint(condition=Q(token__regex=rules.WORD), name="prioritytoken_is_a_long_word"),
            models.CheckConstraint(condition=Q(priority__gt=0), name="prioritytoken_priority_is_positive"),
        ]

    def __str__(self) -> str:
        return f"priority {self.priority}, token {self.pk}"


class CalendarEvent(models.Model):
    """An event or a whole series. Its dates in the window follow from `raw_ics` or, where that is empty, are one."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="events", db_index=False)
    uid = models.TextField()
    public_id = models.UUIDField()
    """Its number in addresses: the UID where that is a UUID, else one that follows from it."""
    name = models.CharField(max_length=rules.MAX_NAME)
    description = models.TextField(default="", blank=True)
    organizer = models.CharField(max_length=rules.MAX_ORGANIZER, default="", blank=True)
    """A bare address; empty where there is none."""
    created_at = models.DateTimeField()
    """As its calendar says, or when we first saw it."""
    last_modified = models.DateTimeField(null=True)
    sequence = models.IntegerField(default=0)
    status = models.CharField(max_length=9, choices=CalendarEventStatus, default=CalendarEventStatus.CONFIRMED)
    is_transparent = models.BooleanField(default=False)
    is_all_day = models.BooleanField(default=False)
    is_repeated = models.BooleanField(default=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    """Of its first date."""
    tzid = models.CharField(max_length=64)
    rrule = models.TextField(default="", blank=True)
    raw_ics = models.TextField(default="", blank=True)
    """The VCALENDAR with all that belongs to it, as its source wrote it; of a single local event nothing."""
    expanded_until = models.DateTimeField()
    """Its dates before are there."""
    href = models.TextField(default="", blank=True)
    etag = models.TextField(default="", blank=True)
    twins = models.JSONField(default=dict, blank=True)
    """Other objects of its server that hold it, too: {href: ETag}."""
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    deleted_at = models.DateTimeField(null=True)
    """A tombstone: it stays away until its source says something else of it."""
    missing_since = models.DateTimeField(null=True)
    """Its source has it no more: it is remembered for what was removed here of it (`services.staying_away`)."""

    objects = CalendarEventQuerySet.as_manager()

    class Meta:
        ordering = ["calendar", "starts_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "uid"], name="calendarevent_once_per_calendar"),
            models.UniqueConstraint(fields=["calendar", "public_id"], name="calendarevent_one_number_per_calendar"),
            models.CheckConstraint(condition=~Q(uid="") & ~Q(name=""), name="calendarevent_has_uid_and_name"),
            models.CheckConstraint(condition=Q(starts_at__lte=F("ends_at")), name="calendarevent_ends_after_start"),
            models.CheckConstraint(
                condition=Q(status__in=CalendarEventStatus.values), name="calendarevent_known_status"
            ),
            models.CheckConstraint(
                condition=Q(is_repeated=False) | ~Q(raw_ics=""), name="calendarevent_series_has_its_text"
            ),
        ]
        indexes = [
            models.Index(
                fields=["expanded_until"],
                condition=Q(is_repeated=True, deleted_at=None),
                name="calendarevent_to_expand",
            ),
            models.Index(fields=["calendar", "href"], condition=~Q(href=""), name="calendarevent_by_href"),
        ]

    def __str__(self) -> str:
        return self.name


class CalendarOccurrence(models.Model):
    """One date of an event, half-open. What it says differently from its event stands here, else null."""

    event = models.ForeignKey(CalendarEvent, on_delete=models.CASCADE, related_name="occurrences", db_index=False)
    recurrence_id = models.DateTimeField()
    """When it was to begin before it was moved; by it the date is known in its series (RFC 5545 §3.8.4.4)."""
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=11, choices=OccurrenceState)
    has_room = models.BooleanField()
    """Whether its calendar is one of a room."""
    occupancy = models.OneToOneField(Occupancy, on_delete=models.PROTECT, null=True, related_name="calendar_occurrence")
    is_tentative = models.BooleanField(default=False)
    is_transparent = models.BooleanField(default=False)
    name = models.CharField(max_length=rules.MAX_NAME, null=True)
    description = models.TextField(null=True)
    organizer = models.CharField(max_length=rules.MAX_ORGANIZER, null=True)
    created_at = models.DateTimeField(null=True)
    sequence = models.IntegerField(default=0)
    last_modified = models.DateTimeField(null=True)
    """With `sequence`, of the component that defines it: what was removed stays so until these are others."""

    objects = CalendarOccurrenceQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "recurrence_id"], name="calendaroccurrence_once_per_event"),
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="calendaroccurrence_starts_before_ends"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OccurrenceState.values), name="calendaroccurrence_known_state"
            ),
            models.CheckConstraint(
                condition=Q(state__in=CLAIMING, has_room=True, occupancy__isnull=False)
                | (~Q(state__in=CLAIMING, has_room=True) & Q(occupancy__isnull=True)),
                name="calendaroccurrence_claims_its_room",
            ),
        ]
        indexes = [
            models.Index(
                fields=["starts_at"],
                condition=Q(state__in=CLAIMING),
                name="calendaroccurrence_claiming",
            ),
        ]

    def __str__(self) -> str:
        return f"date {self.recurrence_id:%Y-%m-%d %H:%M}Z of event {self.event_id}"


class CalendarOutbox(models.Model):
    """What a CalDAV server is still to be told, in order. Until it knows, what it says of the event does not count."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="outbox", db_index=False)
    operation = models.CharField(max_length=6, choices=OutboxOperation)
    uid = models.TextField()
    payload = models.JSONField(default=dict)
    """Of a PUT: the dates to cancel, as instants; none = the event as it stands here."""
    attempts = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    """Null: it was tried often enough, and waits for somebody to have it tried again."""
    done_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "calendar outbox"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(operation__in=OutboxOperation.values), name="calendaroutbox_known_operation"
            ),
        ]
        indexes = [
            models.Index(fields=["calendar", "id"], condition=Q(done_at=None), name="calendaroutbox_waiting"),
            models.Index(fields=["done_at"], condition=Q(done_at__isnull=False), name="calendaroutbox_done"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.uid}"


class CalendarFeed(models.Model):
    """The address at which a calendar program subscribes to something: a room, a calendar, a person's or a group's
    bookings. Whoever knows it may read it; it is kept as it is, for it is shown again."""

    subject = models.CharField(max_length=40)
    """`classroom:7`, `calendar:3`, `user:12`, `group:4`."""
    token = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject"], name="feed_one_per_subject"),
            models.UniqueConstraint(fields=["token"], name="feed_token_is_unique"),
            models.CheckConstraint(
                condition=Q(subject__regex=r"^(classroom|calendar|user|group):[1-9][0-9]*$"),
                name="feed_known_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"feed of {self.subject}"
