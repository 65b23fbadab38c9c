"""What is published of a draw at each moment (contract of the draw, §5). Ids only, and never the seed too early."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from allocations import draw
from allocations.enums import EventStatus
from allocations.models import AllocationEvent, Draw, DrawSecret
from allocations.services.manifest import params_of, unpacked
from cspace.db.ranges import clamped_interval
from cspace.errors import NotFound

VERIFIER = Path(draw.__file__)


@dataclass(frozen=True)
class Document:
    """Exact bytes with their hash."""

    data: bytes
    sha256: str


class ManifestNotPublished(NotFound):
    def __init__(self) -> None:
        super().__init__("Manifest")


class ResultNotPublished(NotFound):
    def __init__(self) -> None:
        super().__init__("Result")


def drawn(event: AllocationEvent) -> Draw | None:
    """The event's draw, if it has been held. One query."""
    return Draw.objects.filter(event=event).first()


def manifest(event: AllocationEvent) -> Document:
    """The draw's own manifest; before the draw the one frozen when the window closed. Raises: ManifestNotPublished."""
    if stored := drawn(event):
        return Document(unpacked(stored.manifest), stored.manifest_sha256)
    if event.frozen_manifest is None:
        raise ManifestNotPublished
    return Document(unpacked(event.frozen_manifest), event.frozen_manifest_sha256)


def result(event: AllocationEvent) -> Document:
    """Raises: ResultNotPublished."""
    stored = drawn(event)
    if stored is None:
        raise ResultNotPublished
    return Document(unpacked(stored.result), stored.result_sha256)


def record(event: AllocationEvent) -> dict[str, Any]:
    """`GET …/draw/`: what the verifier calls draw.json, and what the draw gave. JSON."""
    stored = drawn(event)
    if stored is None:
        return _promised(event)
    listed, decided = draw.read_manifest(unpacked(stored.manifest)), read_result(unpacked(stored.result))
    winners = _winners(listed, decided)
    return {
        "algorithm": stored.algorithm,
        "commitment": event.commitment,
        "seed": bytes(stored.seed).hex(),
        "salt": stored.salt,
        "key": stored.key,
        "manifest_sha256": stored.manifest_sha256,
        "result_sha256": stored.result_sha256,
        "params": params(event),
        "group_order": _group_order(listed, bytes.fromhex(stored.key)),
        "winners": winners,
        "statistics": _statistics(listed, decided, winners),
    }


def params(event: AllocationEvent) -> dict[str, Any]:
    """The `param` lines of the manifest."""
    said = params_of(event)
    return {name: getattr(said, name) for name in sorted(draw.Params.__slots__)}


def record_bytes(stored: Draw, commitment: str) -> dict[str, str]:
    """What the verifier reads of draw.json."""
    return {
        "algorithm": stored.algorithm,
        "commitment": commitment,
        "seed": bytes(stored.seed).hex(),
        "salt": stored.salt,
        "key": stored.key,
        "manifest_sha256": stored.manifest_sha256,
        "result_sha256": stored.result_sha256,
    }


def read_result(data: bytes) -> draw.Result:
    """The result in bytes of our own writing."""
    wins, losses = [], []
    for line in data.decode("ascii").splitlines():
        match line.split("\t"):
            case ["win", position, entry_id, group_id, used_before]:
                wins.append(draw.Win(int(position), int(entry_id), int(group_id), int(used_before)))
            case ["loss", entry_id, reason, by]:
                losses.append(draw.Loss(int(entry_id), reason, int(by)))
    return draw.Result(tuple(wins), tuple(losses))


def _promised(event: AllocationEvent) -> dict[str, Any]:
    """Before the draw, and for an event called off after its window had opened: that one reveals its seed."""
    seed = None
    if event.status == EventStatus.CANCELLED:
        seed = DrawSecret.objects.filter(event=event).values_list("seed", flat=True).first()
    return {
        "algorithm": draw.ALGORITHM,
        "commitment": event.commitment,
        "seed": bytes(seed).hex() if seed is not None else None,
        "salt": None,
        "key": None,
        "manifest_sha256": event.frozen_manifest_sha256 or None,
        "result_sha256": None,
        "params": params(event),
        "group_order": [],
        "winners": [],
        "statistics": None,
    }


def _group_order(listed: draw.Manifest, key: bytes) -> list[dict[str, Any]]:
    groups = {entry.group_id for entry in listed.entries}
    tickets = sorted((draw.ticket(key, "group", group_id), group_id) for group_id in groups)
    return [
        {"group_id": group_id, "ticket": ticket.hex(), "place": place}
        for place, (ticket, group_id) in enumerate(tickets, start=1)
    ]


def _winners(listed: draw.Manifest, decided: draw.Result) -> list[dict[str, Any]]:
    """In the order of the draw. `served_before_minutes` is in minutes under either balance."""
    entries, calendar = {entry.id: entry for entry in listed.entries}, draw.Calendar(listed)

    @cache
    def exists(day: date, start_minute: int, end_minute: int) -> bool:
        return clamped_interval(day, start_minute, end_minute) is not None

    minutes: Counter[int] = Counter()
    winners = []
    for win in decided.wins:
        entry = entries[win.entry_id]
        kept = sum(exists(day, entry.start_minute, entry.end_minute) for day in calendar.kept_dates(entry))
        lost_to_the_clock = len(calendar.kept_dates(entry)) - kept
        winners.append(
            {
                "position": win.position,
                "registration_id": win.entry_id,
                "group_id": win.group_id,
                "served_before_minutes": minutes[win.group_id],
                "occurrences": kept,
                "skipped": len(calendar.skipped_dates(entry)) + lost_to_the_clock,
            }
        )
        minutes[win.group_id] += entry.end_minute - entry.start_minute
    return winners


def _statistics(listed: draw.Manifest, decided: draw.Result, winners: list[dict[str, Any]]) -> dict[str, Any]:
    groups = {entry.group_id for entry in listed.entries}
    minutes = {entry.id: entry.end_minute - entry.start_minute for entry in listed.entries}
    reasons = Counter(loss.reason for loss in decided.losses)
    return {
        "total_registrations": len(listed.entries),
        "successful_allocations": len(decided.wins),
        "failed_allocations": len(decided.losses),
        "groups": len(groups),
        "groups_served": len({win.group_id for win in decided.wins}),
        "weekly_minutes_wished": sum(minutes.values()),
        "weekly_minutes_given": sum(minutes[win.entry_id] for win in decided.wins),
        "occurrences": sum(winner["occurrences"] for winner in winners),
        "reasons": dict(sorted(reasons.items())),
    }
