"""What happens to series. Their creators are told once for a command, not once for an occurrence."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from kernel.campus_time import campus_date, format_minute
from kernel.changes import Changes
from kernel.facts import Fact, Notice, Recipients
from kernel.languages import ENGLISH
from kernel.phrases import MOST_KEPT
from registrations.facts.registrations import Overridden, RegistrationSummary, overriding_details
from registrations.facts.sentences import WEEKLY_SLOT

Skips = tuple[tuple[date, str], ...]
"""The dates that were not taken, each with its reason."""


@dataclass(frozen=True, kw_only=True)
class SeriesSummary:
    """A series as the log and the people see it."""

    id: int
    created_by_id: int
    group: str
    classroom: str
    day_of_week: int
    start_minute: int
    end_minute: int
    starts_on: date
    ends_on: date

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
        return WEEKLY_SLOT.say(self.details, ENGLISH)

    def free_again(self, days: Sequence[date]) -> Notice:
        """What its creator is told when a closure is lifted for which it had skipped these dates."""
        params = self.details | {"about": "series", "series_id": self.id, "dates": [day.isoformat() for day in days]}
        return Notice(recipients=[self.created_by_id], params=params)


@dataclass(frozen=True, kw_only=True)
class NewSeries:
    """One new series with the registrations it got and the dates it did not get."""

    series: SeriesSummary
    registration_ids: tuple[int, ...]
    skips: Skips
    has_to_be_decided: bool = False
    """Dates of it wait for a decision."""

    @property
    def details(self) -> dict[str, Any]:
        return {
            "id": self.series.id,
            **self.series.details,
            "registration_ids": list(self.registration_ids),
            "skipped": _skips_in_json(self.skips),
        }


@dataclass(frozen=True, kw_only=True)
class SeriesCreated(Fact):
    """One command, one or many series; the target is the first of them."""

    action: ClassVar[str] = "series.created"
    new_series: tuple[NewSeries, ...]
    deciders: Recipients = ()
    """Told of what waits for a decision."""
    overridden: Overridden = None

    @property
    def target(self) -> str:
        return f"series:{self.new_series[0].series.id}"

    @property
    def details(self) -> dict[str, Any]:
        return {
            "series_count": len(self.new_series),
            "registration_count": sum(len(row.registration_ids) for row in self.new_series),
            "skipped_count": sum(len(row.skips) for row in self.new_series),
            "series": [row.details for row in self.new_series],
            **overriding_details(self.overridden),
        }

    def notices(self) -> Iterable[Notice]:
        by_creator: dict[int, list[NewSeries]] = defaultdict(list)
        for row in self.new_series:
            by_creator[row.series.created_by_id].append(row)
        for creator_id, rows in by_creator.items():
            only = rows[0].series.details if len(rows) == 1 else {}
            ids = [row.series.id for row in rows[:MOST_KEPT]]
            tally = _tally(sum(len(row.registration_ids) for row in rows), [skip for row in rows for skip in row.skips])
            params = {"about": "series", "series_count": len(rows), "series_ids": ids, **only, **tally}
            yield Notice(recipients=[creator_id], params=params)
        for row in self.new_series:
            if row.has_to_be_decided:
                request = row.series.details | _tally(len(row.registration_ids), row.skips) | {"about": "request"}
                yield Notice(recipients=self.deciders, params=request, except_for=row.series.created_by_id)


@dataclass(frozen=True, kw_only=True)
class _AboutSeries(Fact):
    series: SeriesSummary

    @property
    def target(self) -> str:
        return f"series:{self.series.id}"


@dataclass(frozen=True, kw_only=True)
class SeriesChanged(_AboutSeries):
    """With the ids of the occurrences that were changed, added and cancelled by it.

    `dates_ahead`: how many of its occurrences lie ahead now, those changed by hand not counted.
    """

    action: ClassVar[str] = "series.changed"
    changes: Changes
    from_day: date
    dates_ahead: int
    waiting: int = 0
    """How many dates have to be decided on by it."""
    deciders: Recipients = ()
    """Told of those."""
    changed_ids: tuple[int, ...] = ()
    added_ids: tuple[int, ...] = ()
    cancelled_ids: tuple[int, ...] = ()
    skips: Skips = ()
    overridden: Overridden = None

    @property
    def details(self) -> dict[str, Any]:
        return {
            **self.series.details,
            "changes": self.changes,
            "from_date": self.from_day.isoformat(),
            "changed_count": len(self.changed_ids),
            "changed_ids": list(self.changed_ids),
            "added_count": len(self.added_ids),
            "added_ids": list(self.added_ids),
            "cancelled_count": len(self.cancelled_ids),
            "cancelled_ids": list(self.cancelled_ids),
            "skipped": _skips_in_json(self.skips),
            **overriding_details(self.overridden),
        }

    def notices(self) -> Iterable[Notice]:
        tally = _tally(self.dates_ahead, self.skips)
        params = {**self.series.details, "from_date": self.from_day.isoformat(), **tally}
        yield Notice(recipients=[self.series.created_by_id], params=params)
        if self.waiting:
            request = self.series.details | _tally(self.waiting, ()) | {"about": "request"}
            yield Notice(recipients=self.deciders, params=request, except_for=self.series.created_by_id)


@dataclass(frozen=True, kw_only=True)
class SeriesCancelled(_AboutSeries):
    """Its occurrences from a day on, each of which has a fact of its own beside it."""

    action: ClassVar[str] = "series.cancelled"
    from_day: date
    cancelled_ids: tuple[int, ...]
    reason: str = ""
    overridden: Overridden = None

    @property
    def details(self) -> dict[str, Any]:
        return {
            **self.series.details,
            "from_date": self.from_day.isoformat(),
            "cancelled_count": len(self.cancelled_ids),
            "cancelled_ids": list(self.cancelled_ids),
            **({"reason": self.reason} if self.reason else {}),
            **overriding_details(self.overridden),
        }

    def notices(self) -> Iterable[Notice]:
        params = {
            **self.series.details,
            "from_date": self.from_day.isoformat(),
            "date_count": len(self.cancelled_ids),
            **({"reason": self.reason} if self.reason else {}),
        }
        yield Notice(recipients=[self.series.created_by_id], params=params)


@dataclass(frozen=True, kw_only=True)
class SeriesRetried(_AboutSeries):
    """Skipped dates that have become free and are booked now: {date: registration id}; and what closures had taken
    from where it had been moved by hand, as it is booked there again."""

    action: ClassVar[str] = "series.retried"
    occurrences: dict[date, int]
    regained: tuple[RegistrationSummary, ...] = ()

    @property
    def details(self) -> dict[str, Any]:
        return {
            **self.series.details,
            "registration_count": len(self.occurrences) + len(self.regained),
            "registration_ids": [*self.occurrences.values(), *(row.id for row in self.regained)],
            "dates": [
                *(day.isoformat() for day in self.occurrences),
                *(campus_date(row.interval.starts_at).isoformat() for row in self.regained),
            ],
        }

    def notices(self) -> Iterable[Notice]:
        if self.occurrences:
            dates = [day.isoformat() for day in self.occurrences]
            params = {**self.series.details, "about": "series", "dates": dates}
            yield Notice(recipients=[self.series.created_by_id], params=params)
        for row in self.regained:
            params = {**row.details, "about": "registration", "registration_id": row.id}
            yield Notice(recipients=[row.created_by_id], params=params)


@dataclass(frozen=True, kw_only=True)
class SeriesEndNeared(_AboutSeries):
    """Its last date is two weeks ahead."""

    action: ClassVar[str] = "series.ending"
    is_logged: ClassVar[bool] = False
    last_on: date

    @property
    def details(self) -> dict[str, Any]:
        return {**self.series.details, "last_date": self.last_on.isoformat()}

    def notices(self) -> Iterable[Notice]:
        yield Notice(recipients=[self.series.created_by_id], params=self.details)


def _tally(dates: int, skips: Sequence[tuple[date, str]]) -> dict[str, Any]:
    """What `DATES` and `SKIPS` of the sentences are made of."""
    reasons = sorted({why for _, why in skips})
    return {"date_count": dates, "skipped_count": len(skips), "skip_reasons": reasons}


def _skips_in_json(skips: Skips) -> list[dict[str, str]]:
    return [{"date": day.isoformat(), "why": why} for day, why in skips]
