"""What is published of a draw at each moment (contract of the draw, §5). Ids only, and never the seed too early."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from allocations import draw
from allocations.enums import EventStatus
from allocations.models import AllocationEvent, Draw, DrawSecret
from allocations.queries.manifest import params_of, unpacked
from kernel.campus_time import clamped_interval
from kernel.errors import NotFound

VERIFIER = Path(draw.__file__)


@dataclass(frozen=True)
class Document:
    """Exact bytes with their hash."""

    data: bytes
    sha256: str


class ManifestIsNotPublished(NotFound):
    resource = "Manifest"


class ResultIsNotPublished(NotFound):
    resource = "Result"


def drawn(event: AllocationEvent) -> Draw | None:
    """The event's draw, if it has been held. One query."""
    return Draw.objects.filter(event=event).first()


def manifest(event: AllocationEvent) -> Document:
    """The draw's own manifest; before the draw the one frozen when the window closed.

    Raises: ManifestIsNotPublished.
    """
    if row := drawn(event):
        return Document(unpacked(row.manifest), row.manifest_sha256)
    if event.frozen_manifest is None:
        raise ManifestIsNotPublished
    return Document(unpacked(event.frozen_manifest), event.frozen_manifest_sha256)


def result(event: AllocationEvent) -> Document:
    """Raises: ResultIsNotPublished."""
    row = drawn(event)
    if row is None:
        raise ResultIsNotPublished
    return Document(unpacked(row.result), row.result_sha256)


def record(event: AllocationEvent) -> dict[str, Any]:
    """`GET …/draw/`: what the verifier calls draw.json, and what the draw gave. JSON."""
    row = drawn(event)
    if row is None:
        return _promised(event)
    listed, result = draw.read_manifest(unpacked(row.manifest)), read_result(unpacked(row.result))
    summary = draw.summary(listed, bytes.fromhex(row.key), result, _campus_clock())
    return {**record_bytes(row, event.commitment), **summary}


def record_bytes(row: Draw, commitment: str) -> dict[str, str]:
    """The part of draw.json that a draw starts from, and its hashes."""
    return {
        "algorithm": row.algorithm,
        "commitment": commitment,
        "seed": bytes(row.seed).hex(),
        "salt": row.salt,
        "key": row.key,
        "manifest_sha256": row.manifest_sha256,
        "result_sha256": row.result_sha256,
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
        "params": params_of(event).named(),
        "group_order": [],
        "winners": [],
        "statistics": None,
    }


def _campus_clock() -> Callable[[draw.Entry, Sequence[date]], int]:
    """On how many of these dates an entry takes place: a gap of the campus clock can swallow one whole."""

    @cache
    def exists(day: date, start_minute: int, end_minute: int) -> bool:
        return clamped_interval(day, start_minute, end_minute) is not None

    def occurring(entry: draw.Entry, dates: Sequence[date]) -> int:
        return sum(exists(day, entry.start_minute, entry.end_minute) for day in dates)

    return occurring
