"""What happens to series. Their creators are told once for a command, not once for an occurrence."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from kernel.db.ranges import format_minute
from kernel.facts import Fact, Notice

if TYPE_CHECKING:
    from registrations.models import Series

DAYS = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")
Skipped = tuple[tuple[date, str], ...]
"""The dates that were not taken, each with its reason."""


@dataclass(frozen=True, kw_only=True)
class SeriesSummary:
    """A series as the log and the people see it."""

    series_id: int
    created_by_id: int
    group: str
    classroom: str
    day_of_week: int
    start_minute: int
    end_minute: int
    starts_on: date
    ends_on: date

    @classmethod
    def of(cls, series: "Series") -> "SeriesSummary":
        """Of a series that is loaded with its group and room."""
        return cls(
            series_id=series.pk,
            created_by_id=series.created_by_id,
            group=series.group.name,
            classroom=series.classroom.name,
            day_of_week=series.day_of_week,
            start_minute=series.start_minute,
            end_minute=series.end_minute,
            starts_on=series.starts_on,
            ends_on=series.ends_on,
        )

    @property
    def details(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "classroom": self.classroom,
            "day_of_week": self.day_of_week,
            "start_time": format_minute(self.start_minute),
            "end_time": format_minute(self.end_minute),
            "start_date": self.starts_on.isoformat(),
            "end_date": self.ends_on.isoformat(),
        }

    @property
    def slot(self) -> str:
        """ "Room A, Wednesdays 09:10–10:20"."""
        times = f"{format_minute(self.start_minute)}–{format_minute(self.end_minute)}"
        return f"{self.classroom}, {DAYS[self.day_of_week - 1]} {times}"


@dataclass(frozen=True, kw_only=True)
class NewSeries:
    """One new series with the registrations it got and the dates it did not get."""

    weekly: SeriesSummary
    registration_ids: tuple[int, ...]
    skipped: Skipped

    @property
    def details(self) -> dict[str, Any]:
        return {
            "id": self.weekly.series_id,
            **self.weekly.details,
            "registration_ids": list(self.registration_ids),
            "skipped": listed(self.skipped),
        }


@dataclass(frozen=True, kw_only=True)
class SeriesCreated(Fact):
    """One command, one or many series; the target is the first of them."""

    action: ClassVar[str] = "series.created"
    placed: tuple[NewSeries, ...]

    @property
    def target(self) -> str:
        return f"series:{self.placed[0].weekly.series_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {
            "series_count": len(self.placed),
            "registration_count": sum(len(row.registration_ids) for row in self.placed),
            "skipped_count": sum(len(row.skipped) for row in self.placed),
            "series": [row.details for row in self.placed],
        }

    def notices(self) -> Iterable[Notice]:
        by_creator: dict[int, list[NewSeries]] = defaultdict(list)
        for row in self.placed:
            by_creator[row.weekly.created_by_id].append(row)
        for creator, rows in by_creator.items():
            got = tally(sum(len(row.registration_ids) for row in rows), [skip for row in rows for skip in row.skipped])
            first = rows[0].weekly
            what = f"{first.group} got {first.slot}" if len(rows) == 1 else f"{len(rows)} series have got their rooms"
            yield Notice(recipients=[creator], text=f"{what}: {got}.")


@dataclass(frozen=True, kw_only=True)
class _AboutSeries(Fact):
    weekly: SeriesSummary

    @property
    def target(self) -> str:
        return f"series:{self.weekly.series_id}"


@dataclass(frozen=True, kw_only=True)
class SeriesChanged(_AboutSeries):
    """`changes` = {field: [old, new]}; ids of the occurrences that were changed, added and cancelled by it.

    `dates_ahead`: how many of its occurrences lie ahead now, those changed by hand not counted.
    """

    action: ClassVar[str] = "series.changed"
    changes: dict[str, list[Any]]
    from_day: date
    dates_ahead: int
    changed_ids: tuple[int, ...] = ()
    added_ids: tuple[int, ...] = ()
    cancelled_ids: tuple[int, ...] = ()
    skipped: Skipped = ()

    @property
    def details(self) -> dict[str, Any]:
        return {
            **self.weekly.details,
            "changes": self.changes,
            "from_date": self.from_day.isoformat(),
            "changed_count": len(self.changed_ids),
            "changed_ids": list(self.changed_ids),
            "added_count": len(self.added_ids),
            "added_ids": list(self.added_ids),
            "cancelled_count": len(self.cancelled_ids),
            "cancelled_ids": list(self.cancelled_ids),
            "skipped": listed(self.skipped),
        }

    def notices(self) -> Iterable[Notice]:
        got = tally(self.dates_ahead, self.skipped)
        yield Notice(
            recipients=[self.weekly.created_by_id],
            text=f"The series of {self.weekly.group} has been changed from {self.from_day}: {self.weekly.slot}, {got}.",
        )


@dataclass(frozen=True, kw_only=True)
class SeriesCancelled(_AboutSeries):
    """Its occurrences from a day on, each of which has a fact of its own beside it."""

    action: ClassVar[str] = "series.cancelled"
    from_day: date
    cancelled_ids: tuple[int, ...]
    reason: str = ""

    @property
    def details(self) -> dict[str, Any]:
        return {
            **self.weekly.details,
            "from_date": self.from_day.isoformat(),
            "cancelled_count": len(self.cancelled_ids),
            "cancelled_ids": list(self.cancelled_ids),
            **({"reason": self.reason} if self.reason else {}),
        }

    def notices(self) -> Iterable[Notice]:
        because = f" Reason: {self.reason}" if self.reason else ""
        what = f"{self.weekly.slot}, {counted(len(self.cancelled_ids))}"
        yield Notice(
            recipients=[self.weekly.created_by_id],
            text=f"The series of {self.weekly.group} has been cancelled from {self.from_day}: {what}.{because}",
        )


@dataclass(frozen=True, kw_only=True)
class SeriesRetried(_AboutSeries):
    """Skipped dates that have become free and are booked now: {date: registration id}."""

    action: ClassVar[str] = "series.retried"
    booked: dict[date, int]

    @property
    def details(self) -> dict[str, Any]:
        return {
            **self.weekly.details,
            "registration_count": len(self.booked),
            "registration_ids": list(self.booked.values()),
            "dates": [day.isoformat() for day in self.booked],
        }

    def notices(self) -> Iterable[Notice]:
        days = ", ".join(day.isoformat() for day in self.booked)
        yield Notice(
            recipients=[self.weekly.created_by_id], text=f"{self.weekly.group} also got {self.weekly.slot}, on {days}."
        )


def tally(taken: int, skipped: Sequence[tuple[date, str]]) -> str:
    """ "16 dates", "16 dates, 2 skipped (booked, closed)"."""
    reasons = ", ".join(sorted({why for _, why in skipped}))
    return counted(taken) + (f", {len(skipped)} skipped ({reasons})" if skipped else "")


def counted(dates: int) -> str:
    return "1 date" if dates == 1 else f"{dates} dates"


def listed(skipped: Skipped) -> list[dict[str, str]]:
    return [{"date": day.isoformat(), "why": why} for day, why in skipped]
