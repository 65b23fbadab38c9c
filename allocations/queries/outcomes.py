"""What became of one entry, and why: for its group to read."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from allocations import draw
from allocations.enums import Balance, EntryStatus, Reason
from allocations.facts import wording
from allocations.models import AllocationEvent, AllocationRegistration, Draw
from allocations.queries.manifest import entry_of, unpacked
from kernel.campus_time import campus_date
from registrations.models import Registration, SeriesWeek


@dataclass(frozen=True)
class SkippedOccurrence:
    """A date on which the entry has no occurrence; `registration_id`: the one in the way, if it is one."""

    date: date
    why: str
    registration_id: int | None


@dataclass(frozen=True)
class EntryOutcome:
    """What `GET …/registrations/{id}/` says of a drawn entry. Minutes are weekly minutes.

    `own_minutes`: what the group had when the entry's slot was decided: before it won, or when the winner over it did;
    what it had in the end where neither happened.
    """

    reason: str | None
    lost_to: AllocationRegistration | None
    winner_minutes: int
    own_minutes: int
    dates: Sequence[date]
    skipped: Sequence[SkippedOccurrence]
    sentence: str


def outcome_of(entry: AllocationRegistration, event: AllocationEvent) -> EntryOutcome | None:
    """The outcome of an entry that is loaded with its API relations; None before the draw. Five queries at most."""
    draw_row = Draw.objects.filter(event=event).first()
    if draw_row is None:
        return None
    winner = _winner_over(entry)
    decided_at = entry.position if winner is None else winner.position
    own = _served_before(event, entry.group_id, decided_at, but=entry)
    theirs = _served_before(event, winner.group_id, decided_at, but=winner) if winner else own
    dates, skipped = _dates(entry.series_id) if entry.series_id else ([], _unavailable(entry, draw_row))
    return EntryOutcome(
        reason=entry.reason or None,
        lost_to=winner,
        winner_minutes=theirs[Balance.MINUTES],
        own_minutes=own[Balance.MINUTES],
        dates=dates,
        skipped=skipped,
        sentence=_sentence(event, entry, winner, own, theirs, dates, skipped),
    )


def _winner_over(entry: AllocationRegistration) -> AllocationRegistration | None:
    if entry.lost_to_id is None:
        return None
    return AllocationRegistration.objects.select_related("group").get(pk=entry.lost_to_id)


def _served_before(
    event: AllocationEvent, group_id: int, position: int | None, *, but: AllocationRegistration
) -> Counter[str]:
    """What a group had been given before a position of the draw, in minutes and in entries; None = in the end."""
    rows = event.entries.filter(group_id=group_id).exclude(position=None).exclude(pk=but.pk)
    served: Counter[str] = Counter({Balance.MINUTES: 0, Balance.ENTRIES: 0})
    for pk, place, start, end in rows.values_list("pk", "position", "start_minute", "end_minute"):
        if position is None or (place, pk) < (position, but.pk):
            served[Balance.MINUTES] += end - start
            served[Balance.ENTRIES] += 1
    return served


def _dates(series_id: int) -> tuple[list[date], list[SkippedOccurrence]]:
    """The occurrences that stand, and what was skipped."""
    rows = Registration.objects.live().filter(series_id=series_id).in_order()
    weeks = SeriesWeek.objects.of_series([series_id]).without_date().in_order()
    skipped = [SkippedOccurrence(*week.skip, week.blocked_by_id) for week in weeks if week.skip is not None]
    return (
        [campus_date(starts_at) for starts_at in rows.values_list("occupancy__starts_at", flat=True)],
        sorted(skipped, key=attrgetter("date")),
    )


def _unavailable(entry: AllocationRegistration, draw_row: Draw) -> list[SkippedOccurrence]:
    """For an entry that could not take part, which of its dates were taken, as the draw's manifest has it."""
    if entry.reason != Reason.UNAVAILABLE:
        return []
    calendar = draw.DrawCalendar(draw.read_manifest(unpacked(draw_row.manifest)))
    return [SkippedOccurrence(day, why, None) for day, why in calendar.skipped_dates(entry_of(entry))]


def _sentence(
    event: AllocationEvent,
    entry: AllocationRegistration,
    winner: AllocationRegistration | None,
    own: Counter[str],
    theirs: Counter[str],
    dates: Sequence[date],
    skipped: Sequence[SkippedOccurrence],
) -> str:
    if winner is not None and entry.grant == "":
        return wording.lost_sentence(
            entry_id=winner.pk,
            position=winner.position or 0,
            group=winner.group.name,
            served=theirs[event.balance],
            own=own[event.balance],
            balance=event.balance,
        )
    if entry.grant == "":
        if entry.reason == Reason.UNAVAILABLE:
            words = wording.unavailable_in_words([row.why for row in skipped])
        else:
            words = wording.loss_in_words(entry.reason, None) if entry.reason else "withdrawn before the draw"
        return f"{words[0].upper()}{words[1:]}."
    how = wording.granted_in_words(entry.grant, entry.position, own[event.balance], event.balance)
    if entry.status == EntryStatus.WITHDRAWN:
        return f"{how}; given back."
    if entry.status == EntryStatus.REJECTED:
        return f"{how}; taken back by hand after the draw."
    return f"{how}: {wording.dates_in_words(len(dates), (row.why for row in skipped))}."
