"""Small crowded manifests from a source of chance: few rooms, days and groups, so that everything meets everything."""

import random
from datetime import date, timedelta

from allocations import draw as lottery

A_SUNDAY = date(2026, 2, 22)


def crowded(chance: random.Random) -> lottery.Manifest:
    weeks, rooms, groups = chance.randint(1, 4), chance.randint(1, 3), chance.randint(1, 5)
    dates = [A_SUNDAY + timedelta(days=n) for n in range(7 * weeks - chance.randint(0, 3))]
    days = chance.sample(range(1, 8), chance.randint(1, 3))

    def times() -> tuple[int, int]:
        """On a coarse grid, so that many touch; some until midnight."""
        start = chance.choice((0, 540, 570, 600, 660, 690, 720, 1380))
        return start, min(start + chance.choice((10, 30, 60, 90, 120)), lottery.DAY_MINUTES)

    params = lottery.Params(
        balance=chance.choice(("minutes", "minutes", "entries")),
        conflict=chance.choice(("skip", "skip", "reject")),
        max_wins=chance.choice((0, 0, 0, 1, 2, 3)),
        min_percent=chance.choice((1, 34, 50, 50, 67, 75, 100)),
        tie=chance.choice(("ticket", "ticket", "spread")),
    )
    weights = {group: chance.randint(1, 8) for group in range(1, groups + 1) if chance.random() < 0.3}
    closed = [(chance.randint(0, rooms), chance.choice(dates)) for _ in range(chance.randint(0, 4))]
    booked = [
        lottery.Booked(chance.randint(1, rooms), chance.choice(dates), *times()) for _ in range(chance.randint(0, 9))
    ]
    entries: list[lottery.Entry] = []
    for entry_id in chance.sample(range(1, 200), chance.randint(0, 16)):
        entry = lottery.Entry(
            entry_id, chance.randint(1, groups), chance.randint(1, rooms), chance.choice(days), *times(),
            chance.randint(1, 3), chance.choice((0, 0, 1, 2)), chance.choice("PPPPPPPAR"),
        )  # fmt: skip
        if entry.state != lottery.APPROVED or not any(o.state == "A" and overlap(o, entry) for o in entries):
            entries.append(entry)
    return lottery.Manifest(8, dates[0], dates[-1], params, weights, tuple(closed), tuple(booked), tuple(entries))


def overlap(one: lottery.Entry, other: lottery.Entry) -> bool:
    """Whether two entries meet in room, weekday and time; touching is not meeting."""
    return (
        (one.room_id, one.day) == (other.room_id, other.day)
        and one.start_minute < other.end_minute
        and other.start_minute < one.end_minute
    )


def seed_of(chance: random.Random) -> bytes:
    return bytes(chance.randrange(256) for _ in range(32))


def corpus(size: int) -> list[tuple[lottery.Manifest, bytes]]:
    """The same manifests and seeds in every run."""
    return [(crowded(chance), seed_of(chance)) for chance in map(random.Random, range(size))]
