"""CPU seconds of a draw over 100,000 entries, its reasons included; reading and writing are shown apart.

A large campus: N/100 rooms, 3N/10 groups, a term of sixteen weeks; per room and weekday a lecture in every week and
five single bookings; closures of the campus and of single rooms.
"""

import random
import time
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from allocations import draw as lottery
from tests.bench.verdicts import Goal, Row

ENTRIES, FEW_ENTRIES = 100_000, 10_000
FIRST, LAST = date(2026, 2, 22), date(2026, 6, 13)


def campus(size: int) -> lottery.Manifest:
    chance = random.Random(size)
    rooms, groups = max(size // 100, 1), max(size * 3 // 10, 1)
    dates = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]

    def times() -> tuple[int, int]:
        start = chance.randrange(8 * 6, 21 * 6) * 10
        return start, start + chance.choice((50, 60, 100, 120, 180))

    closed = [(lottery.EVERY_ROOM, on) for on in chance.sample(dates, 5)]
    closed += [(chance.randint(1, rooms), chance.choice(dates)) for _ in range(rooms * 2)]
    booked = []
    for room in range(1, rooms + 1):
        for weekday in range(7):
            lecture, weekly = times(), dates[weekday::7]
            booked += [lottery.Booked(room, on, *lecture) for on in weekly]
            booked += [lottery.Booked(room, on, *times()) for on in chance.sample(weekly, 5)]
    entries, held = [], dict[tuple[int, int], list[tuple[int, int]]]()
    for number in range(1, size + 1):
        room, day, (start, end) = chance.randint(1, rooms), chance.randint(1, 7), times()
        others = held.setdefault((room, day), [])
        is_approved = chance.random() < 0.02 and all(end <= s or e <= start for s, e in others)
        if is_approved:
            others.append((start, end))
        state = lottery.APPROVED if is_approved else lottery.REJECTED if chance.random() < 0.01 else lottery.PENDING
        choice = chance.choice((0, 0, 0, 1))
        group = chance.randint(1, groups)
        entries.append(lottery.Entry(number, group, room, day, start, end, chance.randint(1, 3), choice, state))
    weights = {group: chance.randint(2, 8) for group in range(1, groups, 50)}
    return lottery.Manifest(1, FIRST, LAST, lottery.Params(), weights, tuple(closed), tuple(booked), tuple(entries))


def draw(stage: Any) -> None:
    size = FEW_ENTRIES if stage.is_quick else ENTRIES
    data = lottery.write_manifest(campus(size))
    seed = bytes(range(32))
    reading, manifest = _cpu_seconds(lambda: lottery.read_manifest(data))
    drawing, result = _cpu_seconds(lambda: lottery.draw(manifest, seed, "bench"))
    key = lottery.key(seed, manifest.event_id, "bench")
    writing, _ = _cpu_seconds(lambda: lottery.write_result(result, sha256(data).hexdigest(), key))
    remark = f"{len(result.wins):,} won; reading the manifest {reading:.2f} s, writing the result {writing:.2f} s"
    row = Row(f"draw of {size:,} entries", drawing, Goal("CPU", 1), "s CPU", remark, is_judged=not stage.is_quick)
    stage.report.rows.append(row)


def _cpu_seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds of CPU that a call takes, and what it returns."""
    began = time.process_time()
    answer = call()
    return time.process_time() - began, answer
