"""In which weeks the series of groups run: how many stand beside each other is a matter of rules."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime

from kernel.campus_time import campus_date, campus_zone, day_start, monday_of
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.db.pipeline import ResultRows
from policies.queries.rulebook import Rulebook, kept_rulebook
from policies.rules.checks import Broken
from policies.rules.scopes import Deciding
from policies.rules.verdicts import broken_by_series

WEEKS = """
SELECT DISTINCT series.group_id, series.id, date_trunc('week', held.starts_at AT TIME ZONE %s)::date
  FROM registrations_series AS series
  JOIN registrations_registration AS registration ON registration.series_id = series.id
  JOIN classrooms_occupancy AS held ON held.id = registration.occupancy_id
 WHERE series.group_id = ANY(%s::bigint[]) AND series.id <> %s AND held.is_live AND held.starts_at >= %s::timestamptz
"""


def asking_for_weeks(
    rulebook: Rulebook, group_ids: Collection[int], now: datetime, *, except_for: int = 0
) -> Statement | None:
    """The question for `weeks_in`, about the series of groups, but for one, from the present week on; None, where no
    rule is about series."""
    if not rulebook.limits_series or not group_ids:
        return None
    since = day_start(monday_of(campus_date(now)))
    return Statement(WEEKS, (campus_zone().key, array_of(group_ids), except_for, since))


def weeks_in(rows: ResultRows) -> dict[int, list[set[date]]]:
    """The weeks, by their Mondays, in which each series has a date that holds its room, by group."""
    of_series = defaultdict[tuple[int, int], set[date]](set)
    for group_id, series_id, monday in rows:
        of_series[group_id, series_id].add(monday)
    weeks = defaultdict[int, list[set[date]]](list)
    for (group_id, _), mondays in of_series.items():
        weeks[group_id].append(mondays)
    return weeks


def weeks_of_groups(group_ids: Collection[int], now: datetime, *, except_for: int = 0) -> dict[int, list[set[date]]]:
    """The answer at once. One statement; none, where no rule is about series."""
    question = asking_for_weeks(kept_rulebook(), group_ids, now, except_for=except_for)
    return weeks_in([] if question is None else send(question)[0])


def broken_by_weeks(decide: Deciding, days: Collection[date], others: Sequence[Collection[date]]) -> list[Broken]:
    """The rules that a series on some days breaks as such. `decide`: what decides on its first date; `others`: the
    weeks (Mondays) in which each other series of its group runs."""
    weeks = {monday_of(day) for day in days}
    most_beside = max((sum(week in other for other in others) for week in weeks), default=0)
    return broken_by_series(decide, weeks=len(weeks), most_beside=most_beside)
