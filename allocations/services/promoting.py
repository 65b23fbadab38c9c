"""Giving what has become free after the draw to losers, by the same rule: an addendum to the draw's record."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from accounts.models import User
from allocations import draw, wording
from allocations.draw_facts import LosersPromoted
from allocations.enums import EntryStatus, EventStatus, Grant, Reason
from allocations.models import AllocationEvent, AllocationRegistration, Draw
from allocations.services.after_draw import EventNotDistributed, first_to_give
from allocations.services.distributing import LONGEST_STATEMENT_SECONDS, LONGEST_WAIT_SECONDS, series_draft
from allocations.services.manifest import assemble, entry_of, room_lines, weights_of
from allocations.services.progress import event_for_write
from cspace.db.locks import lock_rooms
from cspace.db.transactions import allow_long_work, transactional
from cspace.errors import PermissionDenied
from cspace.facts import publish
from groups.services.holding import hold_groups
from registrations.services.series_writing import PlacedSeries, place_series

Listed = Mapping[int, AllocationRegistration]


@dataclass(frozen=True)
class Promoted:
    """A loser that has won after all."""

    win: draw.Win
    entry: AllocationRegistration
    series: PlacedSeries


@transactional
def promote(*, event_id: int, by: User, now: datetime) -> list[Promoted]:
    """Give the time that is free from tomorrow on to losers, in the order the draw would have: same key, same counts.

    Publishes `LosersPromoted`, one for the command; nothing where nobody gains.
    Raises: PermissionDenied, EventGone, EventNotDistributed, EventOver.
    """
    if not by.access.is_cspace:
        raise PermissionDenied
    allow_long_work(statement_seconds=LONGEST_STATEMENT_SECONDS, wait_seconds=LONGEST_WAIT_SECONDS)
    event = event_for_write(event_id, now=now)
    if event.status != EventStatus.DISTRIBUTED:
        raise EventNotDistributed
    first = first_to_give(event, now)
    listed = _hold_entries(event)
    wins = _go_on(event, listed, first)
    if not wins:
        return []
    winners = [listed[win.entry_id] for win in wins]
    placed = place_series([series_draft(event, entry, first) for entry in winners], now=now)
    promoted = [Promoted(*row) for row in zip(wins, winners, placed, strict=True)]
    _write_entries(promoted)
    publish(_fact(event, promoted, first, by=by, now=now))
    return promoted


def _hold_entries(event: AllocationEvent) -> Listed:
    """The entries an addendum depends on, groups and rooms held: all but losers who have gone. Four statements."""
    pairs = list(event.entries.values_list("group_id", "classroom_id").order_by().distinct())
    living = hold_groups({group_id for group_id, _ in pairs})
    lock_rooms({room_id for _, room_id in pairs})
    rows = event.entries.with_api_relations().order_by("id")
    return {
        entry.pk: entry
        for entry in rows
        if entry.grant or (entry.status != EntryStatus.WITHDRAWN and entry.group_id in living)
    }


def _go_on(event: AllocationEvent, listed: Listed, first: date) -> Sequence[draw.Win]:
    """The addendum's wins.

    What was granted by hand holds dates rather than a weekly slot: they count as booked, and the entry as served.
    """
    stored = Draw.objects.get(event=event)
    by_the_draw = [entry.series_id for entry in listed.values() if entry.series_id and entry.grant != Grant.OVERRIDE]
    rooms = {entry.classroom_id for entry in listed.values()}
    lines = room_lines(rooms, first, event.target_ends_on, not_of_series=by_the_draw)
    manifest = assemble(
        event, [entry_of(row, _state(row)) for row in listed.values()], lines, weights=weights_of(event), first=first
    )
    won = [(row.position, row.pk, row) for row in listed.values() if row.position is not None]
    wins = [draw.Win(place, pk, row.group_id, row.served_before or 0) for place, pk, row in sorted(won, key=_place)]
    freed = [
        row.pk
        for row in listed.values()
        if row.grant and (row.status != EntryStatus.APPROVED or row.grant == Grant.OVERRIDE)
    ]
    after = draw.promote(manifest, draw.Result(tuple(wins), ()), bytes.fromhex(stored.key), freed)
    return after.wins


def _place(won: tuple[int, int, AllocationRegistration]) -> tuple[int, int]:
    return won[:2]


def _state(entry: AllocationRegistration) -> str:
    if entry.grant == Grant.OVERRIDE:
        return draw.APPROVED
    is_refused = not entry.grant and entry.reason == Reason.REJECTED_BY_ADMIN
    return draw.REJECTED if is_refused else draw.PENDING


def _write_entries(promoted: Sequence[Promoted]) -> None:
    columns = [
        [row.entry.pk for row in promoted],
        [row.win.position for row in promoted],
        [row.win.used_before for row in promoted],
        [row.series.id for row in promoted],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE allocations_allocationregistration AS entry"
            " SET status = %s, reason = '', lost_to_id = NULL, position = won.place, served_before = won.served,"
            ' "grant" = %s, series_id = won.series'
            " FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::bigint[]) AS won (id, place, served, series)"
            " WHERE entry.id = won.id",
            [EntryStatus.APPROVED.value, Grant.ADDENDUM.value, *columns],
        )


def _fact(
    event: AllocationEvent, promoted: Sequence[Promoted], first: date, *, by: User, now: datetime
) -> LosersPromoted:
    outcomes: dict[int, list[str]] = defaultdict(list)
    for row in promoted:
        entry, series = row.entry, row.series
        slot = wording.weekly(entry.classroom.name, entry.day_of_week, entry.start_minute, entry.end_minute)
        dates = wording.dates_in_words(len(series.occurrences), (skip.why for skip in series.skipped if skip.why))
        outcomes[entry.created_by_id].append(f"{entry.group.name} got {slot}, {dates}")
    return LosersPromoted(
        actor_id=by.pk,
        occurred_at=now,
        event_id=event.pk,
        first=first,
        entry_ids=[row.entry.pk for row in promoted],
        series_ids=[row.series.id for row in promoted],
        occurrences=sum(len(row.series.occurrences) for row in promoted),
        outcomes=outcomes,
    )
