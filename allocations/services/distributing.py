"""The draw itself: once, all or nothing (contract of the draw, §7).

Rooms are locked exclusively before the list of bookings is read, and every booking takes the same lock shared: none
slips in between the reading and the writing. A crash before the commit leaves nothing, and the seed is still secret.
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.models import User
from accounts.rules import check_cspace
from allocations import draw
from allocations.enums import EntryStatus, EventStatus, Grant
from allocations.facts import wording
from allocations.facts.draw import EventDrawn
from allocations.models import AllocationEvent, Draw, DrawSecret
from allocations.queries.events import EventNotFound
from allocations.queries.manifest import PackedDocument, entry_of, listed_entries, manifest_of
from allocations.rules import salt_faults
from allocations.services.holds import release_hold
from allocations.services.placing import (
    Decision,
    EntriesById,
    allow_long_draw,
    hold_groups_and_rooms,
    outcome_of,
    series_draft,
    win_of,
    write_decisions,
)
from allocations.services.progress import EventIsCancelled, move_on
from kernel.db.transactions import transactional
from kernel.errors import Invalid, InvalidState
from kernel.facts import publish
from kernel.phrases import NoticeParams
from registrations.services.series_writing import WrittenSeries, place_series

PRACTICE_SEED = bytes(32)
"""A dry run draws with it, so that it says nothing about the real draw."""
PAUSE_SECONDS = 60


class EventIsNotClosed(InvalidState):
    message = "The allocation event has not been closed yet"


class ListIsNotPublished(InvalidState):
    message = "End the allocation event first: its entries have to be frozen before the public value is known"


class PublicValueDiffers(InvalidState):
    message = "The allocation event has been distributed with another public value"


class CommitmentBroken(RuntimeError):
    """The stored seed is not the one whose hash was published: nothing may be drawn with it."""


@dataclass(frozen=True)
class DrawOutcome:
    """A draw that has been carried out on paper, from `drawn_from`. `manifest` and `result` are the published bytes."""

    drawn_from: draw.Manifest
    manifest: bytes
    result: bytes
    key: bytes
    wins: tuple[draw.Win, ...]
    losses: tuple[draw.Loss, ...]


@transactional
def distribute(
    *, event_id: int, by: User, now: datetime, public_value: str | None = None, is_practice: bool = False
) -> Draw:
    """Draw a closed event and write everything that follows; a distributed one answers with its stored draw.

    An open event whose window is over is closed first. `is_practice`: draw with the all-zero seed instead; the caller
    rolls back. Publishes `EventDrawn`; waits for locks up to 30 s.

    Raises:
        PermissionDenied, EventNotFound
        Invalid: `public_value` is missing, malformed, or the event names no public source.
        EventIsNotClosed, EventIsCancelled
        ListIsNotPublished: a public source is named, and the entries were not frozen before this request.
        PublicValueDiffers: it has been distributed with another one.
    """
    check_cspace(by.access)
    allow_long_draw()
    event = _hold_event(event_id)
    draw_row = Draw.objects.filter(event=event).first()
    if draw_row is not None:
        if public_value is not None and public_value != draw_row.salt:
            raise PublicValueDiffers
        return draw_row
    salt = _salt(event, public_value)
    _require_closed(event, now)
    hold_groups_and_rooms(event)
    listed = {entry.pk: entry for entry in listed_entries(event)}
    seed = PRACTICE_SEED if is_practice else _seed(event)
    outcome = draw_on_paper(event, listed, seed, salt)
    series_of = _write_series(event, outcome, listed, now)
    write_decisions(_decisions(outcome, series_of))
    draw_row = _write_draw(event, outcome, seed=seed, salt=salt, by=by, now=now)
    event.status = EventStatus.DISTRIBUTED
    event.save(update_fields=["status"])
    release_hold(event)
    publish(_fact(draw_row, outcome, listed, series_of))
    _pause_if_asked()
    return draw_row


def draw_on_paper(event: AllocationEvent, listed: EntriesById, seed: bytes, salt: str) -> DrawOutcome:
    """What the draw gives for these entries and the bookings of this moment. Two queries, no writing.

    Raises:
        InvalidState: entries approved by hand overlap.
    """
    manifest = manifest_of(event, listed.values())
    try:
        result = draw.draw(manifest, seed, salt)
    except draw.DrawError as error:
        raise InvalidState(str(error)) from error
    key, data = draw.key(seed, event.pk, salt), draw.write_manifest(manifest)
    return DrawOutcome(
        drawn_from=manifest,
        manifest=data,
        result=draw.write_result(result, sha256(data).hexdigest(), key),
        key=key,
        wins=result.wins,
        losses=result.losses,
    )


def _hold_event(event_id: int) -> AllocationEvent:
    # NO KEY UPDATE: keeps filings (FOR SHARE), ending and other draws waiting, not the foreign keys to this row.
    event = AllocationEvent.objects.select_for_update(no_key=True).filter(pk=event_id).first()
    if event is None:
        raise EventNotFound
    return event


def _salt(event: AllocationEvent, public_value: str | None) -> str:
    if not event.public_source:
        if public_value is not None:
            raise Invalid({"public_value": ["This allocation event names no public source"]})
        return ""
    if public_value is None:
        raise Invalid({"public_value": [f"Required: the value of “{event.public_source}”"]})
    if faults := salt_faults(public_value):
        raise Invalid({"public_value": faults})
    return public_value


def _require_closed(event: AllocationEvent, now: datetime) -> None:
    was_published = event.status == EventStatus.CLOSED
    move_on(event, now=now)
    if event.status == EventStatus.CANCELLED:
        raise EventIsCancelled
    if event.status != EventStatus.CLOSED:
        raise EventIsNotClosed
    if event.public_source and not was_published:
        raise ListIsNotPublished


def _seed(event: AllocationEvent) -> bytes:
    seed = bytes(DrawSecret.objects.get(event=event).seed)
    if draw.commitment(seed) != event.commitment:
        raise CommitmentBroken(f"allocation event {event.pk}")
    return seed


def _write_series(
    event: AllocationEvent, outcome: DrawOutcome, listed: EntriesById, now: datetime
) -> dict[int, WrittenSeries]:
    """A series of approved registrations for each winner, on every kept date: {entry id: series}."""
    winners = [listed[win.entry_id] for win in outcome.wins]
    drafts = [series_draft(event, entry, event.target_starts_on) for entry in winners]
    written = place_series(drafts, now=now) if drafts else []
    return {entry.pk: series for entry, series in zip(winners, written, strict=True)}


def _decisions(outcome: DrawOutcome, series_of: Mapping[int, WrittenSeries]) -> list[Decision]:
    won = [Decision.won(win, Grant.DRAW, series_of[win.entry_id].id) for win in outcome.wins]
    lost = [Decision(loss.entry_id, EntryStatus.REJECTED, loss.reason, loss.by or None) for loss in outcome.losses]
    return won + lost


def _write_draw(
    event: AllocationEvent, outcome: DrawOutcome, *, seed: bytes, salt: str, by: User, now: datetime
) -> Draw:
    manifest, result = PackedDocument.of(outcome.manifest), PackedDocument.of(outcome.result)
    return Draw.objects.create(
        event=event,
        algorithm=draw.ALGORITHM,
        seed=seed,
        salt=salt,
        key=outcome.key.hex(),
        manifest=manifest.data,
        manifest_sha256=manifest.sha256,
        result=result.data,
        result_sha256=result.sha256,
        total=len(outcome.wins) + len(outcome.losses),
        successful=len(outcome.wins),
        failed=len(outcome.losses),
        actor=by,
        created_at=now,
    )


def _fact(
    draw_row: Draw, outcome: DrawOutcome, listed: EntriesById, series_of: Mapping[int, WrittenSeries]
) -> EventDrawn:
    return EventDrawn(
        actor_id=draw_row.actor_id,
        occurred_at=draw_row.created_at,
        event_id=draw_row.event_id,
        total=draw_row.total,
        successful=draw_row.successful,
        failed=draw_row.failed,
        manifest_sha256=draw_row.manifest_sha256,
        result_sha256=draw_row.result_sha256,
        series_ids=[series.id for series in series_of.values()],
        occurrence_count=sum(len(series.occurrences) for series in series_of.values()),
        outcomes=_outcomes(outcome, listed, series_of),
    )


def _outcomes(
    outcome: DrawOutcome, listed: EntriesById, series_of: Mapping[int, WrittenSeries]
) -> dict[int, Sequence[NoticeParams]]:
    """What is told to whom: one outcome per entry, by the entry's id."""
    calendar = draw.DrawCalendar(outcome.drawn_from)
    lost = {loss.entry_id: _why_lost(loss, listed, calendar) for loss in outcome.losses}
    by_person: dict[int, list[NoticeParams]] = defaultdict(list)
    for entry in listed.values():
        series = series_of.get(entry.pk)
        row = win_of(entry, series) if series is not None else outcome_of(entry, is_won=False, **lost[entry.pk])
        by_person[entry.created_by_id].append(row)
    return dict(by_person)


def _why_lost(loss: draw.Loss, listed: EntriesById, calendar: draw.DrawCalendar) -> dict[str, Any]:
    if loss.reason != draw.UNAVAILABLE:
        return wording.loss_made_of(loss.reason, loss.by or None)
    return wording.unavailable_made_of([why for _, why in calendar.skipped_dates(entry_of(listed[loss.entry_id]))])


def _pause_if_asked() -> None:
    """For the crash test: everything is written and nothing is committed; the session says so to whoever looks."""
    if "pause-before-commit" in settings.CSPACE_TEST_FAULTS:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'paused before commit'")
        time.sleep(PAUSE_SECONDS)
