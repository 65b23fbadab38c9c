"""In which weeks the series of groups run: how many stand beside each other is a matter of rules."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from kernel.campus_time import campus_date, week_of
from kernel.db.batch import Statement, send
from kernel.db.expressions import IsAmong
from kernel.db.pipeline import ResultRows
from kernel.db.querysets import statement_of
from policies.queries.rulebook import Rulebook, kept_rulebook
from policies.rules.checks import Broken
from policies.rules.scopes import Deciding
from policies.rules.verdicts import broken_by_series
from registrations.models import Series


def asking_for_weeks(
    rulebook: Rulebook, group_ids: Collection[int], now: datetime, *, except_for: int = 0
) -> Statement | None:
    """The question for `weeks_in`, about the series of groups that are not over, but for one; None, where no rule is
    about series."""
    if not rulebook.limits_series or not group_ids:
        return None
    rows = Series.objects.filter(IsAmong("group_id", group_ids), ends_on__gte=week_of(campus_date(now)))
    return statement_of(rows.exclude(pk=except_for).values_list("group_id", "starts_on", "ends_on", "cancelled_from"))


def weeks_in(rows: ResultRows) -> dict[int, list[set[date]]]:
    """The weeks in which each series runs, a cancellation considered, by group."""
    weeks = defaultdict[int, list[set[date]]](list)
    for group_id, starts_on, ends_on, cancelled_from in rows:
        last_on = ends_on if cancelled_from is None else min(ends_on, cancelled_from - timedelta(days=1))
        first = week_of(starts_on)
        weeks[group_id].append({first + timedelta(days=days) for days in range(0, (last_on - first).days + 1, 7)})
    return weeks


def weeks_of_groups(group_ids: Collection[int], now: datetime, *, except_for: int = 0) -> dict[int, list[set[date]]]:
    """The answer at once. One statement; none, where no rule is about series."""
    question = asking_for_weeks(kept_rulebook(), group_ids, now, except_for=except_for)
    return weeks_in([] if question is None else send(question)[0])


def broken_by_weeks(decide: Deciding, days: Collection[date], others: Sequence[Collection[date]]) -> list[Broken]:
    """The rules that a series on some days breaks as such. `decide`: what decides on its first date; `others`: the
    weeks in which each other series of its group runs."""
    weeks = {week_of(day) for day in days}
    most_beside = max((sum(week in other for other in others) for week in weeks), default=0)
    return broken_by_series(decide, weeks=len(weeks), most_beside=most_beside)
