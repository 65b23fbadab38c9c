"""What clearing does, or would do, as those who ask for it are told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from calendars.models import CalendarEvent, CalendarOccurrence
from calendars.queries.winners import Use, event_uses, uses_of
from calendars.rules.clearing import ClearingDecision, Removal, RoomClaim
from calendars.rules.keeping import lost_by_priority
from classrooms.models import Occupancy


@dataclass(frozen=True, kw_only=True)
class Cleared:
    """An event, or one date of a series, in a calendar, and what it overlaps; None where it was cancelled."""

    calendar: str
    timezone: str
    use: Use
    winner: Use | None = None
    winner_timezone: str = ""
    is_repeated: bool = False
    has_priority: bool = False
    would_have_won: bool = False
    """By age alone: it lost by priority."""
    date_id: int | None = None


@dataclass
class Clearing:
    """What was cleared, or would be; each list by start, then UID."""

    cancelled: list[Cleared] = field(default_factory=list)
    overlapping: list[Cleared] = field(default_factory=list)
    dates: list[Cleared] = field(default_factory=list)
    """Of series."""
    ignored: list[Cleared] = field(default_factory=list)
    is_test: bool = False

    def add(self, other: "Clearing") -> None:
        for name in LISTS:
            mine: list[Cleared] = getattr(self, name)
            mine += getattr(other, name)
            mine.sort(key=lambda each: (each.use.interval.starts_at, each.use.uid))


LISTS = ("cancelled", "overlapping", "dates", "ignored")


def clearing_of(
    cancelled: Sequence[CalendarEvent], decision: ClearingDecision, dates: Mapping[int, CalendarOccurrence]
) -> Clearing:
    """What was decided. `cancelled`: with their calendars; `dates`: by their ids, with events and calendars."""
    report, pieces = Clearing(), Clearing()
    wholes = event_uses([_first_date(event) for event in cancelled])
    for event, use in zip(cancelled, wholes, strict=True):
        calendar = event.calendar
        pieces.cancelled.append(Cleared(calendar=calendar.slug, timezone=calendar.timezone, use=use, is_repeated=True))
    removals = [*decision.losers, *decision.ignored]
    uses = uses_of_claims([claim for removal in removals for claim in (removal.claim, removal.winner)], dates)
    for removal in decision.losers:
        item = _item(removal, uses, dates)
        (pieces.dates if item.is_repeated else pieces.overlapping).append(item)
    pieces.ignored += [_item(removal, uses, dates) for removal in decision.ignored]
    report.add(pieces)
    return report


def uses_of_claims(claims: Iterable[RoomClaim], dates: Mapping[int, CalendarOccurrence]) -> dict[RoomClaim, Use]:
    """Claims as others are told of them."""
    distinct = list(dict.fromkeys(claims))
    own = [claim for claim in distinct if not claim.is_foreign]
    foreign = [claim for claim in distinct if claim.is_foreign]
    uses = zip(own, event_uses([dates[claim.id] for claim in own]), strict=True)
    ids = [claim.id for claim in foreign]
    others = uses_of(Occupancy.objects.filter(pk__in=ids).in_order()) if ids else {}
    return {**dict(uses), **{claim: others[claim.id] for claim in foreign}}


def _item(removal: Removal, uses: Mapping[RoomClaim, Use], dates: Mapping[int, CalendarOccurrence]) -> Cleared:
    claim, winner = removal.claim, removal.winner
    calendar = dates[claim.id].event.calendar
    home = calendar if winner.is_foreign else dates[winner.id].event.calendar
    return Cleared(
        calendar=calendar.slug,
        timezone=calendar.timezone,
        use=uses[claim],
        winner=uses[winner],
        winner_timezone=home.timezone,
        is_repeated=claim.is_repeated,
        has_priority=claim.priority > 0,
        would_have_won=lost_by_priority(removal),
        date_id=claim.id,
    )


def _first_date(event: CalendarEvent) -> CalendarOccurrence:
    """Of a whole event, which has none any more."""
    return CalendarOccurrence(
        event=event, recurrence_id=event.starts_at, starts_at=event.starts_at, ends_at=event.ends_at
    )
