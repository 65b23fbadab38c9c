"""Whether a stored draw is what it says, and whether the live rows are what it gave.

What happened after the draw (given back, granted by hand, promoted, single dates cancelled or moved) is no difference;
it is told.
"""

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from allocations import draw
from allocations.enums import EntryStatus, Grant, Reason
from allocations.models import AllocationEvent, AllocationRegistration, Draw, weekly_slot
from allocations.queries.manifest import entry_of, unpacked
from allocations.queries.publishing import record_bytes
from kernel.campus_time import Interval, campus_date, clamped_interval
from registrations.enums import LIVE, WeekState
from registrations.models import Registration, SeriesWeek

GIVEN_LATER = frozenset({Grant.OVERRIDE, Grant.ADDENDUM})


class DrawDiffers(Exception):
    """One sentence about the first thing that is not as it was published."""


@dataclass(frozen=True)
class Verified:
    """A draw that is in order. `since` = what happened after it, in words."""

    wins: int
    losses: int
    occurrences: int
    since: Sequence[str]


def verify_draw(event: AllocationEvent) -> Verified:
    """Recompute the draw from its stored bytes and compare the live rows with it. Four queries.

    Raises:
        DrawDiffers
    """
    draw_row = Draw.objects.filter(event=event).first()
    if draw_row is None:
        raise DrawDiffers(f"Allocation event {event.pk} has not been distributed.")
    try:
        manifest, record = unpacked(draw_row.manifest), json.dumps(record_bytes(draw_row, event.commitment)).encode()
        result = draw.verify(manifest, record, unpacked(draw_row.result))
    except draw.DrawError as error:
        raise DrawDiffers(str(error)) from error
    except zlib.error as error:
        raise DrawDiffers("The stored manifest or result cannot be unpacked.") from error
    if (draw_row.successful, draw_row.failed) != (len(result.wins), len(result.losses)):
        raise DrawDiffers("The stored counts are not those of the result.")
    rows = event.entries.select_related("series").in_bulk()
    listed = draw.read_manifest(manifest)
    _same_wishes(listed, rows)
    since = Counter(_decisions(result, rows)) + Counter(_occurrences(listed, result, rows))
    occurrences = since.pop("occurrences", 0)
    return Verified(
        wins=len(result.wins),
        losses=len(result.losses),
        occurrences=occurrences,
        since=[f"{number} {what}" for what, number in sorted(since.items())],
    )


def _same_wishes(manifest: draw.Manifest, rows: Mapping[int, AllocationRegistration]) -> None:
    """Whether each entry still is the wish that was drawn."""
    for entry in manifest.entries:
        if entry_of(_row(rows, entry.id), entry.state) != entry:
            raise DrawDiffers(f"Entry {entry.id} is for another group, room, time or rank than was drawn.")


def _decisions(result: draw.Result, rows: Mapping[int, AllocationRegistration]) -> Iterator[str]:
    """Compare each entry with its decision; what was decided anew since."""
    for win in result.wins:
        row = _row(rows, win.entry_id)
        if (row.position, row.served_before) != (win.position, win.used_before) or row.grant not in (
            Grant.DRAW,
            Grant.OVERRIDE,
        ):
            raise DrawDiffers(f"Entry {row.pk} won as number {win.position}, but its row says {row.position}.")
        if row.status == EntryStatus.PENDING or row.series_id is None:
            raise DrawDiffers(f"Entry {row.pk} won, but its row is {row.status} and has no series.")
        if row.status != EntryStatus.APPROVED:
            yield "given or taken back since"
        elif row.grant == Grant.OVERRIDE:
            yield "granted by hand since"
    for loss in result.losses:
        row = _row(rows, loss.entry_id)
        if row.grant in GIVEN_LATER:
            yield "promoted since" if row.grant == Grant.ADDENDUM else "granted by hand since"
        elif row.grant or row.status not in (EntryStatus.REJECTED, EntryStatus.WITHDRAWN):
            raise DrawDiffers(f"Entry {row.pk} did not win, but its row is {row.status}.")
        elif row.reason == Reason.REJECTED_BY_ADMIN != loss.reason:
            yield "losers rejected by hand since"
        elif (row.reason, row.lost_to_id or 0) != (loss.reason, loss.by):
            raise DrawDiffers(f"Entry {row.pk} lost for {loss.reason} {loss.by}, but its row says {row.reason}.")
        elif row.status == EntryStatus.WITHDRAWN:
            yield "losers withdrawn since"


