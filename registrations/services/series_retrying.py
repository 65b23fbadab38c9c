"""Trying the skipped dates of series again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.rules import bookable_faults
from kernel.campus_time import campus_date
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import Invalid
from kernel.facts import publish
from policies.queries.rulebook import is_kept, kept_rulebook, rulebook_version
from policies.rules.scopes import Party
from registrations import rules
from registrations.enums import Source, WeekState
from registrations.facts.series import SeriesRetried
from registrations.models import Registration, Series
from registrations.queries.series import with_api_relations
from registrations.services.charging import charge_written
from registrations.services.judging import wish_in
from registrations.services.series_dates import DateRequest, judge, with_buffers
from registrations.services.series_holding import LockedSeries, hold_group_of, hold_series, owners_of_losses
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
    owners = owners_of_losses(series_id)
    group = hold_group_of(series_id, *(group_id for group_id, _ in owners if group_id is not None))
    parties = [Party(creator_id, group_id) for group_id, creator_id in owners]
    locked = hold_series(series_id, now, after=locks_of_series(series_id, group, rulebook, *parties))
    if not is_kept(rulebook_version(), rulebook):
        raise StaleRead
    series, losses = locked.series, locked.lost(now)
    if series.group_id != group.pk or not owners.issuperset((row.group_id, row.created_by_id) for row in losses):
        raise StaleRead
    requests = _skipped_dates(locked, now)
    if requests and (faults := bookable_faults(series.classroom)):
        raise Invalid(faults)
    attainable = [
        row for row in losses if row.occupancy.classroom.is_active and not (row.group and row.group.archived_at)
    ]
    as_they_were = [_as_it_was(row, item) for item, row in enumerate(attainable, 1)]
    verdicts = judge([*requests, *as_they_were], _judge_of(series, requests, attainable, now))
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


def _judge_of(
    series: Series, requests: Sequence[DateRequest], attainable: Sequence[Registration], now: datetime
) -> DateJudge:
    """The rules bind what cspace has entered; what was drawn was decided before. What a closure has taken was decided
    on too: of the rules only quotas are asked about it, for what it was charged may have been used since."""
    if series.source != Source.ADMIN:
        return DateJudge([wish_of_series(series)], [], now=now)
    dates = [(row.item, row.day, row.interval, None) for row in requests]
    returning = {
        (item, campus_date(row.occupancy.starts_at)): replace(
            wish_in(row, now), registration_id=None, reclaimed_from=now
        )
        for item, row in enumerate(attainable, 1)
    }
    return DateJudge([wish_of_series(series)], dates, now=now, returning=returning)


def _as_it_was(occurrence: Registration, item: int) -> DateRequest:
    """What is not where the series is; each is an item of its own: two may be of one day."""
    room_time = occurrence.occupancy
    day = campus_date(room_time.starts_at)
    return DateRequest(item, room_time.classroom_id, day, occurrence.interval, room_time.buffers)
