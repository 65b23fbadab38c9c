"""Cancelling series from a day on."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from accounts.models import User
from accounts.rules import check_cspace
from kernel.campus_time import campus_date
from kernel.db.expressions import IsAmong
from kernel.db.transactions import transactional
from kernel.errors import Invalid, PermissionDenied
from kernel.facts import Fact, publish_many
from policies.queries.rulebook import is_kept, rulebook_version
from registrations import rules
from registrations.facts.registrations import Overridden, RegistrationSummary
from registrations.facts.series import SeriesCancelled
from registrations.models import Series
from registrations.services.cancelling import set_cancelled
from registrations.services.judging import RULES_ARE_READ
from registrations.services.series_holding import hold_series
from registrations.services.series_judging import check_none_late
from registrations.services.week_rows import give_up_weeks


@transactional
def cancel_series(
    *, series_id: int, by: User, now: datetime, from_day: date | None = None, is_overriding: bool = False
) -> None:
    """Cancel what of a series has not started, from a day on; what was changed by hand stays.

    Publishes `SeriesCancelled` and, untold, a `RegistrationCancelled` for each occurrence; nothing for a no-op.
    Raises: PermissionDenied (neither cspace nor who has entered it), SeriesNotFound, Invalid (the day lies after its
    last), PolicyBroken (a rule of the house refuses some dates so late).
    """
    if is_overriding:
        check_cspace(by.access)
    locked = hold_series(series_id, now, after=[RULES_ARE_READ])
    is_kept(rulebook_version())  # the rules in force are read now, if others were kept; they are held
    if not rules.may_see(by.access, locked.series.created_by_id):
        raise PermissionDenied
    if from_day is not None and from_day > locked.series.ends_on:
        raise Invalid({"from_date": [rules.AFTER_LAST_DAY]})
    cut = max(from_day or campus_date(now), campus_date(now))
    if cut > locked.series.last_on:
        return
    following = list(locked.following(now, cut).values())
    late = check_none_late(following, by=by, now=now, is_overriding=is_overriding)
    occurrences = [row.summary for row in following]
    overridden = tuple(late) if is_overriding else None
    publish_many(
        set_series_cancelled([locked.series], occurrences, actor_id=by.pk, now=now, from_day=cut, overridden=overridden)
    )


def set_series_cancelled(
    cancelled: Sequence[Series],
    occurrences: Sequence[RegistrationSummary],
    *,
    actor_id: int | None,
    now: datetime,
    from_day: date,
    reason: str = "",
    overridden: Overridden = None,
) -> list[Fact]:
    """Cancel series from a day on, and these occurrences of theirs; returns the facts to publish.

    The rooms of both are held exclusively. A constant number of statements.
    """
    ids = [series.pk for series in cancelled]
    Series.objects.filter(IsAmong("pk", ids)).update(cancelled_from=from_day)
    give_up_weeks(ids, occurrences, from_day=from_day, actor_id=actor_id)
    ids_of_series: dict[int | None, list[int]] = defaultdict(list)
    for row in occurrences:
        ids_of_series[row.series_id].append(row.id)
    facts: list[Fact] = [*set_cancelled(occurrences, actor_id=actor_id, now=now, reason=reason, has_own_notice=False)]
    return facts + [
        SeriesCancelled(
            actor_id=actor_id,
            occurred_at=now,
            series=series.summary,
            from_day=from_day,
            cancelled_ids=tuple(ids_of_series[series.pk]),
            reason=reason,
            overridden=overridden,
        )
        for series in cancelled
    ]