def _occurrences(
    manifest: draw.Manifest, result: draw.Result, rows: Mapping[int, AllocationRegistration]
) -> Iterator[str]:
    """Compare each winner's registrations with its kept dates; "occurrences" for each that is there."""
    calendar, entries = draw.DrawCalendar(manifest), {entry.id: entry for entry in manifest.entries}
    by_series = _registrations([series_id for win in result.wins if (series_id := rows[win.entry_id].series_id)])
    for win in result.wins:
        row, entry = rows[win.entry_id], entries[win.entry_id]
        if row.grant != Grant.DRAW:
            continue
        if row.series is not None and (row.series.has_moved or weekly_slot(row.series) != weekly_slot(row)):
            yield "series moved since"
            continue
        if row.series is not None and row.series.group_id != row.group_id:
            yield "series passed on to another group since"
            continue
        intervals = {day: clamped_interval(day, row.start_minute, row.end_minute) for day in calendar.kept_dates(entry)}
        kept_dates = {day: interval for day, interval in intervals.items() if interval is not None}
        yield from _compare(row, kept_dates, by_series.get(row.series_id or 0, []))


def _compare(
    row: AllocationRegistration, kept_dates: Mapping[date, Interval], registrations: Sequence[Registration]
) -> Iterator[str]:
    as_drawn = {campus_date(one.occupancy.starts_at): one for one in registrations if not _is_settled(one)}
    missing, moved = kept_dates.keys() - as_drawn.keys(), len(registrations) - len(as_drawn)
    if len(missing) > moved:
        raise DrawDiffers(f"Entry {row.pk} won {min(missing)}, but there is no registration of its on that date.")
    for one in registrations:
        is_live = one.status in LIVE
        day = campus_date(one.occupancy.starts_at)
        if one.occupancy.is_live != is_live:
            raise DrawDiffers(f"Registration {one.pk} is {one.status}, but its room time says otherwise.")
        if not is_live:
            yield "occurrences cancelled or rejected since"
        elif _is_settled(one):
            yield "occurrences changed by hand since"
        elif day not in kept_dates:
            yield "occurrences added since"
        elif one.group_id != row.group_id:
            raise DrawDiffers(f"Registration {one.pk} is of another group than entry {row.pk}, which won it.")
        elif (one.occupancy.classroom_id, one.interval) != (row.classroom_id, kept_dates[day]):
            raise DrawDiffers(f"Registration {one.pk} is in another room or at another time than entry {row.pk} won.")
        else:
            yield "occurrences"


def _registrations(series_ids: Sequence[int]) -> dict[int, list[Registration]]:
    by_series: dict[int, list[Registration]] = defaultdict(list)
    for row in Registration.objects.filter(series_id__in=series_ids).select_related("occupancy", "week").in_order():
        by_series[row.series_id or 0].append(row)
    return by_series


def _is_settled(registration: Registration) -> bool:
    """Whether somebody has moved, cancelled or passed on this occurrence by hand."""
    week: SeriesWeek | None = getattr(registration, "week", None)
    return week is not None and week.state == WeekState.SETTLED


def _row(rows: Mapping[int, AllocationRegistration], entry_id: int) -> AllocationRegistration:
    row = rows.get(entry_id)
    if row is None:
        raise DrawDiffers(f"Entry {entry_id} was drawn, but it is not there any more.")
    return row
