"""Trying the skipped dates of series again."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.rules import bookable_faults
from kernel.campus_time import campus_date
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import Invalid
from kernel.facts import publish
from policies.queries.rulebook import is_kept, kept_rulebook, rulebook_version
from registrations import rules
from registrations.enums import Source, WeekState
from registrations.facts.series import SeriesRetried
from registrations.models import Registration, Series
from registrations.queries.series import with_api_relations
from registrations.services.charging import charge_written
from registrations.services.series_dates import DateRequest, judge, with_buffers
from registrations.services.series_holding import LockedSeries, groups_of_losses, hold_group_of, hold_series
from registrations.services.series_judging import DateJudge, locks_of_series, wish_of_series
from registrations.services.series_writing import write_again, write_occurrences


@transactional
def retry_skipped(*, series_id: int, by: User, now: datetime) -> Series:
    """Book the skipped dates ahead that have become free: at the present room and time of the series; those that a
    closure has taken from where somebody had moved them by hand, there.

    Returns it with its API relations. Publishes `SeriesRetried`, nothing where no date has become free.
    Raises: PermissionDenied, SeriesNotFound, SeriesIsOver (its group is archived), Invalid (the room is not open).
    """
    check_cspace(by.access)
    rulebook = kept_rulebook()
    further_groups = groups_of_losses(series_id)
    group = hold_group_of(series_id, *further_groups)
    locked = hold_series(series_id, now, after=locks_of_series(series_id, group, rulebook))
    if not is_kept(rulebook_version(), rulebook):
        raise StaleRead
    series, losses = locked.series, locked.lost(now)
    if series.group_id != group.pk or not further_groups.issuperset(row.group_id for row in losses):
        raise StaleRead
    requests = _skipped_dates(locked, now)
    if requests and (faults := bookable_faults(series.classroom)):
        raise Invalid(faults)
    attainable = [
        row for row in losses if row.occupancy.classroom.is_active and not (row.group and row.group.archived_at)
    ]
    verdicts = judge([*requests, *map(_as_it_was, attainable)], _judge_of(series, requests, now))
    write_occurrences(verdicts[: len(requests)], [series.pk], now=now)
    regained = write_again(
        [row for row, verdict in zip(attainable, verdicts[len(requests) :], strict=True) if verdict.is_granted], now=now
    )
    free = [row for row in verdicts[: len(requests)] if row.is_granted]
    charge_written([*(row.registration_id or 0 for row in free), *(row.id for row in regained)])
    if free or regained:
        occurrences = {row.request.day: row.registration_id or 0 for row in free}
        publish(
            SeriesRetried(
                series=series.summary, actor_id=by.pk, occurred_at=now, occurrences=occurrences, regained=regained
            )
        )
    return with_api_relations(Series.objects.all()).get(pk=series.pk)


def _skipped_dates(locked: LockedSeries, now: datetime) -> list[DateRequest]:
    """The skipped dates ahead, where the series is now."""
    slot = locked.series.slot
    requests = [
        DateRequest(0, slot.classroom_id, day, interval)
        for week in locked.weeks
        if week.state == WeekState.SKIPPED
        and slot.includes(day := slot.day_in(week.begins_on))
        and (interval := slot.interval_on(day))
        and not rules.has_started(interval.starts_at, now)
    ]
    return with_buffers(requests, [(locked.series.group_id, locked.series.created_by_id)])


def _judge_of(series: Series, requests: Sequence[DateRequest], now: datetime) -> DateJudge:
    """The rules bind what cspace has entered; what was drawn, and what a closure has taken, was decided before."""
    bound = requests if series.source == Source.ADMIN else ()
    dates = [(row.item, row.day, row.interval, None) for row in bound]
    return DateJudge([wish_of_series(series)], dates, now=now)


AS_IT_WAS = 1
"""The item of what is not where the series is."""


def _as_it_was(occurrence: Registration) -> DateRequest:
    room_time = occurrence.occupancy
    day = campus_date(room_time.starts_at)
    return DateRequest(AS_IT_WAS, room_time.classroom_id, day, occurrence.interval, room_time.buffers)
