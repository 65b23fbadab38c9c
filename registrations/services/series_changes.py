"""What somebody wants of a series that is there, and what is wrong with it."""

from dataclasses import dataclass
from datetime import date, datetime

from classrooms.models import Classroom
from classrooms.rules import bookable_faults, past_faults, time_faults
from kernel.campus_time import campus_date
from kernel.errors import Invalid
from registrations import rules
from registrations.models import Series
from registrations.services.series_holding import SeriesIsCutOff, SeriesIsOver

SHIFTING = frozenset({"classroom", "day_of_week", "start_time", "end_time"})


@dataclass(frozen=True, kw_only=True)
class SeriesChange:
    """A change to a series; None = stays as it is. It holds from `from_day` on, or from now. `attendees`: 0 = not known
    any more."""

    group_id: int | None = None
    classroom: Classroom | None = None
    day_of_week: int | None = None
    start_minute: int | None = None
    end_minute: int | None = None
    ends_on: date | None = None
    description: str | None = None
    attendees: int | None = None
    from_day: date | None = None
    may_skip: bool = True
    is_overriding: bool = False
    """Whatever booking rules say."""

    @property
    def names_slot(self) -> bool:
        """Whether it says where or when: then the dates from its first day on follow, also if the series is there."""
        return any(part is not None for part in (self.classroom, self.day_of_week, self.start_minute, self.end_minute))


def check_change(change: SeriesChange, series: Series, cut: date, now: datetime) -> None:
    """Raises: Invalid, with every changed value that breaks a rule; SeriesIsCutOff, where it is to end behind its
    cancellation; SeriesIsOver, where nothing lies ahead."""
    faults: dict[str, list[str]] = {}
    is_new_end = change.ends_on is not None and change.ends_on != series.ends_on
    if is_new_end:
        faults = _end_faults(change, series, now)
    faults |= time_faults(
        series.start_minute if change.start_minute is None else change.start_minute,
        series.end_minute if change.end_minute is None else change.end_minute,
    )
    classroom = change.classroom or series.classroom
    if classroom.pk != series.classroom_id or _takes_time(change, series):
        faults |= bookable_faults(classroom)
    faults |= rules.description_faults(change.description or "")
    attendees = attendees_after(change, series)
    if classroom.pk != series.classroom_id or attendees != series.attendees:
        faults |= rules.attendees_faults(attendees, classroom)
    last_on = change.ends_on if is_new_end and change.ends_on else series.last_on
    if not faults and campus_date(now) <= last_on < cut:
        faults["from_date"] = [rules.AFTER_LAST_DAY]
    if faults:
        raise Invalid(faults)
    if is_new_end and series.cancelled_from is not None and last_on >= series.cancelled_from:
        raise SeriesIsCutOff(series.cancelled_from)
    if last_on < cut:
        raise SeriesIsOver


def attendees_after(change: SeriesChange, series: Series) -> int | None:
    return series.attendees if change.attendees is None else change.attendees or None


def _takes_time(change: SeriesChange, series: Series) -> bool:
    """Whether it asks for room time that the series does not have."""
    is_longer = change.ends_on is not None and change.ends_on > series.ends_on
    return is_longer or any(
        value is not None and value != getattr(series, name)
        for name, value in (
            ("day_of_week", change.day_of_week),
            ("start_minute", change.start_minute),
            ("end_minute", change.end_minute),
        )
    )


def _end_faults(change: SeriesChange, series: Series, now: datetime) -> dict[str, list[str]]:
    faults = rules.range_faults(now=now, starts_on=series.starts_on, ends_on=change.ends_on)
    sentences = [sentence for of_one_field in faults.values() for sentence in of_one_field]
    if not sentences and change.ends_on is not None:
        sentences = past_faults(change.ends_on, now)
    return {"end_date": sentences} if sentences else {}
