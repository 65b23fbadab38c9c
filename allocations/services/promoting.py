"""Giving what has become free after the draw to losers, by the same rule: an addendum to the draw's record."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import User
from accounts.rules import check_cspace
from allocations import draw
from allocations.enums import EntryStatus, EventStatus, Grant, Reason
from allocations.facts.draw import LosersPromoted
from allocations.models import AllocationEvent, AllocationRegistration, Draw, weekly_slot
from allocations.queries.manifest import assemble, entry_of, room_lines, weights_of
from allocations.services.after_draw import EventIsNotDistributed, first_to_give
from allocations.services.placing import (
    Decision,
    EntriesById,
    allow_long_draw,
    hold_groups_and_rooms,
    series_draft,
    win_of,
    write_decisions,
)
from allocations.services.progress import event_for_write
from kernel.campus_time import day_start
from kernel.db.transactions import transactional
from kernel.facts import publish
from kernel.phrases import NoticeParams
from registrations.models import Registration
from registrations.services.series_writing import WrittenSeries, place_series


@dataclass(frozen=True)
class Promotion:
    """A loser that has won after all."""

    win: draw.Win
    entry: AllocationRegistration
    series: WrittenSeries


@transactional
def promote(*, event_id: int, by: User, now: datetime) -> list[Promotion]:
    """Give the time that is free from tomorrow on to losers, in the order the draw would have: same key, same counts.

    Publishes `LosersPromoted`, one for the command; nothing where nobody gains.
    Raises: PermissionDenied, EventNotFound, EventIsNotDistributed, EventIsOver.
    """
    check_cspace(by.access)
    allow_long_draw()
    event = event_for_write(event_id, now=now)
    if event.status != EventStatus.DISTRIBUTED:
        raise EventIsNotDistributed
    first = first_to_give(event, now)
    listed = _held_entries(event)
    wins = _go_on(event, listed, first)
    if not wins:
        return []
    winners = [listed[win.entry_id] for win in wins]
    written = place_series([series_draft(event, entry, first) for entry in winners], now=now)
    promotions = [Promotion(*row) for row in zip(wins, winners, written, strict=True)]
    write_decisions(Decision.won(row.win, Grant.ADDENDUM, row.series.id) for row in promotions)
    publish(_fact(event, promotions, first, by=by, now=now))
    return promotions


def _held_entries(event: AllocationEvent) -> EntriesById:
    """The entries an addendum depends on, groups and rooms held: all but losers who have gone. Four statements."""
    living = hold_groups_and_rooms(event)
    rows = event.entries.with_api_relations().select_related("series").order_by("id")
    return {
        entry.pk: entry
        for entry in rows
        if entry.grant or (entry.status != EntryStatus.WITHDRAWN and entry.group_id in living)
    }


def _go_on(event: AllocationEvent, listed: EntriesById, first: date) -> Sequence[draw.Win]:
    """The addendum's wins.

    A weekly slot is held by what the draw gave and nobody has changed since. What was granted by hand, moved or
    partly given up holds the dates that it has: they count as booked, and the entry as served.
    """
    draw_row = Draw.objects.get(event=event)
    holding = _holding_slots(event, listed, first)
    lines = room_lines(
        [entry.classroom for entry in listed.values()],
        first,
        event.target_ends_on,
        not_of_series=[listed[pk].series_id or 0 for pk in holding],
    )
    manifest = assemble(
        event, [entry_of(row, _state(row)) for row in listed.values()], lines, weights=weights_of(event), first=first
    )
    won = [(row.position, row.pk, row) for row in listed.values() if row.position is not None]
    wins = [draw.Win(place, pk, row.group_id, row.served_before or 0) for place, pk, row in sorted(won, key=_place)]
    freed = [row.pk for row in listed.values() if row.grant and row.pk not in holding]
    after = draw.promote(manifest, draw.Result(tuple(wins), ()), bytes.fromhex(draw_row.key), freed)
    return after.wins


def _holding_slots(event: AllocationEvent, listed: EntriesById, first: date) -> set[int]:
    """The winners whose series goes on as it was drawn: never moved, not cut short, with a date left. One query.

    Of those that overlap, because a series was cut short and prolonged again around a promotion, none holds its slot.
    """
    as_drawn = {
        row.series_id or 0: row.pk
        for row in listed.values()
        if row.status == EntryStatus.APPROVED and row.grant != Grant.OVERRIDE and _is_as_drawn(event, row)
    }
    ahead = Registration.objects.of_series(as_drawn.keys()).following_series().live().ending_after(day_start(first))
    holding = {as_drawn[series_id] for series_id in ahead.order_by().values_list("series_id", flat=True).distinct()}
    return holding - _overlapping([listed[pk] for pk in holding])


def _is_as_drawn(event: AllocationEvent, entry: AllocationRegistration) -> bool:
    series = entry.series
    return (
        series is not None
        and not series.has_moved
        and series.last_on >= event.target_ends_on
        and weekly_slot(series) == weekly_slot(entry)
    )


def _overlapping(entries: Iterable[AllocationRegistration]) -> set[int]:
    """Those that share a minute of a weekly slot with another."""
    ids: set[int] = set()
    longest: AllocationRegistration | None = None
    for entry in sorted(entries, key=lambda entry: (entry.classroom_id, entry.day_of_week, entry.start_minute)):
        same = longest is not None and weekly_slot(longest)[:2] == weekly_slot(entry)[:2]
        if longest is not None and same and entry.start_minute < longest.end_minute:
            ids |= {entry.pk, longest.pk}
        if longest is None or not same or entry.end_minute > longest.end_minute:
            longest = entry
    return ids


def _place(won: tuple[int, int, AllocationRegistration]) -> tuple[int, int]:
    return won[:2]


def _state(entry: AllocationRegistration) -> str:
    if entry.grant == Grant.OVERRIDE:
        return draw.APPROVED
    is_refused = not entry.grant and entry.reason == Reason.REJECTED_BY_ADMIN
    return draw.REJECTED if is_refused else draw.PENDING


def _fact(
    event: AllocationEvent, promotions: Sequence[Promotion], first: date, *, by: User, now: datetime
) -> LosersPromoted:
    outcomes: dict[int, list[NoticeParams]] = defaultdict(list)
    for row in promotions:
        outcomes[row.entry.created_by_id].append(win_of(row.entry, row.series))
    return LosersPromoted(
        actor_id=by.pk,
        occurred_at=now,
        event_id=event.pk,
        from_day=first,
        entry_ids=[row.entry.pk for row in promotions],
        series_ids=[row.series.id for row in promotions],
        occurrence_count=sum(len(row.series.occurrences) for row in promotions),
        outcomes=outcomes,
    )
