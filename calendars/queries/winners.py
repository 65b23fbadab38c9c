"""Uses of a room, or of a calendar's time, as whoever wants it is told of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from calendars.enums import OccurrenceState
from calendars.models import CalendarOccurrence
from calendars.queries.waiting import words_to_mask
from calendars.rules.priorities import masked
from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from classrooms.queries.agenda import RoomUse, described, heading
from classrooms.querysets import OccupancyQuerySet
from kernel.campus_time import Interval
from kernel.errors import Conflict
from registrations.models import Registration


@dataclass(frozen=True, kw_only=True)
class Use:
    """An event, or something else for which a room is used. `organizer`: empty where there is none."""

    uid: str
    name: str
    interval: Interval
    created_at: datetime
    organizer: str = ""


class EventOverlaps(Conflict):
    """The calendar rejects what overlaps, and this is there."""

    message = "The event overlaps another one"

    def __init__(self, use: Use) -> None:
        super().__init__()
        self.use = use


def first_in_the_way(occurrence: CalendarOccurrence) -> Use | None:
    """The earliest live use that keeps a date from its room, other than by its own event; None where there is none.
    Loaded before: its event and calendar."""
    interval = Interval(occurrence.starts_at, occurrence.ends_at)
    classroom_id = occurrence.event.calendar.classroom_id
    if classroom_id is not None:
        rows = Occupancy.objects.live().overlapping(interval).filter(classroom_id=classroom_id)
        others = rows.exclude(calendar_occurrence__event=occurrence.event_id)
        return next(iter(uses_of(others.in_order()).values()), None)
    beside = CalendarOccurrence.objects.filter(
        event__calendar=occurrence.event.calendar_id, state=OccurrenceState.LIVE
    ).overlapping(interval.starts_at, interval.ends_at)
    first = with_words(beside.exclude(event=occurrence.event_id).order_by("starts_at", "pk")[:1])
    return next(iter(event_uses(first)), None)


def with_words(occurrences: Iterable[CalendarOccurrence]) -> list[CalendarOccurrence]:
    """Dates with their events and calendars."""
    return list(occurrences.select_related("event__calendar"))  # type: ignore[attr-defined]


def event_uses(occurrences: Sequence[CalendarOccurrence]) -> list[Use]:
    """Dates as others are told of them: words that give priority are masked. One query at most."""
    words = words_to_mask() if occurrences else []
    return [_event_use(each, words) for each in occurrences]


def _event_use(occurrence: CalendarOccurrence, words: Sequence[str]) -> Use:
    event = occurrence.event
    name = event.name if occurrence.name is None else occurrence.name
    return Use(
        uid=event.uid,
        name=masked(name, words),
        interval=Interval(occurrence.starts_at, occurrence.ends_at),
        created_at=occurrence.created_at or event.created_at,
        organizer=event.organizer if occurrence.organizer is None else occurrence.organizer,
    )


def uses_of(occupancies: OccupancyQuerySet[Occupancy]) -> dict[int, Use]:
    """What rows of room time are used for, by the ids of their main rows, in their order."""
    room_uses = described(occupancies)
    ids = [use.id for use in room_uses]
    dates = with_words(CalendarOccurrence.objects.filter(occupancy__in=ids)) if ids else []
    events = {date.occupancy_id: use for date, use in zip(dates, event_uses(dates), strict=True)}
    booked = [use.id for use in room_uses if use.description.kind == OccupancyKind.REGISTRATION]
    created = dict(Registration.objects.filter(pk__in=booked).values_list("pk", "created_at")) if booked else {}
    return {use.id: events.get(use.id) or _other_use(use, created.get(use.id)) for use in room_uses}


def _other_use(use: RoomUse, created_at: datetime | None) -> Use:
    """What has no time of its making is told as made when it begins: nothing of a calendar comes before it."""
    title = heading(use.description.code, use.description.title)
    return Use(
        uid=f"{use.description.kind}-{use.id}",
        name=title or use.description.kind.capitalize(),
        interval=Interval(use.starts_at, use.ends_at),
        created_at=created_at or use.starts_at,
    )
