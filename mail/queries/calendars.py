"""Which registrations a letter brings to somebody's calendar, and what that has been told of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from mail.enums import Method
from mail.models import Invitation
from mail.rules.deciding import MOST_EVENTS, PAST_DAYS, CalendarState, method_for
from notifications.models import Notification
from registrations.models import Registration

REGISTRATION, SERIES, EVENT, ENTRY = "registration", "series", "allocation_event", "allocation_registration"
BATCH_KIND = "series.created"


@dataclass(frozen=True)
class Concerned:
    """Registrations by their ids, by their series, and by the draw, the entry or the batch that made them."""

    registration_ids: set[int] = field(default_factory=set)
    series_ids: set[int] = field(default_factory=set)
    event_ids: set[int] = field(default_factory=set)
    entry_ids: set[int] = field(default_factory=set)
    made_at: set[datetime] = field(default_factory=set)
    """When batches were entered, of which a notice names the first series only."""

    @classmethod
    def by(cls, notices: Iterable[Notification]) -> "Concerned":
        """What notices are about: by their targets, and by what a sentence names beside its target."""
        concerned = cls()
        for notice in notices:
            noun, _, number = notice.target.partition(":")
            ids_of = {
                REGISTRATION: concerned.registration_ids,
                SERIES: concerned.series_ids,
                EVENT: concerned.event_ids,
                ENTRY: concerned.entry_ids,
            }
            if noun in ids_of and number.isdecimal():
                ids_of[noun].add(int(number))
            if notice.kind == BATCH_KIND:
                concerned.made_at.add(notice.created_at)
            elif noun == SERIES:
                ids_of[SERIES] |= set(notice.params.get("series_ids", ()))
        return concerned


def due_for(
    user_id: int,
    concerned: Concerned,
    *,
    now: datetime,
    methods: Collection[Method] = tuple(Method),
    among_invited: bool = False,
) -> tuple[Method, list[Registration]] | None:
    """Those of his own registrations among them that his calendar must be told of, as many as one letter holds: what
    is there before what is there no more, for a letter does one of both. None: it knows everything.

    `among_invited`: of those only that it knows.
    """
    mine = Registration.objects.with_api_relations().filter(
        Q(pk__in=concerned.registration_ids)
        | Q(series__in=concerned.series_ids)
        | Q(series__event_id__in=concerned.event_ids)
        | Q(series__entry__in=concerned.entry_ids)
        | Q(series__created_at__in=concerned.made_at),
        created_by=user_id,
        occupancy__ends_at__gt=now - timedelta(days=PAST_DAYS),
    )
    registrations = list(mine.order_by("pk"))
    ids = [each.pk for each in registrations]
    rows = Invitation.objects.filter(user=user_id, registration__in=ids)
    states = {each.registration_id: CalendarState(each.sequence, each.method) for each in rows}
    due: dict[Method, list[Registration]] = {method: [] for method in methods}
    for each in registrations:
        method = method_for(each.status, sequence_of(each), states.get(each.pk))
        if method in due and (each.pk in states or not among_invited):
            due[method].append(each)
    return next(((method, rows[:MOST_EVENTS]) for method, rows in due.items() if rows), None)


def sequence_of(registration: Registration) -> int:
    """What counts its changes (RFC 5545 §3.8.7.4). Loaded before: its room time."""
    return registration.revision + registration.occupancy.revision
