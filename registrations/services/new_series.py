"""Series as they stand once they are written, for whoever entered them and for the log; nothing is read again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from classrooms.models import Classroom
from groups.models import Group
from kernel.campus_time import week_of
from registrations.enums import RegistrationStatus, WeekState
from registrations.facts.series import NewSeries, Skips
from registrations.models import Series, SeriesWeek
from registrations.services.series_dates import DateVerdict
from registrations.services.series_writing import WrittenSeries


@dataclass(frozen=True, slots=True)
class NewOccurrence:
    """An occurrence as the representation of its series shows it."""

    pk: int
    starts_at: datetime


def series_of(written: WrittenSeries, group: Group, classroom: Classroom, creator: User, now: datetime) -> Series:
    """The model of a new series, with its API relations, its `live_occurrences` and its `skipped_weeks`."""
    draft = written.draft
    series = Series(
        id=written.id,
        group=group,
        classroom=classroom,
        day_of_week=draft.day_of_week,
        start_minute=draft.start_minute,
        end_minute=draft.end_minute,
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        description=draft.description,
        attendees=draft.attendees,
        source=draft.source.value,
        event_id=draft.event_id,
        created_by=creator,
        created_at=now,
    )
    series._state.adding = False
    # As the queries of `with_api_relations` would fill them.
    vars(series)["live_occurrences"] = [
        NewOccurrence(row.registration_id, row.request.interval.starts_at)
        for row in written.granted
        if row.registration_id is not None and row.request.interval is not None
    ]
    vars(series)["skipped_weeks"] = [_skipped_week(series, row) for row in written.skipped]
    return series


def new_series_of(series: Series, written: WrittenSeries) -> NewSeries:
    """What the log says of it."""
    registration_ids = tuple(written.occurrences.values())
    return NewSeries(
        series=series.summary,
        registration_ids=registration_ids,
        skips=skips_of(written.skipped),
        has_to_be_decided=any(row.status == RegistrationStatus.PENDING for row in written.granted),
    )


def skips_of(verdicts: Iterable[DateVerdict]) -> Skips:
    """The dates that were not had, each with its reason."""
    return tuple((row.request.day, row.why.value) for row in verdicts if row.why)


def _skipped_week(series: Series, verdict: DateVerdict) -> SeriesWeek:
    day = verdict.request.day
    return SeriesWeek(
        series=series,
        begins_on=week_of(day),
        state=WeekState.SKIPPED,
        date=day,
        why=verdict.why.value if verdict.why else "",
        blocked_by_id=verdict.existing_registration_id,
    )
